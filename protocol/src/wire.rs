//! The wire between an agent and its aggregator, version 1.
//!
//! One request: `POST /agent/v1/batch`, body = zstd of a protobuf [`Batch`], headers
//! `Content-Type: application/x-protobuf`, `Content-Encoding: zstd`, `Authorization: Bearer <token>`
//! and `Skerry-Protocol: 1`. The answer is a plain protobuf [`Reply`] with status 200, sent only after
//! everything up to `acknowledged_through` is committed.
//!
//! **Order.** Every record carries a `sequence`, counted up by one within an `epoch` (random, one per
//! spool). Records are sent strictly oldest first and acknowledged cumulatively. The aggregator ignores
//! a sequence at or below its mark; a jump above it is accepted and kept as a gap.
//!
//! **Time.** A record carries the boot it was seen in and the boot clock (`CLOCK_BOOTTIME`) at that
//! moment. The batch carries both clocks "now". The aggregator places a record of the batch's own boot
//! at `received − (boot_now − boot_at)`; a record of an earlier boot is placed by its wall clock.
//!
//! **Snapshot.** The present hard states travel beside the sequence and are idempotent: they make the
//! page right at once while history drains, and never write history themselves.
//!
//! **Inventory.** The checks the agent runs, with a hash of each definition. Sent with the first batch
//! of a process, after each reload, and whenever the last reply said `want_inventory`.
//!
//! **Evolution.** Fields are only ever added; numbers are never used again. A reader ignores fields it
//! does not know and reads an unknown enum value as the safe one: an unknown outcome as inconclusive,
//! an unknown reason as `other`. `protocol` rises only when an old reader would misread a batch; an
//! aggregator answers 400 with its own range in words to a version outside it.

use prost::Message;
use std::io::Read;

/// The version this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;
/// Largest compressed body an aggregator reads, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Largest batch after decompression, in bytes. An agent keeps its batches below it.
pub const MAX_BATCH_BYTES: usize = 8 << 20;
/// Most records in one batch.
pub const MAX_RECORDS: usize = 10_000;
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
    /// The present hard state of every check that has reported.
    #[prost(message, repeated, tag = "11")]
    pub snapshot: Vec<HardState>,
    /// Present when the aggregator may not know the checks yet.
    #[prost(message, optional, tag = "12")]
    pub inventory: Option<Inventory>,
    /// Depth and age of the spool, counters of losses.
    #[prost(message, optional, tag = "13")]
    pub spool: Option<SpoolReport>,
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
    /// How many, the first included.
    #[prost(uint32, tag = "2")]
    pub count: u32,
    /// Boot clock at the last of them, ms, of the same boot.
    #[prost(uint64, tag = "3")]
    pub last_boot_ms: u64,
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
}

impl Reply {
    /// The body of a 200.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

/// What one run saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// Nothing can be said: our own network, our own limits. Also the reading of an unknown value.
    Inconclusive = 0,
    /// All assertions hold.
    Up = 1,
    /// It answers, but slower or weaker than it should.
    Degraded = 2,
    /// It fails.
    Down = 3,
}

/// What hysteresis holds to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum State {
    /// The first run is not complete.
    Unknown = 0,
    /// Up.
    Up = 1,
    /// Degraded.
    Degraded = 2,
    /// Down.
    Down = 3,
}

/// Why an observation is not `up`. The closed list that logs, metrics and operators see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Reason {
    /// None: the observation is `up`.
    None = 0,
    /// A reason newer than this reader.
    Other = 1,
    /// The whole run did not end within `timeout`.
    Timeout = 2,
    /// The name does not resolve.
    DnsNotFound = 3,
    /// The resolver failed or did not answer.
    DnsFailed = 4,
    /// The TCP connection was refused.
    ConnectRefused = 5,
    /// The TCP connection was reset or closed in the middle.
    ConnectionReset = 6,
    /// No route to the host or network.
    Unreachable = 7,
    /// The certificate is past its end.
    TlsExpired = 8,
    /// The certificate is not valid yet.
    TlsNotYetValid = 9,
    /// The certificate is for another name.
    TlsWrongName = 10,
    /// The certificate is by an issuer that is not trusted.
    TlsUntrusted = 11,
    /// Any other failure of the handshake.
    TlsFailed = 12,
    /// The certificate ends sooner than asked.
    TlsExpiresSoon = 13,
    /// The status code is not among those expected.
    StatusMismatch = 14,
    /// A header is missing or does not match.
    HeaderMismatch = 15,
    /// The body does not say what is expected.
    BodyMismatch = 16,
    /// More redirects than allowed, or a loop.
    TooManyRedirects = 17,
    /// The body is larger than `max_body`.
    BodyTooLarge = 18,
    /// The answer is not valid HTTP.
    ProtocolError = 19,
    /// Slower than `degraded_above`.
    Slow = 20,
    /// A redirect points nowhere or to an unsupported scheme.
    BadRedirect = 21,
    /// Our own network is gone (`inconclusive`).
    OwnNetwork = 22,
    /// We lack a resource to run the check: file descriptors, memory, ports (`inconclusive`).
    OwnResources = 23,
    /// The connection did not open in time.
    ConnectTimeout = 24,
    /// The body is not valid JSON where a JSON path is asked.
    BodyNotJson = 25,
}

impl Reason {
    /// The name in logs, metrics and answers: `connect_refused`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Other => "other",
            Self::Timeout => "timeout",
            Self::DnsNotFound => "dns_not_found",
            Self::DnsFailed => "dns_failed",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectionReset => "connection_reset",
            Self::Unreachable => "unreachable",
            Self::TlsExpired => "tls_expired",
            Self::TlsNotYetValid => "tls_not_yet_valid",
            Self::TlsWrongName => "tls_wrong_name",
            Self::TlsUntrusted => "tls_untrusted",
            Self::TlsFailed => "tls_failed",
            Self::TlsExpiresSoon => "tls_expires_soon",
            Self::StatusMismatch => "status_mismatch",
            Self::HeaderMismatch => "header_mismatch",
            Self::BodyMismatch => "body_mismatch",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BodyTooLarge => "body_too_large",
            Self::ProtocolError => "protocol_error",
            Self::Slow => "slow",
            Self::BadRedirect => "bad_redirect",
            Self::OwnNetwork => "own_network",
            Self::OwnResources => "own_resources",
            Self::ConnectTimeout => "connect_timeout",
            Self::BodyNotJson => "body_not_json",
        }
    }

    /// Reads the wire's number; one that is not known is [`Reason::Other`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Other)
    }
}

impl Outcome {
    /// The name in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inconclusive => "inconclusive",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Reads the wire's number; one that is not known is [`Outcome::Inconclusive`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Inconclusive)
    }
}

impl State {
    /// The name in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Reads the wire's number; one that is not known is [`State::Unknown`].
    #[must_use]
    pub fn from_wire(value: i32) -> Self {
        Self::try_from(value).unwrap_or(Self::Unknown)
    }
}

/// Why a body is not a batch.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not zstd, or damaged.
    #[error("the body is not a whole zstd stream: {0}")]
    Compression(std::io::Error),
    /// More than [`MAX_BATCH_BYTES`] after decompression.
    #[error("the batch is larger than {MAX_BATCH_BYTES} bytes after decompression")]
    TooLarge,
    /// Not a protobuf batch.
    #[error("the batch is not valid protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A protocol outside our range.
    #[error(
        "the agent speaks protocol {0}; this aggregator understands 1 to {PROTOCOL_VERSION}: upgrade the older of the two"
    )]
    Version(u32),
    /// Valid protobuf that says something impossible.
    #[error("the batch is malformed: {0}")]
    Malformed(&'static str),
}

/// Encodes and compresses a batch (zstd level 3).
///
/// # Errors
/// Only if the compressor itself fails.
pub fn encode(batch: &Batch) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(&batch.encode_to_vec(), 3)
}

/// Decompresses and decodes a batch and checks its shape: version, epoch, indices, rising sequences.
/// Never allocates more than [`MAX_BATCH_BYTES`] for the decompressed bytes.
///
/// # Errors
/// [`DecodeError`] says what is wrong with the body.
pub fn decode(body: &[u8]) -> Result<Batch, DecodeError> {
    let mut plain = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::new(body).map_err(DecodeError::Compression)?;
    decoder.window_log_max(23).map_err(DecodeError::Compression)?;
    decoder.take(MAX_BATCH_BYTES as u64 + 1).read_to_end(&mut plain).map_err(DecodeError::Compression)?;
    if plain.len() > MAX_BATCH_BYTES {
        return Err(DecodeError::TooLarge);
    }
    let batch = Batch::decode(plain.as_slice())?;
    check_shape(&batch)?;
    Ok(batch)
}

fn check_shape(batch: &Batch) -> Result<(), DecodeError> {
    if batch.protocol == 0 || batch.protocol > PROTOCOL_VERSION {
        return Err(DecodeError::Version(batch.protocol));
    }
    if batch.epoch.len() != 16 {
        return Err(DecodeError::Malformed("epoch must be 16 bytes"));
    }
    if batch.agent.is_empty() {
        return Err(DecodeError::Malformed("agent is empty"));
    }
    if batch.records.len() > MAX_RECORDS {
        return Err(DecodeError::Malformed("more than 10,000 records"));
    }
    let mut last = 0;
    for record in &batch.records {
        if record.sequence <= last {
            return Err(DecodeError::Malformed("sequences must rise, from 1"));
        }
        last = record.sequence;
        let observation = match &record.kind {
            Some(record::Kind::Observation(observation)) => Some(observation),
            Some(record::Kind::Folded(folded)) => Some(
                folded.first.as_ref().ok_or(DecodeError::Malformed("a folded record without its first"))?,
            ),
            Some(record::Kind::Lost(_)) | None => None,
        };
        if let Some(observation) = observation {
            if observation.check as usize >= batch.checks.len() {
                return Err(DecodeError::Malformed("a record names a check outside the list"));
            }
            if observation.boot as usize >= batch.boots.len() {
                return Err(DecodeError::Malformed("a record names a boot outside the list"));
            }
        }
    }
    if batch.snapshot.iter().any(|state| state.check as usize >= batch.checks.len()) {
        return Err(DecodeError::Malformed("a state names a check outside the list"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        Batch { protocol: 1, agent: "a".into(), epoch: vec![7; 16], ..Batch::default() }
    }

    fn observation(sequence: u64, check: u32) -> Record {
        let observation = Observation { check, boot: 0, ..Observation::default() };
        Record { sequence, kind: Some(record::Kind::Observation(observation)) }
    }

    #[test]
    fn a_batch_survives_the_wire() {
        let mut sent = batch();
        sent.checks = vec!["page".into()];
        sent.boots = vec!["boot".into()];
        sent.records = vec![observation(1, 0), observation(5, 0)];
        assert_eq!(decode(&encode(&sent).expect("encodes")).expect("decodes"), sent);
    }

    #[test]
    fn hostile_batches_are_refused_in_words() {
        let said = |batch: &Batch| decode(&encode(batch).expect("encodes")).expect_err("refused").to_string();
        assert!(said(&Batch { protocol: 9, ..batch() }).contains("understands 1 to 1"));
        assert!(said(&Batch { epoch: vec![1], ..batch() }).contains("16 bytes"));
        assert!(said(&Batch { records: vec![observation(1, 3)], ..batch() }).contains("outside the list"));
        let mut falling = batch();
        falling.checks = vec!["c".into()];
        falling.boots = vec!["b".into()];
        falling.records = vec![observation(2, 0), observation(2, 0)];
        assert!(said(&falling).contains("must rise"));
    }

    #[test]
    fn a_compression_bomb_costs_no_more_than_the_limit() {
        let bomb = zstd::bulk::compress(&vec![0_u8; 256 << 20], 19).expect("compresses");
        assert!(bomb.len() < MAX_BODY_BYTES);
        assert!(matches!(decode(&bomb), Err(DecodeError::TooLarge)));
    }

    #[test]
    fn truncated_and_foreign_bodies_are_refused() {
        let whole = encode(&batch()).expect("encodes");
        assert!(decode(&whole[..whole.len() - 3]).is_err());
        assert!(decode(b"<html>captive portal</html>").is_err());
        assert!(decode(b"").is_err());
    }
}
