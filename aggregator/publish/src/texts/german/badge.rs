//! Badges, in German.

use super::{German, count};
use crate::texts::badge::BadgeTexts;
use skerry_domain::incident::Impact;
use skerry_domain::status::Status;

impl BadgeTexts for German {
    fn status(&self) -> &'static str {
        "Status"
    }

    fn uptime(&self) -> &'static str {
        "Verfügbarkeit 90 Tage"
    }

    fn not_enough_data(&self) -> &'static str {
        "zu wenig Daten"
    }

    fn young(&self) -> &'static str {
        "neu"
    }

    fn response(&self) -> &'static str {
        "Antwortzeit"
    }

    fn no_data(&self) -> &'static str {
        "keine Daten"
    }

    fn short(&self, status: Status) -> &'static str {
        match status {
            Status::Operational => "in Betrieb",
            Status::DegradedPerformance => "eingeschränkt",
            Status::PartialOutage => "Teilausfall",
            Status::MajorOutage => "Ausfall",
            Status::UnderMaintenance => "Wartung",
        }
    }

    fn empty(&self) -> &'static str {
        "noch nichts zu sehen"
    }

    fn partial_data(&self) -> &'static str {
        "in Betrieb, Daten lückenhaft"
    }

    fn waiting(&self) -> &'static str {
        "noch keine Daten"
    }

    fn maintenance(&self) -> &'static str {
        "in Betrieb, Wartung läuft"
    }

    fn incident(&self, impact: Impact) -> String {
        match impact {
            Impact::None => "Störung",
            Impact::Minor => "kleine Störung",
            Impact::Major => "große Störung",
            Impact::Critical => "kritische Störung",
        }
        .to_owned()
    }

    fn incidents(&self, open: usize) -> String {
        count(open, "offene Störung", "offene Störungen")
    }

    fn beside_incidents(&self, open: usize) -> String {
        format!("in Betrieb, {}", self.incidents(open))
    }

    fn some(&self, status: &str, some: usize, of: usize) -> String {
        format!("{status}: {some} von {of}")
    }

    fn no_data_for(&self, some: usize, of: usize) -> String {
        format!("keine Daten für {some} von {of}")
    }

    fn waiting_for(&self, some: usize, of: usize) -> String {
        format!("noch keine Daten für {some} von {of}")
    }

    fn no_data_since(&self, since: &str) -> String {
        format!("keine Daten seit {since}")
    }
}
