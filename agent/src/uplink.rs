//! From the spool to the aggregator: strictly oldest first, until each record is acknowledged.
//!
//! [`Uplink::send_next`] sends one batch; [`Uplink::run`] is the thin loop around it. Nothing is forgotten
//! here but by an acknowledgement, and a single record that the aggregator refuses by itself is set aside.

mod composing;
mod epoch;
mod present;

use crate::board::Board;
use crate::clock::{Clock, CorrectedClock};
use crate::self_test::SelfTest;
use crate::spool::{Page, Spool, SpoolStatus, Stored};
use async_trait::async_trait;
use bytes::Bytes;
use composing::Composing;
use present::Present;
use skerry_protocol::wire;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most records in one batch; the snapshot comes on top.
const BATCH_RECORDS: usize = 5_000;
/// Most records in the first batch after a failure, so that the present of many agents does not wait for the
/// past of those before them.
const LIGHT_RECORDS: usize = 200;
/// Most bytes of records in one batch.
const BATCH_BYTES: usize = 1 << 20;
/// An otherwise empty batch goes after this long, so that the aggregator knows the link lives.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// A hard transition waits this long for its record to be on the disk before its snapshot goes alone.
const SETTLE: Duration = Duration::from_millis(250);
/// Between attempts while the aggregator refuses our token, or everything we say.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// So long at most goes by after the link has healed before the page is right again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
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
    /// 413: fewer records at once may pass.
    TooLarge(String),
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
    /// Where it stands; empty: not told.
    location: String,
    spool: Spool,
    board: Arc<Board>,
    self_test: Arc<SelfTest>,
    deliver: Arc<dyn Deliver>,
    clock: Clock,
    /// Learns from each reply what time it is.
    corrected: Arc<CorrectedClock>,
    process: [u8; 16],
    failures: u32,
    /// What failed last, so that the same words are not logged at every attempt.
    said: Option<String>,
    suspicion: Suspicion,
    /// Boot clock, ms.
    last_sent: Option<u64>,
    present: Present,
    /// The records last sent are not the present: more wait, or the disk does not give them.
    lags: bool,
    /// Most records of the next batch: few after a failure, but never fewer than may have arrived already;
    /// twice as many after each that is taken.
    most: usize,
    inventory_sent: Option<u64>,
    /// Somebody else delivers in our name, as the aggregator said last.
    contested: bool,
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
    issued: Option<u64>,
    first: Option<u64>,
    last: Option<u64>,
    records: usize,
    /// States that changed after this version of the board, up to `snapshot`.
    known: u64,
    snapshot: u64,
    lags: bool,
    inventory: Option<u64>,
}

impl Uplink {
    /// Tells the aggregator where the agent stands.
    #[must_use]
    pub fn standing_at(mut self, location: &str) -> Self {
        location.clone_into(&mut self.location);
        self
    }

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
            location: String::new(),
            spool,
            board,
            self_test,
            deliver,
            clock,
            corrected: Arc::new(CorrectedClock::new(clock)),
            process: process(),
            failures: 0,
            said: None,
            suspicion: Suspicion::None,
            last_sent: None,
            present: Present::default(),
            lags: false,
            most: BATCH_RECORDS,
            inventory_sent: None,
            contested: false,
        }
    }

    /// Has `clock` learn from each reply what time it is.
    #[must_use]
    pub fn correcting(mut self, clock: Arc<CorrectedClock>) -> Self {
        self.corrected = clock;
        self
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
        let before = self.spool.status();
        let limit = self.suspicion.limit().min(self.most);
        let Some(page) = self.spool.read(limit, BATCH_BYTES).await else {
            // Without a disk there is no epoch to speak for.
            return Step::Retry(Duration::from_secs(1));
        };
        let nothing_waits = page.records.is_empty() && self.suspicion == Suspicion::None;
        if nothing_waits {
            self.lags = before.trouble.is_some();
            if !self.has_news() {
                return Step::Empty;
            }
        }
        let outgoing = match self.encode(&page, &before) {
            Ok(outgoing) => outgoing,
            Err(error) => return self.again(None, format!("the batch cannot be compressed: {error}")),
        };
        let delivery = self.deliver.deliver(outgoing.body.clone()).await;
        if !matches!(delivery, Delivery::Accepted(_)) {
            self.present.doubt();
            self.most = self.most.min(outgoing.records.max(LIGHT_RECORDS));
        }
        match delivery {
            Delivery::Accepted(reply) => self.accepted(&outgoing, &reply),
            Delivery::Again { after, why } => self.again(after, why),
            Delivery::Unauthorized(why) => {
                tracing::warn!(
                    "the aggregator rejects this agent: {why}; nothing is lost, the agent keeps its spool and tries \
                     again every 5 minutes"
                );
                self.failures = 0;
                Step::Retry(REFUSED_PAUSE)
            }
            Delivery::Malformed(why) => self.malformed(&outgoing, &why),
            Delivery::TooLarge(_) if outgoing.records > 1 => {
                self.most = outgoing.records / 2;
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
        self.present.known(self.lags, self.clock.now().boot_ms) < self.board.version()
            || self.inventory_sent != Some(self.board.inventory().version)
            || self.rest().is_zero()
    }

    /// How long the aggregator need not hear of us, unless there is something new.
    fn rest(&self) -> Duration {
        let now = self.clock.now().boot_ms;
        let since = |sent: u64| Duration::from_millis(now.saturating_sub(sent));
        let keepalive = self.last_sent.map_or(Duration::ZERO, |sent| KEEPALIVE.saturating_sub(since(sent)));
        keepalive.min(self.present.rest(self.lags, now))
    }

    /// `before`: the spool as it was before the page was read.
    fn encode(&self, page: &Page, before: &SpoolStatus) -> std::io::Result<Outgoing> {
        let inventory = self.board.inventory();
        let due = self.inventory_sent != Some(inventory.version);
        let mut records = composing::that_fit(page);
        loop {
            let sent = &page.records[..records];
            let last = sent.last().map(Stored::through);
            let lags = before.trouble.is_some() || last.is_some_and(|last| last < before.issued);
            let now = self.clock.now();
            let known = self.present.known(lags, now.boot_ms);
            let (snapshot, seen) = self.board.read(known);
            let mut composing = Composing::default();
            composing.records(page, records);
            composing.snapshot(&seen, now);
            let mut batch = composing.batch;
            batch.protocol = wire::PROTOCOL_VERSION;
            batch.agent.clone_from(&self.agent);
            batch.location.clone_from(&self.location);
            env!("CARGO_PKG_VERSION").clone_into(&mut batch.agent_version);
            batch.epoch = page.epoch.to_vec();
            batch.acknowledged_through = page.acknowledged;
            if page.acknowledged == 0 {
                batch.former_epoch = page.former.map(Vec::from).unwrap_or_default();
            }
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
            return Ok(Outgoing {
                body: body.into(),
                epoch: page.epoch,
                issued: page.issued,
                first: sent.first().map(|record| record.sequence),
                last,
                records,
                known,
                snapshot,
                lags,
                inventory: due.then_some(inventory.version),
            });
        }
    }

    fn accepted(&mut self, outgoing: &Outgoing, reply: &wire::Reply) -> Step {
        let through = reply.acknowledged_through;
        self.note_contested(reply.contested);
        if let Some(step) = self.refuse_old_copy(outgoing, reply) {
            return step;
        }
        if let Some(first) = outgoing.first {
            if through < first {
                return self.again(
                    None,
                    format!("it answered, but acknowledged only {through} of {}", outgoing.last.unwrap_or(0)),
                );
            }
            self.spool.acknowledge(outgoing.epoch, through);
        }
        if self.failures > 0 || self.said.is_some() {
            tracing::info!("the aggregator accepts batches again");
        }
        self.failures = 0;
        self.said = None;
        self.corrected.set(reply.wall_now_ms);
        let now = self.clock.now().boot_ms;
        self.last_sent = Some(now);
        self.present.told(outgoing.known, outgoing.snapshot, outgoing.lags, now);
        if reply.want_inventory {
            // It knows less of us than we think.
            self.present.doubt();
        }
        self.lags = outgoing.lags;
        self.most = (self.most * 2).min(BATCH_RECORDS);
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
                    "the aggregator rejects everything this agent sends ({why}); nothing is lost, the agent tries \
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
            tracing::warn!(
                "the aggregator did not accept a batch: {why}; nothing is lost, the agent tries again"
            );
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

#[cfg(test)]
#[path = "uplink_tests.rs"]
mod tests;
