//! The sections of the index behind its components, in English.

use super::English;
use crate::texts::sections::SectionTexts;
use skerry_protocol::words::count;

impl SectionTexts for English {
    fn dash(&self) -> &'static str {
        "A dash is operational."
    }

    fn others_operational(&self, number: usize) -> String {
        format!("{} operational", count(number, "other"))
    }

    fn services(&self) -> &'static str {
        "Depends on others"
    }

    fn about_services(&self) -> &'static str {
        "Services of other companies that we use, as they report themselves. They do not count in our figures."
    }

    fn seen(&self, time: &str) -> String {
        format!("Seen {time}")
    }

    fn last_seen(&self, time: &str) -> String {
        format!("Last seen {time}")
    }

    fn never_seen(&self) -> &'static str {
        "Not seen so far"
    }

    fn not_known(&self) -> &'static str {
        "Not known"
    }

    fn metrics(&self) -> &'static str {
        "Metrics"
    }

    fn about_metrics(&self) -> &'static str {
        "The last 24 hours. Line: median. Band: up to the slowest 5%."
    }

    fn all_metrics(&self) -> &'static str {
        "All metrics"
    }

    fn chart(&self, medians: &str, slowest: &str) -> String {
        format!("The last 24 hours: median {medians}, slowest 5% over {slowest}.")
    }
}
