//! Corrections of the past of components by people: a false alarm, or an outage that was planned. The corrected layer
//! of a component is derived from them. What they cover stays in the other layers, for operators.

use super::interval::Interval;
use super::keys::{ComponentKey, CorrectionKey};
use super::layers::lay;
use super::state::State;
use super::status::Status;
use super::time::Timestamp;

/// A correction of the past of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The component.
    pub component: ComponentKey,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What the component was.
    pub status: Status,
    /// Why, for operators.
    pub reason: String,
    /// Who made it, as in the audit. `None`: unknown.
    pub made_by: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was undone, and by whom. `None`: it stands.
    pub undone: Option<Undone>,
}

/// The end of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// By whom, as in the audit. `None`: unknown.
    pub by: Option<String>,
}

impl Correction {
    fn is_of(&self, component: ComponentKey) -> bool {
        self.component == component && self.undone.is_none()
    }

    fn interval(&self) -> Interval<Status> {
        Interval { from: self.from, to: self.to, value: self.status }
    }
}

/// The corrected layer: at each instant the newest correction that stands. `corrections` are in the order in which they
/// were made.
#[must_use]
pub fn corrected<'a>(corrections: impl IntoIterator<Item = &'a Correction>) -> Vec<Interval<Status>> {
    let mut layer = Vec::new();
    for correction in corrections {
        if correction.undone.is_none() {
            lay(&mut layer, correction.interval());
        }
    }
    layer
}

impl State {
    /// The corrections of a component that stand, in the order in which they were made.
    pub fn corrections_of(
        &self,
        component: ComponentKey,
    ) -> impl Iterator<Item = (&CorrectionKey, &Correction)> {
        self.corrections.iter().filter(move |(_, one)| one.is_of(component))
    }

    /// The correction with this id.
    #[must_use]
    pub fn correction_with_id(&self, id: &str) -> Option<CorrectionKey> {
        self.corrections.iter().rev().find(|(_, one)| one.id == id).map(|(key, _)| *key)
    }

    /// Derives the corrected layer of a component from its corrections.
    pub(super) fn derive_corrected(&mut self, key: ComponentKey) {
        let layer = corrected(self.corrections_of(key).map(|(_, one)| one));
        if let Some(component) = self.components.get_mut(&key) {
            component.layers.corrected = layer.into();
        }
    }

    /// The same for every component, after a load.
    pub(super) fn derive_all_corrected(&mut self) {
        for one in self.corrections.values().filter(|one| one.undone.is_none()) {
            if let Some(component) = self.components.get_mut(&one.component) {
                lay(component.layers.corrected.edit(), one.interval());
            }
        }
    }
}
