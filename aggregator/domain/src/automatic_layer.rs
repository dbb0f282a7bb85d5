//! The automatic layer of a component: what may still change as a list, and what cannot any more in chunks, so that
//! years of history cost little memory and no change copies them.

use super::component::Automatic;
use super::interval::{Interval, first_ending_after};
use super::shared_vec::SharedVec;
use super::status::Status;
use super::time::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// The number of intervals in a chunk.
pub const CHUNK: usize = 64;

/// How many low bits of a number say what an interval holds; the rest is its length, ms.
const CODE_BITS: u32 = 4;
/// The code of [`Automatic::NoData`]; below it the codes of the known statuses and of the partly known ones.
const NO_DATA: usize = 2 * Status::ALL.len();
/// The code of time that no interval covers.
const GAP: usize = NO_DATA + 1;

/// Intervals that can no longer change, encoded: for each a number in LEB128, its length in ms and its value in the four
/// low bits; time between two intervals is a number, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The beginning of the first interval.
    pub from: Timestamp,
    /// The end of the last one.
    pub to: Timestamp,
    bytes: Arc<[u8]>,
}

impl Chunk {
    /// Encodes intervals: oldest first, never overlapping, ended. `None`: there are none.
    #[must_use]
    pub fn of(intervals: &[Interval<Automatic>]) -> Option<Self> {
        let (from, mut to) = (intervals.first()?.from, intervals.first()?.from);
        let mut bytes = Vec::with_capacity(intervals.len() * 5);
        for interval in intervals {
            if interval.from > to {
                write(&mut bytes, interval.from - to, GAP);
            }
            write(&mut bytes, interval.to - interval.from, code(interval.value));
            to = interval.to;
        }
        Some(Self { from, to, bytes: bytes.into() })
    }

    /// A stored chunk. `None`: no version of this program writes these bytes.
    #[must_use]
    pub fn stored(from: Timestamp, to: Timestamp, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            read(&mut rest)?;
        }
        Some(Self { from, to, bytes: bytes.into() })
    }

    /// The encoded intervals.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The intervals, oldest first. They are cut at [`Self::to`], which a corrected clock may have moved.
    pub fn iter(&self) -> impl Iterator<Item = Interval<Automatic>> {
        let (mut rest, mut at) = (&*self.bytes, self.from);
        std::iter::from_fn(move || {
            loop {
                let (length, value) = read(&mut rest)?;
                let from = at;
                at = (from + length).min(self.to);
                if let Some(value) = value.filter(|_| from < at) {
                    return Some(Interval { from, to: at, value });
                }
            }
        })
    }
}

fn code(value: Automatic) -> usize {
    let of = |status| Status::ALL.iter().position(|one| *one == status).expect("all are listed");
    match value {
        Automatic::Known(status) => of(status),
        Automatic::Partly(status) => Status::ALL.len() + of(status),
        Automatic::NoData => NO_DATA,
    }
}

/// `None`: no value has this code; `Some(None)`: a gap.
fn decoded(code: usize) -> Option<Option<Automatic>> {
    let partly = code.checked_sub(Status::ALL.len()).and_then(|code| Status::ALL.get(code));
    match (Status::ALL.get(code), partly) {
        (Some(status), _) => Some(Some(Automatic::Known(*status))),
        (None, Some(status)) => Some(Some(Automatic::Partly(*status))),
        (None, None) if code == NO_DATA => Some(Some(Automatic::NoData)),
        (None, None) => (code == GAP).then_some(None),
    }
}

fn write(bytes: &mut Vec<u8>, length: i64, code: usize) {
    let number = length.unsigned_abs() << CODE_BITS | code as u64;
    bytes.extend_from_slice(unsigned_varint::encode::u64(number, &mut unsigned_varint::encode::u64_buffer()));
}

/// The length and the value of the next interval, or of a gap.
fn read(bytes: &mut &[u8]) -> Option<(i64, Option<Automatic>)> {
    let (number, rest) = unsigned_varint::decode::u64(bytes).ok()?;
    *bytes = rest;
    let value = decoded((number & ((1 << CODE_BITS) - 1)) as usize)?;
    Some(((number >> CODE_BITS) as i64, value))
}

/// Oldest first, never overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutomaticLayer {
    chunks: SharedVec<Chunk>,
    recent: SharedVec<Interval<Automatic>>,
}

impl AutomaticLayer {
    /// The intervals that are not in chunks: all that may still change are among them.
    #[must_use]
    pub fn recent(&self) -> &[Interval<Automatic>] {
        &self.recent
    }

    /// The same, mutable. They are copied first if they are shared.
    pub fn edit(&mut self) -> &mut Vec<Interval<Automatic>> {
        self.recent.edit()
    }

    /// The chunks, oldest first.
    #[must_use]
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Appends a stored chunk.
    pub fn push_chunk(&mut self, chunk: Chunk) {
        self.chunks.push(chunk);
    }

    /// All intervals.
    pub fn iter(&self) -> impl Iterator<Item = Interval<Automatic>> {
        self.chunks.iter().flat_map(Chunk::iter).chain(self.recent.iter().copied())
    }

    /// The oldest interval.
    #[must_use]
    pub fn first(&self) -> Option<Interval<Automatic>> {
        self.iter().next()
    }

    /// The newest interval: it is never in a chunk.
    #[must_use]
    pub fn last(&self) -> Option<&Interval<Automatic>> {
        self.recent.last()
    }

    /// The intervals that hold at some time of `[from, to)`, and perhaps some around them.
    #[must_use]
    pub fn around(&self, from: Timestamp, to: Timestamp) -> Cow<'_, [Interval<Automatic>]> {
        let first = self.chunks.partition_point(|chunk| chunk.to <= from);
        let chunks = self.chunks[first..].iter().take_while(|chunk| chunk.from < to);
        let mut decoded: Vec<_> = chunks.flat_map(Chunk::iter).collect();
        if decoded.is_empty() {
            return Cow::Borrowed(&self.recent[first_ending_after(&self.recent, from)..]);
        }
        decoded.extend_from_slice(&self.recent[..self.recent.partition_point(|one| one.from < to)]);
        Cow::Owned(decoded)
    }

    /// Whether there is a whole chunk of intervals that ended by `before`.
    #[must_use]
    pub fn can_pack(&self, before: Timestamp) -> bool {
        self.recent.get(CHUNK - 1).is_some_and(|last| last.to <= before)
    }

    /// Moves intervals that ended by `before` into chunks, as many as fill whole ones.
    pub fn pack(&mut self, before: Timestamp) {
        let count = self.recent.partition_point(|interval| interval.to <= before) / CHUNK * CHUNK;
        let kept = self.recent[count..].to_vec();
        let packed = std::mem::replace(&mut self.recent, kept.into());
        self.chunks.edit().extend(packed[..count].chunks(CHUNK).filter_map(Chunk::of));
    }
}

impl From<Vec<Interval<Automatic>>> for AutomaticLayer {
    fn from(intervals: Vec<Interval<Automatic>>) -> Self {
        Self { chunks: SharedVec::default(), recent: intervals.into() }
    }
}
