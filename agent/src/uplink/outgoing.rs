//! Encodes the next batch from the spool's oldest records and the present states.

use super::Uplink;
use super::batch::{BatchBuilder, records_that_fit};
use crate::clock::ClockReading;
use crate::spool::{Page, SpoolStatus, Stored};
use bytes::Bytes;
use skerry_protocol::wire;

/// An encoded batch, and what to remember about it.
pub(super) struct Outgoing {
    pub(super) body: Bytes,
    pub(super) epoch: [u8; 16],
    pub(super) issued: Option<u64>,
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    pub(super) records: usize,
    /// The batch contains the states that changed after this version, up to `snapshot`.
    pub(super) known: u64,
    pub(super) snapshot: u64,
    pub(super) lags: bool,
    pub(super) inventory: Option<u64>,
}

impl Uplink {
    /// Encodes as many records of `page` as fit into a body. `before` is the status of the spool before the page
    /// was read.
    pub(super) fn encode(&self, page: &Page, before: &SpoolStatus) -> std::io::Result<Outgoing> {
        let inventory = self.states.inventory();
        let due = self.inventory_sent != Some(inventory.version);
        let mut records = records_that_fit(page);
        loop {
            let sent = &page.records[..records];
            let last = sent.last().map(Stored::through);
            let lags = before.trouble.is_some() || last.is_some_and(|last| last < before.issued);
            let now = self.clock.now();
            let known = self.snapshots.known(lags, now.boot_ms);
            let (snapshot, states) = self.states.read(known);
            let mut builder = BatchBuilder::default();
            builder.records(page, records);
            builder.snapshot(&states, now);
            let mut batch = self.with_header(builder.batch, page, now);
            batch.inventory = due.then(|| wire::Inventory { checks: inventory.checks.to_vec() });
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

    /// Adds what every batch says about the agent, its spool and its clocks.
    fn with_header(&self, batch: wire::Batch, page: &Page, now: ClockReading) -> wire::Batch {
        // A spool without an acknowledgement has to prove which one it follows.
        let former = page.former.filter(|_| page.acknowledged == 0);
        wire::Batch {
            protocol: wire::PROTOCOL_VERSION,
            agent: self.agent.clone(),
            location: self.location.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: page.epoch.to_vec(),
            former_epoch: former.map(Vec::from).unwrap_or_default(),
            acknowledged_through: page.acknowledged,
            process: self.process.to_vec(),
            boot_id: now.boot.to_string(),
            boot_now_ms: now.boot_ms,
            wall_now_ms: now.wall_ms,
            spool: Some(self.report()),
            ..batch
        }
    }

    fn report(&self) -> wire::SpoolReport {
        let status = self.spool.status();
        wire::SpoolReport {
            depth: status.depth,
            oldest_ms: status.oldest_ms,
            lost: status.lost,
            set_aside: status.set_aside,
            lateness_ms: self.states.lateness_ms(),
            own_network_gone: self.self_test.network_is_gone(),
        }
    }
}

/// Identifies this process. Without randomness it is zero, which the aggregator treats like an older agent.
pub(super) fn process_id() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
