//! Corrections of the past. A correction changes what is shown, and no other layer.

use super::{Change, Changes, Context, Rejected, no_component};
use crate::correction::{Correction, Undone};
use crate::state::{ComponentKey, CorrectionKey, State};
use crate::status::Status;
use crate::time::Timestamp;

/// The greatest number of corrections of a component that stand at a time.
pub const MAX_CORRECTIONS: usize = 1_000;
/// The greatest length of a reason, in characters.
const MAX_REASON: usize = 2_000;

/// A correction that a person makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCorrection {
    /// The component.
    pub component: ComponentKey,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; now at the latest.
    pub to: Timestamp,
    /// What the component was.
    pub status: Status,
    /// Why, for operators.
    pub reason: String,
}

pub(super) fn correct(
    state: &mut State,
    new: &NewCorrection,
    context: Context,
    changes: &mut Changes,
) -> Result<CorrectionKey, Rejected> {
    let start = state.components.get(&new.component).ok_or_else(no_component)?.layers.start;
    let reason = new.reason.trim();
    if new.from >= new.to {
        return Err(Rejected::invalid("to", "a correction must end after it begins"));
    }
    if new.to > context.now {
        return Err(Rejected::invalid(
            "to",
            "only the past is corrected: a correction ends now at the latest",
        ));
    }
    if new.to <= start {
        return Err(Rejected::invalid("to", "the time before the start of the component does not count"));
    }
    if reason.is_empty() {
        return Err(Rejected::invalid("reason", "a correction needs a reason"));
    }
    if reason.chars().count() > MAX_REASON {
        let reason = format!("a reason has at most {MAX_REASON} characters");
        return Err(Rejected::invalid("reason", reason));
    }
    if state.corrections_of(new.component).count() >= MAX_CORRECTIONS {
        let reason = format!("a component has at most {MAX_CORRECTIONS} corrections: undo others first");
        return Err(Rejected::state("component", reason));
    }
    let key = CorrectionKey::next(&mut state.counters.corrections);
    let correction = Correction {
        id: context.ids.id("correction", key.0),
        component: new.component,
        from: new.from,
        to: new.to,
        status: new.status,
        reason: reason.to_owned(),
        made_by: changes.author.clone(),
        made_at: context.now,
        undone: None,
    };
    state.corrections.insert(key, correction);
    changed(state, key, new.component, changes);
    Ok(key)
}

/// Undoes a correction: what it covered shows again. One that was undone stays undone.
pub(super) fn undo(
    state: &mut State,
    key: CorrectionKey,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let no_correction = || Rejected::not_found("correction", "there is no such correction");
    let correction = state.corrections.get(&key).ok_or_else(no_correction)?;
    if correction.undone.is_none() {
        let (component, undone) = (correction.component, Undone { at: now, by: changes.author.clone() });
        state.corrections.get_mut(&key).expect("looked up above").undone = Some(undone);
        changed(state, key, component, changes);
    }
    Ok(())
}

fn changed(state: &mut State, key: CorrectionKey, component: ComponentKey, changes: &mut Changes) {
    state.derive_corrected(component);
    changes.touched.correction(key);
    changes.push(Change::ComponentChanged(component));
    changes.push(Change::PastCorrected(component));
}
