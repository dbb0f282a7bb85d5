//! Finds the one record that the aggregator cannot read, so that the others get through.

use super::{BATCH_RECORDS, Outgoing, REFUSED_PAUSE, Step, Uplink};

/// The search for a record that the aggregator cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRecordSearch {
    /// No record is suspected.
    Idle,
    /// One of the next so many records.
    Narrowing(usize),
    /// The next record or the rest of the batch: the next batch contains no records.
    WithoutRecords,
    /// The next record.
    Confirmed,
}

impl BadRecordSearch {
    /// Maximum number of records in the next batch.
    pub(super) fn limit(self) -> usize {
        match self {
            Self::Idle => BATCH_RECORDS,
            Self::Narrowing(count) => count,
            Self::WithoutRecords => 0,
            Self::Confirmed => 1,
        }
    }
}

impl Uplink {
    /// Halves the batch until one record is left. A batch without records then proves that the record is at
    /// fault and not the rest, and only then it is set aside.
    pub(super) fn search_bad_record(&mut self, outgoing: &Outgoing, why: &str) -> Step {
        match (self.search, outgoing.records) {
            (BadRecordSearch::Confirmed, 1) => {
                let sequence = outgoing.first.unwrap_or(0);
                tracing::warn!(sequence, "the aggregator cannot read one record ({why}); it is set aside");
                self.spool.set_aside(outgoing.epoch, sequence);
                self.search = BadRecordSearch::Idle;
                Step::Sent
            }
            (_, 0) => {
                tracing::error!(
                    "the aggregator rejects everything this agent sends ({why}); nothing is lost, the agent tries \
                     again every 5 minutes"
                );
                self.search = BadRecordSearch::Idle;
                Step::Retry(REFUSED_PAUSE)
            }
            (_, 1) => {
                self.search = BadRecordSearch::WithoutRecords;
                Step::Sent
            }
            (_, many) => {
                self.search = BadRecordSearch::Narrowing(many / 2);
                Step::Sent
            }
        }
    }
}
