//! The page of one component, in English.

use super::{English, TEXTS};
use crate::texts::component::ComponentTexts;
use skerry_domain::status::Status;

impl ComponentTexts for English {
    fn back(&self) -> &'static str {
        "Back to all components"
    }

    fn since(&self) -> &'static str {
        " since "
    }

    fn response(&self) -> &'static str {
        "Response time"
    }

    fn window(&self) -> &'static str {
        "Window of the chart"
    }

    fn median(&self) -> &'static str {
        "Median"
    }

    fn slowest(&self) -> [&'static str; 2] {
        ["Slowest 5%", "over "]
    }

    fn point(&self) -> &'static str {
        "{0} · median {1} · slowest 5% over {2}"
    }

    fn no_response(&self) -> &'static str {
        "No response times yet. The first one appears a few minutes after the first check."
    }

    fn no_response_lately(&self) -> &'static str {
        "Nothing was measured in this time."
    }

    fn days(&self) -> &'static str {
        "Last 90 days"
    }

    fn marks(&self) -> [&'static str; 2] {
        ["One mark a day", "The bar shows 30"]
    }

    fn first_mark(&self) -> [&'static str; 2] {
        ["90 days ago", "30 days ago"]
    }

    fn last_mark(&self) -> &'static str {
        "Today"
    }

    fn was(&self, last: Status) -> String {
        let then = match last {
            Status::UnderMaintenance | Status::Operational => "It was",
            Status::DegradedPerformance => "It had",
            Status::PartialOutage | Status::MajorOutage => "It had a",
        };
        format!(" {then} {} then. This does not mean that it is down.", TEXTS.status.within(Some(last)))
    }

    fn set_at(&self, time: &str) -> String {
        format!(" Set by our team at {time}.")
    }

    fn chart(&self, window: usize, medians: &str, slowest: &str, outages: &[String]) -> String {
        let over = ["24 hours", "7 days", "30 days", "90 days"];
        let over = over.get(window).copied().unwrap_or_default();
        let mut parts = vec![format!("median {medians}"), format!("slowest 5% over {slowest}")];
        parts.extend_from_slice(outages);
        format!("Response time over the last {over}: {}.", parts.join(", "))
    }

    fn outage(&self, status: Status, from: &str, to: Option<&str>) -> String {
        let status = TEXTS.status.within(Some(status));
        match to {
            Some(to) => format!("{status} from {from} to {to}"),
            None => format!("{status} since {from}"),
        }
    }

    fn outages(&self, number: usize, sum: &str) -> String {
        format!("{number} outages, {sum} in all")
    }

    fn range(&self, low: &str, high: &str) -> String {
        format!("{low} to {high}")
    }
}
