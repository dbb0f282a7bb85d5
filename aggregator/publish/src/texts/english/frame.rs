//! What surrounds every page, in English.

use super::English;
use crate::texts::frame::FrameTexts;

impl FrameTexts for English {
    fn skip(&self) -> &'static str {
        "Skip to current status"
    }

    fn preview(&self) -> &'static str {
        "Preview. Only people with this link see this page."
    }

    fn help(&self) -> &'static str {
        "Get help"
    }

    fn rss(&self) -> &'static str {
        "RSS"
    }

    fn calendar(&self) -> &'static str {
        "Calendar"
    }

    fn api(&self) -> &'static str {
        "API"
    }

    fn directory(&self) -> &'static str {
        "Status pages"
    }

    fn footer(&self, zone: &str, major: u32, partial: u32) -> String {
        let share = |percent: u32| match percent {
            100 => "in full".to_owned(),
            0 => "not at all".to_owned(),
            other => format!("at {other}%"),
        };
        format!(
            "All times in {zone}. Uptime counts a major outage {} and a partial outage {}.",
            share(major),
            share(partial)
        )
    }
}
