//! The wire between an agent and its aggregator, version 1.
//!
//! One request: `POST /agent/v1/batch`, body = zstd of a protobuf [`Batch`], headers
//! `Content-Type: application/x-protobuf`, `Content-Encoding: zstd`, `Authorization: Bearer <token>`
//! and `Skerry-Protocol: 1`. The answer is a plain protobuf [`Reply`] with status 200, sent only after
//! everything up to `acknowledged_through` is committed.
//!
//! **Order.** Every record carries a `sequence`, counted up by one within an `epoch` (random, one per
//! spool). Records are sent strictly oldest first and acknowledged cumulatively. The aggregator ignores
//! a sequence at or below its mark; a jump above it is accepted and kept as a gap. A folded record may stand for the
//! sequences up to its `through`.
//!
//! **Epochs.** One epoch of an agent lives at a time. Another is taken once that one was silent for 7 minutes, at once
//! where `former_epoch` names it, and is refused with 403 else. An agent that is told of more than it ever sent, or
//! of an `old_copy`, begins a new epoch with what it has.
//!
//! **Time.** A record carries the boot it was seen in and the boot clock (`CLOCK_BOOTTIME`) at that
//! moment. The batch carries both clocks "now". The aggregator places a record of the batch's own boot
//! at `received − (boot_now − boot_at)`; a record of an earlier boot is placed by its wall clock.
//!
//! **Snapshot.** The present hard states travel beside the sequence and are idempotent: they make the
//! page right at once while history drains, and never write history themselves. A batch carries those that
//! changed since the last one that was taken; all of them with the first, after a failure, once a minute,
//! every five seconds while the records lag and once when they have caught up. A check without a state in a
//! batch is as it was.
//!
//! **Inventory.** The checks the agent runs, with a hash of each definition. Sent with the first batch
//! of a process, after each reload, and whenever the last reply said `want_inventory`.
//!
//! **Evolution.** Fields are only ever added; numbers are never used again. A reader ignores fields it
//! does not know and reads an unknown enum value as the safe one: an unknown outcome as inconclusive,
//! an unknown reason as `other`. `protocol` rises only when an old reader would misread a batch; an
//! aggregator answers 400 with its own range in words to a version outside it.

mod codec;
mod count;
mod enrolment;
mod words;

pub use codec::{DecodeError, decode, decode_within, encode};
pub use enrolment::{ENROL_PATH, EnrolReply, EnrolRequest, JoinToken, MAX_ENROL_BYTES};
pub use words::{Outcome, Reason, State};

use prost::Message;

/// The version this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;
/// Largest compressed body an aggregator reads, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Largest batch after decompression, in bytes. An agent keeps its batches below it.
pub const MAX_BATCH_BYTES: usize = 8 << 20;
/// Most records in one batch.
pub const MAX_RECORDS: usize = 10_000;
/// Most checks that one batch names or declares.
pub const MAX_CHECKS: usize = 50_000;
/// Longest name of a check, in bytes: 100 characters of any script.
pub const MAX_NAME_BYTES: usize = 400;
/// Most observations that the folded records of one batch stand for. A batch of an older agent may have more: it is
/// refused, and comes again in halves.
pub const MAX_FOLDED: u64 = 10_000;
/// The runs of a folded record lie that far apart at least, on the average, ms: no check runs so often.
pub const MIN_FOLDED_STEP_MS: u64 = 10;
/// Most boots that one batch names.
pub const MAX_BOOTS: usize = MAX_RECORDS;
/// Longest id of a process or a boot, in bytes.
pub const MAX_ID_BYTES: usize = 64;
/// Path of the ingest endpoint on the agents' listener.
pub const BATCH_PATH: &str = "/agent/v1/batch";

/// What an agent sends.
#[derive(Clone, PartialEq, Message)]
pub struct Batch {
    /// [`PROTOCOL_VERSION`] of the sender.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// The agent's name, as enrolled.
    #[prost(string, tag = "2")]
    pub agent: String,
    /// Version of the agent's program, for operators.
    #[prost(string, tag = "3")]
    pub agent_version: String,
    /// 16 random bytes, one value per spool.
    #[prost(bytes = "vec", tag = "4")]
    pub epoch: Vec<u8>,
    /// The kernel's boot id now.
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
    /// Oldest first, sequences rising.
    #[prost(message, repeated, tag = "10")]
    pub records: Vec<Record>,
    /// Present hard states: of the checks that changed, or of every one that has reported.
    #[prost(message, repeated, tag = "11")]
    pub snapshot: Vec<HardState>,
    /// Present when the aggregator may not know the checks yet.
    #[prost(message, optional, tag = "12")]
    pub inventory: Option<Inventory>,
    /// Depth and age of the spool, counters of losses.
    #[prost(message, optional, tag = "13")]
    pub spool: Option<SpoolReport>,
    /// 16 random bytes, one value per process: two that take turns under one name are an agent and its copy.
    #[prost(bytes = "vec", tag = "14")]
    pub process: Vec<u8>,
    /// Everything of this epoch up to here was acknowledged to this agent. An aggregator that knows less has lost
    /// what it had committed. 0: nothing was, or an older agent that does not tell.
    #[prost(uint64, tag = "15")]
    pub acknowledged_through: u64,
    /// The epoch that this one replaces: nobody but the agent knows it, so that it proves that this spool follows that
    /// one. Empty: none.
    #[prost(bytes = "vec", tag = "16")]
    pub former_epoch: Vec<u8>,
    /// The location of the agent, as its file says. Empty: an older agent, which does not tell.
    #[prost(string, tag = "17")]
    pub location: String,
}

/// One thing with a place in the sequence.
#[derive(Clone, PartialEq, Message)]
pub struct Record {
    /// Position within the epoch, from 1.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// What it is. `None` when it is of a kind this reader does not know: counted, otherwise skipped.
    #[prost(oneof = "record::Kind", tags = "2, 3, 4")]
    pub kind: Option<record::Kind>,
}

/// The kinds of [`Record`].
pub mod record {
    /// What a record says.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        /// One run of one check.
        #[prost(message, tag = "2")]
        Observation(super::Observation),
        /// Equal neighbours folded into one, when the spool was full.
        #[prost(message, tag = "3")]
        Folded(super::Folded),
        /// Records that are gone.
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
    /// What was seen.
    #[prost(enumeration = "Outcome", tag = "5")]
    pub outcome: i32,
    /// Why, when it is not `up`.
    #[prost(enumeration = "Reason", tag = "6")]
    pub reason: i32,
    /// Private detail for operators ("503", "connection refused (os error 111)"); at most 200 bytes.
    #[prost(string, tag = "7")]
    pub detail: String,
    /// Whole duration, µs.
    #[prost(uint64, tag = "8")]
    pub total_us: u64,
    /// Durations of the phases; absent where a kind has none.
    #[prost(message, optional, tag = "9")]
    pub phases: Option<Phases>,
    /// The hard state after this observation.
    #[prost(enumeration = "State", tag = "10")]
    pub hard: i32,
    /// Set when this observation changed the hard state: boot clock (of the same boot) at the start of
    /// the first observation of the run that confirmed it, ms. A run that began in an earlier boot
    /// carries its wall clock in `since_wall_ms` instead.
    #[prost(uint64, optional, tag = "11")]
    pub since_boot_ms: Option<u64>,
    /// See `since_boot_ms`.
    #[prost(int64, optional, tag = "12")]
    pub since_wall_ms: Option<i64>,
    /// The check is flapping.
    #[prost(bool, tag = "13")]
    pub flapping: bool,
}

/// Durations of the phases of a run, µs; absent: the phase did not happen (a reused connection has no
/// `connect`, plain HTTP has no `tls`).
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
    /// Request sent to first byte of the answer.
    #[prost(uint32, optional, tag = "4")]
    pub first_byte_us: Option<u32>,
    /// First byte to last byte read.
    #[prost(uint32, optional, tag = "5")]
    pub transfer_us: Option<u32>,
}

/// `count` neighbouring observations of one check that said the same.
#[derive(Clone, PartialEq, Message)]
pub struct Folded {
    /// The first of them.
    #[prost(message, optional, tag = "1")]
    pub first: Option<Observation>,
    /// How many, the first included. Together at most [`MAX_FOLDED`] in one batch.
    #[prost(uint32, tag = "2")]
    pub count: u32,
    /// Boot clock at the last of them, ms, of the same boot.
    #[prost(uint64, tag = "3")]
    pub last_boot_ms: u64,
    /// The last sequence it stands for, where that is beyond its own: those between were folded away, here
    /// or into the records before, and are no gap. 0: its own.
    #[prost(uint64, tag = "4")]
    pub through: u64,
}

/// Records the agent had to give up: the page says "no data" there.
#[derive(Clone, PartialEq, Message)]
pub struct Lost {
    /// How many.
    #[prost(uint64, tag = "1")]
    pub count: u64,
    /// Why, in words, for operators.
    #[prost(string, tag = "2")]
    pub why: String,
    /// Wall clock of the oldest one lost, ms, where known.
    #[prost(int64, optional, tag = "3")]
    pub from_wall_ms: Option<i64>,
    /// Wall clock of the newest one lost, ms, where known.
    #[prost(int64, optional, tag = "4")]
    pub to_wall_ms: Option<i64>,
}

/// What the agent holds to be true of one check now.
#[derive(Clone, PartialEq, Message)]
pub struct HardState {
    /// Index into [`Batch::checks`].
    #[prost(uint32, tag = "1")]
    pub check: u32,
    /// The hard state.
    #[prost(enumeration = "State", tag = "2")]
    pub state: i32,
    /// It is flapping.
    #[prost(bool, tag = "3")]
    pub flapping: bool,
    /// How long ago the run that confirmed it began, ms.
    #[prost(uint64, tag = "4")]
    pub since_ms_ago: u64,
    /// How long ago the last conclusive observation was, ms; absent when there was none in this process.
    #[prost(uint64, optional, tag = "5")]
    pub evidence_ms_ago: Option<u64>,
    /// Reason of the last observation.
    #[prost(enumeration = "Reason", tag = "6")]
    pub reason: i32,
    /// The end of the certificate that was seen last and ends first, ms since 1970 UTC; absent where none was seen.
    #[prost(int64, optional, tag = "7")]
    pub certificate_ends_ms: Option<i64>,
}

/// Every check the agent runs. A check that was declared before and is missing is no longer run.
#[derive(Clone, PartialEq, Message)]
pub struct Inventory {
    /// The checks.
    #[prost(message, repeated, tag = "1")]
    pub checks: Vec<Declared>,
}

/// One check an agent runs.
#[derive(Clone, PartialEq, Message)]
pub struct Declared {
    /// Name in the workspace.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Kind, as in the configuration: `http`, …
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Hash of what is measured and how; differing ones between agents are flagged.
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
    /// Hash of what it asserts, apart from how often and how patiently it is run. Where two agents send it, it is what
    /// is compared of them. Empty: an older agent, of which `definition` is.
    #[prost(bytes = "vec", tag = "7")]
    pub asserts: Vec<u8>,
}

/// How full the spool is and what it lost, for operators.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct SpoolReport {
    /// Records waiting.
    #[prost(uint64, tag = "1")]
    pub depth: u64,
    /// Age of the oldest one waiting, ms.
    #[prost(uint64, tag = "2")]
    pub oldest_ms: u64,
    /// Records lost so far in this epoch.
    #[prost(uint64, tag = "3")]
    pub lost: u64,
    /// Records set aside as unreadable or refused.
    #[prost(uint64, tag = "4")]
    pub set_aside: u64,
    /// Greatest lateness of a start in the last minute, ms.
    #[prost(uint64, tag = "5")]
    pub lateness_ms: u64,
    /// The agent's own network is gone: what fails there meanwhile is inconclusive.
    #[prost(bool, tag = "6")]
    pub own_network_gone: bool,
}

/// What the aggregator answers with 200.
#[derive(Clone, PartialEq, Message)]
pub struct Reply {
    /// [`PROTOCOL_VERSION`] of the aggregator.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// Everything of this epoch up to here is durable.
    #[prost(uint64, tag = "2")]
    pub acknowledged_through: u64,
    /// Send the inventory with the next batch.
    #[prost(bool, tag = "3")]
    pub want_inventory: bool,
    /// Which aggregator this is, so that an agent with several addresses notices a stranger.
    #[prost(string, tag = "4")]
    pub aggregator_id: String,
    /// The aggregator's wall clock, ms since 1970 UTC.
    #[prost(int64, tag = "5")]
    pub wall_now_ms: i64,
    /// Somebody else who delivers in the agent's name was refused within the last minutes.
    #[prost(bool, tag = "6")]
    pub contested: bool,
    /// The records are not those that were taken under these sequences: the spool was put back from an old copy.
    /// Nothing above `acknowledged_through` was taken; the agent begins a new epoch.
    #[prost(bool, tag = "7")]
    pub old_copy: bool,
}

impl Record {
    /// The last sequence it stands for.
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
