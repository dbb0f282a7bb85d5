//! Raw observations in few bytes: a blob with the outcome, the reason unless it is `up`, and the measured phases, each
//! as a 12-bit float with five bits of exponent and seven of mantissa after a leading one (a relative error of at most
//! 0.4 %, up to three days).

use super::{Sqlite, StoreError};
use rusqlite::{Statement, Transaction};
use skerry_domain::state::{TrackKey, WorkspaceKey};
use skerry_domain::step::RawObservation;
use skerry_domain::time::Timestamp;
use skerry_protocol::wire::{Outcome, Phases, Reason};
use std::collections::HashMap;

/// An observation as read back: durations to within 0.4 %, an `up` without a reason.
pub type StoredObservation = RawObservation;

/// Low bits of a row's key that hold the slot; the instant is above them. There is room for two million tracks and for
/// the instants of this century. A slot represents a track of a workspace within this file only, so keys of other rows
/// are not limited by it.
const SLOT_BITS: u32 = 21;

/// The least key at `at` or after.
pub(super) fn key_from(at: Timestamp) -> i64 {
    at.0.clamp(0, i64::MAX >> SLOT_BITS) << SLOT_BITS
}

fn key_of(at: i64, slot: i64) -> Result<i64, StoreError> {
    if slot < 0 || slot >> SLOT_BITS != 0 {
        return Err(StoreError::Unexpected(format!("more tracks than have room: {slot}")));
    }
    Ok(key_from(Timestamp(at)) | slot)
}

/// The statement that [`insert`] takes.
pub(super) const INSERT: &str = "INSERT OR IGNORE INTO observation (key, result) VALUES (?1, ?2)";

/// Inserts an observation at `at`, or at a later free millisecond of its slot if that is taken; returns where. The free
/// one is found by doubling and bisection, since thousands may be placed at one instant.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    statement: &mut Statement<'_>,
    raw: &RawObservation,
    slot: i64,
    at: i64,
) -> Result<i64, StoreError> {
    let (result, length) = pack(raw);
    if statement.execute((key_of(at, slot)?, &result[..length]))? > 0 {
        return Ok(at);
    }
    let mut look = transaction.prepare_cached("SELECT 1 FROM observation WHERE key = ?1")?;
    let mut is_taken = |at| -> Result<bool, StoreError> { Ok(look.exists([key_of(at, slot)?])?) };
    let (mut taken, mut step) = (at, 1);
    while is_taken(taken + step)? {
        taken += step;
        step *= 2;
    }
    let mut free = taken + step;
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_taken(middle)? {
            taken = middle;
        } else {
            free = middle;
        }
    }
    statement.execute((key_of(free, slot)?, &result[..length]))?;
    Ok(free)
}

/// Bit of the first byte for the total, which follows the phases; their bits are below it.
const TOTAL: u32 = 5;
/// The first bit of the outcome in the first byte.
const OUTCOME: u32 = 6;
/// One byte of flags, one of the reason, six floats.
const LONGEST: usize = 2 + 9;

/// Packs the outcome and which durations are present, the reason unless the outcome is `up`, and the durations. The
/// total is left out if it is the sum of the phases to within 2 %.
fn pack(raw: &RawObservation) -> ([u8; LONGEST], usize) {
    let phases = raw.phases.unwrap_or_default();
    let all = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.transfer_us];
    let sum: Option<u64> = all.iter().flatten().map(|phase| u64::from(*phase)).reduce(|sum, one| sum + one);
    let told = |total: &u64| sum.is_none_or(|sum| total.abs_diff(sum).saturating_mul(50) > *total);
    let total = raw.total_us.filter(told);
    let durations = all.map(|phase| phase.map(u64::from)).into_iter().chain([total]);

    let mut bytes = [0; LONGEST];
    bytes[0] = (raw.outcome as i32 as u8) << OUTCOME;
    let mut nibble = 2;
    if raw.outcome != Outcome::Up {
        bytes[1] = u8::try_from(raw.reason as i32).unwrap_or(Reason::Other as i32 as u8);
        nibble += 2;
    }
    for (bit, duration) in (0_u32..).zip(durations) {
        let Some(duration) = duration else { continue };
        bytes[0] |= 1 << bit;
        let float = short(duration);
        for shift in [8, 4, 0] {
            bytes[nibble / 2] |= ((float >> shift & 0xF) as u8) << (4 * (1 - nibble % 2));
            nibble += 1;
        }
    }
    (bytes, nibble.div_ceil(2))
}

/// Reverses [`pack`]: outcome, reason, total, phases.
fn unpack(bytes: &[u8]) -> Option<(Outcome, Reason, Option<u64>, Option<Phases>)> {
    let flags = *bytes.first()?;
    let outcome = Outcome::from_wire(i32::from(flags >> OUTCOME));
    let (reason, mut nibble) = match outcome {
        Outcome::Up => (Reason::None, 2),
        _ => (Reason::from_wire(i32::from(*bytes.get(1)?)), 4),
    };
    let mut take = |bit: u32| -> Option<Option<u64>> {
        if flags & (1 << bit) == 0 {
            return Some(None);
        }
        let mut float = 0;
        for _ in 0..3 {
            let byte = *bytes.get(nibble / 2)?;
            float = float << 4 | u16::from(byte >> (4 * (1 - nibble % 2)) & 0xF);
            nibble += 1;
        }
        Some(Some(long(float)))
    };
    let mut all = [None; 5];
    for (bit, phase) in (0_u32..).zip(&mut all) {
        *phase = take(bit)?.map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    }
    let sum = all.iter().flatten().map(|phase| u64::from(*phase)).reduce(|sum, one| sum + one);
    let total = take(TOTAL)?.or(sum);
    let [dns_us, connect_us, tls_us, first_byte_us, transfer_us] = all;
    let phases = Phases { dns_us, connect_us, tls_us, first_byte_us, transfer_us };
    Some((outcome, reason, total, (flags & 0b1_1111 != 0).then_some(phases)))
}

/// Bits of the mantissa; a value of so many is exact.
const MANTISSA_BITS: u32 = 7;
const GREATEST: u16 = 0xFFF;

/// The nearest float of 12 bits: below 128 the value itself, otherwise 128 to 255 shifted.
fn short(value: u64) -> u16 {
    let beyond = 63 - MANTISSA_BITS - (value | 1 << MANTISSA_BITS).leading_zeros();
    // Rounding up may carry into the exponent, which is correct.
    let rounded = (value.saturating_add((1_u64 << beyond) >> 1)) >> beyond;
    let float = (u64::from(beyond) << MANTISSA_BITS) + rounded;
    u16::try_from(float).unwrap_or(GREATEST).min(GREATEST)
}

fn long(float: u16) -> u64 {
    let (exponent, mantissa) = (float >> MANTISSA_BITS, u64::from(float & 0x7F));
    if exponent == 0 { mantissa } else { (mantissa | 1 << MANTISSA_BITS) << (exponent - 1) }
}

/// An observation as stored. The caller looks up the track of its slot.
pub(super) struct Slotted {
    pub(super) at: Timestamp,
    pub(super) slot: i64,
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
    pub(super) total_us: Option<u64>,
    pub(super) phases: Option<Phases>,
}

impl Sqlite {
    /// Raw observations of a workspace with `from <= at < to`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn observations(
        &self,
        workspace: WorkspaceKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<StoredObservation>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT slot, track FROM slot WHERE workspace = ?1")?;
        let slots = statement.query_map([workspace.0], |row| Ok((row.get(0)?, TrackKey(row.get(1)?))))?;
        let slots: HashMap<i64, TrackKey> = slots.collect::<Result<_, _>>()?;
        let mut found = Vec::new();
        self.each_observation(from, to, |one| {
            let Slotted { at, slot, outcome, reason, total_us, phases } = one;
            if let Some(track) = slots.get(&slot).copied() {
                found.push(RawObservation { at, track, outcome, reason, total_us, phases });
            }
        })?;
        Ok(found)
    }

    /// Raw observations of every workspace with `from <= at < to`, oldest first.
    pub(super) fn each_observation(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Slotted),
    ) -> Result<(), StoreError> {
        let sql = "SELECT key, result FROM observation WHERE key >= ?1 AND key < ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((key_from(from), key_from(to)))?;
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(0)?;
            let result = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let (outcome, reason, total_us, phases) = unpack(result)
                .ok_or_else(|| StoreError::Unexpected(format!("an observation with result {result:?}")))?;
            let (at, slot) = (Timestamp(key >> SLOT_BITS), key & ((1 << SLOT_BITS) - 1));
            each(Slotted { at, slot, outcome, reason, total_us, phases });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_floats_stay_within_four_thousandths() {
        for exponent in 0..38 {
            for part in 0..1_000 {
                let value = (1_u64 << exponent) + (part << exponent) / 1_000;
                let back = long(short(value));
                assert!(value.abs_diff(back) * 250 <= value, "{value} came back as {back}");
            }
        }
        for value in [0, 1, 17, 127, 128, 255] {
            assert_eq!(long(short(value)), value);
        }
        assert_eq!(short(u64::MAX), GREATEST);
    }

    fn back(raw: &RawObservation) -> (Outcome, Reason, Option<u64>, Option<Phases>) {
        let (bytes, length) = pack(raw);
        unpack(&bytes[..length]).expect("whole")
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
            total_us: Some(4_095),
            phases: Some(phases),
        };
        assert_eq!(back(&raw), (Outcome::Up, Reason::None, Some(4_090), Some(phases)));
        for total_us in [Some(250), Some(0), None] {
            let bare = RawObservation { phases: None, total_us, ..raw };
            assert_eq!(back(&bare), (Outcome::Up, Reason::None, total_us, None));
        }
        for reason in [Reason::Timeout, Reason::BodyNotJson] {
            let all = Phases {
                dns_us: Some(1),
                connect_us: Some(2),
                tls_us: Some(3),
                first_byte_us: Some(4),
                transfer_us: Some(5),
            };
            let down = RawObservation {
                outcome: Outcome::Down,
                reason,
                phases: Some(all),
                total_us: Some(120),
                ..raw
            };
            assert_eq!(back(&down), (Outcome::Down, reason, Some(120), Some(all)));
        }
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let raw = RawObservation {
            at: Timestamp(5),
            track: TrackKey(1),
            outcome: Outcome::Degraded,
            reason: Reason::Slow,
            total_us: Some(4_095),
            phases: None,
        };
        let (bytes, length) = pack(&raw);
        assert!((0..length).all(|end| unpack(&bytes[..end]).is_none()));
    }
}
