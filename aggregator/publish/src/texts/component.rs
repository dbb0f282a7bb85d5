//! The page of one component.

use super::{Status, status};

pub(crate) const BACK: &str = "Back to all components";
pub(crate) const SINCE: &str = " since ";
pub(crate) const RESPONSE: &str = "Response time";
/// The label of the links to the windows of the chart.
pub(crate) const WINDOW: &str = "Window of the chart";
pub(crate) const MEDIAN: &str = "Median";
/// The texts before the 95th percentile, as it usually was; the second is bold with it.
pub(crate) const SLOWEST: [&str; 2] = ["95th percentile", "usually "];
pub(crate) const NO_RESPONSE: &str =
    "No response times yet. The first one appears a few minutes after the first check.";
/// Nothing was measured in a window, but before.
pub(crate) const NO_RESPONSE_LATELY: &str = "Nothing was measured in this time.";

/// The last 90 days: the heading, and the texts that differ between wide and narrow pages.
pub(crate) const DAYS: &str = "Last 90 days";
pub(crate) const MARKS: [&str; 2] = ["One mark a day", "The bar shows 30"];
pub(crate) const FIRST_MARK: [&str; 2] = ["90 days ago", "30 days ago"];
pub(crate) const LAST_MARK: &str = "Today";

/// The last status before the data ended.
pub(crate) fn was(last: Status) -> String {
    let then = match last {
        Status::UnderMaintenance | Status::Operational => "It was",
        Status::DegradedPerformance => "It had",
        Status::PartialOutage | Status::MajorOutage => "It had a",
    };
    format!(" {then} {} then. This does not mean that it is down.", status(last).to_lowercase())
}

/// A person set the status; the time is markup.
pub(crate) fn set_at(time: &str) -> String {
    format!(" Set by our team at {time}.")
}

/// The chart in words; `window` is its index. The outages are those of [`outage`] or [`outages`].
pub(crate) fn chart(window: usize, medians: &str, slowest: &str, outages: &[String]) -> String {
    let over = ["24 hours", "7 days", "30 days", "90 days"];
    let over = over.get(window).copied().unwrap_or_default();
    let mut parts = vec![format!("median {medians}"), format!("95th percentile {slowest}")];
    parts.extend_from_slice(outages);
    format!("Response time over the last {over}: {}.", parts.join(", "))
}

/// `to` is `None` while it lasts.
pub(crate) fn outage(status: &str, from: &str, to: Option<&str>) -> String {
    let status = status.to_lowercase();
    match to {
        Some(to) => format!("{status} from {from} to {to}"),
        None => format!("{status} since {from}"),
    }
}

/// More outages than are named.
pub(crate) fn outages(number: usize, sum: &str) -> String {
    format!("{number} outages, {sum} in all")
}

/// "150 to 310 ms"
pub(crate) fn range(low: &str, high: &str) -> String {
    format!("{low} to {high}")
}
