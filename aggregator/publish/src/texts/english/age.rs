//! The age of a page, in English.

use super::English;
use crate::texts::age::AgeTexts;

impl AgeTexts for English {
    fn nothing_reported(&self) -> &'static str {
        "No checks have reported yet."
    }

    fn verified(&self, at: &str) -> String {
        format!("Verified {at}.")
    }

    fn as_of(&self, at: &str) -> String {
        format!("As of {at}.")
    }

    fn valid_until(&self, sentence: &str, until: &str) -> String {
        format!("{sentence} Valid until {until}.")
    }
}
