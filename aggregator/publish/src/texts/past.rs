//! Past days and months.

use skerry_protocol::words::count;

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

pub(crate) const ALL_MONTHS: &str = "All months";
pub(crate) const EARLIER: &str = "Earlier months";
/// Replaces a figure if nothing was seen, and if too little was.
pub(crate) const NO_FIGURE: &str = "No data";
pub(crate) const NOT_ENOUGH: &str = "Not enough";
pub(crate) const NOT_ENOUGH_MEANS: &str = "Not enough: under 90% of the month could be seen.";
/// Follows an outage that is over.
pub(crate) const UNANNOUNCED: &str = "No incident was published.";

/// Of a month that can still change; the time is markup.
pub(crate) fn so_far_until(at: &str) -> String {
    format!("So far, until {at}.")
}

/// "3 incidents, 1 maintenance", or nothing.
pub(crate) fn held(incidents: usize, maintenance: usize) -> String {
    let held = [(incidents, "incident"), (maintenance, "maintenance")];
    let held = held.into_iter().filter(|(number, _)| *number > 0);
    held.map(|(number, what)| count(number, what)).collect::<Vec<_>>().join(", ")
}

/// "4 short slowdowns": several that nobody announced, `all_short` or not. `outages`: some were no mere slowdowns.
pub(crate) fn several(number: usize, outages: bool, all_short: bool) -> String {
    let what = if outages { "interruption" } else { "slowdown" };
    count(number, &format!("{}{what}", if all_short { "short " } else { "" }))
}

/// "11 min in all"
pub(crate) fn in_all(sum: &str) -> String {
    format!("{sum} in all")
}
