//! A batch of an agent in the types of the domain: converted from the wire, not validated yet.

use crate::labels::Labels;
use crate::problem::Severity;
use crate::state::{AgentKey, SelfReport};
use crate::time::Timestamp;
use crate::track::HardState;
use skerry_protocol::wire::{Outcome, Phases, Reason};

/// What an agent reports, converted from the wire.
#[derive(Clone, Debug)]
pub struct Report {
    /// The agent.
    pub agent: AgentKey,
    /// The epoch of its spool.
    pub epoch: [u8; 16],
    /// The agent's claim: everything of that spool up to here was acknowledged.
    pub acknowledged: u64,
    /// Proof of identity besides the token.
    pub proof: Proof,
    /// Which process, on which boot.
    pub process: Vec<u8>,
    /// Its self report.
    pub self_report: SelfReport,
    /// When it was received, on the aggregator's clock.
    pub received: Timestamp,
    /// The agent's boot clock when it sent, ms.
    pub boot_now: i64,
    /// The agent's wall clock when it sent.
    pub wall_now: Timestamp,
    /// It reports that its own network is down.
    pub own_network_gone: bool,
    /// Names of the checks that records and snapshot refer to by index.
    pub checks: Vec<String>,
    /// Oldest first.
    pub records: Vec<Record>,
    /// Present hard states.
    pub snapshot: Vec<SnapshotState>,
    /// The checks it runs, if sent.
    pub inventory: Option<Vec<DeclaredCheck>>,
}

/// Proof of identity besides the token. It distinguishes the agent from someone who has only the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The spool that this one replaces.
    pub former: Option<[u8; 16]>,
    /// Which credential it brought; 0: none.
    pub credential: u64,
    /// It is the built-in agent, which is part of the aggregator.
    pub built_in: bool,
}

/// One record with its place in the sequence.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place.
    pub sequence: u64,
    /// The last place that it covers: records in between were folded, not lost.
    pub through: u64,
    /// Its content.
    pub kind: RecordKind,
}

impl Report {
    /// A digest of a record, the same whenever it is sent; 0 for an unknown kind. Its only use is to distinguish the
    /// records of a spool from those of a copy.
    #[must_use]
    pub fn digest(&self, record: &Record) -> u64 {
        let mut digest = Digest(0xCBF2_9CE4_8422_2325);
        match &record.kind {
            RecordKind::Observed { first, count, .. } => {
                digest.take(self.checks.get(first.check).map_or(&[], |name| name.as_bytes()));
                digest.take(&[first.outcome as u8, first.hard as u8]);
                digest.take(&first.total_us.to_le_bytes());
                digest.take(&count.to_le_bytes());
            }
            RecordKind::Lost { count, why, .. } => {
                digest.take(why.as_bytes());
                digest.take(&count.to_le_bytes());
            }
            RecordKind::Unknown => return 0,
        }
        digest.0 | 1
    }
}

/// FNV-1a.
struct Digest(u64);

impl Digest {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}

/// The content of a record.
#[derive(Clone, Debug)]
pub enum RecordKind {
    /// `count` equal observations, the last one `spread` ms after the first. One is the usual case.
    Observed {
        /// The first.
        first: Observed,
        /// How many.
        count: u32,
        /// From the first to the last, ms.
        spread: i64,
    },
    /// Records that the agent discarded.
    Lost {
        /// How many.
        count: u64,
        /// The reason.
        why: String,
        /// Oldest, on the agent's wall clock.
        from: Option<Timestamp>,
        /// Newest.
        to: Option<Timestamp>,
    },
    /// A kind that is newer than this program.
    Unknown,
}

/// When something was observed, by the agent's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In the boot the batch was sent in: boot clock, ms.
    ThisBoot(i64),
    /// In an earlier boot: wall clock.
    EarlierBoot(Timestamp),
}

/// One observation.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Index into [`Report::checks`].
    pub check: usize,
    /// Start of the run.
    pub when: When,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Private detail.
    pub detail: String,
    /// Duration, µs.
    pub total_us: u64,
    /// Phases.
    pub phases: Option<Phases>,
    /// Hard state after it.
    pub hard: HardState,
    /// Set on a hard transition: start of the run that confirmed it.
    pub since: Option<When>,
    /// The check flaps.
    pub flapping: bool,
}

/// One hard state of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotState {
    /// Index into [`Report::checks`].
    pub check: usize,
    /// The state.
    pub state: HardState,
    /// Age of its beginning, ms.
    pub since_ago: i64,
    /// Age of the newest conclusive observation, ms.
    pub evidence_ago: Option<i64>,
    /// The check flaps.
    pub flapping: bool,
    /// The end of the certificate that was seen last.
    pub certificate_ends: Option<Timestamp>,
}

/// One check of an inventory.
#[derive(Clone, Debug)]
pub struct DeclaredCheck {
    /// Its name.
    pub name: String,
    /// Hash of its definition.
    pub definition: Vec<u8>,
    /// Its interval at the agent, ms.
    pub interval_ms: i64,
    /// The severity of its problems.
    pub severity: Severity,
    /// The names of the checks that it depends on, each once.
    pub depends_on: Vec<String>,
    /// Its labels.
    pub labels: Labels,
}
