//! What surrounds every page, in German.

use super::German;
use crate::texts::frame::FrameTexts;

impl FrameTexts for German {
    fn skip(&self) -> &'static str {
        "Zum aktuellen Status"
    }

    fn help(&self) -> &'static str {
        "Hilfe"
    }

    fn rss(&self) -> &'static str {
        "RSS"
    }

    fn calendar(&self) -> &'static str {
        "Kalender"
    }

    fn api(&self) -> &'static str {
        "API"
    }

    fn directory(&self) -> &'static str {
        "Statusseiten"
    }

    fn footer(&self, zone: &str, major: u32, partial: u32) -> String {
        let share = |percent: u32| match percent {
            100 => "voll".to_owned(),
            0 => "nicht".to_owned(),
            other => format!("zu {other}\u{a0}%"),
        };
        format!(
            "Alle Zeiten in {zone}. Bei der Verfügbarkeit zählt ein Ausfall {}, ein Teilausfall {}.",
            share(major),
            share(partial)
        )
    }

    fn preview(&self) -> &'static str {
        "Vorschau. Nur wer diesen Link hat, sieht diese Seite."
    }
}
