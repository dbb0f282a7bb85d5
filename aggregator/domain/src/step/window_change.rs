//! Planned windows as people change them, and their early beginning and end.

use super::maintenance::{self, NewUpdate, add, automatic, automatic_text, changed, enter, rewrite};
use super::window::{
    check_lead, check_length, check_times, checks, components, moved, no_window, revise, still_open,
};
use super::{Changes, Context, Rejected, limits};
use crate::incident::Title;
use crate::maintenance::{MaintenanceStatus, PlannedWindow, WindowEvent, WindowText};
use crate::state::{ComponentKey, State, WindowKey};
use crate::text::Text;
use crate::time::Timestamp;

/// A change of a window by a person. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowChange {
    /// Another title.
    pub title: Option<Text>,
    /// Another text of its announcement.
    pub body: Option<Text>,
    /// Other components of its page; only before it begins.
    pub components: Option<Vec<ComponentKey>>,
    /// Names of other checks; only before it ends.
    pub checks: Option<Vec<String>>,
    /// Another beginning; only before it begins. A past one is raised to now.
    pub from: Option<Timestamp>,
    /// Another end; only before it ends.
    pub to: Option<Timestamp>,
    /// Another time between its announcement and its beginning, ms.
    pub lead: Option<i64>,
    /// Whether it is announced again an hour before its beginning.
    pub reminds: Option<bool>,
}

/// A person changes title, text, times, components or checks of a window.
pub(super) fn change(
    state: &mut State,
    key: WindowKey,
    change: &WindowChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let window = state.windows.get(&key).ok_or_else(no_window)?;
    if change.from.is_some() || change.to.is_some() {
        let from = change.from.unwrap_or(window.from).max(context.now.min(window.from));
        check_length(from, change.to.unwrap_or(window.to), context.now)?;
    }
    let revision = Some(window.revision);
    alter(state, key, change, context, changes)?;
    if state.windows.get(&key).map(|window| window.revision) != revision {
        modified(state, key);
    }
    Ok(())
}

/// Changes of its series leave alone what a person changed.
pub(super) fn modified(state: &mut State, key: WindowKey) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    if let Some(occurrence) = &mut window.occurrence {
        occurrence.modified = true;
    }
}

/// The same change, also of a series.
pub(super) fn alter(
    state: &mut State,
    key: WindowKey,
    change: &WindowChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let window = state.windows.get(&key).ok_or_else(no_window)?;
    let timed = change.from.is_some() || change.to.is_some() || change.lead.is_some();
    if timed || change.components.is_some() || change.checks.is_some() || change.reminds.is_some() {
        still_open(state, key, now)?;
    }
    let begun = window.from <= now;
    let from = change.from.map_or(window.from, |from| if begun { from } else { from.max(now) });
    if begun && from != window.from {
        return Err(Rejected::state("from", "this planned window has begun"));
    }
    let to = change.to.unwrap_or(window.to);
    if timed {
        check_times(from, to, now)?;
    }
    check_lead(change.lead.unwrap_or(window.lead))?;
    let components = match &change.components {
        None => window.components.clone(),
        Some(wanted) => other_components(state, window, wanted, now)?,
    };
    let checks = match &change.checks {
        None => window.checks.clone(),
        Some(names) => checks(state, names)?,
    };
    if components.is_empty() && checks.is_empty() {
        return Err(Rejected::invalid("checks", "a planned window needs a component or a check"));
    }
    maintenance::due(state, key, context, changes);
    let former = state.windows[&key].clone();
    write(state, key, change, context, changes);
    let window = state.windows.get_mut(&key).expect("looked up above");
    window.checks = checks;
    window.lead = change.lead.unwrap_or(window.lead);
    window.reminds = change.reminds.unwrap_or(window.reminds);
    set_times(state, key, (from, to), context, changes);
    set_components(state, key, &components);
    if state.windows[&key] != former {
        revise(state, key);
        changed(state, key, now, changes);
        moved(state, key, &former, context, changes);
    }
    Ok(())
}

/// Sets planned times, and says so to those who know other ones. The beginning is announced again.
fn set_times(
    state: &mut State,
    key: WindowKey,
    (from, to): (Timestamp, Timestamp),
    context: Context,
    changes: &mut Changes,
) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    if (from, to) == (window.from, window.to) {
        return;
    }
    if from != window.from {
        window.reminded_at = None;
    }
    (window.from, window.to, window.timed_at) = (from, to, context.now);
    if window.is_published() {
        let running = window.started_at.is_some();
        let event = if running { WindowEvent::Extended } else { WindowEvent::Rescheduled };
        let (status, display_at, by) = (window.status, context.now, changes.author.clone());
        let body = automatic_text(state, key, event);
        add(state, key, NewUpdate { status, body, display_at, by }, context, changes);
    }
}

/// Writes title and announcement.
fn write(state: &mut State, key: WindowKey, change: &WindowChange, context: Context, changes: &mut Changes) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    if let Some(title) = &change.title {
        window.title = Title::Written(title.clone());
    }
    let Some(body) = change.body.as_ref().filter(|body| window.body() != Some(body)) else { return };
    if window.updates.is_empty() {
        let (status, display_at) = (MaintenanceStatus::Scheduled, context.now);
        let (body, by) = (WindowText::Written(body.clone()), changes.author.clone());
        add(state, key, NewUpdate { status, body, display_at, by }, context, changes);
    } else {
        rewrite(state, (key, 0), body, context.now, changes);
    }
}

/// Adds an entry to the timeline, and enters a state: an early beginning, `verifying`, an early end.
pub(super) fn update(
    state: &mut State,
    key: WindowKey,
    (status, body, to): (Option<MaintenanceStatus>, Option<&Text>, Option<Timestamp>),
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let window = state.windows.get(&key).ok_or_else(no_window)?;
    if window.cancelled_at.is_some() {
        return Err(Rejected::state("window", "this planned window was cancelled"));
    }
    if body.is_some() && window.page.is_none() {
        return Err(Rejected::invalid("body", "a private window tells nobody anything"));
    }
    check_status(window, status, now)?;
    // Whoever ends it makes room.
    if status.unwrap_or(window.status) < MaintenanceStatus::Completed {
        limits::check_window(state, (window.page, Some(key)), body)?;
    }
    if let Some(to) = to {
        if status != Some(MaintenanceStatus::InProgress) {
            return Err(Rejected::invalid("to", "another end is set where a planned window begins"));
        }
        check_times(now, to, now)?;
        check_length(now, to, now)?;
    }
    maintenance::due(state, key, context, changes);
    let former = state.windows[&key].clone();
    let status = status.unwrap_or(former.status);
    let begins = former.status == MaintenanceStatus::Scheduled && status == MaintenanceStatus::InProgress;
    if body.is_none() && status == former.status && to.is_none_or(|to| to == former.to) {
        return Ok(());
    }
    modified(state, key);
    if former.page.is_some() && !former.is_published() {
        maintenance::announce(state, key, context, changes);
    }
    if begins {
        let window = state.windows.get_mut(&key).expect("looked up above");
        (window.from, window.to, window.timed_at) = (now, to.unwrap_or(window.to), now);
    } else if let Some(to) = to {
        // It began a moment ago by itself.
        set_times(state, key, (former.from, to), context, changes);
    }
    let by = changes.author.clone();
    match (body, event_of(status).filter(|_| status != former.status)) {
        (None, Some(event)) => automatic(state, key, (status, event, by), now, context, changes),
        (Some(text), _) => {
            if status != former.status {
                enter(state, key, status, now);
            }
            let body = WindowText::Written(text.clone());
            add(state, key, NewUpdate { status, body, display_at: now, by }, context, changes);
        }
        (None, None) => {}
    }
    if status != former.status || to.is_some() {
        revise(state, key);
    }
    changed(state, key, now, changes);
    moved(state, key, &former, context, changes);
    Ok(())
}

fn event_of(status: MaintenanceStatus) -> Option<WindowEvent> {
    match status {
        MaintenanceStatus::InProgress => Some(WindowEvent::Started),
        MaintenanceStatus::Verifying => Some(WindowEvent::Verifying),
        MaintenanceStatus::Completed => Some(WindowEvent::Completed),
        MaintenanceStatus::Scheduled | MaintenanceStatus::Cancelled => None,
    }
}

fn check_status(
    window: &PlannedWindow,
    status: Option<MaintenanceStatus>,
    now: Timestamp,
) -> Result<(), Rejected> {
    let (begun, ended) = (window.from <= now, !window.is_open() || window.to <= now);
    let wrong = match status {
        None => return Ok(()),
        Some(MaintenanceStatus::Scheduled) => begun.then_some("this planned window has begun"),
        Some(MaintenanceStatus::InProgress) => ended.then_some("this planned window has ended"),
        Some(MaintenanceStatus::Verifying) if !begun => Some("this planned window has not begun"),
        Some(MaintenanceStatus::Verifying) => ended.then_some("this planned window has ended"),
        Some(MaintenanceStatus::Completed) => {
            (!begun).then_some("this planned window has not begun: cancel it")
        }
        Some(MaintenanceStatus::Cancelled) => Some("a planned window is cancelled, not updated"),
    };
    wrong.map_or(Ok(()), |reason| Err(Rejected::invalid("status", reason)))
}

/// The components that a window gets instead of its own.
fn other_components(
    state: &State,
    window: &PlannedWindow,
    wanted: &[ComponentKey],
    now: Timestamp,
) -> Result<Vec<ComponentKey>, Rejected> {
    let (keys, page) = components(state, wanted)?;
    let keys: Vec<ComponentKey> = keys.into_iter().collect();
    if window.from <= now && keys != window.components {
        return Err(Rejected::state("components", "this planned window has begun"));
    }
    if page != window.page {
        return Err(Rejected::invalid("components", "a planned window stays on its page"));
    }
    Ok(keys)
}

fn set_components(state: &mut State, key: WindowKey, components: &[ComponentKey]) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    let former = std::mem::replace(&mut window.components, components.to_vec());
    for of in former.iter().filter(|of| !components.contains(of)) {
        if let Some(component) = state.components.get_mut(of) {
            component.windows.edit().retain(|one| *one != key);
        }
    }
    for of in components.iter().filter(|of| !former.contains(of)) {
        let windows = state.components.get_mut(of).expect("the caller checked it").windows.edit();
        // In the order in which they are restored.
        let place = windows.partition_point(|one| *one < key);
        windows.insert(place, key);
    }
}
