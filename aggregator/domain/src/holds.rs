//! Statuses that do not come from checks: holds set by people, incidents and REST, and planned windows. Each is kept
//! separately with its source; the layers of a component are derived from them, so that none overwrites another.

use super::interval::Interval;
use super::layers::{lay, splice};
use super::maintenance::PlannedWindow;
use super::state::{ComponentKey, HoldKey, State, WindowKey};
use super::status::Status;
use super::time::Timestamp;

/// The source of a hold. A source has one hold on a component at a time: a new one ends its previous one, but no hold
/// of another source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// People: the hold of one person ends that of another.
    Person,
    /// Any client of the REST API.
    Rest,
    /// An update of this incident, by its row key.
    Incident(i64),
}

/// A status that a source set on a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its row key.
    pub key: HoldKey,
    /// Who set it.
    pub source: Source,
    /// What it is.
    pub status: Status,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; [`Timestamp::FAR`]: until it is released.
    pub to: Timestamp,
}

/// The value of the manual layer at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeldStatus {
    /// The status.
    pub status: Status,
    /// When the hold was set.
    pub since: Timestamp,
}

/// Adds a hold, which must not begin before an existing one. Returns the holds that changed.
pub fn set(holds: &mut Vec<Hold>, hold: Hold) -> Vec<HoldKey> {
    let mut changed = release(holds, hold.source, hold.from);
    if hold.to > hold.from {
        changed.push(hold.key);
        holds.push(hold);
    }
    changed
}

/// Ends the hold of a source at `now`; a hold of zero length is removed. Returns the holds that changed.
pub fn release(holds: &mut Vec<Hold>, source: Source, now: Timestamp) -> Vec<HoldKey> {
    let mut changed = Vec::new();
    for hold in holds.iter_mut().filter(|hold| hold.source == source && hold.to > now) {
        hold.to = now;
        changed.push(hold.key);
    }
    holds.retain(|hold| hold.from < hold.to);
    changed
}

/// The manual layer: at each instant the newest active hold. When it ends, the next older hold that is still active
/// shows again. `holds` are in the order in which they were set.
#[must_use]
pub fn manual<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Vec<Interval<HeldStatus>> {
    let mut layer = Vec::new();
    for hold in holds {
        let value = HeldStatus { status: hold.status, since: hold.from };
        lay(&mut layer, Interval { from: hold.from, to: hold.to, value });
    }
    layer
}

/// Derives the manual layer again from `now` on, after holds changed at `now`. The past stays.
pub fn manual_from(layer: &mut Vec<Interval<HeldStatus>>, holds: &[Hold], now: Timestamp) {
    splice(layer, now, manual(holds.iter().filter(|hold| hold.to > now)));
}

/// The planned layer: at each instant the beginning of the running window that began last. `windows` holds the
/// beginning and end of each, in any order; windows may overlap and start together.
#[must_use]
pub fn planned(windows: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> Vec<Interval<Timestamp>> {
    let mut windows: Vec<_> = windows.into_iter().collect();
    windows.sort_unstable();
    let mut layer = Vec::new();
    for (from, to) in windows {
        lay(&mut layer, Interval { from, to, value: from });
    }
    layer
}

/// The status from the manual and planned layers together. Maintenance overrides a hold, unless the hold was set at or
/// after the beginning of the newest running window.
#[must_use]
pub fn override_of(held: Option<HeldStatus>, window_since: Option<Timestamp>) -> Option<Status> {
    match (held, window_since) {
        (Some(held), Some(window)) if held.since >= window => Some(held.status),
        (_, Some(_)) => Some(Status::UnderMaintenance),
        (held, None) => held.map(|held| held.status),
    }
}

impl State {
    /// Derives what is not stored, after a load: each component's windows and its manual, planned and
    /// corrected layers.
    pub fn derive_layers(&mut self) {
        let of = self.windows.iter().flat_map(|(key, one)| one.components.iter().map(|of| (*of, *key)));
        let of: Vec<(ComponentKey, WindowKey)> = of.collect();
        for (component, window) in of {
            if let Some(component) = self.components.get_mut(&component) {
                component.windows.push(window);
            }
        }
        let set = |one: &super::state::Component| !one.holds.is_empty() || !one.windows.is_empty();
        for key in self.components.keys_where(|_, one| set(one)) {
            if let Some(component) = self.components.get_mut(&key) {
                component.layers.manual = manual(&component.holds).into();
            }
            self.derive_planned(key);
        }
        self.derive_all_corrected();
    }

    /// Derives the planned layer of a component from its windows.
    pub(super) fn derive_planned(&mut self, key: ComponentKey) {
        let Some(component) = self.components.get_mut(&key) else { return };
        let windows = component.windows.iter().filter_map(|window| self.windows.get(window));
        component.layers.planned = planned(windows.map(PlannedWindow::runs)).into();
    }
}
