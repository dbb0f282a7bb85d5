//! Former values beside the current one: late data is judged by the rules of its time.

use super::time::Timestamp;

/// `value` held up to `to`, from the end of the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former<T> {
    /// The first instant at which it no longer held.
    pub to: Timestamp,
    /// The former value.
    pub value: T,
}

/// The value at `at`, and until when it holds; `former` is oldest first.
pub fn held_at<'a, T>(former: &'a [Former<T>], now: &'a T, at: Timestamp) -> (&'a T, Timestamp) {
    match former.get(former.partition_point(|one| one.to <= at)) {
        Some(one) => (&one.value, one.to),
        None => (now, Timestamp::FAR),
    }
}

/// Sets the value from `at` on to `next`. Returns whether it changed.
pub fn change<T: PartialEq>(former: &mut Vec<Former<T>>, now: &mut T, next: T, at: Timestamp) -> bool {
    if *now == next {
        return false;
    }
    let value = std::mem::replace(now, next);
    // A value that was replaced within the same millisecond never held.
    if former.last().is_none_or(|last| last.to < at) {
        former.push(Former { to: at, value });
    }
    true
}
