//! The uptime pages, and the figures on the page of a component, in English.

use super::{English, TEXTS};
use crate::texts::uptime::UptimeTexts;

impl UptimeTexts for English {
    fn download(&self) -> &'static str {
        "Download as CSV"
    }

    fn how(&self) -> &'static str {
        "How uptime is worked out"
    }

    fn months(&self) -> &'static str {
        "Month by month"
    }

    fn nothing(&self) -> &'static str {
        "No component shows its uptime."
    }

    fn windows(&self) -> [&'static str; 4] {
        ["24 h", "7 days", "30 days", "90 days"]
    }

    fn month(&self) -> [&'static str; 4] {
        ["Uptime", "Outage", "Partial", "Left out"]
    }

    fn columns(&self) -> [&'static str; 6] {
        ["Window", "Uptime", "Outage", "Partial", "Left out", "Coverage"]
    }

    fn name(&self) -> &'static str {
        "Name"
    }

    fn in_words(&self) -> &'static str {
        "In words"
    }

    fn none_yet(&self) -> [&'static str; 2] {
        ["None yet", "None yet: not seen so far."]
    }

    fn young_figure(&self) -> [&'static str; 2] {
        [TEXTS.row.young_figure(), TEXTS.row.new_means()]
    }

    fn not_enough(&self) -> [&'static str; 2] {
        ["Not enough", "Not enough: under 90% of the window could be seen."]
    }

    fn since(&self, day: &str) -> String {
        format!("since {day}")
    }

    fn lead(&self, time: &str, groups: bool) -> String {
        format!("{time}.{}", mean(groups))
    }

    fn lead_of_month(&self, at: Option<&str>, present: bool, groups: bool) -> String {
        let known = match at {
            Some(time) if present => TEXTS.past.so_far_until(time),
            Some(time) => TEXTS.age.as_of(time),
            None => String::new(),
        };
        format!("{known}{}", mean(groups)).trim_start().to_owned()
    }

    fn in_month(&self, month: &str) -> String {
        format!("Uptime in {month}")
    }

    fn described(&self, month: &str, figure: Option<&str>) -> String {
        let all = figure.map(|figure| format!(": {figure} in all"));
        format!("{}, by component{}.", self.in_month(month), all.unwrap_or_default())
    }

    fn history_of_month(&self, month: &str) -> String {
        format!("What happened in {month}")
    }

    fn left_out(&self, statuspage: bool, unmonitored: bool) -> String {
        if statuspage {
            return "Counted over whole days, as Statuspage does.".to_owned();
        }
        let before = if unmonitored { ", time before monitoring" } else { "" };
        format!("Left out: planned maintenance, time without data{before}.")
    }

    fn row(
        &self,
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

    fn formula(&self, statuspage: bool, major: u32, partial: u32, zone: &str) -> [String; 3] {
        let weight = |percent: u32, what: &str| match percent {
            100 => what.to_owned(),
            percent => format!("{}.{:02} × {what}", percent / 100, percent % 100),
        };
        let lost = format!("{} + {}", weight(major, "major outage"), weight(partial, "partial outage"));
        let (of, whose) = if statuspage {
            ("whole days", " This is the rule of Statuspage.")
        } else {
            ("observed time", "")
        };
        let counts = if statuspage {
            "Today counts as a whole day. Degraded performance, maintenance, time without data and time before \
             monitoring began count as up; days before a component’s start date do not count. The window of 30 days \
             has 31, as on Statuspage."
        } else {
            "Degraded performance counts as up. Maintenance, time without data and time before monitoring began are \
             left out. Coverage is the share of the monitored time for which we have data; under 90% there is no figure."
        };
        // An outage of weight 0 takes nothing away.
        let full = if major > 0 && partial > 0 {
            "no outage is ever shown as 100%"
        } else {
            "100% means that nothing was taken away"
        };
        [
            format!("Uptime = 100 × (1 − ({lost}) ÷ {of}), truncated to two decimals: {full}.{whose}"),
            counts.to_owned(),
            format!("Days are calendar days in {zone}, including today so far; 24 h is the last 24 hours."),
        ]
    }
}

fn mean(groups: bool) -> &'static str {
    if groups { " A group shows the mean of its components." } else { "" }
}
