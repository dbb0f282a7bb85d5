//! Holds and planned windows as rows, and back.

use super::Write;
use super::declared::{HoldRow, WindowComponentRow, WindowRow};
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Misread, SourceKind, Value};
use crate::holds::{Hold, PlannedWindow, Source};
use crate::state::{ComponentKey, HoldKey, State, WindowKey, WorkspaceKey};

/// The row of a hold; `None`: the state has none with that key.
pub(super) fn hold_row(state: &State, component: ComponentKey, key: HoldKey) -> Option<HoldRow> {
    let of = state.components.get(&component)?;
    let workspace = state.workspace.key;
    // A hold that changes is among the newest.
    let hold = of.holds.iter().rfind(|hold| hold.key == key)?;
    let (source, incident) = match hold.source {
        Source::Person => (SourceKind::Person, None),
        Source::Rest => (SourceKind::Rest, None),
        Source::Incident(incident) => (SourceKind::Incident, Some(incident)),
    };
    let (status, from_ms, to_ms) = (hold.status, hold.from, hold.to);
    Some(HoldRow { workspace, key, component, source, incident, status, from_ms, to_ms })
}

/// The row of a window, without its components; `None`: the state has none with that key.
pub(super) fn window_row(state: &State, key: WindowKey) -> Option<WindowRow> {
    let window = state.windows.get(&key)?;
    let (workspace, id) = (state.workspace.key, window.id.clone());
    Some(WindowRow { workspace, key, id, from_ms: window.from, to_ms: window.to })
}

/// Writes the hold, or deletes its row if the state no longer has it.
pub(super) fn write_hold(state: &State, component: ComponentKey, key: HoldKey, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    writes.push(match hold_row(state, component, key) {
        Some(row) => Write::Put(row.into()),
        None => Write::Delete(Key::of::<HoldRow>(both(workspace, &key))),
    });
}

/// Writes the window with the rows of its components, or deletes all of them if the state no longer has it.
pub(super) fn write_window(state: &State, key: WindowKey, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let prefix = Key::of::<WindowComponentRow>(both(workspace, &key));
    let Some(row) = window_row(state, key) else {
        writes.push(Write::Delete(prefix));
        writes.push(Write::Delete(Key::of::<WindowRow>(both(workspace, &key))));
        return;
    };
    writes.push(Write::Put(row.into()));
    let of = |component: &ComponentKey| {
        WindowComponentRow { workspace, planned_window: key, component: *component }.into()
    };
    let rows = state.windows[&key].components.iter().map(of).collect();
    writes.push(Write::Replace { prefix, from: None, rows });
}

fn both(workspace: WorkspaceKey, key: &impl Field) -> [Value<'static>; 2] {
    [workspace.value().into_owned(), key.value().into_owned()]
}

impl Restore for HoldRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let source = match (self.source, self.incident) {
            (SourceKind::Person, None) => Source::Person,
            (SourceKind::Rest, None) => Source::Rest,
            (SourceKind::Incident, Some(incident)) => Source::Incident(incident),
            other => return Err(Misread::new(other).within("hold", "source")),
        };
        if let Some(component) = state.components.get_mut(&self.component) {
            let (key, status, from, to) = (self.key, self.status, self.from_ms, self.to_ms);
            component.holds.push(Hold { key, source, status, from, to });
        }
        Ok(())
    }
}

impl Restore for WindowRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let (id, components) = (self.id, Vec::new());
        let (from, to) = (self.from_ms, self.to_ms);
        state.windows.insert(self.key, PlannedWindow { id, components, from, to });
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
