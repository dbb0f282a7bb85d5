//! The names of statuses, and words that many parts of a page share, in German.

use super::{German, count};
use crate::texts::status::StatusTexts;
use skerry_domain::status::Status;

impl StatusTexts for German {
    fn name(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::Operational) => "In Betrieb",
            Some(Status::DegradedPerformance) => "Eingeschränkte Leistung",
            Some(Status::PartialOutage) => "Teilausfall",
            Some(Status::MajorOutage) => "Ausfall",
            Some(Status::UnderMaintenance) => "In Wartung",
            None => "Keine Daten",
        }
    }

    fn within(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::Operational) => "in Betrieb",
            Some(Status::DegradedPerformance) => "eingeschränkte Leistung",
            Some(Status::PartialOutage) => "Teilausfall",
            Some(Status::MajorOutage) => "Ausfall",
            Some(Status::UnderMaintenance) => "in Wartung",
            None => "keine Daten",
        }
    }

    fn key(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::DegradedPerformance) => "Eingeschränkt",
            Some(Status::UnderMaintenance) => "Wartung",
            other => self.name(other),
        }
    }

    fn not_monitored(&self) -> &'static str {
        "Noch nicht überwacht"
    }

    fn set_by_team(&self) -> &'static str {
        "Vom Team festgelegt."
    }

    fn waiting(&self) -> &'static str {
        "Noch keine Daten"
    }

    fn no_uptime(&self) -> &'static str {
        "Noch kein Wert"
    }

    fn heading(&self) -> &'static str {
        "Komponenten"
    }

    fn components(&self, number: usize) -> String {
        count(number, "Komponente", "Komponenten")
    }

    fn uptime(&self) -> &'static str {
        "Verfügbarkeit"
    }

    fn history(&self) -> &'static str {
        "Verlauf"
    }

    fn breadcrumb(&self) -> &'static str {
        "Sie sind hier"
    }

    fn or_later(&self) -> &'static str {
        " oder später"
    }
}
