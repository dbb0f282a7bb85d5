//! Planned windows as people plan and cancel them. What a window was before now never changes.

use super::maintenance::{self, NewUpdate, add, automatic, automatic_text, changed, enter};
use super::{Change, Changes, Context, Rejected, limits, no_component};
use crate::incident::Title;
use crate::maintenance::{LEAD, MaintenanceStatus, PlannedWindow, WindowEvent, WindowText};
use crate::schedule::Due;
use crate::series::Occurrence;
use crate::state::{ComponentKey, PageKey, State, WindowKey};
use crate::text::Text;
use crate::time::{DAY, Timestamp};
use std::collections::BTreeSet;

/// The longest time between the announcement of a window and its beginning, ms.
pub const MAX_LEAD: i64 = 366 * DAY;
/// The longest window, ms.
pub(super) const MAX_LENGTH: i64 = 31 * DAY;
/// How far ahead what is planned and announced ends at the latest, ms.
pub(super) const LATEST: i64 = 1_827 * DAY;
/// The greatest number of windows that are neither completed nor cancelled.
pub const MAX_OPEN_WINDOWS: usize = 10_000;

/// A window that a person plans.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWindow {
    /// Its title.
    pub title: Title,
    /// The text of its announcement, Markdown. `None`: it is automatic.
    pub body: Option<Text>,
    /// Its components, all of one page, which shows it. Without any it is private.
    pub components: Vec<ComponentKey>,
    /// Names of checks whose problems it holds back.
    pub checks: Vec<String>,
    /// Its beginning; a past one is raised to now.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// How long before its beginning it is announced, ms.
    pub lead: i64,
    /// Whether it is announced again an hour before its beginning.
    pub reminds: bool,
}

impl NewWindow {
    /// A window over components, with everything else as usual.
    #[must_use]
    pub fn over(components: Vec<ComponentKey>, from: Timestamp, to: Timestamp) -> Self {
        let (title, body, checks) = (Title::Automatic, None, Vec::new());
        Self { title, body, components, checks, from, to, lead: LEAD, reminds: true }
    }
}

pub(super) fn plan(
    state: &mut State,
    new: &NewWindow,
    context: Context,
    changes: &mut Changes,
) -> Result<WindowKey, Rejected> {
    let now = context.now;
    let (components, page) = components(state, &new.components)?;
    let checks = checks(state, &new.checks)?;
    if components.is_empty() && checks.is_empty() {
        return Err(Rejected::invalid("components", "a planned window needs a component or a check"));
    }
    check_times(new.from, new.to, now)?;
    check_length(new.from.max(now), new.to, now)?;
    check_lead(new.lead)?;
    limits::check_window(state, (page, None), new.body.as_ref())?;
    if state.open_windows.len() >= MAX_OPEN_WINDOWS {
        let reason = format!("at most {MAX_OPEN_WINDOWS} windows are planned at a time");
        return Err(Rejected::state("window", reason));
    }
    let new = NewWindow { components: components.into_iter().collect(), checks, ..new.clone() };
    Ok(insert(state, &new, (page, None), context, changes))
}

/// Adds a window whose components and checks are sorted and without duplicates; `page` is that of its components.
pub(super) fn insert(
    state: &mut State,
    new: &NewWindow,
    (page, occurrence): (Option<PageKey>, Option<Occurrence>),
    context: Context,
    changes: &mut Changes,
) -> WindowKey {
    let now = context.now;
    let key = WindowKey::next(&mut state.counters.windows);
    let window = PlannedWindow {
        id: context.ids.id("planned_window", key.0),
        page,
        occurrence,
        title: new.title.clone(),
        status: MaintenanceStatus::Scheduled,
        components: new.components.clone(),
        checks: new.checks.clone(),
        from: new.from.max(now),
        to: new.to,
        lead: new.lead,
        reminds: new.reminds,
        created_at: now,
        timed_at: now,
        announced_at: None,
        reminded_at: None,
        started_at: None,
        verifying_at: None,
        completed_at: None,
        cancelled_at: None,
        updated_at: now,
        revision: 0,
        updates: Vec::new().into(),
    };
    for of in &window.components {
        if let Some(component) = state.components.get_mut(of) {
            component.windows.push(key);
        }
    }
    let former = window.clone();
    state.windows.insert(key, window);
    state.open_windows.insert(key);
    state.series_windows.extend(occurrence.map(|occurrence| (occurrence.series, key)));
    let body = match &new.body {
        Some(text) => WindowText::Written(text.clone()),
        None => automatic_text(state, key, WindowEvent::Announced),
    };
    let (status, by) = (MaintenanceStatus::Scheduled, changes.author.clone());
    if page.is_some() || new.body.is_some() {
        add(state, key, NewUpdate { status, body, display_at: now, by }, context, changes);
    }
    changed(state, key, now, changes);
    moved(state, key, &former, context, changes);
    key
}

/// Cancels a window. One that has not begun and that nobody was told of is removed; of a series it stays, so that it is
/// not made again.
pub(super) fn cancel(
    state: &mut State,
    key: WindowKey,
    body: Option<&Text>,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    still_open(state, key, now)?;
    if body.is_some() && state.windows[&key].page.is_none() {
        return Err(Rejected::invalid("body", "a private window tells nobody anything"));
    }
    maintenance::due(state, key, context, changes);
    let former = state.windows[&key].clone();
    if former.started_at.is_none() && !former.is_published() && former.occurrence.is_none() {
        remove(state, key, context, changes);
        return Ok(());
    }
    let (status, by) = (MaintenanceStatus::Cancelled, changes.author.clone());
    match body {
        None => automatic(state, key, (status, WindowEvent::Cancelled, by), now, context, changes),
        Some(text) => {
            enter(state, key, status, now);
            let body = WindowText::Written(text.clone());
            add(state, key, NewUpdate { status, body, display_at: now, by }, context, changes);
        }
    }
    revise(state, key);
    changed(state, key, now, changes);
    moved(state, key, &former, context, changes);
    Ok(())
}

/// Removes a window that nobody was told of.
pub(super) fn remove(state: &mut State, key: WindowKey, context: Context, changes: &mut Changes) {
    let Some(former) = state.windows.remove(&key) else { return };
    state.open_windows.remove(&key);
    if let Some(occurrence) = former.occurrence {
        state.series_windows.remove(&(occurrence.series, key));
    }
    for of in &former.components {
        if let Some(component) = state.components.get_mut(of) {
            component.windows.edit().retain(|one| *one != key);
        }
    }
    changes.touched.window(key);
    moved(state, key, &former, context, changes);
}

pub(super) fn revise(state: &mut State, key: WindowKey) {
    state.windows.get_mut(&key).expect("the caller looked it up").revision += 1;
}

pub(super) fn no_window() -> Rejected {
    Rejected::not_found("window", "there is no such planned window")
}

/// Whether a window has neither ended nor is due to end.
pub(super) fn still_open(state: &State, key: WindowKey, now: Timestamp) -> Result<(), Rejected> {
    let window = state.windows.get(&key).ok_or_else(no_window)?;
    if !window.is_open() || window.to <= now {
        return Err(Rejected::state("window", "this planned window has ended"));
    }
    Ok(())
}

pub(super) fn check_times(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<(), Rejected> {
    if to <= now {
        return Err(Rejected::invalid("to", "a planned window must end in the future"));
    }
    if from >= to {
        return Err(Rejected::invalid("to", "a planned window must end after it begins"));
    }
    if to == Timestamp::FAR {
        return Err(Rejected::invalid("to", "a planned window must end"));
    }
    Ok(())
}

/// Refuses times that nobody plans.
pub(super) fn check_length(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<(), Rejected> {
    if to - from > MAX_LENGTH {
        let reason = "a planned window ends at most 31 days after it begins: plan another for what is left";
        return Err(Rejected::invalid("to", reason));
    }
    if to - now > LATEST {
        return Err(Rejected::invalid("to", "a planned window ends within five years: correct its times"));
    }
    Ok(())
}

pub(super) fn check_lead(lead: i64) -> Result<(), Rejected> {
    if (0..=MAX_LEAD).contains(&lead) {
        return Ok(());
    }
    Err(Rejected::invalid("lead", "a planned window is announced at most 366 days before it begins"))
}

/// The components, sorted and without duplicates, and their page.
pub(super) fn components(
    state: &State,
    keys: &[ComponentKey],
) -> Result<(BTreeSet<ComponentKey>, Option<PageKey>), Rejected> {
    let keys: BTreeSet<ComponentKey> = keys.iter().copied().collect();
    let mut page = None;
    for key in &keys {
        let component = state.components.get(key).ok_or_else(no_component)?;
        let name = &component.settings.name;
        if component.archived || state.pages.get(&component.page).is_none_or(|page| page.archived) {
            return Err(Rejected::invalid("components", format!("{name:?} is archived")));
        }
        if *page.get_or_insert(component.page) != component.page {
            let reason = format!("{name:?} is on another page: plan a window for each page");
            return Err(Rejected::invalid("components", reason));
        }
    }
    Ok((keys, page))
}

/// The names of checks, sorted and without duplicates.
pub(super) fn checks(state: &State, names: &[String]) -> Result<Vec<String>, Rejected> {
    let names: BTreeSet<&String> = names.iter().collect();
    if let Some(unknown) = names.iter().find(|name| !state.check_names.contains_key(**name)) {
        return Err(Rejected::not_found("checks", format!("there is no check {unknown:?}")));
    }
    Ok(names.into_iter().cloned().collect())
}

/// Updates layers and schedule after a window was planned, changed or ended. Components show it only while it
/// runs.
pub(super) fn moved(
    state: &mut State,
    key: WindowKey,
    former: &PlannedWindow,
    context: Context,
    changes: &mut Changes,
) {
    let present = state.windows.get(&key);
    let begun = |window: &PlannedWindow| window.from <= context.now;
    let shows = begun(former) || present.is_some_and(begun);
    let present = present.map_or(&[][..], |window| &window.components).to_vec();
    let components: BTreeSet<ComponentKey> = present.into_iter().chain(former.components.clone()).collect();
    for of in components {
        state.derive_planned(of);
        if shows {
            changes.push(Change::ComponentChanged(of));
        }
        state.reschedule(Due::Hold(of));
    }
    maintenance::due(state, key, context, changes);
    if let Some(occurrence) = former.occurrence {
        state.reschedule(Due::Series(occurrence.series));
    }
}
