//! Maintenance: its states, and the titles and texts of automatic ones, in German.

use super::{German, TEXTS, stop};
use crate::texts::incident::NAMED_IN_TITLE;
use crate::texts::maintenance::MaintenanceTexts;
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::recurrence::Frequency;
use skerry_domain::status::Status;

/// Before the planned times, or the length of one that has begun.
const PLANNED: &str = "Geplante Wartung";

impl MaintenanceTexts for German {
    fn to_come(&self) -> &'static str {
        "Geplant"
    }

    fn add_to_calendar(&self) -> &'static str {
        "In den Kalender eintragen"
    }

    fn runs(&self) -> &'static str {
        " läuft."
    }

    fn several_run(&self, number: usize) -> String {
        format!("{number} geplante Wartungen laufen")
    }

    fn status(&self, status: MaintenanceStatus) -> &'static str {
        match status {
            MaintenanceStatus::Scheduled => "Geplant",
            MaintenanceStatus::InProgress => "Läuft",
            MaintenanceStatus::Verifying => "Wird geprüft",
            MaintenanceStatus::Completed => "Abgeschlossen",
            MaintenanceStatus::Cancelled => "Abgesagt",
        }
    }

    fn entry(&self, status: MaintenanceStatus, event: Option<WindowEvent>) -> &'static str {
        match event {
            Some(WindowEvent::Rescheduled) => "Verschoben",
            Some(WindowEvent::Extended) => "Neues Ende",
            _ => self.status(status),
        }
    }

    fn document(&self, status: MaintenanceStatus, title: &str) -> String {
        format!("{}: {title}", self.status(status))
    }

    fn title(&self, names: &[String]) -> String {
        let label = TEXTS.status.key(Some(Status::UnderMaintenance));
        match names.len() {
            0 => label.to_owned(),
            1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
            many => format!("{label}: {}", TEXTS.status.components(many)),
        }
    }

    fn on(&self, span: &str) -> String {
        format!("<b>{PLANNED}</b>: {span}{}", stop(span))
    }

    fn planned_for(&self, span: &str) -> String {
        format!(": {span}{}", stop(span))
    }

    fn until(&self, end: &str) -> String {
        format!(" bis {end}{}", stop(end))
    }

    fn took_place(&self, span: &str) -> String {
        format!(": {span}{}", stop(span))
    }

    fn called_off(&self, day: &str, span: &str) -> String {
        format!(" am {day}{} Geplant war: {span}{}", stop(day), stop(span))
    }

    fn recurs(&self, frequency: Frequency, interval: u16) -> String {
        let (one, several) = match frequency {
            Frequency::Daily => ("täglich", "Tage"),
            Frequency::Weekly => ("wöchentlich", "Wochen"),
            Frequency::Monthly => ("monatlich", "Monate"),
            Frequency::Yearly => ("jährlich", "Jahre"),
        };
        match interval {
            1 => format!("Findet {one} statt."),
            number => format!("Findet alle {number} {several} statt."),
        }
    }

    fn since(&self, begun: &str) -> String {
        format!("{PLANNED} seit {begun}{}", stop(begun))
    }

    fn lasted(&self, length: &str) -> String {
        format!("{PLANNED}, {length}")
    }

    fn announced(&self, names: &[String], span: &str) -> String {
        format!("Eine Wartung von {} ist geplant: {span}{}", TEXTS.incident.listed(names), stop(span))
    }

    fn moved(&self, from: &str, to: &str) -> String {
        format!("Verschoben von {from} auf {to}{}", stop(to))
    }

    fn rescheduled(&self, span: &str) -> String {
        format!("Jetzt geplant: {span}{}", stop(span))
    }

    fn extended(&self, end: &str) -> String {
        format!("Das Ende der Wartung ist jetzt geplant für {end}{}", stop(end))
    }

    fn started(&self, end: &str) -> String {
        format!("Die Wartung hat begonnen. Geplantes Ende: {end}{}", stop(end))
    }

    fn verifying(&self) -> &'static str {
        "Die Arbeiten sind abgeschlossen. Das Ergebnis wird geprüft."
    }

    fn completed(&self) -> &'static str {
        "Die Wartung ist beendet."
    }

    fn cancelled(&self, began: bool) -> &'static str {
        if began {
            "Die Wartung wurde beendet, bevor alle Arbeiten abgeschlossen waren."
        } else {
            "Die Wartung findet nicht statt."
        }
    }
}
