//! The geometry of a chart as tables.

use super::*;
use skerry_domain::time::{DAY, HOUR};

fn point(hour: i64, p50_ms: f64, p95_ms: f64) -> ResponsePoint {
    ResponsePoint { at: Timestamp(hour * HOUR), p50_ms, p95_ms }
}

/// Ten hours, 0 to 100 ms.
fn scale(mirrored: bool) -> Scale {
    Scale { from: Timestamp(0), to: Timestamp(10 * HOUR), top: 100.0, mirrored }
}

#[test]
fn the_scale_is_round_and_includes_the_highest_value() {
    for (highest, top) in [(0.0, 10.0), (10.0, 10.0), (11.0, 20.0), (340.0, 400.0), (1_001.0, 2_000.0)] {
        assert!((round_up(highest) - top).abs() < f64::EPSILON, "{highest}");
    }
}

#[test]
fn a_few_slow_points_do_not_flatten_the_others_and_no_median_is_cut() {
    let many = |slow: &[f64], median: f64| {
        let rest = (0..60).map(|hour| point(hour, 100.0, 200.0));
        let slow = slow.iter().zip(60..).map(|(p95_ms, hour)| point(hour, median, *p95_ms));
        highest(&rest.chain(slow).collect::<Vec<_>>())
    };
    for (slow, median, shown) in [
        (&[][..], 100.0, 200.0),
        (&[290.0], 100.0, 290.0),
        (&[9_000.0], 100.0, 200.0),
        (&[9_000.0, 8_000.0, 7_000.0, 6_000.0, 5_000.0], 100.0, 9_000.0),
        (&[9_000.0], 700.0, 700.0),
    ] {
        assert!((many(slow, median) - shown).abs() < f64::EPSILON, "{slow:?}: {}", many(slow, median));
    }
}

#[test]
fn a_line_breaks_where_nothing_was_measured() {
    let points = [point(0, 50.0, 80.0), point(1, 100.0, 80.0), point(4, 0.0, 80.0)];
    let line = |mirrored| scale(mirrored).line(&points, HOUR, |point| point.p50_ms);
    assert_eq!(line(false), "M0 500L50 500L150 0L200 0M400 1000L450 1000L500 1000");
    assert_eq!(line(true), "M1000 500L950 500L850 0L800 0M600 1000L550 1000L500 1000");
    let band = scale(false).band(&points[2..], HOUR);
    assert_eq!(band, "M400 200L450 200L500 200L500 1000L450 1000L400 1000z");
}

#[test]
fn the_band_is_cut_by_the_picture_and_never_by_the_data() {
    let line = scale(false).line(&[point(0, 0.0, 150.0)], HOUR, |point| point.p95_ms);
    assert_eq!(line, "M0 -500L50 -500L100 -500");
}

#[test]
fn a_column_stays_within_the_picture_and_can_be_seen() {
    let at = |hours: f64| Timestamp((hours * HOUR as f64) as i64);
    for (from, to, column) in [
        (2.0, 4.0, (200, 200)),
        (-5.0, 1.0, (0, 100)),
        (9.0, 20.0, (900, 100)),
        (5.0, 5.001, (500, 9)),
        (10.0, 10.0, (991, 9)),
    ] {
        assert_eq!(scale(false).column(at(from), at(to)), column, "{from} to {to}");
    }
    assert_eq!(scale(true).column(at(2.0), at(4.0)), (600, 200));
    let instant = Scale { from: Timestamp(DAY), to: Timestamp(DAY), top: 10.0, mirrored: false };
    assert_eq!(instant.column(Timestamp(DAY), Timestamp(DAY)), (0, 9));
}
