//! Feeds and calendars, in German.

use super::{German, TEXTS};
use crate::texts::feed::FeedTexts;
use skerry_domain::maintenance::MaintenanceStatus;

impl FeedTexts for German {
    fn description(&self) -> &'static str {
        "Meldungen zu Störungen, Wartungen und Ankündigungen."
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
