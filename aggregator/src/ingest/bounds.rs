//! Limits text and numbers from agents where they enter, so that they can be shown and added up.

use skerry_domain::time::Timestamp;
use skerry_protocol::words::{is_unfit_to_show, one_line};

/// The longest text of an agent that is kept, bytes.
const LONGEST_WORDS: usize = 200;
/// The end of the years that calendars know.
const YEAR_10_000: i64 = 253_402_300_800_000;

/// Text from an agent for operators: one line, at most 200 bytes.
pub(super) fn plain(mut words: String) -> String {
    let end = (0..=LONGEST_WORDS.min(words.len())).rfind(|end| words.is_char_boundary(*end)).unwrap_or(0);
    words.truncate(end);
    if words.contains(is_unfit_to_show) { one_line(&words) } else { words }
}

/// Limits a count from an agent, so that sums stay within SQLite's integers.
pub(super) fn counted(number: u64) -> u64 {
    const MOST: u64 = 1_000_000_000_000;
    number.min(MOST)
}

/// Limits an instant to the years of the calendar.
pub(super) fn dated(ms: i64) -> Option<Timestamp> {
    (0..YEAR_10_000).contains(&ms).then_some(Timestamp(ms))
}

/// Limits a wall clock reading, so that its skew is a valid number.
pub(super) fn wall(ms: i64) -> Timestamp {
    Timestamp(ms.clamp(0, YEAR_10_000))
}

/// Limits durations and clock readings to a century.
pub(super) fn signed(milliseconds: u64) -> i64 {
    const CENTURY: i64 = 100 * 366 * 86_400_000;
    i64::try_from(milliseconds).unwrap_or(CENTURY).min(CENTURY)
}
