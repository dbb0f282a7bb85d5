//! Which checks feed components that choose them by labels, looked up one by one.

use skerry_domain::interval::Interval;
use skerry_domain::state::{AgentCheck, Check, CheckKey, Component, State};
use skerry_domain::time::Timestamp;
use std::collections::BTreeSet;

/// The present links of a component are those that its labels choose, and labels choose as long as it has some.
pub(crate) fn chosen(state: &State, component: &Component) -> Result<(), String> {
    let selector = component.settings.selector.as_ref();
    let open = component.selected.last().is_some_and(|last| last.to == Timestamp::FAR);
    let apart = |pair: &[Interval<()>]| pair[0].to < pair[1].from;
    if open != selector.is_some() || !component.selected.windows(2).all(apart) {
        return Err(format!("labels choose from and to {:?}: {selector:?}", component.selected));
    }
    let Some(selector) = selector.filter(|_| !component.archived) else { return Ok(()) };
    let present = component.links.iter().filter(|link| link.to == Timestamp::FAR);
    let present: BTreeSet<(CheckKey, bool)> = present.map(|link| (link.check, link.minor)).collect();
    let fits =
        |one: &AgentCheck| selector.labels().iter().all(|(name, value)| one.labels.get(name) == Some(value));
    let wanted = state.checks.iter().filter(|(_, check)| labelling(state, check).into_iter().any(fits));
    let wanted: BTreeSet<(CheckKey, bool)> = wanted.map(|(key, _)| (*key, selector.is_minor())).collect();
    if present == wanted {
        Ok(())
    } else {
        Err(format!("{present:?} feed it, {selector:?} chooses {wanted:?}"))
    }
}

/// The agents whose labels count. None of them is limited to some checks here.
fn labelling<'a>(state: &'a State, check: &Check) -> Vec<&'a AgentCheck> {
    let declared = check.tracks.iter().map(|track| &state.tracks[track]).filter(|one| one.is_declared());
    let (ours, others): (Vec<_>, Vec<_>) =
        declared.partition(|one| state.agents[&one.agent].credential.is_none());
    let allowed = |one: &&AgentCheck| {
        !state.workspace.asks || state.agents[&one.agent].permit.allowed.contains(&check.name)
    };
    if ours.is_empty() { others.into_iter().filter(allowed).collect() } else { ours }
}
