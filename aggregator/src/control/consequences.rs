//! What an operator is told of maintenance and corrections.

use super::execute::component_now;
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::state::{CorrectionKey, State, WindowKey};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_publish::maintenance::{concerns_visitors, is_shown};

/// What happens to new maintenance by itself.
pub(super) fn planned(state: &State, window: &PlannedWindow) -> Vec<String> {
    let mut notes = vec![visible(state, window)];
    notes.extend((window.started_at.is_some()).then(|| format!("It runs until {}.", second(window.to))));
    notes
}

/// Who sees a window, and from when on.
fn visible(state: &State, window: &PlannedWindow) -> String {
    if window.page.is_none() {
        let names = window.checks.join(", ");
        return format!(
            "It is private: no visitor sees it. Problems of {names} lead to no incident while it runs."
        );
    }
    if !concerns_visitors(state, window) {
        return "No visitor sees it: none of its components is public.".to_owned();
    }
    if window.is_published() {
        return "Visitors see it.".to_owned();
    }
    format!("Visitors see it from {} on.", second(window.from - window.lead))
}

/// What a change did to maintenance, and what happens to it from now on.
pub(super) fn window_now(
    state: &State,
    key: WindowKey,
    former: &PlannedWindow,
    now: Timestamp,
) -> Vec<String> {
    let Some(window) = state.windows.get(&key) else {
        return vec!["No visitor knew of it: it is removed.".to_owned()];
    };
    let mut notes = Vec::new();
    if window.is_open() && window.started_at.is_some() && former.started_at.is_none() {
        notes.push(format!("It runs until {}.", second(window.to)));
    } else if (window.from, window.to) != (former.from, former.to) {
        notes.push(format!("It is planned from {} to {}.", second(window.from), second(window.to)));
        if is_shown(state, former) {
            notes.push("Visitors are told of the other times.".to_owned());
        }
    }
    if window.is_open() && (window.is_published(), window.lead) != (former.is_published(), former.lead) {
        notes.push(visible(state, window));
    }
    let ended = former.is_open() && !window.is_open();
    if ended && window.cancelled_at.is_some() && is_shown(state, window) {
        notes.push("Visitors are told that it is cancelled.".to_owned());
    }
    if ended && window.started_at.is_some() {
        for component in &window.components {
            notes.extend(component_now(state, *component, now));
        }
    }
    notes
}

/// What the past of a component looks like after a correction, or without it.
pub(super) fn corrected(state: &State, key: CorrectionKey) -> Vec<String> {
    let Some(one) = state.corrections.get(&key) else { return Vec::new() };
    let name = state.components.get(&one.component).map_or("?", |one| one.settings.name.as_str());
    let (from, to) = (second(one.from), second(one.to));
    if one.undone.is_some() {
        return vec![format!("{name} shows again what was observed from {from} to {to}.")];
    }
    vec![format!("{name} was {} from {from} to {to}. Pages, uptime and outages follow.", one.status.name())]
}

/// An instant in whole seconds.
fn second(at: Timestamp) -> String {
    Timestamp(at.0.div_euclid(SECOND) * SECOND).to_string()
}
