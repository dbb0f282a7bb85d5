//! Settings of a workspace that a file or people own: what happens to incidents by itself, and what texts for the public
//! must not contain. What a file says, only the file changes; once it says nothing, people begin with the defaults.

use super::{Changes, Context, Rejected, automatic};
use crate::incident::IncidentRules;
use crate::schedule::Due;
use crate::state::{IncidentKey, Origin, ProblemKey, State};
use crate::text::SanitiserSettings;

/// Problems that are open may call for an incident under the new rules.
pub(super) fn set_incident_rules(
    state: &mut State,
    rules: Option<IncidentRules>,
    by: Origin,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let workspace = &mut state.workspace;
    let Some(rules) = settled(rules, by, (workspace.incidents, workspace.incidents_origin), "incidents")?
    else {
        return Ok(());
    };
    changes.touched.workspace();
    let former = std::mem::replace(&mut workspace.incidents, rules.0);
    workspace.incidents_origin = rules.1;
    if former == rules.0 {
        return Ok(());
    }
    let open: Vec<ProblemKey> = state.open_problems.values().copied().collect();
    for problem in open {
        automatic::announce(state, problem, context, changes);
    }
    let incidents: Vec<IncidentKey> = state.open_incidents.iter().copied().collect();
    incidents.into_iter().for_each(|key| state.reschedule(Due::Incident(key)));
    Ok(())
}

pub(super) fn set_sanitiser(
    state: &mut State,
    settings: Option<&SanitiserSettings>,
    by: Origin,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let workspace = &mut state.workspace;
    let present = (workspace.sanitiser.clone(), workspace.sanitiser_origin);
    if let Some((settings, origin)) = settled(settings.cloned(), by, present, "sanitiser")? {
        (workspace.sanitiser, workspace.sanitiser_origin) = (settings, origin);
        changes.touched.workspace();
    }
    Ok(())
}

/// The settings with their new owner; `None`: nothing changes.
fn settled<T: Clone + Default + PartialEq>(
    wanted: Option<T>,
    by: Origin,
    (present, origin): (T, Origin),
    section: &'static str,
) -> Result<Option<(T, Origin)>, Rejected> {
    let new = match (wanted, by, origin) {
        (Some(_), Origin::Runtime, Origin::File) => {
            let reason = format!("the configuration file sets [{section}]: change it there and reload");
            return Err(Rejected::forbidden(section, reason));
        }
        (Some(wanted), by, _) => (wanted, by),
        (None, Origin::File, Origin::File) => (T::default(), Origin::Runtime),
        (None, ..) => return Ok(None),
    };
    Ok((new != (present, origin)).then_some(new))
}
