//! Response times as visitors see them.

use skerry_domain::time::{DAY, HOUR, Timestamp};

/// The windows: their lengths in days, and the duration of one point in hours.
const WINDOWS: [(i64, i64); 4] = [(1, 1), (7, 2), (30, 8), (90, 24)];

/// The response times of a component.
#[derive(Clone, Debug, Default)]
pub struct ResponseView {
    /// The first point.
    pub since: Option<Timestamp>,
    /// Over 24 hours and over 7, 30 and 90 days, in this order.
    pub windows: [ResponseWindow; 4],
}

/// Response times over one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseWindow {
    /// One point for each [`Self::step`], oldest first; steps without a measurement are left out.
    pub points: Vec<ResponsePoint>,
    /// Duration of one point, ms.
    pub step: i64,
    /// Median of the window, ms.
    pub p50_ms: f64,
    /// 95th percentile of the window, ms.
    pub p95_ms: f64,
}

/// Response times within one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponsePoint {
    /// The start of the step.
    pub at: Timestamp,
    /// Median, ms.
    pub p50_ms: f64,
    /// 95th percentile, ms.
    pub p95_ms: f64,
}

impl ResponseView {
    /// The windows up to `now` of points that are `step` ms long, oldest first.
    #[must_use]
    pub fn of(points: &[ResponsePoint], step: i64, now: Timestamp) -> Self {
        let window = |(days, hours): (i64, i64)| {
            // A young chart has shorter points.
            let length = if step < HOUR { step } else { hours * HOUR };
            let begun = points.partition_point(|point| point.at + step <= now - days * DAY);
            ResponseWindow::of(&points[begun..], length)
        };
        Self { since: points.first().map(|point| point.at), windows: WINDOWS.map(window) }
    }
}

impl ResponseWindow {
    /// Percentiles of several hours cannot be combined exactly: the median of their medians is shown, and the highest of
    /// their 95th percentiles, so that slow responses stay visible.
    fn of(points: &[ResponsePoint], step: i64) -> Self {
        let start = |point: &ResponsePoint| point.at.0.div_euclid(step);
        let merged = points.chunk_by(|one, other| start(one) == start(other)).filter_map(|hours| {
            let at = Timestamp(start(hours.first()?) * step);
            let p95_ms = hours.iter().map(|hour| hour.p95_ms).fold(0.0, f64::max);
            Some(ResponsePoint { at, p50_ms: median(hours, |hour| hour.p50_ms), p95_ms })
        });
        Self {
            points: merged.collect(),
            step,
            p50_ms: median(points, |point| point.p50_ms),
            p95_ms: median(points, |point| point.p95_ms),
        }
    }
}

/// The lower one of two.
fn median(points: &[ResponsePoint], value: fn(&ResponsePoint) -> f64) -> f64 {
    let mut values: Vec<_> = points.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}
