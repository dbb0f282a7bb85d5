//! Folding: merges equal neighbouring records of one check, before anything is dropped.
//!
//! Touches only records that were never handed out to be sent, so their sequences can be reassigned. What is
//! left of a stretch starts at its beginning, one folded record takes over the freed sequences (its
//! `through`), and the rest stays at its end. Folding loses nothing and leaves no gap. Records with
//! information of their own (a transition, a loss, another reason, a pause) are never folded.

use super::fault::{Fault, broken};
use super::row::{RecordRow, unframe};
use super::store::Store;
use prost::Message;
use skerry_protocol::check::silence_limit_ms;
use skerry_protocol::wire::{self, record::Kind};
use std::collections::HashMap;

/// Number of records folded at once.
const STRETCH: usize = 4_096;
/// Maximum number of observations in one record; a batch holds many such records unfolded.
const MOST: u32 = 1_000;
/// Durations that differ by less than this are merged, µs; or by less than a quarter.
const SMALL_US: u64 = 20_000;

impl Store {
    /// Folds the oldest stretches first, until at most `goal` bytes are left or nothing more can be folded.
    /// Must be called within a transaction.
    pub(super) fn fold(&mut self, goal: u64) -> Result<(), Fault> {
        let mut after = self.handed_out;
        while self.bytes > goal {
            let stretch = self.stretch(after)?;
            let Some((last, row)) = stretch.last() else { break };
            after = through(*last, row);
            self.fold_stretch(stretch)?;
        }
        Ok(())
    }

    fn stretch(&self, after: u64) -> Result<Vec<(u64, RecordRow)>, Fault> {
        let mut rows = self.connection.prepare_cached(
            "SELECT sequence, body FROM queue WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        )?;
        let mut cursor = rows.query([after.cast_signed(), STRETCH as i64])?;
        let mut stretch = Vec::new();
        while let Some(row) = cursor.next()? {
            let sequence = row.get::<_, i64>(0)?.cast_unsigned();
            let body = row.get_ref(1)?.as_blob().map_err(|error| Fault::Damaged(error.to_string()))?;
            let row = unframe(body).and_then(|found| RecordRow::decode(found.payload).ok());
            stretch.push((sequence, row.ok_or_else(|| broken("a record"))?));
        }
        Ok(stretch)
    }

    fn fold_stretch(&mut self, stretch: Vec<(u64, RecordRow)>) -> Result<(), Fault> {
        let before: Vec<u64> = stretch.iter().map(|(sequence, _)| *sequence).collect();
        let Some((from, to)) =
            stretch.first().zip(stretch.last()).map(|((from, _), (last, row))| (*from, through(*last, row)))
        else {
            return Ok(());
        };
        let mut rows = folded(stretch.into_iter().map(|(_, row)| row));
        if rows.len() == before.len() {
            return Ok(());
        }
        let Some(heir) = rows.iter().position(|row| matches!(row.kind, Some(Kind::Folded(_)))) else {
            return Ok(());
        };
        for sequence in before {
            self.remove("sequence = ?1", sequence.cast_signed())?;
        }
        let behind = to + 1 - (rows.len() - heir - 1) as u64;
        for (place, row) in rows.iter_mut().enumerate() {
            if let Some(Kind::Folded(folded)) = &mut row.kind {
                folded.through = if place == heir { behind - 1 } else { 0 };
            }
            let sequence =
                if place <= heir { from + place as u64 } else { behind + (place - heir - 1) as u64 };
            self.insert_at(sequence, row)?;
        }
        Ok(())
    }
}

/// The last sequence that a record covers.
pub(super) fn through(sequence: u64, row: &RecordRow) -> u64 {
    match &row.kind {
        Some(Kind::Folded(folded)) => sequence.max(folded.through),
        _ => sequence,
    }
}

/// Folds equal neighbours of each check; the result keeps the order of their first records.
fn folded(rows: impl Iterator<Item = RecordRow>) -> Vec<RecordRow> {
    let mut kept: Vec<RecordRow> = Vec::new();
    let mut latest: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let known = latest.get(&row.check).copied();
        if known.is_some_and(|place| fold_into(&mut kept[place], &row)) {
            continue;
        }
        latest.insert(row.check.clone(), kept.len());
        kept.push(row);
    }
    kept
}

/// Folds `next` into `row` if they are equal; returns whether it did.
fn fold_into(row: &mut RecordRow, next: &RecordRow) -> bool {
    let (Some(one), Some(other)) = (run_of(row), run_of(next)) else { return false };
    let pause = other.first.boot_ms.checked_sub(one.last_boot_ms);
    let silence = silence_limit_ms(i64::from(row.interval_ms)).unsigned_abs();
    let same = row.check == next.check
        && row.boot == next.boot
        && row.interval_ms == next.interval_ms
        && !row.hard
        && !next.hard
        && pause.is_some_and(|pause| pause <= silence)
        && are_equal(one.first, other.first);
    let Some(count) = one.count.checked_add(other.count).filter(|count| same && *count <= MOST) else {
        return false;
    };
    let first = Some(one.first.clone());
    row.kind =
        Some(Kind::Folded(wire::Folded { first, count, last_boot_ms: other.last_boot_ms, through: 0 }));
    true
}

fn are_equal(one: &wire::Observation, other: &wire::Observation) -> bool {
    let routine = |seen: &wire::Observation| seen.since_boot_ms.is_none() && seen.since_wall_ms.is_none();
    routine(one)
        && routine(other)
        && (one.outcome, one.reason, one.hard, one.flapping)
            == (other.outcome, other.reason, other.hard, other.flapping)
        && one.total_us.abs_diff(other.total_us) <= SMALL_US.max(one.total_us / 4)
}

/// One run of a check, or several that are folded already.
struct Run<'r> {
    first: &'r wire::Observation,
    count: u32,
    last_boot_ms: u64,
}

fn run_of(row: &RecordRow) -> Option<Run<'_>> {
    match row.kind.as_ref()? {
        Kind::Observation(first) => Some(Run { first, count: 1, last_boot_ms: first.boot_ms }),
        Kind::Folded(folded) => Some(Run {
            first: folded.first.as_ref()?,
            count: folded.count,
            last_boot_ms: folded.last_boot_ms,
        }),
        Kind::Lost(_) => None,
    }
}
