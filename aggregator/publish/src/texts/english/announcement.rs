//! Announcements, in English.

use super::English;
use crate::texts::announcement::AnnouncementTexts;
use skerry_protocol::words::count;

impl AnnouncementTexts for English {
    fn label(&self) -> &'static str {
        "Announcements"
    }

    fn important(&self) -> &'static str {
        "Important: "
    }

    fn more(&self, number: usize) -> String {
        count(number, "more announcement")
    }

    fn since(&self, from: &str) -> String {
        format!("Since {from}.")
    }

    fn during(&self, span: &str) -> String {
        format!("{span}.")
    }

    fn ended(&self, span: &str) -> String {
        format!("<b>Ended.</b> It was shown {span}.")
    }
}
