//! Feeds and calendars, in English.

use super::{English, TEXTS};
use crate::texts::feed::FeedTexts;
use skerry_domain::maintenance::MaintenanceStatus;

impl FeedTexts for English {
    fn description(&self) -> &'static str {
        "Updates on incidents, maintenance and announcements."
    }

    fn of_component(&self, page: &str, component: &str) -> String {
        format!("{page}: {component}")
    }

    fn postmortem(&self, title: &str) -> String {
        format!("{}: {title}", TEXTS.incident.postmortem())
    }

    fn maintenance(&self, state: &str, title: &str) -> String {
        format!("{state}: {title}")
    }

    fn cancelled(&self, title: &str) -> String {
        TEXTS.maintenance.document(MaintenanceStatus::Cancelled, title)
    }
}
