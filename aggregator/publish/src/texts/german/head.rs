//! What is shown of a page outside of it, in German.

use super::{German, stop};
use crate::texts::head::HeadTexts;

impl HeadTexts for German {
    fn about(&self, name: &str) -> String {
        format!("Aktueller Status, Störungen, Wartungen und Verfügbarkeit: {name}{}", stop(name))
    }

    fn plain_card(&self) -> &'static str {
        "Eine Reihe von Tagen"
    }

    fn month(&self, name: &str, held: &str, uptime: Option<&str>) -> String {
        let held = if held.is_empty() { "keine Störungen" } else { held };
        let uptime = uptime.map(|figure| format!(" Verfügbarkeit {figure}."));
        format!("{name}: {held}.{}", uptime.unwrap_or_default())
    }

    fn as_of(&self, name: &str, at: &str) -> String {
        format!("{name}, Stand: {at}{}", stop(at))
    }
}
