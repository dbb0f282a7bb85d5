//! Which components a problem affects, and what planned windows hold back of it.

use super::automatic::lasts;
use crate::incident::StatusChange;
use crate::interval::Cursor;
use crate::problem::{Problem, ProblemSubject};
use crate::state::{Component, ComponentKey, IncidentKey, PageKey, ProblemKey, State};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The public components that a problem affects, by page.
pub(super) fn affected(state: &State, problem: &Problem) -> BTreeMap<PageKey, Vec<ComponentKey>> {
    let mut pages: BTreeMap<PageKey, Vec<ComponentKey>> = BTreeMap::new();
    let ProblemSubject::Check(check) = problem.subject else { return pages };
    let feeds = |component: &Component| {
        component.links.iter().any(|link| link.check == check && link.to == Timestamp::FAR)
    };
    for key in state.checks.get(&check).into_iter().flat_map(|check| &check.components) {
        let Some(component) = state.components.get(key) else { continue };
        let shown = component.settings.public && !component.archived && feeds(component);
        if shown && state.pages.get(&component.page).is_some_and(|page| !page.archived) {
            pages.entry(component.page).or_default().push(*key);
        }
    }
    pages
}

/// The same without those that are under planned maintenance; none while a window over the check runs.
pub(super) fn outside_windows(
    state: &State,
    problem: &Problem,
    now: Timestamp,
) -> BTreeMap<PageKey, Vec<ComponentKey>> {
    if is_over_check(state, problem, now) {
        return BTreeMap::new();
    }
    let mut pages = affected(state, problem);
    for components in pages.values_mut() {
        components.retain(|key| !is_planned(&state.components[key], now));
    }
    pages.retain(|_, components| !components.is_empty());
    pages
}

fn is_over_check(state: &State, problem: &Problem, now: Timestamp) -> bool {
    match problem.subject {
        ProblemSubject::Check(check) => state.window_over_check(check, now).is_some(),
        ProblemSubject::Agent(_) => false,
    }
}

/// Whether a planned window runs.
fn is_planned(component: &Component, now: Timestamp) -> bool {
    Cursor::new(&component.layers.planned, now).at(now).0.is_some()
}

/// The components with their status before the fault and now: without data, the last one that was known since.
pub(super) fn changes_of(state: &State, components: &[ComponentKey], began: Timestamp) -> Vec<StatusChange> {
    let of = |key: &ComponentKey| {
        let component = &state.components[key];
        let before = component.layers.status_at(began - 1).unwrap_or(Status::Operational);
        let now = component.layers.status_at(state.clock);
        let to = now.or_else(|| component.layers.last_known(began, state.clock)).unwrap_or(before);
        StatusChange { component: *key, from: before, to, set: false }
    };
    components.iter().map(of).collect()
}

/// Components that problems of an incident affect and that its updates do not name as bad as they are.
pub(super) fn worse(state: &State, key: IncidentKey, problems: &BTreeSet<ProblemKey>) -> Vec<StatusChange> {
    let incident = &state.incidents[&key];
    let named: BTreeMap<ComponentKey, Status> = incident.components().into_iter().collect();
    let mut found: BTreeMap<ComponentKey, StatusChange> = BTreeMap::new();
    for problem in problems.iter().filter_map(|key| state.problems.get(key)) {
        if !lasts(problem) || problem.private {
            continue;
        }
        let components = outside_windows(state, problem, state.clock).remove(&incident.page);
        for change in changes_of(state, &components.unwrap_or_default(), problem.began) {
            let known = named.get(&change.component).copied();
            if known.is_none_or(|known| known < change.to) {
                let from = known.unwrap_or(change.from);
                found.insert(change.component, StatusChange { from, ..change });
            }
        }
    }
    found.into_values().collect()
}

/// The components of a page that problems affect which last and are not private, with their statuses before and now:
/// an incident names them that is opened with these problems and without components.
#[must_use]
pub fn affected_by(state: &State, page: PageKey, problems: &[ProblemKey]) -> Vec<StatusChange> {
    let mut found: BTreeMap<ComponentKey, StatusChange> = BTreeMap::new();
    let shown = |one: &&Problem| lasts(one) && !one.private;
    let mut problems: Vec<_> =
        problems.iter().filter_map(|key| state.problems.get(key)).filter(shown).collect();
    problems.sort_by_key(|problem| problem.began);
    for problem in problems {
        let components = outside_windows(state, problem, state.clock).remove(&page).unwrap_or_default();
        for change in changes_of(state, &components, problem.began) {
            found.entry(change.component).or_insert(change);
        }
    }
    found.into_values().collect()
}

impl State {
    /// Whether planned windows hold an open problem back: one over its check runs, or one over each public component
    /// that it affects.
    #[must_use]
    pub fn is_held_back(&self, key: ProblemKey) -> bool {
        let Some(problem) = self.problems.get(&key).filter(|problem| problem.is_open()) else { return false };
        is_over_check(self, problem, self.clock)
            || (!affected(self, problem).is_empty() && outside_windows(self, problem, self.clock).is_empty())
    }
}
