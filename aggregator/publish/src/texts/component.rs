//! The page of one component.

use super::{Status, status};

pub(crate) const DAYS: &str = "Last 90 days";
pub(crate) const BACK: &str = "Back to all components";
pub(crate) const SINCE: &str = " since ";
pub(crate) const RESPONSE: &str = "Response time";
pub(crate) const NO_RESPONSE: &str =
    "No response times yet. The first one appears a few minutes after the first check.";

/// The last status before the data ended.
pub(crate) fn was(last: Status) -> String {
    let then = match last {
        Status::UnderMaintenance | Status::Operational => "It was",
        Status::DegradedPerformance => "It had",
        Status::PartialOutage | Status::MajorOutage => "It had a",
    };
    format!(" {then} {} then. This does not mean that it is down.", status(last).to_lowercase())
}

pub(crate) fn chart_lines(step: &str) -> String {
    format!(
        "Solid line: median. Thin line: 95th percentile, which 95 of 100 responses did not exceed. Each point is \
         {step}."
    )
}

/// The texts around the figures, which are bold.
pub(crate) const LATEST: [&str; 3] = ["Latest: ", " median, ", " at the 95th percentile"];

/// Follows [`LATEST`].
pub(crate) fn latest_in(span: &str, from: &str) -> String {
    format!(", in the {span} from {from}.")
}

/// For screen readers.
pub(crate) fn chart(from: &str, to: &str) -> String {
    format!("Response times from {from} to {to}. ")
}

/// "5 minutes", "12 hours"; `hour` is the text for one hour.
pub(crate) fn minutes(minutes: i64, hour: &str) -> String {
    match minutes {
        60 => hour.to_owned(),
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

/// One hour as the duration of each point, and as the span of the newest.
pub(crate) const HOUR: [&str; 2] = ["one hour", "hour"];
