//! What the script says of the points of a chart.

use super::super::words::Clock;
use super::line::Scale;
use crate::view::{ResponsePoint, ResponseWindow};
use skerry_domain::time::{DAY, HOUR, Timestamp};

/// "12|Fri 12:40|301 ms|690 ms;…": for each point its place in the picture, when it was, and its figures. No language writes
/// these signs in a date or a figure.
pub(super) fn points(window: &ResponseWindow, scale: &Scale, clock: &Clock<'_>) -> String {
    let one = |point: &ResponsePoint| {
        let [median, slowest] = [point.p50_ms, point.p95_ms].map(|ms| clock.texts.dates.response_time(ms));
        let x = scale.x(point.at + window.step / 2);
        format!("{x}|{}|{median}|{slowest}", when(point.at, window.step, clock))
    };
    window.points.iter().map(one).collect::<Vec<_>>().join(";")
}

/// "Fri 12:40"; "16 Nov, 12:00" for a point of some hours; "Mon 16 Nov" for one of a day.
fn when(at: Timestamp, step: i64, clock: &Clock<'_>) -> String {
    match step {
        ..HOUR => clock.weekday_time(at),
        HOUR..DAY => clock.time_of_year(at),
        _ => clock.day(clock.date(at + step / 2)),
    }
}
