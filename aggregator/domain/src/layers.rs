//! The layers of a component, each kept alone, and their overlay. Never changes a layer to make another fit.

use super::component::Automatic;
use super::holds::{HeldStatus, override_of};
use super::interval::{Cursor, Interval, append, first_ending_after};
use super::shared_vec::SharedVec;
use super::status::{Effective, Status};
use super::time::Timestamp;

/// What is said about a component from four sides; each oldest first and never overlapping. Manual and planned are
/// derived from its holds and windows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layers {
    /// From the linked checks.
    pub automatic: SharedVec<Interval<Automatic>>,
    /// Held by people, REST and incidents.
    pub manual: SharedVec<Interval<HeldStatus>>,
    /// While planned windows run: when that one began which began last.
    pub planned: SharedVec<Interval<Timestamp>>,
    /// The past, put right.
    pub corrected: SharedVec<Interval<Status>>,
    /// Nothing before it counts.
    pub start: Timestamp,
}

impl Layers {
    /// When anything was first said from any side.
    #[must_use]
    pub fn first_said(&self) -> Option<Timestamp> {
        let seen = self.automatic.iter().find(|one| one.value != Automatic::NoData).map(|one| one.from);
        let set = self.manual.first().map(|one| one.from);
        let planned = self.planned.first().map(|one| one.from);
        let corrected = self.corrected.first().map(|one| one.from);
        [seen, set, planned, corrected].into_iter().flatten().min()
    }
}

/// What was true over `[from, to)`: contiguous, neighbours differ. Where nobody says anything there is no data,
/// before `start` it is unwatched.
#[must_use]
pub fn effective(layers: &Layers, from: Timestamp, to: Timestamp) -> Vec<Interval<Effective>> {
    watched_from(overlay(layers, from, to), layers.start)
}

/// The same, but for what lies before `begin`: that is unwatched.
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

/// What the layers say over `[from, to)`, whenever the component is watched from: contiguous, neighbours differ.
/// A layer yields to those named after it in [`Layers`], but for a window: it yields to a hold that was set while it ran.
#[must_use]
pub fn overlay(layers: &Layers, from: Timestamp, to: Timestamp) -> Vec<Interval<Effective>> {
    let (mut overlay, mut at) = (Vec::new(), from);
    let mut automatic = Cursor::new(&layers.automatic, at);
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

/// Replaces everything from `from` on by `replacement`, which says nothing before `from`; equal
/// neighbours become one.
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

/// Lays `over` into one layer: what stood there yields, before and after it stay.
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
