//! The names of statuses, and words that many parts of a page share, in English.

use super::English;
use crate::texts::status::StatusTexts;
use skerry_domain::status::Status;
use skerry_protocol::words::count;

impl StatusTexts for English {
    fn name(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::Operational) => "Operational",
            Some(Status::DegradedPerformance) => "Degraded performance",
            Some(Status::PartialOutage) => "Partial outage",
            Some(Status::MajorOutage) => "Major outage",
            Some(Status::UnderMaintenance) => "Under maintenance",
            None => "No data",
        }
    }

    fn within(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::Operational) => "operational",
            Some(Status::DegradedPerformance) => "degraded performance",
            Some(Status::PartialOutage) => "partial outage",
            Some(Status::MajorOutage) => "major outage",
            Some(Status::UnderMaintenance) => "under maintenance",
            None => "no data",
        }
    }

    fn key(&self, status: Option<Status>) -> &'static str {
        match status {
            Some(Status::DegradedPerformance) => "Degraded",
            Some(Status::UnderMaintenance) => "Maintenance",
            other => self.name(other),
        }
    }

    fn not_monitored(&self) -> &'static str {
        "Not monitored yet"
    }

    fn set_by_team(&self) -> &'static str {
        "Set by our team."
    }

    fn waiting(&self) -> &'static str {
        "Waiting for its first report"
    }

    fn no_uptime(&self) -> &'static str {
        "No uptime yet"
    }

    fn heading(&self) -> &'static str {
        "Components"
    }

    fn components(&self, number: usize) -> String {
        count(number, "component")
    }

    fn uptime(&self) -> &'static str {
        "Uptime"
    }

    fn history(&self) -> &'static str {
        "History"
    }

    fn breadcrumb(&self) -> &'static str {
        "Breadcrumb"
    }

    fn or_later(&self) -> &'static str {
        " or later"
    }
}
