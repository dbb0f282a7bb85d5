//! Holds as rows, and back.

use super::HoldRow;
use super::Write;
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Misread, SourceKind, Value};
use crate::holds::{Hold, Source};
use crate::state::{ComponentKey, HoldKey, State, WorkspaceKey};

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

/// Writes the hold, or deletes its row if the state no longer has it.
pub(super) fn write_hold(state: &State, component: ComponentKey, key: HoldKey, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    writes.push(match hold_row(state, component, key) {
        Some(row) => Write::Put(row.into()),
        None => Write::Delete(Key::of::<HoldRow>(both(workspace, &key))),
    });
}

pub(super) fn both(workspace: WorkspaceKey, key: &impl Field) -> [Value<'static>; 2] {
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
