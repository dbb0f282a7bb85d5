//! What is counted of notices to the team since the start, for the metrics.

use skerry_notify::Class;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Attempts by receiver and class of the answer.
#[derive(Debug, Default)]
pub struct TeamFigures(Mutex<BTreeMap<(String, &'static str), u64>>);

impl TeamFigures {
    pub(super) fn sent(&self, receiver: &str, class: Class) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((receiver.to_owned(), class.name())).or_default() += 1;
    }

    /// The number of attempts by the name of the receiver and of the class.
    #[must_use]
    pub fn notices(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((receiver, class), count)| (receiver.clone(), *class, *count)).collect()
    }
}
