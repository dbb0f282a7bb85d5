//! Sends the spool to the aggregator, strictly oldest first, until each record is acknowledged.
//!
//! [`Uplink::send_next`] sends one batch; [`Uplink::run`] is the thin loop around it. Only an acknowledgement
//! deletes records here; a single record that the aggregator cannot read is set aside.

mod batch;
mod epoch;
mod outgoing;
mod search;
mod snapshot;

use crate::check_states::CheckStates;
use crate::clock::{Clock, CorrectedClock};
use crate::self_test::SelfTest;
use crate::spool::Spool;
use async_trait::async_trait;
use bytes::Bytes;
use outgoing::{Outgoing, process_id};
use search::BadRecordSearch;
use skerry_protocol::wire;
use snapshot::SnapshotTracker;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Maximum number of records in one batch; the snapshot is extra.
const BATCH_RECORDS: usize = 5_000;
/// Maximum number of records in the first batch after a failure, so that the present states of many agents do
/// not wait for the history of those before them.
const LIGHT_RECORDS: usize = 200;
/// Maximum size of the records in one batch, bytes.
const BATCH_BYTES: usize = 1 << 20;
/// An otherwise empty batch is sent after this time to show that the link works.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How long a hard transition waits for its record to be synced before the snapshot is sent alone.
const SYNC_WAIT: Duration = Duration::from_millis(250);
/// Time between attempts while the aggregator rejects our token or all batches.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Limits the time from the recovery of the link to a correct page.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// Maximum `Retry-After` that is respected.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Delivers an encoded batch to the aggregator.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Makes one attempt to deliver `body`. The caller retries.
    async fn deliver(&self, body: Bytes) -> Delivery;
}

/// The result of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Committed, as far as the reply says.
    Accepted(wire::Reply),
    /// Failed for now: retry, not before `after` if the aggregator asked for a pause.
    Again {
        /// `Retry-After`.
        after: Option<Duration>,
        /// The reason, for the log.
        why: String,
    },
    /// 401 or 403.
    Unauthorized(String),
    /// The batch itself is rejected.
    Malformed(String),
    /// 413: fewer records may pass.
    TooLarge(String),
}

/// The result of [`Uplink::send_next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A batch was accepted; there may be more.
    Sent,
    /// There is nothing to send.
    Empty,
    /// It failed; retry after this time.
    Retry(Duration),
}

/// Sends batches.
pub struct Uplink {
    agent: String,
    /// The agent's location; empty: not reported.
    location: String,
    spool: Spool,
    states: Arc<CheckStates>,
    self_test: Arc<SelfTest>,
    deliver: Arc<dyn Deliver>,
    clock: Clock,
    /// Takes the time from each reply.
    corrected: Arc<CorrectedClock>,
    process: [u8; 16],
    failures: u32,
    /// The last error, so that the same message is not logged at every attempt.
    last_error: Option<String>,
    search: BadRecordSearch,
    /// Boot clock, ms.
    last_sent: Option<u64>,
    snapshots: SnapshotTracker,
    /// The records sent last are behind the present: more wait, or the disk does not provide them.
    lags: bool,
    /// Maximum number of records in the next batch. Small after a failure, but never smaller than a batch
    /// that may have arrived already; doubles with each accepted batch.
    max_records: usize,
    inventory_sent: Option<u64>,
    /// The aggregator reported that somebody else delivers in our name.
    contested: bool,
}

impl Uplink {
    /// Reports this location to the aggregator.
    #[must_use]
    pub fn with_location(mut self, location: &str) -> Self {
        location.clone_into(&mut self.location);
        self
    }

    /// Creates the uplink of the agent with this name.
    pub fn new(
        agent: String,
        spool: Spool,
        states: Arc<CheckStates>,
        self_test: Arc<SelfTest>,
        deliver: Arc<dyn Deliver>,
        clock: Clock,
    ) -> Self {
        Self {
            agent,
            location: String::new(),
            spool,
            states,
            self_test,
            deliver,
            clock,
            corrected: Arc::new(CorrectedClock::new(clock)),
            process: process_id(),
            failures: 0,
            last_error: None,
            search: BadRecordSearch::Idle,
            last_sent: None,
            snapshots: SnapshotTracker::default(),
            lags: false,
            max_records: BATCH_RECORDS,
            inventory_sent: None,
            contested: false,
        }
    }

    /// Sets `clock` from each reply.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<CorrectedClock>) -> Self {
        self.corrected = clock;
        self
    }

    /// Sends until stopped.
    pub async fn run(&mut self, stop: &CancellationToken) {
        let mut synced = self.spool.synced();
        let mut changed = self.states.subscribe();
        while !stop.is_cancelled() {
            synced.mark_unchanged();
            changed.mark_unchanged();
            let step = tokio::select! {
                step = self.send_next() => step,
                () = stop.cancelled() => return,
            };
            let keepalive = self.rest();
            match step {
                Step::Sent => {}
                Step::Retry(pause) => tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.cancelled() => return,
                },
                Step::Empty => tokio::select! {
                    Ok(()) = synced.changed() => {}
                    Ok(()) = changed.changed() => tokio::select! {
                        Ok(()) = synced.changed() => {}
                        () = tokio::time::sleep(SYNC_WAIT) => {}
                        () = stop.cancelled() => return,
                    },
                    () = tokio::time::sleep(keepalive) => {}
                    () = stop.cancelled() => return,
                },
            }
        }
    }

    /// Sends the oldest records with the present states, if there is anything to send.
    pub async fn send_next(&mut self) -> Step {
        let before = self.spool.status();
        let limit = self.search.limit().min(self.max_records);
        let Some(page) = self.spool.read(limit, BATCH_BYTES).await else {
            // Without a disk there is no epoch to report.
            return Step::Retry(Duration::from_secs(1));
        };
        let nothing_waits = page.records.is_empty() && self.search == BadRecordSearch::Idle;
        if nothing_waits {
            self.lags = before.trouble.is_some();
            if !self.has_news() {
                return Step::Empty;
            }
        }
        let outgoing = match self.encode(&page, &before) {
            Ok(outgoing) => outgoing,
            Err(error) => return self.retry(None, format!("the batch cannot be compressed: {error}")),
        };
        let delivery = self.deliver.deliver(outgoing.body.clone()).await;
        if !matches!(delivery, Delivery::Accepted(_)) {
            self.snapshots.invalidate();
            self.max_records = self.max_records.min(outgoing.records.max(LIGHT_RECORDS));
        }
        match delivery {
            Delivery::Accepted(reply) => self.accepted(&outgoing, &reply),
            Delivery::Again { after, why } => self.retry(after, why),
            Delivery::Unauthorized(why) => {
                tracing::warn!(
                    "the aggregator rejects this agent: {why}; nothing is lost, the agent keeps its spool and tries \
                     again every 5 minutes"
                );
                self.failures = 0;
                Step::Retry(REFUSED_PAUSE)
            }
            Delivery::Malformed(why) => self.search_bad_record(&outgoing, &why),
            Delivery::TooLarge(_) if outgoing.records > 1 => {
                self.max_records = outgoing.records / 2;
                Step::Sent
            }
            Delivery::TooLarge(why) => {
                tracing::error!(
                    "a batch of one record is too large on the way to the aggregator ({why}): let bodies of 1 MiB \
                     pass there (nginx: client_max_body_size 1m); nothing is lost, the agent tries again every 5 minutes"
                );
                Step::Retry(REFUSED_PAUSE)
            }
        }
    }

    fn has_news(&self) -> bool {
        self.snapshots.known(self.lags, self.clock.now().boot_ms) < self.states.version()
            || self.inventory_sent != Some(self.states.inventory().version)
            || self.rest().is_zero()
    }

    /// How long the uplink may stay silent if nothing changes.
    fn rest(&self) -> Duration {
        let now = self.clock.now().boot_ms;
        let since = |sent: u64| Duration::from_millis(now.saturating_sub(sent));
        let keepalive = self.last_sent.map_or(Duration::ZERO, |sent| KEEPALIVE.saturating_sub(since(sent)));
        keepalive.min(self.snapshots.rest(self.lags, now))
    }

    fn accepted(&mut self, outgoing: &Outgoing, reply: &wire::Reply) -> Step {
        let through = reply.acknowledged_through;
        self.note_contested(reply.contested);
        if let Some(step) = self.refuse_old_copy(outgoing, reply) {
            return step;
        }
        if let Some(first) = outgoing.first {
            if through < first {
                return self.retry(
                    None,
                    format!("it answered, but acknowledged only {through} of {}", outgoing.last.unwrap_or(0)),
                );
            }
            self.spool.acknowledge(outgoing.epoch, through);
        }
        if self.failures > 0 || self.last_error.is_some() {
            tracing::info!("the aggregator accepts batches again");
        }
        self.failures = 0;
        self.last_error = None;
        self.corrected.set(reply.wall_now_ms);
        let now = self.clock.now().boot_ms;
        self.last_sent = Some(now);
        self.snapshots.acknowledged(outgoing.known, outgoing.snapshot, outgoing.lags, now);
        if reply.want_inventory {
            // It knows less about us than we think.
            self.snapshots.invalidate();
        }
        self.lags = outgoing.lags;
        self.max_records = (self.max_records * 2).min(BATCH_RECORDS);
        self.inventory_sent = match (reply.want_inventory, outgoing.inventory) {
            (true, None) => None,
            (_, Some(version)) => Some(version),
            (false, None) => self.inventory_sent,
        };
        self.search = match self.search {
            BadRecordSearch::WithoutRecords => BadRecordSearch::Confirmed,
            BadRecordSearch::Narrowing(count) if outgoing.last == Some(through) && count > 1 => {
                BadRecordSearch::Narrowing(count)
            }
            _ => BadRecordSearch::Idle,
        };
        Step::Sent
    }

    fn retry(&mut self, after: Option<Duration>, why: String) -> Step {
        if self.last_error.as_ref() != Some(&why) {
            tracing::warn!(
                "the aggregator did not accept a batch: {why}; nothing is lost, the agent tries again"
            );
            self.last_error = Some(why);
        }
        let pause = pause(self.failures, getrandom::u32().unwrap_or(u32::MAX / 2));
        self.failures = self.failures.saturating_add(1);
        Step::Retry(after.map_or(pause, |asked| pause.max(asked.min(MAX_RETRY_AFTER))))
    }
}

/// The pause after `failures` earlier ones: doubles each time up to a limit; `chance` removes up to half of
/// it, so that many agents do not reconnect together.
fn pause(failures: u32, chance: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(MAX_PAUSE);
    whole.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

#[cfg(test)]
#[path = "uplink_tests.rs"]
mod tests;
