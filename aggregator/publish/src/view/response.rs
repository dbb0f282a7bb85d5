//! Response times as visitors see them.

use skerry_domain::response;
use skerry_domain::time::Timestamp;

/// The response times of a component.
#[derive(Clone, Debug, Default)]
pub struct ResponseView {
    /// The first point.
    pub since: Option<Timestamp>,
    /// Over each of the windows of [`skerry_domain::days::WINDOWS`].
    pub windows: [ResponseWindow; 4],
}

/// Response times over one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseWindow {
    /// One point for each [`Self::step`], oldest first; steps without a measurement are left out.
    pub points: Vec<ResponsePoint>,
    /// Duration of one point, ms.
    pub step: i64,
    /// Median of all that was measured, ms.
    pub p50_ms: f64,
    /// 95th percentile of all that was measured, ms.
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
    /// The windows of the state, the shortest first; those that it lacks are empty.
    #[must_use]
    pub fn of(windows: &[response::ResponseWindow]) -> Self {
        let mut all = windows.iter().map(ResponseWindow::of);
        Self {
            since: windows.iter().filter_map(|window| window.points.first()).map(|point| point.at).min(),
            windows: std::array::from_fn(|_| all.next().unwrap_or_default()),
        }
    }
}

impl ResponseWindow {
    fn of(window: &response::ResponseWindow) -> Self {
        let milliseconds = |microseconds: u64| microseconds as f64 / 1_000.0;
        let point = |point: &response::ResponsePoint| ResponsePoint {
            at: point.at,
            p50_ms: milliseconds(point.of.p50_us),
            p95_ms: milliseconds(point.of.p95_us),
        };
        Self {
            points: window.points.iter().map(point).collect(),
            step: window.step,
            p50_ms: window.all.map_or(0.0, |all| milliseconds(all.p50_us)),
            p95_ms: window.all.map_or(0.0, |all| milliseconds(all.p95_us)),
        }
    }
}
