//! Which deliveries are tried at present.

use skerry_domain::state::{DeliveryKey, WorkspaceKey};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The deliveries whose attempts have begun, and whose outcomes are not stored yet.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<HashSet<(WorkspaceKey, DeliveryKey)>>);

impl UnderWay {
    pub(super) fn begin(&self, one: (WorkspaceKey, DeliveryKey)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(one);
    }

    pub(super) fn end(&self, one: (WorkspaceKey, DeliveryKey)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&one);
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn holds(&self, one: (WorkspaceKey, DeliveryKey)) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&one)
    }
}
