//! The protocol between an agent and its aggregator, version 1.
//!
//! One request: `POST /agent/v1/batch`, body = zstd of a protobuf [`Batch`], headers
//! `Content-Type: application/x-protobuf`, `Content-Encoding: zstd`, `Authorization: Bearer <token>`
//! and `Skerry-Protocol: 1`. The answer is a plain protobuf [`Reply`] with status 200, sent only after
//! everything up to `acknowledged_through` is committed.
//!
//! **Order.** Every record carries a `sequence`, which rises by one within an `epoch` (random, one per
//! spool). Records are sent strictly oldest first and acknowledged cumulatively. The aggregator ignores a
//! sequence at or below its mark; it accepts a jump above the mark and stores it as a gap. A folded record
//! may cover the sequences up to its `through`.
//!
//! **Epochs.** An agent has one live epoch at a time. Another one is accepted after 7 minutes of silence, at
//! once if its `former_epoch` names the live one, and rejected with 403 otherwise. An agent that is told of
//! more than it ever sent, or of an `old_copy`, starts a new epoch with the records it has.
//!
//! **Time.** A record carries the boot of its observation and the boot clock (`CLOCK_BOOTTIME`) at that
//! moment. The batch carries both clocks "now". The aggregator places a record of the batch's own boot at
//! `received − (boot_now − boot_at)`; a record of an earlier boot is placed by its wall clock.
//!
//! **Snapshot.** The present hard states travel beside the sequence and are idempotent: they correct the page
//! at once while history drains, and never write history themselves. A batch carries the states that changed
//! since the last accepted one. It carries all of them in the first batch, after a failure, once a minute,
//! every five seconds while the records lag, and once when they have caught up. A check without a state in a
//! batch is unchanged.
//!
//! **Inventory.** The checks the agent runs, with a hash of each definition. Sent with the first batch of a
//! process, after each reload, and whenever the last reply said `want_inventory`.
//!
//! **Evolution.** Fields are only added; numbers are never reused. A reader ignores unknown fields and reads
//! an unknown enum value as the safe one: an unknown outcome as inconclusive, an unknown reason as `other`.
//! `protocol` rises only if an old reader would misread a batch; an aggregator answers an unsupported version
//! with 400 and its own range.

mod codec;
mod count;
mod enrolment;
mod words;

pub use codec::{DecodeError, decode, decode_within, encode};
pub use enrolment::{ENROL_PATH, EnrolReply, EnrolRequest, JoinToken, MAX_ENROL_BYTES};
pub use words::{Outcome, Reason, State};

use crate::check::Labels;
use prost::Message;

/// The version of this build.
pub const PROTOCOL_VERSION: u32 = 1;
/// Maximum size of a compressed body, bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Maximum size of a decompressed batch, bytes.
pub const MAX_BATCH_BYTES: usize = 8 << 20;
/// Maximum number of records per batch.
pub const MAX_RECORDS: usize = 10_000;
/// Maximum number of checks that a batch names or declares.
pub const MAX_CHECKS: usize = 50_000;
/// Maximum length of a check name, bytes: 100 characters of any script.
pub const MAX_NAME_BYTES: usize = 400;
/// Maximum number of observations in the folded records of one batch. A batch of an older agent may have
/// more: it is rejected and sent again in halves.
pub const MAX_FOLDED: u64 = 10_000;
/// Minimum mean time between the runs of a folded record, ms: no check runs so often.
pub const MIN_FOLDED_STEP_MS: u64 = 10;
/// Maximum number of boots that a batch names.
pub const MAX_BOOTS: usize = MAX_RECORDS;
/// Maximum length of a process or boot id, bytes.
pub const MAX_ID_BYTES: usize = 64;
/// Path of the batch endpoint on the agents' listener.
pub const BATCH_PATH: &str = "/agent/v1/batch";

/// A batch from an agent.
#[derive(Clone, PartialEq, Message)]
pub struct Batch {
    /// [`PROTOCOL_VERSION`] of the sender.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// The agent's name, as enrolled.
    #[prost(string, tag = "2")]
    pub agent: String,
    /// Version of the agent, for operators.
    #[prost(string, tag = "3")]
    pub agent_version: String,
    /// 16 random bytes, constant for a spool.
    #[prost(bytes = "vec", tag = "4")]
    pub epoch: Vec<u8>,
    /// The kernel's present boot id.
    #[prost(string, tag = "5")]
    pub boot_id: String,
    /// `CLOCK_BOOTTIME` now, ms.
    #[prost(uint64, tag = "6")]
    pub boot_now_ms: u64,
    /// Wall clock now, ms since 1970 UTC.
    #[prost(int64, tag = "7")]
    pub wall_now_ms: i64,
    /// Names of the checks that records and states refer to by index.
    #[prost(string, repeated, tag = "8")]
    pub checks: Vec<String>,
    /// Boot ids that records refer to by index.
    #[prost(string, repeated, tag = "9")]
    pub boots: Vec<String>,
    /// Oldest first, with rising sequences.
    #[prost(message, repeated, tag = "10")]
    pub records: Vec<Record>,
    /// Present hard states: of the checks that changed, or of all that have reported.
    #[prost(message, repeated, tag = "11")]
    pub snapshot: Vec<HardState>,
    /// Set if the aggregator may not know the checks yet.
    #[prost(message, optional, tag = "12")]
    pub inventory: Option<Inventory>,
    /// Depth and age of the spool, loss counters.
    #[prost(message, optional, tag = "13")]
    pub spool: Option<SpoolReport>,
    /// 16 random bytes, constant for a process: two that alternate under one name are an agent and its copy.
    #[prost(bytes = "vec", tag = "14")]
    pub process: Vec<u8>,
    /// Everything of this epoch up to here was acknowledged to this agent. An aggregator that knows less has
    /// lost committed data. 0: nothing was acknowledged, or an older agent that does not report it.
    #[prost(uint64, tag = "15")]
    pub acknowledged_through: u64,
    /// The epoch that this one replaces. Only the agent knows it, so it proves that this spool follows that
    /// one. Empty: none.
    #[prost(bytes = "vec", tag = "16")]
    pub former_epoch: Vec<u8>,
    /// The agent's location according to its file. Empty: an older agent that does not report it.
    #[prost(string, tag = "17")]
    pub location: String,
}

/// An element of the sequence.
#[derive(Clone, PartialEq, Message)]
pub struct Record {
    /// Position within the epoch, from 1.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// Content. `None` if this reader does not know its kind: counted, otherwise ignored.
    #[prost(oneof = "record::Kind", tags = "2, 3, 4")]
    pub kind: Option<record::Kind>,
}

/// The kinds of [`Record`].
pub mod record {
    /// The content of a record.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        /// One run of one check.
        #[prost(message, tag = "2")]
        Observation(super::Observation),
        /// Equal neighbours, folded into one when the spool was full.
        #[prost(message, tag = "3")]
        Folded(super::Folded),
        /// Records that were lost.
        #[prost(message, tag = "4")]
        Lost(super::Lost),
    }
}

/// One result of one check by one agent.
#[derive(Clone, PartialEq, Message)]
pub struct Observation {
    /// Index into [`Batch::checks`].
    #[prost(uint32, tag = "1")]
    pub check: u32,
    /// Index into [`Batch::boots`].
    #[prost(uint32, tag = "2")]
    pub boot: u32,
    /// Boot clock at the start of the run, ms.
    #[prost(uint64, tag = "3")]
    pub boot_ms: u64,
    /// Wall clock at the start of the run, ms since 1970 UTC.
    #[prost(int64, tag = "4")]
    pub wall_ms: i64,
    /// The outcome.
    #[prost(enumeration = "Outcome", tag = "5")]
    pub outcome: i32,
    /// The reason, if it is not `up`.
    #[prost(enumeration = "Reason", tag = "6")]
    pub reason: i32,
    /// Private detail for operators ("503", "connection refused (os error 111)"); at most 200 bytes.
    #[prost(string, tag = "7")]
    pub detail: String,
    /// Total duration, µs.
    #[prost(uint64, tag = "8")]
    pub total_us: u64,
    /// Durations of the phases, if the kind has phases.
    #[prost(message, optional, tag = "9")]
    pub phases: Option<Phases>,
    /// The hard state after this observation.
    #[prost(enumeration = "State", tag = "10")]
    pub hard: i32,
    /// Set if this observation changed the hard state: boot clock (of the same boot) at the start of the
    /// first observation of the run that confirmed it, ms. A run that started in an earlier boot sets
    /// `since_wall_ms` instead.
    #[prost(uint64, optional, tag = "11")]
    pub since_boot_ms: Option<u64>,
    /// See `since_boot_ms`.
    #[prost(int64, optional, tag = "12")]
    pub since_wall_ms: Option<i64>,
    /// Whether the check is flapping.
    #[prost(bool, tag = "13")]
    pub flapping: bool,
}

/// Durations of the phases of a run, µs. A phase that did not happen is absent: a reused connection has no
/// `connect`, plain HTTP no `tls`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Phases {
    /// Name resolution.
    #[prost(uint32, optional, tag = "1")]
    pub dns_us: Option<u32>,
    /// TCP connect.
    #[prost(uint32, optional, tag = "2")]
    pub connect_us: Option<u32>,
    /// TLS handshake.
    #[prost(uint32, optional, tag = "3")]
    pub tls_us: Option<u32>,
    /// From sending the request to the first byte of the response.
    #[prost(uint32, optional, tag = "4")]
    pub first_byte_us: Option<u32>,
    /// From the first to the last byte read.
    #[prost(uint32, optional, tag = "5")]
    pub transfer_us: Option<u32>,
}

/// `count` neighbouring equal observations of one check.
#[derive(Clone, PartialEq, Message)]
pub struct Folded {
    /// The first of them.
    #[prost(message, optional, tag = "1")]
    pub first: Option<Observation>,
    /// Number of observations, including the first. At most [`MAX_FOLDED`] in one batch together.
    #[prost(uint32, tag = "2")]
    pub count: u32,
    /// Boot clock at the last one, ms, of the same boot.
    #[prost(uint64, tag = "3")]
    pub last_boot_ms: u64,
    /// The last sequence it covers, if that is beyond its own: those in between were folded into this or
    /// earlier records and are no gap. 0: its own.
    #[prost(uint64, tag = "4")]
    pub through: u64,
}

/// Records that the agent had to drop: the page shows "no data" there.
#[derive(Clone, PartialEq, Message)]
pub struct Lost {
    /// Number of records.
    #[prost(uint64, tag = "1")]
    pub count: u64,
    /// The reason, for operators.
    #[prost(string, tag = "2")]
    pub why: String,
    /// Wall clock of the oldest lost record, ms, if known.
    #[prost(int64, optional, tag = "3")]
    pub from_wall_ms: Option<i64>,
    /// Wall clock of the newest lost record, ms, if known.
    #[prost(int64, optional, tag = "4")]
    pub to_wall_ms: Option<i64>,
}

/// The present state of one check on the agent.
#[derive(Clone, PartialEq, Message)]
pub struct HardState {
    /// Index into [`Batch::checks`].
    #[prost(uint32, tag = "1")]
    pub check: u32,
    /// The hard state.
    #[prost(enumeration = "State", tag = "2")]
    pub state: i32,
    /// Whether the check is flapping.
    #[prost(bool, tag = "3")]
    pub flapping: bool,
    /// Time since the start of the run that confirmed the state, ms.
    #[prost(uint64, tag = "4")]
    pub since_ms_ago: u64,
    /// Time since the last conclusive observation, ms; absent if this process made none.
    #[prost(uint64, optional, tag = "5")]
    pub evidence_ms_ago: Option<u64>,
    /// Reason of the last observation.
    #[prost(enumeration = "Reason", tag = "6")]
    pub reason: i32,
    /// Expiry of the last seen certificate that expires first, ms since 1970 UTC; absent if none was seen.
    #[prost(int64, optional, tag = "7")]
    pub certificate_ends_ms: Option<i64>,
}

/// All checks the agent runs. A previously declared check that is missing is no longer run.
#[derive(Clone, PartialEq, Message)]
pub struct Inventory {
    /// The checks.
    #[prost(message, repeated, tag = "1")]
    pub checks: Vec<Declared>,
}

/// One check that an agent runs.
#[derive(Clone, PartialEq, Message)]
pub struct Declared {
    /// Name in the workspace.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Kind, as in the configuration: `http`, …
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Hash of what is measured and how; operators see if it differs between agents.
    #[prost(bytes = "vec", tag = "3")]
    pub definition: Vec<u8>,
    /// Interval, ms.
    #[prost(uint64, tag = "4")]
    pub interval_ms: u64,
    /// Timeout, ms.
    #[prost(uint64, tag = "5")]
    pub timeout_ms: u64,
    /// Severity of its problems: `low`, `medium`, `high`, `critical`.
    #[prost(string, tag = "6")]
    pub severity: String,
    /// Hash of what it asserts, without how often it runs. Compared between agents if both send it. Empty: an
    /// older agent, for which `definition` is compared.
    #[prost(bytes = "vec", tag = "7")]
    pub asserts: Vec<u8>,
    /// Names of the checks whose outage explains its failures. Empty: none, or an older agent.
    #[prost(string, repeated, tag = "8")]
    pub depends_on: Vec<String>,
    /// Its labels, by which components choose it. Empty: none, or an older agent.
    #[prost(btree_map = "string, string", tag = "9")]
    pub labels: Labels,
}

/// Fill level and losses of the spool, for operators.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct SpoolReport {
    /// Records waiting.
    #[prost(uint64, tag = "1")]
    pub depth: u64,
    /// Age of the oldest waiting record, ms.
    #[prost(uint64, tag = "2")]
    pub oldest_ms: u64,
    /// Records lost so far in this epoch.
    #[prost(uint64, tag = "3")]
    pub lost: u64,
    /// Records set aside as unreadable or rejected.
    #[prost(uint64, tag = "4")]
    pub set_aside: u64,
    /// Greatest start delay of the last minute, ms.
    #[prost(uint64, tag = "5")]
    pub lateness_ms: u64,
    /// Whether the agent's own network is down: its failures are inconclusive meanwhile.
    #[prost(bool, tag = "6")]
    pub own_network_gone: bool,
}

/// The aggregator's answer with status 200.
#[derive(Clone, PartialEq, Message)]
pub struct Reply {
    /// [`PROTOCOL_VERSION`] of the aggregator.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// Everything of this epoch up to here is durable.
    #[prost(uint64, tag = "2")]
    pub acknowledged_through: u64,
    /// Whether the next batch should contain the inventory.
    #[prost(bool, tag = "3")]
    pub want_inventory: bool,
    /// Id of the aggregator, so that an agent with several addresses notices another one.
    #[prost(string, tag = "4")]
    pub aggregator_id: String,
    /// The aggregator's wall clock, ms since 1970 UTC.
    #[prost(int64, tag = "5")]
    pub wall_now_ms: i64,
    /// Somebody else who delivered in the agent's name was rejected within the last minutes.
    #[prost(bool, tag = "6")]
    pub contested: bool,
    /// The records differ from those accepted under the same sequences: the spool was restored from an old
    /// copy. Nothing above `acknowledged_through` was accepted; the agent starts a new epoch.
    #[prost(bool, tag = "7")]
    pub old_copy: bool,
}

impl Record {
    /// The last sequence the record covers.
    #[must_use]
    pub fn through(&self) -> u64 {
        match &self.kind {
            Some(record::Kind::Folded(folded)) => self.sequence.max(folded.through),
            _ => self.sequence,
        }
    }
}

impl Reply {
    /// The body of a 200.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
