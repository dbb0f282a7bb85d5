//! Incidents: their states, and the titles and texts of automatic ones, in German.

use super::{German, TEXTS, count, stop};
use crate::texts::incident::{IncidentTexts, NAMED, NAMED_IN_TITLE};
use skerry_domain::automatic_text::ReasonClass;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;

const LOOKING: &str = "Wir untersuchen die Ursache.";

impl IncidentTexts for German {
    fn now(&self) -> &'static str {
        "Aktuell"
    }

    fn updates(&self) -> &'static str {
        "Meldungen"
    }

    fn postmortem(&self) -> &'static str {
        "Abschlussbericht"
    }

    fn affected_components(&self) -> &'static str {
        "Betroffene Komponenten"
    }

    fn columns(&self) -> [&'static str; 4] {
        ["Komponente", "Jetzt", "Schwerster Status", "Betroffen"]
    }

    fn then(&self) -> &'static str {
        ", dann "
    }

    fn what_is_done(&self) -> &'static str {
        "Was unternommen wird"
    }

    fn affects(&self, names: &str, open: bool) -> String {
        format!("{} {names}{}", if open { "Betrifft" } else { "Betroffen:" }, stop(names))
    }

    fn status(&self, status: IncidentStatus) -> &'static str {
        match status {
            IncidentStatus::Investigating => "Wird untersucht",
            IncidentStatus::Identified => "Ursache gefunden",
            IncidentStatus::Monitoring => "Wird beobachtet",
            IncidentStatus::Resolved => "Behoben",
        }
    }

    fn in_brief(&self, title: &str, status: IncidentStatus) -> String {
        let status = match status {
            IncidentStatus::Investigating => "wird untersucht",
            IncidentStatus::Identified => "Ursache gefunden",
            IncidentStatus::Monitoring => "wird beobachtet",
            IncidentStatus::Resolved => "behoben",
        };
        format!("{title}: {status}.")
    }

    fn only_open(&self, status: IncidentStatus) -> &'static str {
        match status {
            IncidentStatus::Monitoring | IncidentStatus::Resolved => " wird nach der Behebung beobachtet.",
            IncidentStatus::Investigating | IncidentStatus::Identified => " wird untersucht.",
        }
    }

    fn several_open(&self, incidents: usize) -> String {
        format!("{incidents} Störungen sind offen")
    }

    fn more_updates(&self, updates: usize) -> String {
        count(updates, "weitere Meldung", "weitere Meldungen")
    }

    fn lasted(&self, label: &str, length: &str) -> String {
        format!("{label} ({length})")
    }

    fn after(&self, length: &str) -> String {
        format!("Dauer: {length}")
    }

    fn since(&self) -> &'static str {
        "Seit "
    }

    fn status_since(&self) -> &'static str {
        " seit "
    }

    fn changed(&self, from: Status, to: Status) -> String {
        let words = |status| TEXTS.status.within(Some(status));
        format!("bisher {}, jetzt {}", words(from), words(to))
    }

    fn affected(&self, span: &str, length: &str, all: bool) -> String {
        format!("{span}, {}{length}", if all { "" } else { "insgesamt " })
    }

    fn edited(&self, at: &str) -> String {
        format!("Bearbeitet: {at}")
    }

    fn published(&self, at: &str) -> String {
        format!("Veröffentlicht: {at}{}", stop(at))
    }

    fn document(&self, status: IncidentStatus, title: &str) -> String {
        format!("{}: {title}", self.status(status))
    }

    fn title(&self, impact: Impact, names: &[String]) -> String {
        let label = match impact {
            Impact::Critical => TEXTS.status.name(Some(Status::MajorOutage)),
            Impact::Major => TEXTS.status.name(Some(Status::PartialOutage)),
            Impact::Minor => TEXTS.status.name(Some(Status::DegradedPerformance)),
            Impact::None => "Störung",
        };
        match names.len() {
            0 => label.to_owned(),
            1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
            many => format!("{label}: {}", TEXTS.status.components(many)),
        }
    }

    fn listed(&self, names: &[String]) -> String {
        match names {
            [] => "unserem Dienst".to_owned(),
            [one] => one.clone(),
            many if many.len() > NAMED => TEXTS.status.components(many.len()),
            [others @ .., last] => format!("{} und {last}", others.join(", ")),
        }
    }

    fn began(&self, names: &[String], since: &str, class: ReasonClass) -> String {
        let names = self.listed(names);
        format!("Seit {since} besteht eine Störung bei {names}.{} {LOOKING}", reason(class))
    }

    fn spread(&self, names: &[String]) -> String {
        match names {
            [] => format!("Die Störung hat sich ausgeweitet. {LOOKING}"),
            names => format!("Die Störung betrifft jetzt auch {}. {LOOKING}", self.listed(names)),
        }
    }

    fn recurred(&self, since: &str, class: ReasonClass) -> String {
        format!("Die Störung besteht seit {since} erneut.{} {LOOKING}", reason(class))
    }

    fn recovered(&self, names: &[String], since: &str) -> String {
        let of = if names.is_empty() { String::new() } else { format!(" bei {}", self.listed(names)) };
        format!("Seit {since} stellen unsere Prüfungen{of} keine Störung mehr fest. Wir beobachten weiter.")
    }

    fn resolved(&self, since: &str) -> String {
        format!("Die Störung ist seit {since} nicht wieder aufgetreten.")
    }
}

/// A sentence about the class of the reason, with a blank before it.
const fn reason(class: ReasonClass) -> &'static str {
    match class {
        ReasonClass::Unknown => "",
        ReasonClass::Unreachable => " Unsere Prüfungen erhalten keine Antwort.",
        ReasonClass::Slow => " Antworten kommen langsam oder unregelmäßig.",
        ReasonClass::Errors => " Unsere Prüfungen erhalten Fehler.",
        ReasonClass::Certificate => " Ein Zertifikat oder die Verschlüsselung ist fehlerhaft.",
        ReasonClass::NameResolution => " Ein Name wird nicht richtig aufgelöst.",
        ReasonClass::Job => " Eine geplante Aufgabe lief nicht wie vorgesehen.",
    }
}
