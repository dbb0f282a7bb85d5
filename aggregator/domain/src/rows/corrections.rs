//! Corrections as rows, and back.

use super::CorrectionRow;
use super::restore::Restore;
use super::value::Misread;
use crate::correction::{Correction, Undone};
use crate::state::{CorrectionKey, State};

/// The row of a correction; `None`: the state has none with that key.
pub(super) fn correction_row(state: &State, key: CorrectionKey) -> Option<CorrectionRow> {
    let correction = state.corrections.get(&key)?.clone();
    let undone = correction.undone;
    Some(CorrectionRow {
        workspace: state.workspace.key,
        key,
        id: correction.id,
        component: correction.component,
        from_ms: correction.from,
        to_ms: correction.to,
        status: correction.status,
        reason: correction.reason,
        made_by: correction.made_by,
        made_ms: correction.made_at,
        undone_by: undone.as_ref().and_then(|one| one.by.clone()),
        undone_ms: undone.map(|one| one.at),
    })
}

impl Restore for CorrectionRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let by = self.undone_by;
        let correction = Correction {
            id: self.id,
            component: self.component,
            from: self.from_ms,
            to: self.to_ms,
            status: self.status,
            reason: self.reason,
            made_by: self.made_by,
            made_at: self.made_ms,
            undone: self.undone_ms.map(|at| Undone { at, by }),
        };
        state.corrections.insert(self.key, correction);
        Ok(())
    }
}
