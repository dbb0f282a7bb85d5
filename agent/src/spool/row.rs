//! The on-disk format of rows. Each is framed with a mark, its key and a checksum, so that it can be
//! verified, or found in a damaged file, without the database.

use super::{Entry, SavedState};
use crate::clock::{BootId, ClockReading};
use crate::hysteresis::{Hysteresis, Run, Slots};
use prost::Message;
use skerry_protocol::wire::{self, Reason, State};
use xxhash_rust::xxh3::xxh3_64;

/// Starts every row.
const MARK: [u8; 4] = *b"SkR\x01";
/// mark 4, kind 1, payload length 2, key 8, checksum 8
const HEAD: usize = 23;

/// The type of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum RowKind {
    /// A record of the queue; the key is its sequence.
    Record = 1,
    /// The state of a check; the key is the sequence of the observation that it follows.
    State = 2,
    /// The spool's metadata; the key is the acknowledged sequence.
    Spool = 3,
}

/// A row with a valid checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) kind: RowKind,
    pub(super) key: u64,
    pub(super) payload: &'a [u8],
}

/// Frames a payload. The length always fits: details and names are bounded.
pub(super) fn frame(kind: RowKind, key: u64, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let payload = &payload[..usize::from(length)];
    let mut bytes = Vec::with_capacity(HEAD + payload.len());
    bytes.extend_from_slice(&MARK);
    bytes.push(kind as u8);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&key.to_be_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(payload);
    let checksum = xxh3_64(&bytes);
    bytes[15..HEAD].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// Parses the row at the start of `bytes`; `None` if it is incomplete or damaged.
pub(super) fn unframe(bytes: &[u8]) -> Option<Found<'_>> {
    let head = bytes.get(..HEAD)?;
    if head[..4] != MARK {
        return None;
    }
    let kind = match head[4] {
        1 => RowKind::Record,
        2 => RowKind::State,
        3 => RowKind::Spool,
        _ => return None,
    };
    let length = usize::from(u16::from_be_bytes([head[5], head[6]]));
    let key = u64::from_be_bytes(head[7..15].try_into().ok()?);
    let checksum = u64::from_be_bytes(head[15..HEAD].try_into().ok()?);
    let row = bytes.get(..HEAD + length)?;
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(&row[..15]);
    hasher.update(&[0; 8]);
    hasher.update(&row[HEAD..]);
    (hasher.digest() == checksum).then_some(Found { kind, key, payload: &row[HEAD..] })
}

/// Finds every valid row in `bytes`, at any position.
pub(super) fn carve(bytes: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        while let Some(rest) = bytes.get(position..) {
            let step = rest.iter().position(|byte| *byte == MARK[0])?;
            position += step + 1;
            if let Some(found) = unframe(&rest[step..]) {
                position += HEAD + found.payload.len() - 1;
                return Some(found);
            }
        }
        None
    })
}

/// A record of the queue: a wire record with its check name and boot id inlined.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RecordRow {
    /// Check name; empty for a loss.
    #[prost(string, tag = "1")]
    pub(super) check: String,
    #[prost(oneof = "wire::record::Kind", tags = "2, 3, 4")]
    pub(super) kind: Option<wire::record::Kind>,
    /// Boot id, 16 bytes.
    #[prost(bytes = "vec", tag = "5")]
    pub(super) boot: Vec<u8>,
    /// Whether it changed a hard state or flapping.
    #[prost(bool, tag = "6")]
    pub(super) hard: bool,
    /// Interval of the check, ms.
    #[prost(uint32, tag = "7")]
    pub(super) interval_ms: u32,
}

/// The spool's metadata.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct SpoolRow {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) epoch: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub(super) acknowledged: u64,
    /// At least the highest sequence ever assigned.
    #[prost(uint64, tag = "3")]
    pub(super) issued: u64,
    #[prost(uint64, tag = "4")]
    pub(super) lost: u64,
    #[prost(uint64, tag = "5")]
    pub(super) set_aside: u64,
    /// Wall clock of the last acknowledgement, ms; 0 if there was none.
    #[prost(int64, tag = "6")]
    pub(super) acknowledged_wall_ms: i64,
    /// Number of writes, so that each write changes the row: SQLite skips writing an unchanged row, and with
    /// it the sync of a commit that contains nothing else.
    #[prost(uint64, tag = "7")]
    pub(super) writes: u64,
    /// The epoch that this one replaces; empty if there was none.
    #[prost(bytes = "vec", tag = "8")]
    pub(super) former_epoch: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct MomentRow {
    #[prost(bytes = "vec", tag = "1")]
    boot: Vec<u8>,
    #[prost(uint64, tag = "2")]
    boot_ms: u64,
    #[prost(int64, tag = "3")]
    wall_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct RunRow {
    #[prost(uint32, tag = "1")]
    count: u32,
    #[prost(message, optional, tag = "2")]
    since: Option<MomentRow>,
}

/// The state of one check.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct StateRow {
    #[prost(string, tag = "1")]
    check: String,
    #[prost(bytes = "vec", tag = "2")]
    definition: Vec<u8>,
    #[prost(enumeration = "State", tag = "3")]
    hard: i32,
    #[prost(message, optional, tag = "4")]
    since: Option<MomentRow>,
    #[prost(bool, tag = "5")]
    flapping: bool,
    #[prost(message, optional, tag = "6")]
    down: Option<RunRow>,
    #[prost(message, optional, tag = "7")]
    bad: Option<RunRow>,
    #[prost(message, optional, tag = "8")]
    not_down: Option<RunRow>,
    #[prost(bool, tag = "9")]
    not_down_degraded: bool,
    #[prost(message, optional, tag = "10")]
    up: Option<RunRow>,
    #[prost(enumeration = "Reason", tag = "11")]
    reason: i32,
    #[prost(message, optional, tag = "12")]
    at: Option<MomentRow>,
    /// The recent states, encoded by [`Slots`].
    #[prost(fixed64, tag = "13")]
    slots: u64,
}

impl From<ClockReading> for MomentRow {
    fn from(moment: ClockReading) -> Self {
        Self { boot: moment.boot.to_bytes().to_vec(), boot_ms: moment.boot_ms, wall_ms: moment.wall_ms }
    }
}

impl From<Run> for RunRow {
    fn from(run: Run) -> Self {
        Self { count: run.count, since: (run.count > 0).then(|| run.since.into()) }
    }
}

fn moment(row: Option<MomentRow>) -> ClockReading {
    row.map_or_else(ClockReading::default, |row| ClockReading {
        boot: BootId::from_bytes(&row.boot).unwrap_or_default(),
        boot_ms: row.boot_ms,
        wall_ms: row.wall_ms,
    })
}

fn run(row: Option<RunRow>) -> Run {
    row.map_or_else(Run::default, |row| Run { count: row.count, since: moment(row.since) })
}

impl From<&SavedState> for StateRow {
    fn from(state: &SavedState) -> Self {
        let hysteresis = &state.hysteresis;
        Self {
            check: state.check.to_string(),
            definition: state.definition.to_vec(),
            hard: hysteresis.hard as i32,
            since: Some(hysteresis.since.into()),
            flapping: hysteresis.flapping,
            down: Some(hysteresis.down.into()),
            bad: Some(hysteresis.bad.into()),
            not_down: Some(hysteresis.not_down.into()),
            not_down_degraded: hysteresis.not_down_degraded,
            up: Some(hysteresis.up.into()),
            reason: state.reason as i32,
            at: Some(state.at.into()),
            slots: hysteresis.slots.bits(),
        }
    }
}

impl TryFrom<StateRow> for SavedState {
    type Error = ();

    fn try_from(row: StateRow) -> Result<Self, ()> {
        let hysteresis = Hysteresis {
            hard: State::from_wire(row.hard),
            since: moment(row.since),
            flapping: row.flapping,
            slots: Slots::from_bits(row.slots),
            down: run(row.down),
            bad: run(row.bad),
            not_down: run(row.not_down),
            not_down_degraded: row.not_down_degraded,
            up: run(row.up),
        };
        Ok(Self {
            check: row.check.into(),
            definition: row.definition.try_into().map_err(|_| ())?,
            hysteresis,
            reason: Reason::from_wire(row.reason),
            at: moment(row.at),
        })
    }
}

impl From<&Entry> for RecordRow {
    fn from(entry: &Entry) -> Self {
        Self {
            check: entry.check.to_string(),
            kind: Some(wire::record::Kind::Observation(entry.observation.clone())),
            boot: entry.boot.to_bytes().to_vec(),
            hard: entry.hard,
            interval_ms: entry.interval_ms,
        }
    }
}

impl RecordRow {
    /// The row of a loss.
    pub(super) fn lost(lost: wire::Lost) -> Self {
        Self { kind: Some(wire::record::Kind::Lost(lost)), ..Self::default() }
    }

    /// Wall clock of its start, ms; 0 for a loss.
    pub(super) fn wall_ms(&self) -> i64 {
        match &self.kind {
            Some(wire::record::Kind::Observation(observation)) => observation.wall_ms,
            Some(wire::record::Kind::Folded(folded)) => {
                folded.first.as_ref().map_or(0, |first| first.wall_ms)
            }
            Some(wire::record::Kind::Lost(_)) | None => 0,
        }
    }

    /// Number of observations it covers.
    pub(super) fn weight(&self) -> u64 {
        match &self.kind {
            Some(wire::record::Kind::Observation(_)) => 1,
            Some(wire::record::Kind::Folded(folded)) => u64::from(folded.count),
            Some(wire::record::Kind::Lost(_)) | None => 0,
        }
    }
}

/// Parses damaged bytes as a salvage does, and rows with a valid checksum over any payload. See
/// [`crate::hostile`].
pub fn corrupt_rows(bytes: &[u8]) {
    for found in carve(bytes) {
        let _ = (RecordRow::decode(found.payload), StateRow::decode(found.payload).map(SavedState::try_from));
    }
    for kind in [RowKind::Record, RowKind::State, RowKind::Spool] {
        let row = frame(kind, 1, bytes);
        let found = unframe(&row).expect("a row that was just framed");
        let _ = RecordRow::decode(found.payload);
        let _ = StateRow::decode(found.payload).map(SavedState::try_from);
        let _ = SpoolRow::decode(found.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_told_whole_and_any_flip_is_seen() {
        let row = frame(RowKind::Record, 42, b"payload");
        assert_eq!(unframe(&row), Some(Found { kind: RowKind::Record, key: 42, payload: b"payload" }));
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unframe(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn rows_are_found_among_rubble() {
        let mut bytes = b"SkR corrupt_rows SkR\x01\x01".to_vec();
        for key in 0..3 {
            bytes.extend(frame(RowKind::State, key, &[key as u8; 9]));
            bytes.extend(b"SSkSkR");
        }
        assert_eq!(carve(&bytes).map(|found| found.key).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
