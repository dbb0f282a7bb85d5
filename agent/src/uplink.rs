//! From the spool to the aggregator: strictly oldest first, until each record is acknowledged.
//!
//! [`Uplink::send_next`] sends one batch; [`Uplink::run`] is the thin loop around it. Nothing is forgotten
//! here but by an acknowledgement, and a single record that the aggregator refuses by itself is set aside.

use crate::board::{Board, Seen};
use crate::clock::{BootId, Clock, Moment};
use crate::self_test::SelfTest;
use crate::spool::{Page, Spool, SpoolStatus, Stored};
use async_trait::async_trait;
use bytes::Bytes;
use skerry_protocol::wire::{self, record::Kind};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Most records in one batch; the snapshot comes on top.
const BATCH_RECORDS: usize = 5_000;
/// Most bytes of records in one batch.
const BATCH_BYTES: usize = 1 << 20;
/// An otherwise empty batch goes after this long, so that the aggregator knows the link lives.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// A hard transition waits this long for its record to be on the disk before its snapshot goes alone.
const SETTLE: Duration = Duration::from_millis(250);
/// Between attempts while the aggregator refuses our token, or everything we say.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest `Retry-After` that is believed.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Brings one encoded batch to the aggregator.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Delivers `body`, once. The caller retries.
    async fn deliver(&self, body: Bytes) -> Delivery;
}

/// What became of one batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Committed, as far as the reply says.
    Accepted(wire::Reply),
    /// Not now: try again, not before `after` where the aggregator asked for it.
    Again {
        /// `Retry-After`.
        after: Option<Duration>,
        /// For the log.
        why: String,
    },
    /// 401 or 403.
    Unauthorized(String),
    /// The batch itself is refused.
    Malformed(String),
}

/// What one call of [`Uplink::send_next`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A batch was taken; there may be more.
    Sent,
    /// There is nothing to say now.
    Empty,
    /// It did not work; not again before this.
    Retry(Duration),
}

/// The sending end.
pub struct Uplink {
    agent: String,
    spool: Spool,
    board: Arc<Board>,
    self_test: Arc<SelfTest>,
    deliver: Arc<dyn Deliver>,
    clock: Clock,
    process: [u8; 16],
    failures: u32,
    /// What failed last, so that the same words are not logged at every attempt.
    said: Option<String>,
    suspicion: Suspicion,
    last_sent: Option<Instant>,
    snapshot_sent: u64,
    inventory_sent: Option<u64>,
}

/// The search for the one record the aggregator cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    /// None is suspected.
    None,
    /// One of the next so many records.
    Among(usize),
    /// The next record, or what surrounds the records: the next batch goes without any.
    Envelope,
    /// The next record and nothing else.
    Convicted,
}

impl Suspicion {
    fn limit(self) -> usize {
        match self {
            Self::None => BATCH_RECORDS,
            Self::Among(count) => count,
            Self::Envelope => 0,
            Self::Convicted => 1,
        }
    }
}

/// A batch, and what must be remembered of it.
struct Outgoing {
    body: Bytes,
    epoch: [u8; 16],
    first: Option<u64>,
    last: Option<u64>,
    records: usize,
    snapshot: u64,
    inventory: Option<u64>,
}

impl Uplink {
    /// The uplink of the agent of that name.
    pub fn new(
        agent: String,
        spool: Spool,
        board: Arc<Board>,
        self_test: Arc<SelfTest>,
        deliver: Arc<dyn Deliver>,
        clock: Clock,
    ) -> Self {
        Self {
            agent,
            spool,
            board,
            self_test,
            deliver,
            clock,
            process: process(),
            failures: 0,
            said: None,
            suspicion: Suspicion::None,
            last_sent: None,
            snapshot_sent: 0,
            inventory_sent: None,
        }
    }

    /// Sends until it is told to stop.
    pub async fn run(&mut self, stop: &CancellationToken) {
        let mut synced = self.spool.synced();
        let mut changed = self.board.changed();
        while !stop.is_cancelled() {
            synced.mark_unchanged();
            changed.mark_unchanged();
            let step = tokio::select! {
                step = self.send_next() => step,
                () = stop.cancelled() => return,
            };
            let keepalive = self.last_sent.map_or(KEEPALIVE, |sent| KEEPALIVE.saturating_sub(sent.elapsed()));
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
                        () = tokio::time::sleep(SETTLE) => {}
                        () = stop.cancelled() => return,
                    },
                    () = tokio::time::sleep(keepalive) => {}
                    () = stop.cancelled() => return,
                },
            }
        }
    }

    /// Sends the oldest records with the present states, if there is anything to say.
    pub async fn send_next(&mut self) -> Step {
        let Some(page) = self.spool.read(self.suspicion.limit(), BATCH_BYTES).await else {
            // Without a disk there is no epoch to speak for.
            return Step::Retry(Duration::from_secs(1));
        };
        if page.records.is_empty() && self.suspicion == Suspicion::None && !self.has_news() {
            return Step::Empty;
        }
        let outgoing = match self.encode(&page) {
            Ok(outgoing) => outgoing,
            Err(error) => return self.again(None, format!("the batch cannot be compressed: {error}")),
        };
        match self.deliver.deliver(outgoing.body.clone()).await {
            Delivery::Accepted(reply) => self.accepted(&outgoing, &reply),
            Delivery::Again { after, why } => self.again(after, why),
            Delivery::Unauthorized(why) => {
                tracing::warn!(
                    "the aggregator refuses this agent: {why}; nothing is lost, the spool is kept and it is \
                     tried again every 5 minutes"
                );
                self.failures = 0;
                Step::Retry(REFUSED_PAUSE)
            }
            Delivery::Malformed(why) => self.malformed(&outgoing, &why),
        }
    }

    fn has_news(&self) -> bool {
        self.snapshot_sent != self.board.version()
            || self.inventory_sent != Some(self.board.inventory().version)
            || self.last_sent.is_none_or(|sent| sent.elapsed() >= KEEPALIVE)
    }

    fn encode(&self, page: &Page) -> std::io::Result<Outgoing> {
        let inventory = self.board.inventory();
        let due = self.inventory_sent != Some(inventory.version);
        let (snapshot, seen) = self.board.read();
        let mut records = page.records.len();
        loop {
            let mut composing = Composing::default();
            composing.records(page, records);
            let now = self.clock.now();
            composing.snapshot(&seen, now);
            let mut batch = composing.batch;
            batch.protocol = wire::PROTOCOL_VERSION;
            batch.agent.clone_from(&self.agent);
            env!("CARGO_PKG_VERSION").clone_into(&mut batch.agent_version);
            batch.epoch = page.epoch.to_vec();
            batch.process = self.process.to_vec();
            batch.boot_id = now.boot.to_string();
            batch.boot_now_ms = now.boot_ms;
            batch.wall_now_ms = now.wall_ms;
            batch.inventory = due.then(|| wire::Inventory { checks: inventory.checks.to_vec() });
            batch.spool = Some(wire::SpoolReport {
                own_network_gone: self.self_test.network_is_gone(),
                ..report(&self.spool.status(), self.board.lateness_ms())
            });
            let body = wire::encode(&batch)?;
            if body.len() > wire::MAX_BODY_BYTES && records > 1 {
                records /= 2;
                continue;
            }
            let sent = &page.records[..records];
            return Ok(Outgoing {
                body: body.into(),
                epoch: page.epoch,
                first: sent.first().map(|record| record.sequence),
                last: sent.last().map(Stored::through),
                records,
                snapshot,
                inventory: due.then_some(inventory.version),
            });
        }
    }

    fn accepted(&mut self, outgoing: &Outgoing, reply: &wire::Reply) -> Step {
        let through = reply.acknowledged_through;
        // A reply that was lost stood for more than this batch; it never stands for what was not made yet.
        let sent = outgoing.last.unwrap_or(0).max(self.spool.status().issued);
        if outgoing.last.is_some() && through > sent {
            return self.again(
                None,
                format!(
                    "it acknowledges {through}, but only {sent} was ever sent; its answer is not believed. Is \
                     another agent using this name, or was the spool put back from an old copy? Then stop the \
                     agent, move its spool file away and start it again"
                ),
            );
        }
        if let Some(first) = outgoing.first {
            if through < first {
                return self.again(None, format!("it answered, but acknowledged only {through} of {sent}"));
            }
            self.spool.acknowledge(outgoing.epoch, through);
        }
        if self.failures > 0 || self.said.is_some() {
            tracing::info!("the aggregator takes batches again");
        }
        self.failures = 0;
        self.said = None;
        self.last_sent = Some(Instant::now());
        self.snapshot_sent = outgoing.snapshot;
        self.inventory_sent = match (reply.want_inventory, outgoing.inventory) {
            (true, None) => None,
            (_, Some(version)) => Some(version),
            (false, None) => self.inventory_sent,
        };
        self.suspicion = match self.suspicion {
            Suspicion::Envelope => Suspicion::Convicted,
            Suspicion::Among(count) if outgoing.last == Some(through) && count > 1 => Suspicion::Among(count),
            _ => Suspicion::None,
        };
        Step::Sent
    }

    /// Halves the batch until one record stands alone; then proves by a batch without records that it is the
    /// record and not all we say, and only then sets it aside.
    fn malformed(&mut self, outgoing: &Outgoing, why: &str) -> Step {
        match (self.suspicion, outgoing.records) {
            (Suspicion::Convicted, 1) => {
                let sequence = outgoing.first.unwrap_or(0);
                tracing::warn!(sequence, "the aggregator cannot read one record ({why}); it is set aside");
                self.spool.set_aside(outgoing.epoch, sequence);
                self.suspicion = Suspicion::None;
                Step::Sent
            }
            (_, 0) => {
                tracing::error!(
                    "the aggregator refuses everything this agent says ({why}); nothing is lost, it is tried \
                     again every 5 minutes"
                );
                self.suspicion = Suspicion::None;
                Step::Retry(REFUSED_PAUSE)
            }
            (_, 1) => {
                self.suspicion = Suspicion::Envelope;
                Step::Sent
            }
            (_, many) => {
                self.suspicion = Suspicion::Among(many / 2);
                Step::Sent
            }
        }
    }

    fn again(&mut self, after: Option<Duration>, why: String) -> Step {
        if self.said.as_ref() != Some(&why) {
            tracing::warn!("the aggregator did not take a batch: {why}; nothing is lost, it is tried again");
            self.said = Some(why);
        }
        let pause = pause(self.failures, getrandom::u32().unwrap_or(u32::MAX / 2));
        self.failures = self.failures.saturating_add(1);
        Step::Retry(after.map_or(pause, |asked| pause.max(asked.min(LONGEST_ASKED))))
    }
}

/// Tells this process from a copy of it. Without randomness at the start all is zero: one voice, as before.
fn process() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// The pause after `failures` earlier ones: doubled each time up to a minute, of which `chance` takes off up
/// to a half, so that many agents do not come back as one.
fn pause(failures: u32, chance: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

fn report(status: &SpoolStatus, lateness_ms: u64) -> wire::SpoolReport {
    wire::SpoolReport {
        depth: status.depth,
        oldest_ms: status.oldest_ms,
        lost: status.lost,
        set_aside: status.set_aside,
        lateness_ms,
        own_network_gone: false,
    }
}

/// A batch in the making, with the lists its records refer to.
#[derive(Default)]
struct Composing {
    batch: wire::Batch,
    checks: HashMap<String, u32>,
    boots: HashMap<BootId, u32>,
}

impl Composing {
    fn check(&mut self, name: &str) -> u32 {
        if let Some(index) = self.checks.get(name) {
            return *index;
        }
        let index = self.batch.checks.len() as u32;
        self.batch.checks.push(name.to_owned());
        self.checks.insert(name.to_owned(), index);
        index
    }

    fn boot(&mut self, boot: BootId) -> u32 {
        let boots = &mut self.batch.boots;
        *self.boots.entry(boot).or_insert_with(|| {
            boots.push(boot.to_string());
            boots.len() as u32 - 1
        })
    }

    fn records(&mut self, page: &Page, records: usize) {
        for stored in &page.records[..records] {
            let mut kind = stored.kind.clone();
            let observation = match &mut kind {
                Some(Kind::Observation(observation)) => Some(observation),
                Some(Kind::Folded(folded)) => folded.first.as_mut(),
                Some(Kind::Lost(_)) | None => None,
            };
            if let Some(observation) = observation {
                observation.check = self.check(&stored.check);
                observation.boot = self.boot(stored.boot.unwrap_or_default());
            }
            self.batch.records.push(wire::Record { sequence: stored.sequence, kind });
        }
    }

    fn snapshot(&mut self, seen: &[(Arc<str>, Seen)], now: Moment) {
        for (name, seen) in seen {
            let check = self.check(name);
            self.batch.snapshot.push(wire::HardState {
                check,
                state: seen.state as i32,
                flapping: seen.flapping,
                since_ms_ago: now.ms_since(&seen.since),
                evidence_ms_ago: seen.evidence.map(|evidence| now.ms_since(&evidence)),
                reason: seen.reason as i32,
            });
        }
    }
}

#[cfg(test)]
#[path = "uplink_tests.rs"]
mod tests;
