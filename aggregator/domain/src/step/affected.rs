//! Which components a problem affects, and what planned windows hold back of it.

use crate::interval::Cursor;
use crate::problem::{Problem, ProblemSubject};
use crate::state::{Component, ComponentKey, PageKey, ProblemKey, State};
use crate::time::Timestamp;
use std::collections::BTreeMap;

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
