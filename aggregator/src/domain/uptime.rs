//! Uptime figures and day tallies, worked out from effective intervals and never from counting results.

/// What one calendar day of a component held, ms each. The sum is the day's elapsed length.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DayTally {
    /// The day, in the page's zone.
    pub date: jiff::civil::Date,
    /// Totals of the day.
    pub tally: Tally,
    /// Nothing is known at the moment of the view and this is its last day.
    pub stale_now: bool,
}

/// Milliseconds spent in each condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// Operational.
    pub operational: i64,
    /// Degraded performance.
    pub degraded: i64,
    /// Partial outage.
    pub partial: i64,
    /// Major outage.
    pub major: i64,
    /// Under maintenance.
    pub maintenance: i64,
    /// Watched, nothing seen.
    pub no_data: i64,
    /// Before it was watched.
    pub unwatched: i64,
}

/// An uptime figure over one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Hundredths of a percent, truncated: 9_989 is "99.89%". `None`: nothing was observed.
    pub hundredths: Option<u32>,
    /// Coverage under 90 %: "not enough data" is said beside it.
    pub enough: bool,
    /// Share of the watched time (without maintenance) that was observed, hundredths of a percent.
    pub coverage: u32,
    /// What the figure was worked out from.
    pub tally: Tally,
}
