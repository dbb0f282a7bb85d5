//! Problems that people add to incidents and take out of them.

use super::incident::no_incident;
use super::{Change, Changes, Context, Rejected, automatic};
use crate::schedule::Due;
use crate::state::{IncidentKey, ProblemKey, State};

/// Adds a problem to an incident, with the components that it affects, or takes it out. An accepted suggestion does not stop
/// the incident from following its problems. What is taken out or refused belongs elsewhere: it may get an incident of its own.
pub(super) fn link(
    state: &mut State,
    key: IncidentKey,
    (problem, linked): (ProblemKey, bool),
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    check_problems(state, &[problem])?;
    if !state.incidents.contains_key(&key) {
        return Err(no_incident());
    }
    let changed = state.set_problem(key, problem, linked);
    let began = state.problems[&problem].began;
    let incident = state.incidents.get_mut(&key).expect("looked up above");
    let was_suggested = incident.suggested.remove(&problem);
    if linked {
        incident.refused.remove(&problem);
    } else if changed || was_suggested {
        incident.refused.insert(problem);
    }
    if linked && incident.automatic {
        incident.started_at = incident.started_at.min(began);
    }
    let keys = incident.problems.clone();
    let mut all = keys.iter().filter_map(|key| state.problems.get(key));
    let lasts = keys.is_empty() || all.any(automatic::lasts);
    let incident = state.incidents.get_mut(&key).expect("looked up above");
    incident.recovered_at = if lasts { None } else { incident.recovered_at.or(Some(context.now)) };
    incident.touched |= changed && !(linked && was_suggested);
    let is_open = incident.is_open();
    changes.touched.incident(key);
    changes.push(Change::IncidentChanged(key));
    if linked && is_open {
        automatic::follow_linked(state, key, problem, context, changes);
    } else if !linked && is_open && (changed || was_suggested) {
        automatic::announce(state, problem, context, changes);
    }
    state.reschedule(Due::Incident(key));
    Ok(())
}

/// Refuses problems that do not exist.
pub(super) fn check_problems(state: &State, problems: &[ProblemKey]) -> Result<(), Rejected> {
    if problems.iter().all(|key| state.problems.contains_key(key)) {
        Ok(())
    } else {
        Err(Rejected::not_found("problem", "there is no such problem"))
    }
}
