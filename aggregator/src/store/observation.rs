//! Raw observations in few bytes: outcome and reason in one integer, each phase as a 16-bit float of
//! four bits of exponent and twelve of mantissa (a relative error under 0.02 %, up to 134 s).

use super::{Store, StoreError};
use crate::domain::state::TrackKey;
use crate::domain::step::RawObservation;
use crate::domain::time::Timestamp;
use rusqlite::Transaction;
use skerry_protocol::wire::{Outcome, Phases, Reason};

/// An observation as it comes back: durations to four digits.
pub type StoredObservation = RawObservation;

/// Adds one at `at` or in the first free millisecond of its track after it, and returns where.
pub(super) fn insert(transaction: &Transaction<'_>, raw: &RawObservation, at: i64) -> rusqlite::Result<i64> {
    let sql = "INSERT OR IGNORE INTO observation (at_ms, track, code, timing) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = transaction.prepare_cached(sql)?;
    let (timing, length) = pack(raw);
    if statement.execute((at, raw.track.0, code(raw), &timing[..length]))? == 1 {
        return Ok(at);
    }
    let free = "SELECT at_ms + 1 FROM observation AS taken WHERE track = ?2 AND at_ms >= ?1 AND NOT EXISTS
         (SELECT 1 FROM observation WHERE at_ms = taken.at_ms + 1 AND track = ?2) ORDER BY at_ms LIMIT 1";
    let at = transaction.prepare_cached(free)?.query_row((at, raw.track.0), |row| row.get(0))?;
    statement.execute((at, raw.track.0, code(raw), &timing[..length]))?;
    Ok(at)
}

fn code(raw: &RawObservation) -> i64 {
    (i64::from(raw.reason as i32) << 2) | i64::from(raw.outcome as i32)
}

/// The present phases, two bytes each, behind one byte that says which; without phases the total.
fn pack(raw: &RawObservation) -> ([u8; 13], usize) {
    let phases = raw.phases.unwrap_or_default();
    let all = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.transfer_us];
    let sum: u64 = all.iter().flatten().map(|phase| u64::from(*phase)).sum();
    let mut bytes = [0; 13];
    let mut length = 1;
    let mut put = |bit: u8, value: u64| {
        bytes[0] |= 1 << bit;
        bytes[length..length + 2].copy_from_slice(&short(value).to_le_bytes());
        length += 2;
    };
    for (bit, phase) in (0_u8..).zip(all) {
        if let Some(phase) = phase {
            put(bit, u64::from(phase));
        }
    }
    // The total is the sum of the phases, unless more than 2 % of it lies between them.
    if raw.total_us.abs_diff(sum).saturating_mul(50) > raw.total_us {
        put(5, raw.total_us);
    }
    (bytes, length)
}

fn unpack(bytes: &[u8]) -> Option<(u64, Option<Phases>)> {
    let (flags, mut rest) = bytes.split_first()?;
    let mut take = |bit: u8| -> Option<Option<u64>> {
        if flags & (1 << bit) == 0 {
            return Some(None);
        }
        let (value, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        Some(Some(long(u16::from_le_bytes(*value))))
    };
    let mut all = [None; 5];
    for (bit, phase) in (0_u8..).zip(&mut all) {
        *phase = take(bit)?.map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    }
    let sum = all.iter().flatten().map(|phase| u64::from(*phase)).sum();
    let total = take(5)?.unwrap_or(sum);
    let [dns_us, connect_us, tls_us, first_byte_us, transfer_us] = all;
    let phases = Phases { dns_us, connect_us, tls_us, first_byte_us, transfer_us };
    Some((total, (flags & 0b1_1111 != 0).then_some(phases)))
}

const MANTISSA_BITS: u32 = 12;

fn short(value: u64) -> u16 {
    let bits = 64 - value.leading_zeros();
    let exponent = bits.saturating_sub(MANTISSA_BITS);
    if exponent > 15 {
        return u16::MAX;
    }
    let mantissa = (value >> exponent) & 0xFFF;
    ((exponent << MANTISSA_BITS) as u16) | mantissa as u16
}

fn long(value: u16) -> u64 {
    u64::from(value & 0xFFF) << (value >> MANTISSA_BITS)
}

impl Store {
    /// Raw observations with `from <= at < to`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn observations(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(StoredObservation),
    ) -> Result<(), StoreError> {
        let sql = "SELECT at_ms, track, code, timing FROM observation WHERE at_ms >= ?1 AND at_ms < ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((from.0, to.0))?;
        while let Some(row) = rows.next()? {
            let code: i64 = row.get(2)?;
            let timing = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            let (total_us, phases) = unpack(timing)
                .ok_or_else(|| StoreError::Strange(format!("an observation with timing {timing:?}")))?;
            each(RawObservation {
                at: Timestamp(row.get(0)?),
                track: TrackKey(row.get(1)?),
                outcome: Outcome::from_wire((code & 3) as i32),
                reason: Reason::from_wire((code >> 2) as i32),
                total_us,
                phases,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_floats_keep_four_digits() {
        for value in [0, 1, 17, 4_095, 4_096, 65_535, 1_000_000, 60_000_000, 134_000_000] {
            let back = long(short(value));
            assert!(value.abs_diff(back) * 2_000 <= value, "{value} came back as {back}");
        }
        assert_eq!(short(u64::MAX), u16::MAX);
    }

    #[test]
    fn what_is_packed_comes_back() {
        let phases =
            Phases { dns_us: Some(0), connect_us: Some(90), first_byte_us: Some(4_000), ..Phases::default() };
        let raw = RawObservation {
            at: Timestamp(5),
            track: TrackKey(1),
            outcome: Outcome::Up,
            reason: Reason::None,
            total_us: 4_095,
            phases: Some(phases),
        };
        let (bytes, length) = pack(&raw);
        assert_eq!(unpack(&bytes[..length]), Some((4_090, Some(phases))));
        let bare = RawObservation { phases: None, total_us: 250, ..raw };
        let (bytes, length) = pack(&bare);
        assert_eq!(unpack(&bytes[..length]), Some((250, None)));
    }
}
