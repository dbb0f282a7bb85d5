//! What held before, beside what holds now: late data is judged by the rules of its time.

use super::time::Timestamp;

/// `value` held up to `to`, from the end of the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former<T> {
    /// First instant at which it held no more.
    pub to: Timestamp,
    /// What held.
    pub value: T,
}

/// What held at `at`, and until when that answer stands; `former` is oldest first.
pub fn held_at<'a, T>(former: &'a [Former<T>], now: &'a T, at: Timestamp) -> (&'a T, Timestamp) {
    match former.get(former.partition_point(|one| one.to <= at)) {
        Some(one) => (&one.value, one.to),
        None => (now, Timestamp::FAR),
    }
}

/// From `at` on `next` holds. Returns whether it is another than held until then.
pub fn change<T: PartialEq>(former: &mut Vec<Former<T>>, now: &mut T, next: T, at: Timestamp) -> bool {
    if *now == next {
        return false;
    }
    let value = std::mem::replace(now, next);
    // What was changed twice in one millisecond never held between.
    if former.last().is_none_or(|last| last.to < at) {
        former.push(Former { to: at, value });
    }
    true
}
