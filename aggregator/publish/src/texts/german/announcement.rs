//! Announcements, in German.

use super::{German, count, stop};
use crate::texts::announcement::AnnouncementTexts;

impl AnnouncementTexts for German {
    fn label(&self) -> &'static str {
        "Ankündigungen"
    }

    fn important(&self) -> &'static str {
        "Wichtig: "
    }

    fn more(&self, number: usize) -> String {
        count(number, "weitere Ankündigung", "weitere Ankündigungen")
    }

    fn since(&self, from: &str) -> String {
        format!("Seit {from}{}", stop(from))
    }

    fn during(&self, span: &str) -> String {
        format!("{span}{}", stop(span))
    }

    fn ended(&self, span: &str) -> String {
        format!("<b>Beendet.</b> Angezeigt: {span}{}", stop(span))
    }
}
