//! Response times of a component over the windows of its chart. They are derived from what was observed and never stored.

use super::days::WINDOWS;
use super::time::{DAY, HOUR, MINUTE, Timestamp};

/// The length of a point in each of the [`WINDOWS`], ms: about 90 points fill a window. Points begin at multiples of it.
pub const STEPS: [i64; 4] = [16 * MINUTE, 2 * HOUR, 8 * HOUR, DAY];

/// The points of a chart of 24 hours, at most.
const POINTS: i64 = WINDOWS[0] * DAY / STEPS[0];

/// One measured response time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// When.
    pub at: Timestamp,
    /// µs.
    pub total_us: u32,
}

/// Percentiles by nearest rank, µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// The median; the lower one of two.
    pub p50_us: u64,
    /// The 95th percentile.
    pub p95_us: u64,
}

/// The response times within one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponsePoint {
    /// The start of the step.
    pub at: Timestamp,
    /// The percentiles of the step.
    pub of: Percentiles,
}

/// The response times within one window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseWindow {
    /// Length of a step, ms.
    pub step: i64,
    /// One point for each step in which something was measured, oldest first.
    pub points: Vec<ResponsePoint>,
    /// The percentiles of the whole window.
    pub all: Option<Percentiles>,
}

/// Where the window with this index begins if its last step, which may be incomplete, holds `now`.
#[must_use]
pub fn begin(window: usize, now: Timestamp) -> Timestamp {
    let step = STEPS[window];
    step_of(now, step) + step - WINDOWS[window] * DAY
}

/// The start of the step that holds an instant.
#[must_use]
pub fn step_of(at: Timestamp, step: i64) -> Timestamp {
    Timestamp(at.0.div_euclid(step) * step)
}

impl ResponseWindow {
    /// The exact percentiles of what was `measured`, oldest first, in steps of `step` ms.
    #[must_use]
    pub fn exact(measured: &[Measured], step: i64) -> Self {
        let steps =
            measured.chunk_by(|one, other| step_of(one.at, step) == step_of(other.at, step)).filter_map(
                |some| Some(ResponsePoint { at: step_of(some.first()?.at, step), of: percentiles(some)? }),
            );
        Self { step, points: steps.collect(), all: percentiles(measured) }
    }

    /// The last 24 hours. While all of it lies within a quarter of that time, its points are a quarter as long, so that a
    /// young chart is no single point.
    #[must_use]
    pub fn of_day(measured: &[Measured], now: Timestamp) -> Self {
        let step = STEPS[0] / 4;
        let young = step_of(now, step) + step - POINTS * step;
        let is_young = measured.first().is_none_or(|first| first.at >= young);
        Self::exact(measured, if is_young { step } else { STEPS[0] })
    }
}

/// Makes windows that hold no more than the shorter one before them equal to it, so that a young chart has as many points as
/// there can be.
pub fn refine(windows: &mut [ResponseWindow], now: Timestamp) {
    for longer in 1..windows.len() {
        let first = windows[longer].points.first().map(|point| point.at);
        let known = step_of(begin(longer - 1, now), STEPS[longer]);
        if first.is_none_or(|first| first > known) {
            windows[longer] = windows[longer - 1].clone();
        }
    }
}

fn percentiles(measured: &[Measured]) -> Option<Percentiles> {
    let mut sorted: Vec<u32> = measured.iter().map(|one| one.total_us).collect();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).checked_sub(1)?);
    Some(Percentiles { p50_us: u64::from(*at(50)?), p95_us: u64::from(*at(95)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn measured(ago: i64, total_us: u32) -> Measured {
        Measured { at: NOW - ago, total_us }
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        for (count, p50_us, p95_us) in
            [(1_u32, 1, 1), (2, 1, 2), (3, 2, 3), (20, 10, 19), (21, 11, 20), (100, 50, 95)]
        {
            // The order in which they were measured says nothing of their size.
            let all: Vec<_> = (1..=count).map(|value| measured(0, value * 7 % count + 1)).collect();
            let values: std::collections::BTreeSet<_> = all.iter().map(|one| one.total_us).collect();
            if values.len() == count as usize {
                assert_eq!(percentiles(&all), Some(Percentiles { p50_us, p95_us }), "{count}");
            }
        }
        assert_eq!(percentiles(&[]), None);
    }

    #[test]
    fn a_day_has_ninety_points_and_the_percentiles_of_all_that_was_measured() {
        // Every minute: fast, but for one hour in which it is ten times as slow.
        let slow = 5 * HOUR..6 * HOUR;
        let begun = begin(0, NOW);
        let minutes = (NOW - begun) / MINUTE;
        let all: Vec<_> = (0..=minutes)
            .rev()
            .map(|minute| minute * MINUTE)
            .map(|ago| measured(ago, if slow.contains(&ago) { 1_000_000 } else { 100_000 }))
            .collect();
        let day = ResponseWindow::of_day(&all, NOW);
        assert_eq!((day.step, day.points.len()), (16 * MINUTE, 90));
        assert_eq!(day.points[0].at, begun);
        // 60 of some 1,430 are slow: fewer than one in twenty, though whole points consist of them.
        assert_eq!(day.all, Some(Percentiles { p50_us: 100_000, p95_us: 100_000 }));
        let slow = day.points.iter().filter(|point| point.of.p50_us == 1_000_000).count();
        assert!((3..=4).contains(&slow), "{slow}");
    }

    #[test]
    fn what_was_not_measured_has_no_point_and_a_young_chart_has_short_ones() {
        let all: Vec<_> = [40, 38, 21, 2].map(|minutes| measured(minutes * MINUTE, 5_000)).to_vec();
        let young = ResponseWindow::of_day(&all, NOW);
        assert_eq!(young.step, 4 * MINUTE);
        assert!((3..=4).contains(&young.points.len()), "{young:?}");
        let old = ResponseWindow::of_day(&[measured(7 * HOUR, 1), measured(MINUTE, 1)], NOW);
        assert_eq!((old.step, old.points.len()), (16 * MINUTE, 2));
        assert!(ResponseWindow::of_day(&[], NOW).points.is_empty());
    }

    #[test]
    fn a_window_is_never_longer_than_its_name_and_ends_with_the_step_of_now() {
        for (window, (days, step)) in WINDOWS.into_iter().zip(STEPS).enumerate() {
            let begun = begin(window, NOW);
            assert!(begun > NOW - days * DAY && begun <= NOW - days * DAY + step, "{days}");
            assert_eq!(begun.0 % step, 0);
        }
    }

    #[test]
    fn a_window_that_reaches_back_no_further_than_the_shorter_one_is_drawn_as_that_one() {
        let of = |window: usize, ago: i64| {
            let all = [measured(ago, 1), measured(MINUTE, 1)];
            ResponseWindow::exact(&all, STEPS[window])
        };
        for (ago, steps) in [
            (3 * HOUR, [0, 0, 0, 0]),
            (2 * DAY, [0, 1, 1, 1]),
            (20 * DAY, [0, 1, 2, 2]),
            (80 * DAY, [0, 1, 2, 3]),
        ] {
            let mut windows: Vec<_> = (0..4).map(|window| of(window, ago)).collect();
            refine(&mut windows, NOW);
            assert_eq!(
                windows.iter().map(|one| one.step).collect::<Vec<_>>(),
                steps.map(|step| STEPS[step]),
                "{ago}"
            );
        }
        // Nothing of late, but before.
        let mut windows =
            vec![ResponseWindow::exact(&[], STEPS[0]), of(1, 3 * DAY), ResponseWindow::default()];
        refine(&mut windows, NOW);
        assert_eq!((windows[0].points.len(), windows[1].step, windows[2].step), (0, STEPS[1], STEPS[1]));
    }
}
