//! What happens to planned windows by themselves, and their timelines. Private windows have no automatic entries.

use super::timeline::check_display_at;
use super::window::{no_window, revise};
use super::window_change::modified;
use super::{Change, Changes, Context, Rejected, limits};
use crate::incident::FormerText;
use crate::maintenance::{MaintenanceStatus, Transition, WindowEvent, WindowText, WindowUpdate};
use crate::schedule::Due;
use crate::state::{State, WindowKey};
use crate::text::Text;
use crate::time::Timestamp;

/// Everything that is due for a window by time alone, in order: also what fell into an absence of the aggregator. The
/// layers of its components follow by themselves.
pub(super) fn due(state: &mut State, key: WindowKey, context: Context, changes: &mut Changes) {
    let now = context.now;
    let next = |state: &State| state.windows.get(&key)?.next(now).filter(|(at, _)| *at <= now);
    while let Some((at, transition)) = next(state) {
        match transition {
            Transition::Return => begin_again(state, key, changes),
            Transition::Announce => announce(state, key, context, changes),
            Transition::Remind => {
                state.windows.get_mut(&key).expect("it is due").reminded_at = Some(now);
                changes.push(Change::MaintenanceReminder(key));
            }
            Transition::Start => {
                let entered = (MaintenanceStatus::InProgress, WindowEvent::Started, None);
                automatic(state, key, entered, at, context, changes);
            }
            Transition::Complete => {
                let entered = (MaintenanceStatus::Completed, WindowEvent::Completed, None);
                automatic(state, key, entered, at, context, changes);
            }
        }
        changed(state, key, now, changes);
    }
    state.reschedule(Due::Window(key));
    if let Some(occurrence) = state.windows.get(&key).and_then(|window| window.occurrence) {
        state.reschedule(Due::Series(occurrence.series));
    }
}

/// Its times are still to come.
fn begin_again(state: &mut State, key: WindowKey, changes: &mut Changes) {
    let window = state.windows.get_mut(&key).expect("it is due");
    window.status = MaintenanceStatus::Scheduled;
    (window.reminded_at, window.started_at) = (None, None);
    (window.verifying_at, window.completed_at) = (None, None);
    let components = window.components.clone();
    for of in components {
        state.derive_planned(of);
        changes.push(Change::ComponentChanged(of));
        state.reschedule(Due::Hold(of));
    }
}

/// Shows a window to visitors. Its first entry is its announcement.
pub(super) fn announce(state: &mut State, key: WindowKey, context: Context, changes: &mut Changes) {
    let now = context.now;
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    window.announced_at = Some(now);
    let display_at = now.min(window.from);
    let planned = (window.from, window.to);
    if let Some(first) = window.updates.edit().first_mut() {
        first.display_at = display_at;
        // They may have been moved since it was planned.
        match &mut first.body {
            WindowText::Automatic { from, to, .. } => (*from, *to) = planned,
            WindowText::Written(_) => first.planned = Some(planned),
        }
        let number = first.number;
        changes.touched.window_update(key, number);
    } else {
        // It was planned by a former version.
        let text = automatic_text(state, key, WindowEvent::Announced);
        let update = NewUpdate { status: MaintenanceStatus::Scheduled, body: text, display_at, by: None };
        add(state, key, update, context, changes);
    }
}

/// Enters a state without a written text. A private window has no entry of it.
pub(super) fn automatic(
    state: &mut State,
    key: WindowKey,
    (status, event, by): (MaintenanceStatus, WindowEvent, Option<String>),
    at: Timestamp,
    context: Context,
    changes: &mut Changes,
) {
    enter(state, key, status, at);
    if state.windows[&key].page.is_some() {
        let body = automatic_text(state, key, event);
        add(state, key, NewUpdate { status, body, display_at: at, by }, context, changes);
    }
}

/// Enters a state, with its stamp.
pub(super) fn enter(state: &mut State, key: WindowKey, status: MaintenanceStatus, at: Timestamp) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    window.status = status;
    match status {
        MaintenanceStatus::Scheduled => {}
        MaintenanceStatus::InProgress => {
            window.started_at.get_or_insert(at);
            window.verifying_at = None;
        }
        MaintenanceStatus::Verifying => window.verifying_at = Some(at),
        MaintenanceStatus::Completed => window.completed_at = Some(at),
        MaintenanceStatus::Cancelled => window.cancelled_at = Some(at),
    }
    if !window.is_open() {
        state.open_windows.remove(&key);
    }
}

/// The text of an event under the present times of a window.
pub(super) fn automatic_text(state: &State, key: WindowKey, event: WindowEvent) -> WindowText {
    let window = &state.windows[&key];
    WindowText::Automatic { event, from: window.from, to: window.to }
}

/// An entry that has no number yet.
pub(super) struct NewUpdate {
    pub(super) status: MaintenanceStatus,
    pub(super) body: WindowText,
    pub(super) display_at: Timestamp,
    pub(super) by: Option<String>,
}

/// Adds an entry to the timeline.
pub(super) fn add(
    state: &mut State,
    key: WindowKey,
    update: NewUpdate,
    context: Context,
    changes: &mut Changes,
) {
    let counter = &mut state.counters.window_updates;
    *counter += 1;
    let number = *counter;
    let NewUpdate { status, body, display_at, by } = update;
    let id = context.ids.id("planned_window_update", number);
    let (created_at, edited_at, former) = (context.now, None, Vec::new());
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    let planned = matches!(body, WindowText::Written(_)).then_some((window.from, window.to));
    let update =
        WindowUpdate { number, id, status, body, planned, created_at, display_at, edited_at, by, former };
    window.updates.push(update);
    changes.touched.window_update(key, number);
}

/// Notes that a window or its timeline changed.
pub(super) fn changed(state: &mut State, key: WindowKey, now: Timestamp, changes: &mut Changes) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    window.updated_at = now;
    changes.touched.window(key);
    if changes.events.last() != Some(&Change::MaintenanceChanged(key)) {
        changes.push(Change::MaintenanceChanged(key));
    }
}

/// Replaces the text of the entry at `place`. What visitors saw is kept for operators.
pub(super) fn rewrite(
    state: &mut State,
    (key, place): (WindowKey, usize),
    body: &Text,
    now: Timestamp,
    changes: &mut Changes,
) {
    let window = state.windows.get_mut(&key).expect("the caller looked it up");
    let seen = window.is_published();
    let update = &mut window.updates.edit()[place];
    if seen {
        let text = match &update.body {
            WindowText::Written(text) => text.written.clone(),
            WindowText::Automatic { .. } => String::new(),
        };
        limits::keep_former(&mut update.former, FormerText { to: now, written: text });
        update.edited_at = Some(now);
    }
    update.planned = update.times();
    update.body = WindowText::Written(body.clone());
    let number = update.number;
    changes.touched.window_update(key, number);
}

/// A person edits an entry.
pub(super) fn edit_update(
    state: &mut State,
    (key, id): (WindowKey, &str),
    (body, display_at): (Option<&Text>, Option<Timestamp>),
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let window = state.windows.get(&key).ok_or_else(no_window)?;
    let no_update = || Rejected::not_found("update", "this maintenance has no such update");
    let place = window.updates.iter().position(|update| update.id == id).ok_or_else(no_update)?;
    check_display_at(display_at, now)?;
    if let Some(body) = body {
        let former = match &window.updates[place].body {
            WindowText::Written(text) => Some(text),
            WindowText::Automatic { .. } => None,
        };
        limits::check_edit(state, window.page, former, body)?;
        rewrite(state, (key, place), body, now, changes);
    }
    let window = state.windows.get_mut(&key).expect("looked up above");
    let update = &mut window.updates.edit()[place];
    if let Some(at) = display_at {
        update.display_at = at;
    }
    let number = update.number;
    changes.touched.window_update(key, number);
    modified(state, key);
    revise(state, key);
    changed(state, key, now, changes);
    Ok(())
}
