//! Words and numbers of an agent are bounded where they enter: what it says has a size that we can show and add up.

use skerry_domain::time::Timestamp;
use skerry_protocol::words::{is_unfit_to_show, one_line};

/// Longest words of an agent that are kept, bytes.
const LONGEST_WORDS: usize = 200;
/// The end of the years that calendars know.
const YEAR_10_000: i64 = 253_402_300_800_000;

/// A machine's words for operators: one line, at most 200 bytes.
pub(super) fn plain(mut words: String) -> String {
    let end = (0..=LONGEST_WORDS.min(words.len())).rfind(|end| words.is_char_boundary(*end)).unwrap_or(0);
    words.truncate(end);
    if words.contains(is_unfit_to_show) { one_line(&words) } else { words }
}

/// What an agent counted, as far as anyone could have counted: sums of it stay within what SQLite adds up.
pub(super) fn counted(number: u64) -> u64 {
    const MOST: u64 = 1_000_000_000_000;
    number.min(MOST)
}

/// An instant that a calendar knows.
pub(super) fn dated(ms: i64) -> Option<Timestamp> {
    (0..YEAR_10_000).contains(&ms).then_some(Timestamp(ms))
}

/// What a wall clock shows, as far as one could: its skew has a size.
pub(super) fn wall(ms: i64) -> Timestamp {
    Timestamp(ms.clamp(0, YEAR_10_000))
}

/// Durations and clocks of a century fit; what does not is cut there.
pub(super) fn signed(milliseconds: u64) -> i64 {
    const CENTURY: i64 = 100 * 366 * 86_400_000;
    i64::try_from(milliseconds).unwrap_or(CENTURY).min(CENTURY)
}
