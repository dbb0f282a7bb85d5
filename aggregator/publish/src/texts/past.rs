//! Past days.

pub(crate) const TITLE: &str = "Past incidents";
pub(crate) const QUIET: &str = "No downtime.";
pub(crate) const NOT_MONITORED: &str = "Not monitored yet.";
pub(crate) const MAINTENANCE: &str = "Maintenance";
pub(crate) const PARTIAL_DATA: &str = "Partial data";
pub(crate) const PARTIAL_DATA_MEANS: &str = "What we could see was operational.";
/// The text before and after the link, and the text of the link.
pub(crate) const MORE: [&str; 3] = [" more in the ", ".", "history"];
pub(crate) const AND: &str = "And ";
pub(crate) const ALL: &str = "Full history";
pub(crate) const CALCULATED: &str = "How uptime is calculated";

/// For one component or for several.
pub(crate) fn no_data_means(components: usize) -> &'static str {
    if components == 1 {
        "Our own view was lost; this does not mean that it was down."
    } else {
        "Our own view was lost; this does not mean that they were down."
    }
}

pub(crate) fn times(times: usize, sum: &str) -> String {
    format!("{times} times, {sum} in all")
}

pub(crate) fn each(shortest: &str, longest: &str) -> String {
    format!("{shortest} to {longest} each")
}

pub(crate) fn so_far(duration: &str, since: &str) -> String {
    format!("{duration} so far, since {since}.")
}

/// "03:10 to 03:22"
pub(crate) fn from_to(from: &str, to: &str) -> String {
    format!("{from} to {to}")
}

/// "03:10 to 03:22 UTC on Fri 20 Nov"
pub(crate) fn on(times: &str, day: &str) -> String {
    format!("{times} on {day}")
}

pub(crate) fn earlier(month: &str) -> String {
    format!("Earlier: {month}")
}

pub(crate) fn later(month: &str) -> String {
    format!("Later: {month}")
}
