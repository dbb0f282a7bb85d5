//! The uptime pages, and the figures on the page of a component.

pub(crate) const DOWNLOAD: &str = "Download as CSV";
pub(crate) const HOW: &str = "How uptime is worked out";
pub(crate) const MONTHS: &str = "Month by month";
pub(crate) const NOTHING: &str = "No component shows its uptime.";
/// The windows, in the order of [`crate::view::ComponentView::windows`].
pub(crate) const WINDOWS: [&str; 4] = ["24 h", "7 days", "30 days", "90 days"];
/// The columns of a month.
pub(crate) const MONTH: [&str; 4] = ["Uptime", "Outage", "Partial", "Left out"];
/// The columns of the page of a component.
pub(crate) const COLUMNS: [&str; 6] = ["Window", "Uptime", "Outage", "Partial", "Left out", "Coverage"];
/// The heads of the names and of the sentences that replace columns on phones, for screen readers.
pub(crate) const NAME: &str = "Name";
pub(crate) const IN_WORDS: &str = "In words";
/// A duration of zero.
pub(crate) const ZERO: &str = "–";

/// What stands instead of a figure, and what it means.
pub(crate) const NONE_YET: [&str; 2] = ["None yet", "None yet: not seen so far."];
pub(crate) const NEW: [&str; 2] = [super::row::NEW, super::row::NEW_MEANS];
pub(crate) const NOT_ENOUGH: [&str; 2] = ["Not enough", "Not enough: under 90% of the window could be seen."];

pub(crate) fn since(day: &str) -> String {
    format!("since {day}")
}

/// The line below the title; `time` is markup.
pub(crate) fn lead(time: &str, groups: bool) -> String {
    format!("{time}.{}", mean(groups))
}

/// The same for a month: `at` is the instant, as markup, up to which it is known if it can still change.
pub(crate) fn lead_of_month(at: Option<&str>, present: bool, groups: bool) -> String {
    let known = match at {
        Some(time) if present => format!("So far, until {time}."),
        Some(time) => super::age::as_of(time),
        None => String::new(),
    };
    format!("{known}{}", mean(groups)).trim_start().to_owned()
}

fn mean(groups: bool) -> &'static str {
    if groups { " A group shows the mean of its components." } else { "" }
}

pub(crate) fn in_month(month: &str) -> String {
    format!("Uptime in {month}")
}

pub(crate) fn history_of_month(month: &str) -> String {
    format!("What happened in {month}")
}

/// Below the table of a component.
pub(crate) fn left_out(statuspage: bool, unmonitored: bool) -> String {
    if statuspage {
        return "Counted over whole days, as Statuspage does.".to_owned();
    }
    let before = if unmonitored { ", time before monitoring" } else { "" };
    format!("Left out: planned maintenance, time without data{before}.")
}

/// A row of that table on phones: "2 h 13 min outage, 12 min partial, 4 h maintenance left out. Coverage 99.97%."
pub(crate) fn row(
    outage: Option<&str>,
    partial: Option<&str>,
    left_out: Option<(&str, bool)>,
    coverage: Option<&str>,
) -> String {
    let outage = outage.map(|length| format!("{length} outage"));
    let partial = partial.map(|length| format!("{length} partial"));
    let left_out = left_out.map(|(length, planned)| {
        if planned { format!("{length} maintenance left out") } else { format!("{length} left out") }
    });
    let parts: Vec<_> = [outage, partial, left_out].into_iter().flatten().collect();
    let parts = if parts.is_empty() { "No outage.".to_owned() } else { format!("{}.", parts.join(", ")) };
    coverage.map_or_else(String::new, |share| format!("{parts} Coverage {share}."))
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
         left out. Coverage is the share of the monitored time for which we have data; under 90% there is no figure."
    };
    [
        format!(
            "Uptime = 100 × (1 − ({lost}) ÷ {of}), truncated to two decimals: no outage is ever shown as 100%.{whose}"
        ),
        counts.to_owned(),
        format!("Days are calendar days in {zone}, including today so far; 24 h is the last 24 hours."),
    ]
}
