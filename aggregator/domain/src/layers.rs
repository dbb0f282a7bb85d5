//! The layers of a component, each kept separately, and their overlay. No layer is changed to fit another.

use super::automatic_layer::AutomaticLayer;
use super::component::Automatic;
use super::holds::{HeldStatus, override_of};
use super::interval::{Cursor, Interval, append, first_ending_after};
use super::shared_vec::SharedVec;
use super::status::{Effective, Status};
use super::time::Timestamp;

/// The four layers of a component; each is oldest first and never overlaps itself. All but the
/// automatic layer are derived: from holds, windows and corrections.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layers {
    /// Derived from the linked checks.
    pub automatic: AutomaticLayer,
    /// Statuses set by people, REST and incidents.
    pub manual: SharedVec<Interval<HeldStatus>>,
    /// While planned windows run: the beginning of the window that began last.
    pub planned: SharedVec<Interval<Timestamp>>,
    /// Corrections of the past.
    pub corrected: SharedVec<Interval<Status>>,
    /// Nothing before this instant counts.
    pub start: Timestamp,
}

impl Layers {
    /// The first instant of any layer.
    #[must_use]
    pub fn first_said(&self) -> Option<Timestamp> {
        self.first_known().into_iter().chain(self.planned.first().map(|one| one.from)).min()
    }

    /// The same without planned windows: they say nothing of what was observed.
    #[must_use]
    pub fn first_known(&self) -> Option<Timestamp> {
        let seen = self.automatic.iter().find(|one| one.value != Automatic::NoData).map(|one| one.from);
        let set = self.manual.first().map(|one| one.from);
        let corrected = self.corrected.first().map(|one| one.from);
        [seen, set, corrected].into_iter().flatten().min()
    }
}

impl Layers {
    /// The status at an instant, however complete; `None`: there is no data.
    #[must_use]
    pub fn status_at(&self, at: Timestamp) -> Option<Status> {
        match overlay(self, at, at + 1).first()?.value {
            Effective::Known(status) | Effective::Partly(status) => Some(status),
            Effective::NoData | Effective::Unwatched => None,
        }
    }

    /// The last status that is known in `[from, to)`; `None`: none is.
    #[must_use]
    pub fn last_known(&self, from: Timestamp, to: Timestamp) -> Option<Status> {
        let known = |one: &Interval<Effective>| match one.value {
            Effective::Known(status) | Effective::Partly(status) => Some(status),
            Effective::NoData | Effective::Unwatched => None,
        };
        overlay(self, from, to).iter().rev().find_map(known)
    }
}

/// The effective status over `[from, to)`: contiguous, neighbours differ. Gaps in all layers become no data; the time
/// before `start` is unwatched.
#[must_use]
pub fn effective(layers: &Layers, from: Timestamp, to: Timestamp) -> Vec<Interval<Effective>> {
    watched_from(overlay(layers, from, to), layers.start)
}

/// The same, with everything before `begin` unwatched.
#[must_use]
pub fn watched_from(intervals: Vec<Interval<Effective>>, begin: Timestamp) -> Vec<Interval<Effective>> {
    let mut watched = Vec::with_capacity(intervals.len() + 1);
    for interval in intervals {
        let (from, to) = (interval.from, interval.to);
        append(&mut watched, Interval { from, to: to.min(begin), value: Effective::Unwatched });
        append(&mut watched, Interval { from: from.max(begin), ..interval });
    }
    watched
}

/// The overlay of the layers over `[from, to)`, regardless of `start`: contiguous, neighbours differ. A later layer in
/// [`Layers`] overrides an earlier one, except that a hold set during a window overrides that window.
#[must_use]
pub fn overlay(layers: &Layers, from: Timestamp, to: Timestamp) -> Vec<Interval<Effective>> {
    let (mut overlay, mut at) = (Vec::new(), from);
    let automatic = layers.automatic.around(from, to);
    let mut automatic = Cursor::new(&automatic, at);
    let mut manual = Cursor::new(&layers.manual, at);
    let mut planned = Cursor::new(&layers.planned, at);
    let mut corrected = Cursor::new(&layers.corrected, at);
    while at < to {
        let (automatic, until_automatic) = automatic.at(at);
        let (manual, until_manual) = manual.at(at);
        let (planned, until_planned) = planned.at(at);
        let (corrected, until_corrected) = corrected.at(at);
        let until = until_automatic.min(until_manual).min(until_planned).min(until_corrected).min(to);
        let said = corrected.or_else(|| override_of(manual, planned));
        let value = match (said, automatic) {
            (Some(status), _) | (None, Some(Automatic::Known(status))) => Effective::Known(status),
            (None, Some(Automatic::Partly(status))) => Effective::Partly(status),
            (None, Some(Automatic::NoData) | None) => Effective::NoData,
        };
        append(&mut overlay, Interval { from: at, to: until, value });
        at = until;
    }
    overlay
}

/// Replaces everything from `from` on by `replacement`, cut at `from`; equal neighbours are merged.
pub fn splice<T: PartialEq>(existing: &mut Vec<Interval<T>>, from: Timestamp, replacement: Vec<Interval<T>>) {
    existing.truncate(existing.partition_point(|interval| interval.from < from));
    if let Some(last) = existing.last_mut() {
        last.to = last.to.min(from);
    }
    for mut interval in replacement {
        interval.from = interval.from.max(from);
        append(existing, interval);
    }
}

/// Writes `over` into a layer: it replaces what was there; what lies before and after stays.
pub fn lay<T: PartialEq + Copy>(layer: &mut Vec<Interval<T>>, over: Interval<T>) {
    if over.from >= over.to {
        return;
    }
    let first = first_ending_after(layer, over.from);
    let tail = layer.split_off(first);
    if let Some(cut) = tail.first() {
        append(layer, Interval { to: cut.to.min(over.from), ..*cut });
    }
    append(layer, over);
    for rest in tail {
        append(layer, Interval { from: rest.from.max(over.to), ..rest });
    }
}
