//! What is shown of a page outside of it, in English.

use super::English;
use crate::texts::head::HeadTexts;

impl HeadTexts for English {
    fn about(&self, name: &str) -> String {
        format!("Current status, incidents, maintenance and uptime of {name}.")
    }

    fn as_of(&self, name: &str, at: &str) -> String {
        format!("{name}, as of {at}.")
    }
}
