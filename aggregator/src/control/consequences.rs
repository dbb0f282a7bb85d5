//! What an operator is told of maintenance, announcements and corrections.

use super::execute::component_now;
use skerry_domain::maintenance::PlannedWindow;
use skerry_domain::state::{AnnouncementKey, CorrectionKey, Page, SeriesKey, State, WindowKey};
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

/// The next dates of a series that operators are told of.
const NEXT: usize = 5;

/// The next dates of a series, and what happens to the first.
pub(super) fn series_now(state: &State, key: SeriesKey, now: Timestamp) -> Vec<String> {
    let Some(series) = state.series.get(&key) else { return Vec::new() };
    let to_come = || state.occurrences(key).map(|(_, one)| one).filter(|one| one.is_open());
    if series.ended_at.is_some() {
        let mut notes = vec!["It recurs no more. What had not begun does not take place.".to_owned()];
        notes.extend(to_come().map(|one| format!("{} runs until {}.", one.id, second(one.to))));
        return notes;
    }
    let mut notes = Vec::new();
    let zone = series.recurrence.zone_name();
    let local = |at| series.recurrence.local(at).strftime("%a %-d %b %Y, %H:%M").to_string();
    let next: Vec<String> = state.next_starts(key, now).take(NEXT).map(local).collect();
    notes.push(match next.join("; ").as_str() {
        "" => "No further date follows.".to_owned(),
        dates => format!("The next dates in {zone}: {dates}."),
    });
    let first = to_come().filter(|one| one.from >= now).min_by_key(|one| one.from);
    notes.extend(first.map(|one| format!("The next one is {}. {}", one.id, visible(state, one))));
    notes
}

/// What a new series does at once, and where its beginning is no date of its rule.
pub(super) fn series_begins(state: &State, key: SeriesKey) -> Vec<String> {
    let Some(series) = state.series.get(&key) else { return Vec::new() };
    let recurrence = &series.recurrence;
    let local = |at: jiff::civil::DateTime| at.strftime("%a %-d %b %Y, %H:%M").to_string();
    let (wanted, first) = (recurrence.first(), recurrence.starts().next());
    let first = first.filter(|first| first.local != wanted);
    let mut notes: Vec<String> = first
        .map(|first| {
            format!("{} is no date of the rule; its first is {}.", local(wanted), local(first.local))
        })
        .into_iter()
        .collect();
    let running = state.occurrences(key).filter(|(_, one)| one.started_at.is_some() && one.is_open());
    notes.extend(running.map(|(_, one)| format!("{} begins now and runs until {}.", one.id, second(one.to))));
    notes
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

/// Who sees an announcement, and when.
pub(super) fn announced(state: &State, key: AnnouncementKey) -> Vec<String> {
    let Some(one) = state.announcements.get(&key) else {
        return vec!["No visitor knew of it: it is removed.".to_owned()];
    };
    if !one.is_open() {
        return vec!["Visitors see it no more; its own page says when it was shown.".to_owned()];
    }
    let until = one.to.map_or("somebody ends it".to_owned(), second);
    let pages = || one.pages.iter().filter_map(|page| state.pages.get(page));
    let is_hidden = |page: &&Page| !page.settings.public || page.archived;
    let mut notes = Vec::new();
    if pages().all(|page| is_hidden(&page)) {
        notes.push("No visitor sees it.".to_owned());
    } else if one.is_published() {
        notes.push(format!("Visitors see it until {until}."));
    } else {
        notes.push(format!("Visitors see it from {} on, until {until}.", second(one.from)));
    }
    let hidden = pages().filter(is_hidden);
    notes.extend(hidden.map(|page| format!("Page {:?} is not public: nobody sees it there.", page.key)));
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
pub(super) fn second(at: Timestamp) -> String {
    Timestamp(at.0.div_euclid(SECOND) * SECOND).to_string()
}
