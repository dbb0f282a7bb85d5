//! Builds a batch: records and states refer to checks and boots by index into the batch's lists.

use crate::check_states::CheckState;
use crate::clock::{BootId, ClockReading};
use crate::spool::Page;
use skerry_protocol::wire::{self, record::Kind};
use std::collections::HashMap;
use std::sync::Arc;

/// Number of records of a page that fit in one batch: folded records count for all they contain.
pub(super) fn records_that_fit(page: &Page) -> usize {
    let mut folded = 0;
    let fit = page.records.iter().take_while(|record| {
        if let Some(Kind::Folded(one)) = &record.kind {
            folded += u64::from(one.count);
        }
        folded <= wire::MAX_FOLDED
    });
    fit.count().max(1).min(page.records.len())
}

/// A batch with the lists that its records refer to.
#[derive(Default)]
pub(super) struct BatchBuilder {
    pub(super) batch: wire::Batch,
    checks: HashMap<String, u32>,
    boots: HashMap<BootId, u32>,
}

impl BatchBuilder {
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

    pub(super) fn records(&mut self, page: &Page, records: usize) {
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

    pub(super) fn snapshot(&mut self, seen: &[(Arc<str>, CheckState)], now: ClockReading) {
        for (name, seen) in seen {
            let check = self.check(name);
            self.batch.snapshot.push(wire::HardState {
                check,
                state: seen.state as i32,
                flapping: seen.flapping,
                since_ms_ago: now.ms_since(&seen.since),
                evidence_ms_ago: seen.evidence.map(|evidence| now.ms_since(&evidence)),
                reason: seen.reason as i32,
                certificate_ends_ms: seen.certificate_ends_ms,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Stored;

    fn page(counts: &[u32]) -> Page {
        let stored = |(sequence, count): (u64, &u32)| Stored {
            sequence,
            check: "web".to_owned(),
            boot: None,
            kind: Some(match count {
                1 => Kind::Observation(wire::Observation::default()),
                more => Kind::Folded(wire::Folded { count: *more, ..wire::Folded::default() }),
            }),
        };
        let records = (1..).zip(counts).map(stored).collect();
        Page { epoch: [0; 16], acknowledged: 0, former: None, issued: None, records }
    }

    #[test]
    fn a_batch_stands_for_no_more_than_an_aggregator_takes() {
        for (counts, fit) in [
            (&[1; 5_000][..], 5_000),
            (&[1_000; 20], 10),
            (&[5_000, 1, 5_000, 1, 1], 5),
            (&[5_000, 1, 5_001, 1], 2),
            (&[20_000, 1], 1),
            (&[], 0),
        ] {
            assert_eq!(records_that_fit(&page(counts)), fit, "{} records", counts.len());
        }
    }
}
