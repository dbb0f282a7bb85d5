//! The rows of components and groups, their lists of days, and the explanation of figures, in English.

use super::{English, TEXTS};
use crate::texts::row::RowTexts;
use skerry_domain::status::Status;
use skerry_protocol::words::count;

impl RowTexts for English {
    fn young_figure(&self) -> &'static str {
        "New"
    }

    fn new_means(&self) -> &'static str {
        "New: monitored for less than a day."
    }

    fn star_means(&self) -> &'static str {
        "* Not enough data: under 90% of that time could be seen."
    }

    fn marks(&self) -> [&'static str; 2] {
        ["One mark a day: the last ", " days, today last."]
    }

    fn older(&self, days: i32) -> [String; 3] {
        [format!("{days} older days are listed on "), ".".to_owned(), "its own page".to_owned()]
    }

    fn more(&self) -> &'static str {
        "More about "
    }

    fn more_and_response(&self) -> &'static str {
        "Response times and more about "
    }

    fn scale(&self) -> [&'static str; 3] {
        ["", " days ago", "Today"]
    }

    fn others(&self, number: usize) -> String {
        format!("{}: operational", count(number, "other"))
    }

    fn since(&self, figure: &str, day: &str) -> String {
        format!("{figure} since {day}")
    }

    fn percentages(&self, since: bool) -> String {
        format!(
            "Percentages are uptime over 90 days{}.",
            if since { ", or since the day beside them" } else { "" }
        )
    }

    fn young(&self, since: &str) -> String {
        format!("One mark a day, today last. Monitored since {since}; the line fills up day by day.")
    }

    fn affected(&self, days: usize) -> String {
        format!(", {} affected", count(days, "day"))
    }

    fn no_data_since(&self, time: &str) -> String {
        format!("No data since {time}")
    }

    fn unseen(&self, unseen: usize, of: usize, since: Option<&str>) -> String {
        match since {
            None => format!("{unseen} of {of} checks never seen"),
            Some(since) => format!("{unseen} of {of} checks not seen since {since}"),
        }
    }

    fn partly_unseen(&self, unseen: usize, of: usize) -> String {
        format!("{unseen} of {of} checks not seen")
    }

    fn all_operational(&self, of: usize) -> String {
        if of == 1 {
            TEXTS.status.name(Some(Status::Operational)).to_owned()
        } else {
            format!("All {of} operational")
        }
    }

    fn in_maintenance(&self, some: usize, of: usize) -> String {
        format!("{some} of {of} in maintenance")
    }

    fn waiting(&self, of: usize) -> &'static str {
        if of == 1 { "Waiting for first report" } else { "Waiting for first reports" }
    }

    fn partial_data(&self, some: usize, of: usize) -> String {
        format!("Partial data for {some} of {of}")
    }

    fn no_data(&self, some: usize, of: usize) -> String {
        format!("No data for {some} of {of}")
    }

    fn some_affected(&self, some: usize, of: usize) -> String {
        format!("{some} of {of} affected")
    }

    fn rest(&self, listed: bool, quiet: usize, of: usize, since: Option<&str>) -> String {
        let since = since.map(|day| format!("Monitored since {day}."));
        match (listed, quiet, since) {
            (false, 0, None) => format!("{}.", TEXTS.status.not_monitored()),
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
}
