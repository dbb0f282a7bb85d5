//! The uptime page.

use super::components;

pub(crate) const DOWNLOAD: &str = "Download as CSV";
pub(crate) const OPEN: &str = "Open a row to see how its figures are calculated.";
pub(crate) const NOTHING: &str = "No data.";
pub(crate) const NO_DOWNTIME: &str = "No downtime";
pub(crate) const MAJOR: &str = " of major outage";
pub(crate) const PARTIAL: &str = " of partial outage";
pub(crate) const MAINTENANCE: &str = " maintenance";
pub(crate) const NO_DATA: &str = " without data";
pub(crate) const UNMONITORED: &str = " before monitoring began";
/// The windows, in the order of [`crate::view::ComponentView::windows`].
pub(crate) const WINDOWS: [&str; 4] = ["24 h", "7 days", "30 days", "90 days"];
/// The labels of seconds, in the order of `html/uptime.rs`.
pub(crate) const SECONDS: [&str; 7] = [
    "major outage",
    "partial outage",
    "degraded performance",
    "maintenance",
    "no data",
    "not monitored",
    "observed",
];

pub(crate) fn coverage(share: &str) -> String {
    format!("Coverage {share}.")
}

/// Explains a figure: the outages, the window, and the time that does not count.
pub(crate) fn lost(outages: &str, window: &str, left_out: &str) -> String {
    let less = if left_out.is_empty() { String::new() } else { format!(" less {left_out}") };
    format!("{outages} in {window}{less}.")
}

pub(crate) fn listed(parts: &[String]) -> String {
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

pub(crate) fn in_seconds(parts: &[String]) -> String {
    format!("In seconds: {}.", parts.join(", "))
}

/// Explains the figure of a group with `below` listed components and `left_out` ones that are hidden while operational.
pub(crate) fn mean(below: usize, left_out: usize) -> String {
    let others = match left_out {
        0 => String::new(),
        1 => " and of 1 operational component that is not listed".to_owned(),
        more => format!(" and of {more} operational components that are not listed"),
    };
    format!("The mean of the {} below{others}, truncated to two decimals.", components(below))
}

/// Explains the calculation, one paragraph each; `major` and `partial` are weights in percent.
pub(crate) fn formula(statuspage: bool, major: u32, partial: u32, zone: &str) -> [String; 3] {
    let weight = |percent: u32, what: &str| match percent {
        100 => what.to_owned(),
        percent => format!("{}.{:02} × {what}", percent / 100, percent % 100),
    };
    let lost = format!("{} + {}", weight(major, "major outage"), weight(partial, "partial outage"));
    let (of, whose) =
        if statuspage { ("whole days", " This is the rule of Statuspage.") } else { ("observed time", "") };
    let counts = if statuspage {
        "Today counts as a whole day. Degraded performance, maintenance, time without data and time before \
         monitoring began count as up; days before a component’s start date do not count. The window of 30 days \
         has 31, as on Statuspage."
    } else {
        "Degraded performance counts as up. Maintenance, time without data and time before monitoring began are \
         left out. Coverage is the share of the monitored time for which we have data; under 90% the figure has a \
         star."
    };
    [
        format!(
            "Uptime = 100 × (1 − ({lost}) ÷ {of}), truncated to two decimals: no outage is ever shown as 100%.{whose}"
        ),
        counts.to_owned(),
        format!("Days are calendar days in {zone}, including today so far; 24 h is the last 24 hours."),
    ]
}
