//! Planned windows with their timelines as rows, and back.

use super::Write;
use super::holds::both;
use super::incidents::text;
use super::restore::Restore;
use super::series;
use super::table::Key;
use super::value::Misread;
use super::{Row, WindowCheckRow, WindowComponentRow, WindowRow, WindowTextRow, WindowUpdateRow};
use crate::incident::{FormerText, Title};
use crate::maintenance::{PlannedWindow, WindowText, WindowUpdate};
use crate::series::Occurrence;
use crate::state::{ComponentKey, State, WindowKey};
use crate::step::Touched;
use crate::time::Timestamp;

/// The row of a window, without what belongs to it; `None`: the state has none with that key.
pub(super) fn window_row(state: &State, key: WindowKey) -> Option<WindowRow> {
    let window = state.windows.get(&key)?;
    let title = match &window.title {
        Title::Written(text) => Some(text),
        Title::Automatic => None,
    };
    Some(WindowRow {
        workspace: state.workspace.key,
        key,
        id: window.id.clone(),
        page: window.page,
        written_title: title.map(|text| text.written.clone()),
        title: title.map(|text| text.public.clone()),
        status: window.status,
        from_ms: window.from,
        to_ms: window.to,
        lead: window.lead,
        reminds: window.reminds,
        created_ms: window.created_at,
        timed_ms: window.timed_at,
        announced_ms: window.announced_at,
        reminded_ms: window.reminded_at,
        started_ms: window.started_at,
        verifying_ms: window.verifying_at,
        completed_ms: window.completed_at,
        cancelled_ms: window.cancelled_at,
        updated_ms: window.updated_at,
        revision: window.revision,
        series: window.occurrence.map(|one| one.series),
        occurrence: window.occurrence.map(|one| one.local),
        modified: window.occurrence.is_some_and(|one| one.modified),
    })
}

/// The row of an entry, without its former texts.
pub(super) fn update_row(state: &State, key: WindowKey, number: i64) -> Option<WindowUpdateRow> {
    let update = update_of(state, key, number)?;
    let (text, event) = match &update.body {
        WindowText::Written(text) => (Some(text), None),
        WindowText::Automatic { event, .. } => (None, Some(*event)),
    };
    Some(WindowUpdateRow {
        workspace: state.workspace.key,
        planned_window: key,
        number,
        id: update.id.clone(),
        status: update.status,
        written: text.map(|text| text.written.clone()),
        body: text.map(|text| text.public.clone()),
        event,
        planned_from: update.times().map(|(from, _)| from.0),
        planned_to: update.times().map(|(_, to)| to.0),
        created_ms: update.created_at,
        display_ms: update.display_at,
        edited_ms: update.edited_at,
        author: update.by.clone(),
    })
}

fn update_of(state: &State, key: WindowKey, number: i64) -> Option<&WindowUpdate> {
    state.windows.get(&key)?.updates.iter().rfind(|update| update.number == number)
}

fn component_rows(state: &State, key: WindowKey) -> impl Iterator<Item = Row> {
    let workspace = state.workspace.key;
    let components = state.windows.get(&key).into_iter().flat_map(|window| &window.components);
    let row = move |component: &ComponentKey| {
        WindowComponentRow { workspace, planned_window: key, component: *component }.into()
    };
    components.map(row)
}

fn check_rows(state: &State, key: WindowKey) -> impl Iterator<Item = Row> {
    let workspace = state.workspace.key;
    let checks = state.windows.get(&key).into_iter().flat_map(|window| &window.checks);
    let row = move |name: &String| {
        WindowCheckRow { workspace, planned_window: key, check_name: name.clone() }.into()
    };
    checks.map(row)
}

/// The rows that belong to a window, without former texts.
pub(super) fn entry_rows(state: &State, key: WindowKey) -> Vec<Row> {
    let updates = state.windows.get(&key).into_iter().flat_map(|window| &window.updates);
    let updates = updates.filter_map(|update| update_row(state, key, update.number)).map(Row::from);
    component_rows(state, key).chain(check_rows(state, key)).chain(updates).collect()
}

/// Writes all series, windows and entries that a step touched.
pub(super) fn write_touched(state: &State, touched: &Touched, writes: &mut Vec<Write>) {
    series::write_touched(state, &touched.series, writes);
    touched.windows.iter().for_each(|key| write_window(state, *key, writes));
    touched.window_updates.iter().for_each(|(key, number)| write_update(state, *key, *number, writes));
}

/// Writes the window with its components and checks, or deletes all of its rows if the state no longer has it.
fn write_window(state: &State, key: WindowKey, writes: &mut Vec<Write>) {
    let of = || both(state.workspace.key, &key);
    let (components, checks) = (Key::of::<WindowComponentRow>(of()), Key::of::<WindowCheckRow>(of()));
    let Some(row) = window_row(state, key) else {
        let (texts, updates) = (Key::of::<WindowTextRow>(of()), Key::of::<WindowUpdateRow>(of()));
        let rows = [texts, updates, checks, components, Key::of::<WindowRow>(of())];
        writes.extend(rows.map(Write::Delete));
        return;
    };
    writes.push(Write::Put(row.into()));
    let rows = component_rows(state, key).collect();
    writes.push(Write::Replace { prefix: components, from: None, rows });
    let rows = check_rows(state, key).collect();
    writes.push(Write::Replace { prefix: checks, from: None, rows });
}

/// Writes an entry with its former texts.
fn write_update(state: &State, key: WindowKey, number: i64, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let Some(row) = update_row(state, key, number) else { return };
    writes.push(Write::Put(row.into()));
    let update = update_of(state, key, number).expect("its row was made above");
    for (place, former) in (1..).zip(&update.former) {
        let (replaced_ms, written) = (former.to, former.written.clone());
        let row = WindowTextRow { workspace, planned_window: key, number, place, replaced_ms, written };
        writes.push(Write::Put(row.into()));
    }
}

impl Restore for WindowRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let title = text(self.written_title, self.title, "planned_window", "title")?;
        let modified = self.modified;
        let occurrence = self.series.zip(self.occurrence);
        let window = PlannedWindow {
            id: self.id,
            page: self.page,
            occurrence: occurrence.map(|(series, local)| Occurrence { series, local, modified }),
            title: title.map_or(Title::Automatic, Title::Written),
            status: self.status,
            components: Vec::new(),
            checks: Vec::new(),
            from: self.from_ms,
            to: self.to_ms,
            lead: self.lead,
            reminds: self.reminds,
            created_at: self.created_ms,
            timed_at: self.timed_ms,
            announced_at: self.announced_ms,
            reminded_at: self.reminded_ms,
            started_at: self.started_ms,
            verifying_at: self.verifying_ms,
            completed_at: self.completed_ms,
            cancelled_at: self.cancelled_ms,
            updated_at: self.updated_ms,
            revision: self.revision,
            updates: Vec::new().into(),
        };
        if window.is_open() || window.began_ahead() {
            state.open_windows.insert(self.key);
        }
        state.series_windows.extend(window.occurrence.map(|one| (one.series, self.key)));
        state.windows.insert(self.key, window);
        Ok(())
    }
}

impl Restore for WindowComponentRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if let Some(window) = state.windows.get_mut(&self.planned_window) {
            window.components.push(self.component);
        }
        Ok(())
    }
}

impl Restore for WindowCheckRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if let Some(window) = state.windows.get_mut(&self.planned_window) {
            window.checks.push(self.check_name);
        }
        Ok(())
    }
}

impl Restore for WindowUpdateRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let text = text(self.written, self.body, "planned_window_update", "body")?;
        let planned = self.planned_from.zip(self.planned_to);
        let planned = planned.map(|(from, to)| (Timestamp(from), Timestamp(to)));
        let body = match (text, self.event, planned) {
            (Some(text), None, _) => WindowText::Written(text),
            (None, Some(event), Some((from, to))) => WindowText::Automatic { event, from, to },
            (_, event, _) => return Err(Misread::new(event).within("planned_window_update", "event")),
        };
        if let Some(window) = state.windows.get_mut(&self.planned_window) {
            window.updates.push(WindowUpdate {
                number: self.number,
                id: self.id,
                status: self.status,
                planned: planned.filter(|_| self.event.is_none()),
                body,
                created_at: self.created_ms,
                display_at: self.display_ms,
                edited_at: self.edited_ms,
                by: self.author,
                former: Vec::new(),
            });
        }
        Ok(())
    }
}

impl Restore for WindowTextRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let Some(window) = state.windows.get_mut(&self.planned_window) else { return Ok(()) };
        let former = FormerText { to: self.replaced_ms, written: self.written };
        if let Some(update) = window.updates.edit().iter_mut().find(|one| one.number == self.number) {
            update.former.push(former);
        }
        Ok(())
    }
}
