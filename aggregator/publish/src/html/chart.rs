//! The response-time chart: drawn when the page is rendered, and described in text.

use super::words::Clock;
use crate::texts::component as texts;
use crate::view::{ResponsePoint, ResponseView};
use skerry_domain::time::{MINUTE, Timestamp};
use std::fmt::Write;

/// With more points than this, each point covers a longer time.
const MAX_POINTS: i64 = 180;
/// Size of the view box.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;

/// A chart with its texts.
pub(crate) struct Chart {
    /// Path of the median.
    pub(crate) p50: String,
    /// Path of the 95th percentile.
    pub(crate) p95: String,
    /// "400 ms", at the top of the scale.
    pub(crate) top: String,
    /// "200 ms", in its middle.
    pub(crate) middle: String,
    /// The first and the last day.
    pub(crate) from: String,
    pub(crate) to: String,
    /// "120 ms" and "340 ms", the newest.
    pub(crate) latest_p50: String,
    pub(crate) latest_p95: String,
    /// When the newest were measured, as markup.
    pub(crate) latest_in: String,
    /// Explains the lines and the duration of a point.
    pub(crate) lines: String,
    /// The text for screen readers before the newest values.
    pub(crate) spoken: String,
}

/// Draws the chart; returns `None` if nothing was measured yet.
pub(crate) fn chart(response: &ResponseView, clock: &Clock<'_>) -> Option<Chart> {
    let (first, last) = (response.points.first()?, response.points.last()?);
    let fine = response.step.max(1);
    let steps = ((last.at - first.at) / fine + 1).max(1);
    let step = (steps + MAX_POINTS - 1) / MAX_POINTS * fine;
    let points = merged(&response.points, first.at, step);
    let highest = points.iter().map(|point| point.p95_ms.max(point.p50_ms)).fold(0.0, f64::max);
    let top = round_up(highest);
    let span = ((last.at - first.at) as f64).max(fine as f64);
    // Within one day, the ends are named by their times.
    let one_day = clock.date(first.at) == clock.date(last.at);
    let edge = |at| if one_day { clock.moment(at) } else { clock.day(clock.date(at)) };
    let line = |value: fn(&ResponsePoint) -> f64| path(&points, first.at, span, step, top, value);
    let [one_hour, hour] = texts::HOUR;
    Some(Chart {
        p50: line(|point| point.p50_ms),
        p95: line(|point| point.p95_ms),
        top: milliseconds(top),
        middle: milliseconds(top / 2.0),
        spoken: texts::chart(&edge(first.at), &edge(last.at)),
        from: edge(first.at),
        to: edge(last.at),
        latest_p50: milliseconds(last.p50_ms),
        latest_p95: milliseconds(last.p95_ms),
        latest_in: texts::latest_in(
            &texts::minutes(fine / MINUTE, hour),
            &super::markup::time(last.at, &clock.moment(last.at), clock),
        ),
        lines: texts::chart_lines(&texts::minutes(step / MINUTE, one_hour)),
    })
}

/// Merges points. Percentiles of several hours cannot be combined exactly: the median of their medians is shown, and the
/// highest of their 95th percentiles, so that slow responses stay visible.
fn merged(points: &[ResponsePoint], first: Timestamp, step: i64) -> Vec<ResponsePoint> {
    let bucket = |point: &ResponsePoint| (point.at - first) / step;
    points
        .chunk_by(|one, other| bucket(one) == bucket(other))
        .filter_map(|hours| {
            let mut medians: Vec<_> = hours.iter().map(|hour| hour.p50_ms).collect();
            medians.sort_by(f64::total_cmp);
            Some(ResponsePoint {
                at: first + bucket(hours.first()?) * step,
                p50_ms: *medians.get(medians.len() / 2)?,
                p95_ms: hours.iter().map(|hour| hour.p95_ms).fold(0.0, f64::max),
            })
        })
        .collect()
}

/// The path of a line, which has gaps where nothing was measured.
fn path(
    points: &[ResponsePoint],
    first: Timestamp,
    span: f64,
    step: i64,
    top: f64,
    value: fn(&ResponsePoint) -> f64,
) -> String {
    let mut out = String::new();
    let mut before: Option<Timestamp> = None;
    for point in points {
        let joined = before.is_some_and(|at| point.at - at <= step);
        let x = (point.at - first) as f64 / span * WIDTH;
        let y = HEIGHT - (value(point) / top * HEIGHT).clamp(0.0, HEIGHT);
        // A single point is a stroke of length 0, which round caps make visible. Writing to a String cannot fail.
        let _ = if joined { write!(out, "L{x:.0} {y:.1}") } else { write!(out, "M{x:.0} {y:.1}h0") };
        before = Some(point.at);
    }
    out
}

/// The next round number whose half is also round; at least 10 ms.
fn round_up(highest: f64) -> f64 {
    let mut scale = 10.0;
    while scale < 1e9 {
        for factor in [1.0, 2.0, 3.0, 4.0, 6.0, 8.0] {
            if highest <= scale * factor {
                return scale * factor;
            }
        }
        scale *= 10.0;
    }
    highest
}

/// "120 ms", "1.5 s".
fn milliseconds(value: f64) -> String {
    if value < 1_000.0 {
        format!("{value:.0} ms")
    } else {
        let seconds = format!("{:.1}", value / 1_000.0);
        format!("{} s", seconds.strip_suffix(".0").unwrap_or(&seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::time::HOUR;

    fn point(hour: i64, p50_ms: f64, p95_ms: f64) -> ResponsePoint {
        ResponsePoint { at: Timestamp(hour * HOUR), p50_ms, p95_ms }
    }

    #[test]
    fn the_scale_is_round_and_includes_the_highest_value() {
        for (highest, top) in [(0.0, 10.0), (10.0, 10.0), (11.0, 20.0), (340.0, 400.0), (1_001.0, 2_000.0)] {
            assert!((round_up(highest) - top).abs() < f64::EPSILON, "{highest}");
        }
    }

    #[test]
    fn a_line_has_gaps_where_nothing_was_measured() {
        let points = [point(0, 50.0, 80.0), point(1, 100.0, 80.0), point(4, 0.0, 80.0)];
        let line = path(&points, Timestamp(0), 4.0 * HOUR as f64, HOUR, 100.0, |point| point.p50_ms);
        assert_eq!(line, "M0 80.0h0L180 0.0M720 160.0h0");
    }

    #[test]
    fn long_histories_are_merged_and_slow_responses_stay_visible() {
        let points: Vec<_> =
            (0..24).map(|hour| point(hour, hour as f64, if hour == 5 { 900.0 } else { 50.0 })).collect();
        let merged = merged(&points, Timestamp(0), 12 * HOUR);
        assert_eq!(merged.len(), 2);
        assert!((merged[0].p95_ms - 900.0).abs() < f64::EPSILON);
        assert!((merged[1].p50_ms - 18.0).abs() < f64::EPSILON);
    }

    #[test]
    fn milliseconds_have_a_unit() {
        assert_eq!((milliseconds(119.6).as_str(), milliseconds(1_500.0).as_str()), ("120 ms", "1.5 s"));
        assert_eq!(milliseconds(2_000.0), "2 s");
    }
}
