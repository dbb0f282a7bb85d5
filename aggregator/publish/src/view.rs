//! What a page shows, as plain values: the one input of every renderer. Built from the state by a pure
//! function, so that HTML, JSON, CSV and badges cannot disagree.

use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::{DayTally, Figure};

/// One page at one moment.
#[derive(Clone, Debug)]
pub struct PageView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Its name, from the configuration.
    pub name: String,
    /// Its public address, without a slash at the end.
    pub url: String,
    /// The zone its days and clock times are in.
    pub time_zone: jiff::tz::TimeZone,
    /// The zone's IANA name.
    pub time_zone_name: String,
    /// Where "Get help" leads.
    pub support_url: Option<String>,
    /// Who may show the page in a frame.
    pub frame_ancestors: Vec<String>,
    /// BCP 47 tag of the page's language.
    pub language: String,
    /// The moment this view speaks of.
    pub now: Timestamp,
    /// Oldest, over the components in sight, of the newest conclusive evidence. `None`: nothing was seen yet, or
    /// all of it is set by hand.
    pub verified_at: Option<Timestamp>,
    /// Do not rely on the page after this: no later than the evidence allows.
    pub believe_until: Timestamp,
    /// When anything the page says about components last changed.
    pub updated_at: Timestamp,
    /// When the page was made.
    pub created_at: Timestamp,
    /// Which uptime rule the figures follow.
    pub rule: UptimeRuleView,
    /// The owner's order: groups and components without one.
    pub items: Vec<Item>,
}

/// How the figures were worked out, for the uptime page and the footer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UptimeRuleView {
    /// `false`: `"observed"`; `true`: `"statuspage"`.
    pub statuspage: bool,
    /// What a partial outage counts, in percent (30).
    pub partial_percent: u32,
    /// What a major outage counts, in percent (100).
    pub major_percent: u32,
}

/// A row of the page.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a page has at most a few hundred, walked in order; a box saves nothing"
)]
pub enum Item {
    /// A group with its components.
    Group(GroupView),
    /// A component that stands alone.
    Component(ComponentView),
}

/// A group.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// In the owner's order.
    pub children: Vec<ComponentView>,
}

/// A component as visitors see it.
#[derive(Clone, Debug)]
pub struct ComponentView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// `YYYY-MM-DD`, from the configuration; nothing before it counts.
    pub start_date: Option<jiff::civil::Date>,
    /// The status: the last known one where `stale_since` is set.
    pub status: Status,
    /// Since when the status holds. A time in which nobody saw it, with the same status before and after, does not
    /// interrupt it.
    pub since: Timestamp,
    /// Nothing conclusive is seen since then: grey, and said in words. Never together with `waiting`.
    pub stale_since: Option<Timestamp>,
    /// Nothing was ever seen of it: "Waiting for its first report". Never called a loss of sight, and no part of
    /// the page's status.
    pub waiting: bool,
    /// Some of its checks are out of sight, the others are not. `None` where all are seen, and where none is.
    pub unseen: Option<Unseen>,
    /// So many checks feed it.
    pub checks: usize,
    /// No check feeds it: people set its status.
    pub manual: bool,
    /// From when on it is watched. `None`: not yet, or nothing was ever seen or set.
    pub watched_from: Option<Timestamp>,
    /// Shown only while it is not operational.
    pub only_show_if_degraded: bool,
    /// Uptime is shown.
    pub showcase: bool,
    /// Exactly 90 days in the page's zone, oldest first, today last.
    pub days: Vec<DayTally>,
    /// When it was not operational, oldest first: known to be otherwise, or without data. Whole stretches, of
    /// the days shown at least. What ends after the moment of the view still holds.
    pub past: Vec<Interval<Effective>>,
    /// Uptime over 24 hours, 7, 30 and 90 days, in this order.
    pub windows: [Figure; 4],
    /// Response times, where `response_time = true`.
    pub response: Option<ResponseView>,
}

/// The part of a component that is out of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Since when, of the check that is out of sight for longest. `None`: none of them was ever seen.
    pub since: Option<Timestamp>,
    /// They have not all been out of sight since then.
    pub since_differs: bool,
    /// So many of its checks are out of sight.
    pub checks: usize,
}

/// The response-time chart of a component.
#[derive(Clone, Debug, Default)]
pub struct ResponseView {
    /// One point for each stretch of [`Self::step`], oldest first, at most 90 days; stretches without a
    /// measurement are absent.
    pub points: Vec<ResponsePoint>,
    /// What one point stands for, ms: an hour, less while the chart is young.
    pub step: i64,
}

/// Response times of one stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponsePoint {
    /// Its start.
    pub at: Timestamp,
    /// Median, ms.
    pub p50_ms: f64,
    /// 95th percentile, ms.
    pub p95_ms: f64,
}
