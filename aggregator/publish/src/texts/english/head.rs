//! What is shown of a page outside of it, in English.

use super::English;
use crate::texts::head::HeadTexts;

impl HeadTexts for English {
    fn about(&self, name: &str) -> String {
        format!("Current status, incidents, maintenance and uptime of {name}.")
    }

    fn plain_card(&self) -> &'static str {
        "A line of days"
    }

    fn month(&self, name: &str, held: &str, uptime: Option<&str>) -> String {
        let held = if held.is_empty() { "no incidents" } else { held };
        let uptime = uptime.map(|figure| format!(" Uptime {figure}."));
        format!("{name}: {held}.{}", uptime.unwrap_or_default())
    }

    fn as_of(&self, name: &str, at: &str) -> String {
        format!("{name}, as of {at}.")
    }
}
