//! Badges, in English.

use super::English;
use crate::texts::badge::BadgeTexts;
use skerry_domain::incident::Impact;
use skerry_domain::status::Status;
use skerry_protocol::words::count;

impl BadgeTexts for English {
    fn status(&self) -> &'static str {
        "status"
    }

    fn uptime(&self) -> &'static str {
        "uptime 90 days"
    }

    fn not_enough_data(&self) -> &'static str {
        "not enough data"
    }

    fn young(&self) -> &'static str {
        "new"
    }

    fn response(&self) -> &'static str {
        "response"
    }

    fn no_data(&self) -> &'static str {
        "no data"
    }

    fn short(&self, status: Status) -> &'static str {
        match status {
            Status::Operational => "operational",
            Status::DegradedPerformance => "degraded",
            Status::PartialOutage => "partial outage",
            Status::MajorOutage => "major outage",
            Status::UnderMaintenance => "maintenance",
        }
    }

    fn empty(&self) -> &'static str {
        "nothing to show yet"
    }

    fn partial_data(&self) -> &'static str {
        "operational, partial data"
    }

    fn waiting(&self) -> &'static str {
        "no data yet"
    }

    fn maintenance(&self) -> &'static str {
        "operational, maintenance in progress"
    }

    fn incident(&self, impact: Impact) -> String {
        format!("{} incident", impact.name())
    }

    fn incidents(&self, open: usize) -> String {
        count(open, "open incident")
    }

    fn beside_incidents(&self, open: usize) -> String {
        format!("operational, {}", self.incidents(open))
    }

    fn some(&self, status: &str, some: usize, of: usize) -> String {
        format!("{status}: {some} of {of}")
    }

    fn no_data_for(&self, some: usize, of: usize) -> String {
        format!("no data for {some} of {of}")
    }

    fn waiting_for(&self, some: usize, of: usize) -> String {
        format!("no data yet for {some} of {of}")
    }

    fn no_data_since(&self, since: &str) -> String {
        format!("no data since {since}")
    }
}
