//! Other opinions about the time: agents on other hosts, by the wall clock in their batches, and the kernel, which
//! knows whether a time server synchronises this host. They never move the clock; they decide which of two clocks is
//! right.

use super::time_source::NS_PER_MS;
use skerry_domain::state::WorkspaceAgent;
use skerry_domain::time::{DAY, MINUTE, SECOND, Timestamp};
use std::collections::BTreeMap;

/// Clocks that differ by less than this agree, ms: a batch takes some time to arrive.
const ALIKE: i64 = MINUTE;
/// Readings are forgotten after this time, ns of the boot clock.
const REMEMBERED: i64 = 10 * MINUTE * NS_PER_MS;
/// A clock that shows an earlier day is wrong: 1 September 2026, before this was written.
pub(super) const EARLIEST: Timestamp = Timestamp(20_697 * DAY);

/// Recent readings of other clocks.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// The agent's wall clock minus this host's boot clock, ms, and when it was received on the boot clock, ns.
    agents: BTreeMap<WorkspaceAgent, (i64, i64)>,
    /// When the kernel last reported that a time server synchronises the wall clock, ns of the boot clock.
    kept: Option<i64>,
}

/// How many agents agree with each of two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Votes {
    pub(super) for_wall: usize,
    pub(super) for_ours: usize,
}

impl Peers {
    pub(super) fn note_time(&mut self, agent: WorkspaceAgent, said: Timestamp, boot: i64) {
        if said >= EARLIEST {
            self.agents.insert(agent, (said.0.saturating_sub(boot / NS_PER_MS), boot));
        }
        self.agents.retain(|_, (_, heard)| boot - *heard <= REMEMBERED);
    }

    pub(super) fn note_kernel_sync(&mut self, kept: bool, boot: i64) {
        self.kept = kept.then_some(boot);
    }

    /// Whether a time server synchronised the wall clock at or after `boot`.
    pub(super) fn kept_since(&self, boot: i64) -> bool {
        self.kept.is_some_and(|kept| kept >= boot)
    }

    fn said(&self, boot: i64) -> impl Iterator<Item = i64> + '_ {
        let lately = self.agents.values().filter(move |(_, heard)| boot - *heard <= REMEMBERED);
        lately.map(move |(offset, _)| offset.saturating_add(boot / NS_PER_MS))
    }

    /// Which agents agree with the wall clock and which with the aggregator's clock, if the two differ.
    pub(super) fn votes(&self, boot: i64, wall: Timestamp, ours: Timestamp) -> Votes {
        let mut votes = Votes::default();
        for said in self.said(boot) {
            let (from_wall, from_ours) = (said.abs_diff(wall.0), said.abs_diff(ours.0));
            if from_wall.min(from_ours) > ALIKE.unsigned_abs() {
                continue;
            }
            // A reading decides nothing if both clocks are within the delay of a batch.
            if from_wall + 2 * SECOND.unsigned_abs() < from_ours {
                votes.for_wall += 1;
            } else if from_ours + 2 * SECOND.unsigned_abs() < from_wall {
                votes.for_ours += 1;
            }
        }
        votes
    }

    /// Whether some agent agrees with the clock and no more agents disagree. `None`: there are no readings.
    pub(super) fn agree(&self, boot: i64, ours: Timestamp) -> Option<bool> {
        let (mut with, mut against) = (0, 0);
        for said in self.said(boot) {
            if said.abs_diff(ours.0) <= ALIKE.unsigned_abs() { with += 1 } else { against += 1 }
        }
        (with + against > 0).then_some(with > 0 && with >= against)
    }

    /// The earliest time that any reading gives.
    pub(super) fn earliest(&self, boot: i64) -> Option<Timestamp> {
        self.said(boot).min().map(Timestamp)
    }
}
