//! What is set from outside the checks: statuses that people, incidents and REST hold, and planned windows. Each stands
//! alone with its source; the layers of a component are derived from them, so that none overwrites another.

use super::interval::Interval;
use super::layers::{lay, splice};
use super::state::{ComponentKey, HoldKey, State, WindowKey, WorkspaceKey};
use super::status::Status;
use super::time::Timestamp;

/// Who set a status. A source has one hold on a component at a time: what it sets ends what it set before, and nothing
/// that another source set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// People by hand: the hold of one person ends that of another.
    Person,
    /// A client of the REST API, whichever.
    Rest,
    /// An update of this incident, by its row key.
    Incident(i64),
}

/// A status that a source holds on a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its row.
    pub key: HoldKey,
    /// Who set it.
    pub source: Source,
    /// What it is.
    pub status: Status,
    /// Since when.
    pub from: Timestamp,
    /// Until when; [`Timestamp::FAR`]: until it is released.
    pub to: Timestamp,
}

/// A planned window: its components are under maintenance while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWindow {
    /// The workspace of its components.
    pub workspace: WorkspaceKey,
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// Its components, in order, each once.
    pub components: Vec<ComponentKey>,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// What the manual layer says at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldStatus {
    /// The status.
    pub status: Status,
    /// When the hold was set that it is of.
    pub since: Timestamp,
}

/// Sets a status, at or after the beginning of every hold that is there. Returns the holds that changed.
pub fn set(holds: &mut Vec<Hold>, hold: Hold) -> Vec<HoldKey> {
    let mut changed = release(holds, hold.source, hold.from);
    if hold.to > hold.from {
        changed.push(hold.key);
        holds.push(hold);
    }
    changed
}

/// Ends what a source holds at `now`; what would never have held is removed. Returns the holds that changed.
pub fn release(holds: &mut Vec<Hold>, source: Source, now: Timestamp) -> Vec<HoldKey> {
    let mut changed = Vec::new();
    for hold in holds.iter_mut().filter(|hold| hold.source == source && hold.to > now) {
        hold.to = now;
        changed.push(hold.key);
    }
    holds.retain(|hold| hold.from < hold.to);
    changed
}

/// The manual layer: at each instant the newest of the holds that stand. When it ends, the next older one that still
/// stands shows again. `holds` are in the order in which they were set.
#[must_use]
pub fn manual<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Vec<Interval<HeldStatus>> {
    let mut layer = Vec::new();
    for hold in holds {
        let value = HeldStatus { status: hold.status, since: hold.from };
        lay(&mut layer, Interval { from: hold.from, to: hold.to, value });
    }
    layer
}

/// Derives the manual layer again from `now` on, where holds changed at `now`: what lies before stays.
pub fn manual_from(layer: &mut Vec<Interval<HeldStatus>>, holds: &[Hold], now: Timestamp) {
    splice(layer, now, manual(holds.iter().filter(|hold| hold.to > now)));
}

/// The planned layer: at each instant the beginning of that running window which began last. `windows` are the
/// beginning and end of each, in any order; they may overlap and start together.
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

/// The status that manual and planned layer give together. Maintenance overrides a hold, but not one that was set while
/// every window that runs was running.
#[must_use]
pub fn override_of(held: Option<HeldStatus>, window_since: Option<Timestamp>) -> Option<Status> {
    match (held, window_since) {
        (Some(held), Some(window)) if held.since >= window => Some(held.status),
        (_, Some(_)) => Some(Status::UnderMaintenance),
        (held, None) => held.map(|held| held.status),
    }
}

impl State {
    /// Derives what is not stored of the holds and windows, as after a load: each component's windows and layers.
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
    }

    /// Derives the planned layer of a component from its windows.
    pub(super) fn derive_planned(&mut self, key: ComponentKey) {
        let Some(component) = self.components.get_mut(&key) else { return };
        let windows = component.windows.iter().filter_map(|window| self.windows.get(window));
        component.layers.planned = planned(windows.map(|one| (one.from, one.to))).into();
    }
}
