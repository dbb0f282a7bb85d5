//! The age of a page, in German.

use super::{German, stop};
use crate::texts::age::AgeTexts;

impl AgeTexts for German {
    fn nothing_reported(&self) -> &'static str {
        "Es liegen noch keine Daten vor."
    }

    fn verified(&self, at: &str) -> String {
        format!("Zuletzt geprüft: {at}{}", stop(at))
    }

    fn as_of(&self, at: &str) -> String {
        format!("Stand: {at}{}", stop(at))
    }

    fn valid_until(&self, sentence: &str, until: &str) -> String {
        format!("{sentence} Gültig bis {until} Uhr.")
    }
}
