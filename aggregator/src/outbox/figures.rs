//! What the outbox counts since the start, for the metrics.

use skerry_domain::subscriber::Channel;
use skerry_notify::Class;
use skerry_store::Waiting;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Attempts by channel and class of the answer, and what waits.
#[derive(Debug, Default)]
pub struct OutboxFigures {
    attempts: Mutex<BTreeMap<(Channel, &'static str), u64>>,
    waiting: Mutex<Vec<Waiting>>,
}

impl OutboxFigures {
    pub(super) fn attempted(&self, channel: Channel, class: Class) {
        let mut counts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((channel, class.name())).or_default() += 1;
    }

    /// The number of attempts by the name of the channel and of the class.
    #[must_use]
    pub fn attempts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((channel, class), count)| (channel.name(), *class, *count)).collect()
    }

    pub(super) fn wait(&self, waiting: Vec<Waiting>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }

    /// The deliveries that waited some seconds ago, by channel.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
