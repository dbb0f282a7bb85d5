//! What the receivers of the team were told, as rows, and back.

use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Lines, Misread, Value};
use super::{TeamNoticeRow, Write};
use crate::state::State;
use crate::team::{Told, ToldKey};

/// Writes what a receiver was told of a condition, or deletes its row if the state no longer has it.
pub(super) fn write_told(state: &State, key: &ToldKey, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let (receiver, condition) = key.clone();
    let Some(told) = state.told.get(key) else {
        let values = [workspace.value(), receiver.value(), condition.value()].map(Value::into_owned);
        writes.push(Write::Delete(Key::of::<TeamNoticeRow>(values)));
        return;
    };
    let row = TeamNoticeRow {
        workspace,
        receiver,
        condition,
        severity: told.severity,
        title: told.title.clone(),
        labels: Lines(told.labels.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        since_ms: told.since,
        fired_ms: told.fired_at,
        resolved_ms: told.resolved_at,
    };
    writes.push(Write::Put(row.into()));
}

impl Restore for TeamNoticeRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let label =
            |line: String| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = Told {
            severity: self.severity,
            title: self.title,
            labels: self.labels.0.into_iter().filter_map(label).collect(),
            since: self.since_ms,
            fired_at: self.fired_ms,
            resolved_at: self.resolved_ms,
        };
        state.told.insert((self.receiver, self.condition), told);
        Ok(())
    }
}
