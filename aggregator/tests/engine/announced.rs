//! Invariants of problems and incidents: a problem lasts as long as its fault, and an incident that nobody touched as
//! long as its problems.

use skerry_domain::incident::{Impact, Incident, IncidentStatus, StatusChange};
use skerry_domain::problem::{Level, Problem, ProblemSubject};
use skerry_domain::state::{IncidentKey, ProblemKey, State};
use skerry_domain::verdict::Verdict;
use std::collections::BTreeSet;

/// Checks all of them.
pub(crate) fn announced(state: &State) -> Result<(), String> {
    indexes(state)?;
    faults(state)?;
    for (key, incident) in state.incidents.iter() {
        followed(state, *key, incident).map_err(|what| format!("{key:?}: {what}: {incident:?}"))?;
    }
    Ok(())
}

/// None of the problems after `last` opened while another outage explains it.
pub(crate) fn none_explained(state: &State, last: i64) -> Result<(), String> {
    for (key, problem) in state.problems.range(ProblemKey(last + 1)..) {
        let ProblemSubject::Check(check) = problem.subject else { continue };
        if let (true, Some(parent)) = (problem.is_open(), state.explained_by(check)) {
            return Err(format!("{key:?} opened while {parent:?} is down: {problem:?}"));
        }
    }
    Ok(())
}

fn indexes(state: &State) -> Result<(), String> {
    let parents =
        state.tracks.iter().flat_map(|(key, one)| one.depends_on.iter().map(|name| (name.clone(), *key)));
    if parents.collect::<BTreeSet<_>>() != state.dependents.iter().cloned().collect() {
        return Err(format!("the index of dependents is another: {:?}", state.dependents));
    }
    let of = |problem: &Problem| problem.subject;
    let open: Vec<_> =
        state.problems.iter().filter(|(_, one)| one.is_open()).map(|(key, one)| (of(one), *key)).collect();
    let subjects: BTreeSet<_> = open.iter().map(|(subject, _)| *subject).collect();
    if subjects.len() < open.len() {
        return Err(format!("two open problems of one subject: {open:?}"));
    }
    let indexed: BTreeSet<_> = state.open_problems.iter().map(|(subject, key)| (*subject, *key)).collect();
    if indexed != open.iter().copied().collect() {
        return Err(format!("open problems are {open:?}, indexed are {indexed:?}"));
    }
    let all: BTreeSet<_> = state.problems.iter().map(|(key, one)| (of(one), *key)).collect();
    if all != state.problems_of.iter().copied().collect() {
        return Err("the index of problems is another".to_owned());
    }
    let open: BTreeSet<_> =
        state.incidents.iter().filter(|(_, one)| one.is_open()).map(|(key, _)| *key).collect();
    if open != state.open_incidents.iter().copied().collect() {
        return Err(format!("open incidents are {open:?}, indexed are {:?}", state.open_incidents));
    }
    let announced =
        state.incidents.iter().flat_map(|(key, one)| one.problems.iter().map(|problem| (*problem, *key)));
    if announced.collect::<BTreeSet<_>>() != state.announced_in.iter().copied().collect() {
        return Err("the index of announced problems is another".to_owned());
    }
    Ok(())
}

/// A check has an open problem while its verdict is bad, and none once it is well; flapping delays both, and the outage
/// of a check that it depends on delays that it opens or grows.
fn faults(state: &State) -> Result<(), String> {
    for (check, kept) in state.verdicts.iter() {
        let open = state.open_problem(ProblemSubject::Check(*check)).map(|key| &state.problems[&key]);
        if kept.evaluation.flapping {
            continue;
        }
        let level = match kept.evaluation.verdict {
            Verdict::Down => Some(Level::Down),
            Verdict::Degraded => Some(Level::Degraded),
            Verdict::Up | Verdict::Unknown if !kept.below_quorum.is_empty() => Some(Level::BelowQuorum),
            Verdict::Up => None,
            Verdict::Unknown => continue,
        };
        // What is seen no more keeps its problem.
        let unseen = kept.evaluation.verdict == Verdict::Unknown || kept.silent_fault;
        if unseen
            && level.is_none_or(|level| !level.is_public())
            && open.is_some_and(|problem| problem.level.is_public())
        {
            continue;
        }
        let open_level = open.map(|problem| problem.level);
        if open_level < level && state.explained_by(*check).is_some() {
            continue;
        }
        if open_level != level {
            return Err(format!("{check:?} is {kept:?}, and its problem is {open:?}"));
        }
    }
    Ok(())
}

fn followed(state: &State, key: IncidentKey, incident: &Incident) -> Result<(), String> {
    let lasts = |problem: &&Problem| problem.is_open() && problem.level.is_public();
    let problems = || incident.problems.iter().filter_map(|key| state.problems.get(key));
    if incident.is_open()
        && incident.automatic
        && incident.recovered_at.is_some()
        && problems().any(|one| lasts(&one))
    {
        return Err("it counts as recovered, and a problem lasts".to_owned());
    }
    if incident.follows_problems() && incident.recovered_at.is_none() && !problems().any(|one| lasts(&one)) {
        return Err("none of its problems lasts, and it does not count as recovered".to_owned());
    }
    if incident.follows_problems()
        && incident.status == IncidentStatus::Monitoring
        && incident.recovered_at.is_none()
    {
        return Err("it is monitored before it recovered".to_owned());
    }
    let stamped = match incident.status {
        IncidentStatus::Investigating => incident.monitoring_at.or(incident.resolved_at).is_none(),
        IncidentStatus::Identified => {
            incident.identified_at.is_some() && incident.monitoring_at.or(incident.resolved_at).is_none()
        }
        IncidentStatus::Monitoring => incident.monitoring_at.is_some() && incident.resolved_at.is_none(),
        IncidentStatus::Resolved => incident.resolved_at.is_some(),
    };
    if !stamped {
        return Err("its stamps do not fit its state".to_owned());
    }
    // What is private, or was while the incident lasted, says nothing of its public impact.
    let shows = |change: &&StatusChange| {
        let component = state.components.get(&change.component);
        incident.is_open() && component.is_some_and(|one| one.settings.public && !one.archived)
    };
    let named = incident.updates.iter().flat_map(|update| &update.components).filter(shows);
    if named.map(|change| Impact::of(change.to)).max() > Some(incident.impact) {
        return Err("its impact is less than what its updates say".to_owned());
    }
    if incident.updates.last().is_some_and(|update| update.status != incident.status) {
        return Err("its newest update says another state".to_owned());
    }
    let others =
        state.open_incidents.iter().filter(|other| **other != key).map(|other| &state.incidents[other]);
    let same = |other: &&Incident| {
        other.page == incident.page
            && other.follows_problems()
            && !other.problems.is_disjoint(&incident.problems)
    };
    if incident.follows_problems() && others.into_iter().any(|other| same(&other)) {
        return Err("another incident follows the same problem".to_owned());
    }
    Ok(())
}
