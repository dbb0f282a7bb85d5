//! The rows of components and groups, their lists of days, and the explanation of figures.

use super::{Status, count, status};

/// Replaces a figure in the first 24 hours.
pub(crate) const NEW: &str = "New";
pub(crate) const NEW_MEANS: &str = "New: monitored for less than a day.";
pub(crate) const STAR_MEANS: &str = "* Not enough data: under 90% of that time could be seen.";
/// The text before and after the number of marks, which the style sheet changes on phones.
pub(crate) const MARKS: [&str; 2] = ["One mark a day: the last ", " days, today last."];
pub(crate) const OLDER: &str = " older days are listed on ";
pub(crate) const OWN_PAGE: &str = "its own page";
pub(crate) const MORE: &str = "More about ";
pub(crate) const MORE_AND_RESPONSE: &str = "Response times and more about ";

/// Never observed, where there is little room.
pub(crate) const WAITING: &str = "Waiting for first report";
/// Above the bars: when they begin, after the number of days, and when they end.
pub(crate) const SCALE: [&str; 2] = [" days ago", "Today"];

/// "5 others: operational"
pub(crate) fn others(number: usize) -> String {
    format!("{}: operational", count(number, "other"))
}

pub(crate) fn since(figure: &str, day: &str) -> String {
    format!("{figure} since {day}")
}

/// `since`: some figures have a day next to them.
pub(crate) fn percentages(since: bool) -> String {
    format!(
        "Percentages are uptime over 90 days{}.",
        if since { ", or since the day beside them" } else { "" }
    )
}

pub(crate) fn young(since: &str) -> String {
    format!("One mark a day, today last. Monitored since {since}; the line fills up day by day.")
}

/// For screen readers.
pub(crate) fn affected(days: usize) -> String {
    format!(", {} affected", count(days, "day"))
}

/// For a component or a group; `time` is markup.
pub(crate) fn no_data_since(time: &str) -> String {
    format!("No data since {time}")
}

/// "1 of 2 checks not seen since 14:40"; the time is markup, or `None` for never.
pub(crate) fn unseen(unseen: usize, of: usize, since: Option<&str>) -> String {
    match since {
        None => format!("{unseen} of {of} checks never seen"),
        Some(since) => format!("{unseen} of {of} checks not seen since {since}"),
    }
}

pub(crate) fn all_operational(of: usize) -> String {
    if of == 1 { status(Status::Operational).to_owned() } else { format!("All {of} operational") }
}

pub(crate) fn in_maintenance(some: usize, of: usize) -> String {
    format!("{some} of {of} in maintenance")
}

pub(crate) fn waiting(of: usize) -> &'static str {
    if of == 1 { WAITING } else { "Waiting for first reports" }
}

pub(crate) fn partial_data(some: usize, of: usize) -> String {
    format!("Partial data for {some} of {of}")
}

pub(crate) fn no_data(some: usize, of: usize) -> String {
    format!("No data for {some} of {of}")
}

pub(crate) fn some_affected(some: usize, of: usize) -> String {
    format!("{some} of {of} affected")
}

/// Follows the list of days: how many of them were operational, and since when the component has been monitored.
pub(crate) fn rest(listed: bool, quiet: usize, of: usize, since: Option<&str>) -> String {
    let since = since.map(|day| format!("Monitored since {day}."));
    match (listed, quiet, since) {
        (false, 0, None) => format!("{}.", super::NOT_MONITORED),
        (false, _, None) => format!("No downtime in {}.", count(of, "day")),
        (false, 0, Some(since)) => since,
        (false, _, Some(since)) => format!("No downtime. {since}"),
        (true, 0, since) => since.unwrap_or_default(),
        (true, quiet, since) => {
            let days = count(quiet, "other day");
            format!("{days}: operational. {}", since.unwrap_or_default()).trim_end().to_owned()
        }
    }
}
