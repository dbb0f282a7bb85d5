//! When each receiver may be sent something: after a failure it is left alone for a while.

use super::decide::Pace;
use super::sender::Sent;
use super::settings::WorkspaceTeam;
use skerry_domain::time::{DAY, Timestamp};
use skerry_notify::retry::{Next, Schedule};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A workspace and a receiver, by their names.
pub(super) type Key = (String, String);

/// All receivers of which something is remembered.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    all: HashMap<Key, Receiving>,
    /// The settings that they belong to.
    settings: Option<Arc<Vec<WorkspaceTeam>>>,
}

#[derive(Debug, Default)]
struct Receiving {
    pace: Pace,
    /// Failures since it last took a message.
    failures: usize,
    not_before: Option<Timestamp>,
}

impl Receivers {
    /// With other settings each receiver is tried anew.
    pub(super) fn follow(&mut self, settings: &Arc<Vec<WorkspaceTeam>>) {
        if self.settings.as_ref().is_some_and(|former| Arc::ptr_eq(former, settings)) {
            return;
        }
        self.all.clear();
        self.settings = Some(Arc::clone(settings));
    }

    /// The pace of a receiver that may be sent something now.
    pub(super) fn ready(&mut self, key: &Key, now: Timestamp) -> Option<&mut Pace> {
        let receiving = self.all.entry(key.clone()).or_default();
        receiving.not_before.is_none_or(|at| at <= now).then_some(&mut receiving.pace)
    }

    /// Notes what became of messages; `None`: a fault of this program.
    pub(super) fn ended(&mut self, key: &Key, sent: Option<Sent>, now: Timestamp) {
        let receiving = self.all.entry(key.clone()).or_default();
        if let Some(Sent { failure: None, .. }) = sent {
            if receiving.failures > 0 {
                tracing::info!(receiver = key.1, "the team is told by this receiver again");
            }
            let pace = Pace { gathered_since: None, taken_at: Some(now) };
            *receiving = Receiving { pace, ..Receiving::default() };
            return;
        }
        let failure = sent.and_then(|sent| sent.failure);
        let asked = failure.as_ref().and_then(|failure| failure.after);
        receiving.failures += 1;
        receiving.not_before = Some(now + pause(receiving.failures, asked));
        if let Some(failure) = failure.filter(|_| receiving.failures == 1) {
            let (class, answer) = (failure.answer.class.name(), failure.answer.text);
            tracing::warn!(
                receiver = key.1,
                class,
                answer,
                "the team is not told by this receiver: it is tried again"
            );
        }
    }
}

/// How long a receiver is left alone, ms.
fn pause(failures: usize, asked: Option<Duration>) -> i64 {
    let chance = f64::from(u32::from_ne_bytes(skerry_host::random::bytes())) / f64::from(u32::MAX);
    match Schedule::Team.next(failures, Duration::ZERO, asked, chance) {
        Next::After(pause) => i64::try_from(pause.as_millis()).unwrap_or(DAY),
        Next::GiveUp => DAY,
    }
}
