//! When an agent that is silent leaves the denominator of a verdict. Our own absence is nobody's silence: nobody could
//! deliver then.

use super::interval::{Interval, first_ending_after};
use super::time::{DAY, HOUR, Timestamp};

/// A shorter absence of the aggregator does not count, ms: an agent loses nothing by it, and few are kept for long.
const COUNTS: i64 = HOUR;

/// Whether an absence prolongs the time after which a silent agent leaves.
pub(crate) fn counts(absence: &Interval<()>) -> bool {
    absence.to - absence.from >= COUNTS
}

/// The instant at which an agent that was last heard at `heard` leaves the denominator: after 24 hours in which the
/// aggregator listened. `absences`: when it did not, oldest first.
#[must_use]
pub fn leaves(absences: &[Interval<()>], heard: Timestamp) -> Timestamp {
    let mut leaves = heard + DAY;
    for absence in &absences[first_ending_after(absences, heard)..] {
        if absence.from >= leaves {
            break;
        }
        if counts(absence) {
            leaves = leaves + (absence.to - absence.from.max(heard));
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_agent_leaves_after_a_day_in_which_we_listened() {
        let hours = |from: i64, to: i64| Interval {
            from: Timestamp(from * HOUR),
            to: Timestamp(to * HOUR),
            value: (),
        };
        let short = Interval { from: Timestamp(HOUR), to: Timestamp(2 * HOUR - 1), value: () };
        // When we were away, when it was last heard and when it leaves, in hours.
        let table: [(&[Interval<()>], i64, i64); 10] = [
            (&[], 0, 24),
            (&[hours(-3, 0)], 0, 24),
            (&[hours(1, 26)], 0, 49),
            (&[hours(23, 48)], 0, 49),
            (&[hours(24, 48)], 0, 24),
            (&[hours(-5, 20)], 0, 44),
            (&[hours(10, 20), hours(33, 43)], 0, 44),
            (&[hours(10, 20), hours(34, 44)], 0, 34),
            (&[hours(10, 20), hours(30, 40)], 25, 59),
            (&[short], 0, 24),
        ];
        for (absences, heard, left) in table {
            let found = leaves(absences, Timestamp(heard * HOUR));
            assert_eq!(found, Timestamp(left * HOUR), "heard at {heard} and away {absences:?}");
        }
    }
}
