//! Series of planned windows as people plan, change and end them, and the occurrences that are made by themselves. An
//! occurrence that was over before it could be made, since the aggregator was down for so long, is not made up for; one
//! that would run now begins now.

use super::window::{self, MAX_LENGTH, NewWindow, check_lead, checks, components, no_window, remove};
use super::window_change::{WindowChange, alter};
use super::{Change, Changes, Context, Rejected, maintenance};
use crate::incident::Title;
use crate::maintenance::PlannedWindow;
use crate::recurrence::{Recurrence, Start, local_time};
use crate::schedule::Due;
use crate::series::{AHEAD, MaintenanceSeries, Occurrence};
use crate::state::{PageKey, SeriesKey, State, WindowKey};
use crate::text::Text;
use crate::time::{DAY, SECOND, Timestamp};
use jiff::civil::DateTime;
use skerry_protocol::schedule::time_zone;
use std::collections::{BTreeSet, VecDeque};

/// The greatest number of series that have not ended.
pub const MAX_SERIES: usize = 250;
/// How long ago the first occurrence may lie, ms.
const MAX_AGE: i64 = 3_660 * DAY;
/// The zone of a series without a page.
const PRIVATE_ZONE: &str = "Etc/UTC";

/// A series that a person plans.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSeries {
    /// What is planned; its times are those of the first occurrence at the earliest.
    pub window: NewWindow,
    /// When it recurs: a rule of RFC 5545, in the time zone of its page.
    pub rule: String,
}

/// A change of a series by a person. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesChange {
    /// What becomes of each occurrence that has not begun. The times are those of the first occurrence.
    pub window: WindowChange,
    /// Another rule.
    pub rule: Option<String>,
}

pub(super) fn plan(
    state: &mut State,
    new: &NewSeries,
    context: Context,
    changes: &mut Changes,
) -> Result<SeriesKey, Rejected> {
    let (now, window) = (context.now, &new.window);
    let (components, page) = components(state, &window.components)?;
    let checks = checks(state, &window.checks)?;
    if components.is_empty() && checks.is_empty() {
        return Err(Rejected::invalid("components", "a planned window needs a component or a check"));
    }
    let length = window.to - window.from;
    check(length, window.lead)?;
    check_first(window.from, now)?;
    if state.series.values().filter(|one| one.ended_at.is_none()).count() >= MAX_SERIES {
        let reason = format!("at most {MAX_SERIES} series are planned at a time");
        return Err(Rejected::state("series", reason));
    }
    let zone = zone_of(state, page);
    let recurrence = recurrence(&new.rule, window.from, &zone)?;
    let mut series = MaintenanceSeries {
        id: String::new(),
        page,
        title: window.title.clone(),
        body: window.body.clone(),
        components: components.into_iter().collect(),
        checks,
        length,
        lead: window.lead,
        reminds: window.reminds,
        recurrence,
        made: None,
        next: None,
        created_at: now,
        updated_at: now,
        ended_at: None,
    };
    series.derive_next();
    takes_place(&series, now)?;
    check_overlap(&series)?;
    let key = SeriesKey::next(&mut state.counters.series);
    series.id = context.ids.id("maintenance_series", key.0);
    state.series.insert(key, series);
    changes.touched.series(key);
    due(state, key, context, changes);
    Ok(key)
}

/// Makes what is to be made by now.
pub(super) fn due(state: &mut State, key: SeriesKey, context: Context, changes: &mut Changes) {
    let now = context.now;
    let Some(series) = state.series.get(&key).filter(|series| series.next.is_some()).cloned() else {
        state.reschedule(Due::Series(key));
        return;
    };
    let mut last = state.last_to_come(key);
    let taken: BTreeSet<DateTime> = state.occurrences(key).filter_map(|(_, one)| local_of(one)).collect();
    let mut starts = series.recurrence.starts_after(series.made);
    let (mut made, mut next) = (series.made, starts.next());
    while let Some(start) = next {
        let over = start.at + series.length <= now;
        let is_next = last.is_none_or(|last| last <= now);
        if !over && !is_next && now < start.at - AHEAD {
            break;
        }
        if !over && !taken.contains(&start.local) {
            make(state, key, &series, start, context, changes);
            last = last.max(Some(start.at.max(now)));
        }
        (made, next) = (Some(start.local), starts.next());
    }
    if made != series.made {
        let series = state.series.get_mut(&key).expect("looked up above");
        (series.made, series.next) = (made, next);
        changes.touched.series(key);
    }
    state.reschedule(Due::Series(key));
}

/// Makes an occurrence. What is past of it stays as it was.
fn make(
    state: &mut State,
    key: SeriesKey,
    series: &MaintenanceSeries,
    start: Start,
    context: Context,
    changes: &mut Changes,
) {
    let new = NewWindow {
        title: series.title.clone(),
        body: series.body.clone(),
        components: series.components.clone(),
        checks: series.checks.clone(),
        from: start.at,
        to: start.at + series.length,
        lead: series.lead,
        reminds: series.reminds,
    };
    let occurrence = Occurrence { series: key, local: start.local, modified: false };
    window::insert(state, &new, (series.page, Some(occurrence)), context, changes);
}

/// Changes the series, and each occurrence that has not begun and that no person changed.
pub(super) fn change(
    state: &mut State,
    key: SeriesKey,
    change: &SeriesChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let former = open(state, key)?.clone();
    let series = changed(state, &former, change, now)?;
    let moves = (&series.recurrence, series.length) != (&former.recurrence, former.length);
    let to_come: Vec<WindowKey> =
        to_come(state, key, now).filter(|(_, one)| is_unmodified(one)).map(|(key, _)| key).collect();
    // It is validated above for the series, and so for each occurrence.
    let text = WindowChange { from: None, to: None, ..change.window.clone() };
    for window in &to_come {
        alter(state, *window, &text, context, changes)?;
    }
    state.series.insert(key, series);
    changes.touched.series(key);
    if moves {
        place_anew(state, key, to_come, context, changes)?;
    }
    due(state, key, context, changes);
    Ok(())
}

/// Gives occurrences the times of the present rule, in order, so that those that visitors know of are rescheduled. What
/// is left over does not take place.
fn place_anew(
    state: &mut State,
    key: SeriesKey,
    mut to_come: Vec<WindowKey>,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    to_come.sort_by_key(|window| (state.windows[window].from, *window));
    let kept = state.occurrences(key).filter(|(window, _)| !to_come.contains(window));
    let taken: BTreeSet<DateTime> = kept.filter_map(|(_, one)| local_of(one)).collect();
    let series = state.series[&key].clone();
    let mut to_come = VecDeque::from(to_come);
    let mut made = Some(series.recurrence.local(now));
    let mut placed = false;
    for start in series.recurrence.starts_after(made) {
        if to_come.is_empty() || (placed && now < start.at - AHEAD) {
            break;
        }
        made = Some(start.local);
        if taken.contains(&start.local) || start.at <= now {
            continue;
        }
        let Some(window) = to_come.pop_front() else { break };
        placed = true;
        let times = WindowChange {
            from: Some(start.at),
            to: Some(start.at + series.length),
            ..WindowChange::default()
        };
        if let Some(occurrence) = &mut state.windows.get_mut(&window).ok_or_else(no_window)?.occurrence {
            occurrence.local = start.local;
        }
        changes.touched.window(window);
        alter(state, window, &times, context, changes)?;
    }
    for window in to_come {
        call_off(state, window, None, context, changes)?;
    }
    let series = state.series.get_mut(&key).expect("inserted by the caller");
    series.made = made;
    series.derive_next();
    Ok(())
}

/// Ends a series: what has not begun does not take place.
pub(super) fn end(
    state: &mut State,
    key: SeriesKey,
    body: Option<&Text>,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    open(state, key)?;
    let to_come: Vec<WindowKey> = to_come(state, key, now).map(|(key, _)| key).collect();
    let series = state.series.get_mut(&key).expect("looked up above");
    (series.ended_at, series.updated_at, series.next) = (Some(now), now, None);
    changes.touched.series(key);
    for window in to_come {
        call_off(state, window, body, context, changes)?;
    }
    // What still runs no longer recurs.
    let running: Vec<WindowKey> =
        state.occurrences(key).filter(|(_, one)| one.is_open()).map(|(key, _)| key).collect();
    changes.extend(running.into_iter().map(Change::MaintenanceChanged));
    state.reschedule(Due::Series(key));
    Ok(())
}

/// Cancels an occurrence of which visitors know, and removes any other.
fn call_off(
    state: &mut State,
    key: WindowKey,
    body: Option<&Text>,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    maintenance::due(state, key, context, changes);
    if state.windows[&key].is_published() {
        return window::cancel(state, key, body, context, changes);
    }
    remove(state, key, context, changes);
    Ok(())
}

fn open(state: &State, key: SeriesKey) -> Result<&MaintenanceSeries, Rejected> {
    let series = state.series.get(&key);
    let series = series.ok_or_else(|| Rejected::not_found("series", "there is no such series"))?;
    if series.ended_at.is_some() {
        return Err(Rejected::state("series", "this series has ended"));
    }
    Ok(series)
}

/// The series as it is after a change.
fn changed(
    state: &State,
    former: &MaintenanceSeries,
    change: &SeriesChange,
    now: Timestamp,
) -> Result<MaintenanceSeries, Rejected> {
    let mut series = former.clone();
    let window = &change.window;
    if let Some(title) = &window.title {
        series.title = Title::Written(title.clone());
    }
    if let Some(body) = &window.body {
        series.body = Some(body.clone());
    }
    if let Some(wanted) = &window.components {
        let (keys, page) = components(state, wanted)?;
        if page != former.page {
            return Err(Rejected::invalid("components", "a planned window stays on its page"));
        }
        series.components = keys.into_iter().collect();
    }
    if let Some(names) = &window.checks {
        series.checks = checks(state, names)?;
    }
    if series.components.is_empty() && series.checks.is_empty() {
        return Err(Rejected::invalid("checks", "a planned window needs a component or a check"));
    }
    series.lead = window.lead.unwrap_or(former.lead);
    series.reminds = window.reminds.unwrap_or(former.reminds);
    let first = former.recurrence.instant(former.recurrence.first());
    let from = window.from.unwrap_or(first);
    series.length = window.to.map_or(former.length, |to| to - from);
    check(series.length, series.lead)?;
    if change.rule.is_some() || window.from.is_some() {
        check_first(from, now)?;
        let rule = change.rule.as_deref().unwrap_or(former.recurrence.rule());
        series.recurrence = recurrence(rule, from, former.recurrence.zone_name())?;
        series.made = Some(series.recurrence.local(now));
        series.derive_next();
        takes_place(&series, now)?;
    }
    if (&series.recurrence, series.length) != (&former.recurrence, former.length) {
        check_overlap(&series)?;
    }
    series.updated_at = now;
    Ok(series)
}

/// The occurrences that have not begun.
fn to_come(
    state: &State,
    key: SeriesKey,
    now: Timestamp,
) -> impl Iterator<Item = (WindowKey, &PlannedWindow)> {
    state.occurrences(key).filter(move |(_, one)| one.is_open() && one.started_at.is_none() && one.from > now)
}

fn is_unmodified(window: &PlannedWindow) -> bool {
    window.occurrence.is_some_and(|occurrence| !occurrence.modified)
}

fn local_of(window: &PlannedWindow) -> Option<DateTime> {
    window.occurrence.map(|occurrence| occurrence.local)
}

fn check_first(from: Timestamp, now: Timestamp) -> Result<(), Rejected> {
    if now - from > MAX_AGE || from - now > MAX_AGE {
        return Err(Rejected::invalid("from", "a series begins at most ten years ago, and within ten years"));
    }
    Ok(())
}

fn check(length: i64, lead: i64) -> Result<(), Rejected> {
    if !(1..=MAX_LENGTH).contains(&length) {
        return Err(Rejected::invalid("to", "an occurrence ends after it begins, and at most 31 days later"));
    }
    check_lead(lead)?;
    if lead > AHEAD {
        let reason = "an occurrence is announced at most 35 days before it begins: it is made no earlier";
        return Err(Rejected::invalid("lead", reason));
    }
    Ok(())
}

fn recurrence(rule: &str, from: Timestamp, zone: &str) -> Result<Recurrence, Rejected> {
    let invalid = |reason: String| Rejected::invalid("rule", reason);
    let found = time_zone(zone).ok_or_else(|| invalid(format!("{zone:?} is no known time zone")))?;
    let whole = Timestamp(from.0.div_euclid(SECOND) * SECOND);
    Recurrence::new(rule, local_time(whole, &found), zone).map_err(invalid)
}

/// Refuses occurrences of which one begins before the one before has ended.
fn check_overlap(series: &MaintenanceSeries) -> Result<(), Rejected> {
    let Some((former, next)) = series.first_overlap() else { return Ok(()) };
    let until = former + series.length;
    let reason = format!(
        "the occurrences overlap: the one of {former} lasts until {until}, and the next begins at {next}; let them last \
         less long, or recur less often"
    );
    Err(Rejected::invalid("to", reason))
}

/// Whether an occurrence is still to come or runs.
fn takes_place(series: &MaintenanceSeries, now: Timestamp) -> Result<(), Rejected> {
    let over = |start: &Start| start.at + series.length <= now;
    if series.recurrence.starts_after(series.made).any(|start| !over(&start)) {
        return Ok(());
    }
    let reason = format!("every date of the rule is past: {}", series.recurrence.rule());
    Err(Rejected::invalid("rule", reason))
}

fn zone_of(state: &State, page: Option<PageKey>) -> String {
    let page = page.and_then(|page| state.pages.get(&page));
    page.map_or_else(|| PRIVATE_ZONE.to_owned(), |page| page.settings.time_zone.clone())
}
