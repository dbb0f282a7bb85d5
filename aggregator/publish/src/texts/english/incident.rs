//! Incidents: their states, and the titles and texts of automatic ones, in English.

use super::{English, TEXTS};
use crate::texts::incident::{IncidentTexts, NAMED, NAMED_IN_TITLE};
use skerry_domain::automatic_text::ReasonClass;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;
use skerry_protocol::words::count;

const LOOKING: &str = "We are looking into it.";

impl IncidentTexts for English {
    fn now(&self) -> &'static str {
        "Happening now"
    }

    fn updates(&self) -> &'static str {
        "Updates"
    }

    fn postmortem(&self) -> &'static str {
        "Postmortem"
    }

    fn affected_components(&self) -> &'static str {
        "Affected components"
    }

    fn columns(&self) -> [&'static str; 4] {
        ["Component", "Now", "Worst", "Affected"]
    }

    fn then(&self) -> &'static str {
        ", then "
    }

    fn what_is_done(&self) -> &'static str {
        "What is being done"
    }

    fn affects(&self, names: &str, open: bool) -> String {
        format!("{} {names}.", if open { "Affects" } else { "Affected" })
    }

    fn status(&self, status: IncidentStatus) -> &'static str {
        match status {
            IncidentStatus::Investigating => "Investigating",
            IncidentStatus::Identified => "Identified",
            IncidentStatus::Monitoring => "Monitoring",
            IncidentStatus::Resolved => "Resolved",
        }
    }

    fn in_brief(&self, title: &str, status: IncidentStatus) -> String {
        format!("{title}: {}.", self.status(status).to_lowercase())
    }

    fn only_open(&self, status: IncidentStatus) -> &'static str {
        match status {
            IncidentStatus::Monitoring | IncidentStatus::Resolved => " is being watched after a fix.",
            IncidentStatus::Investigating | IncidentStatus::Identified => " is being looked into.",
        }
    }

    fn several_open(&self, incidents: usize) -> String {
        format!("{incidents} incidents are open")
    }

    fn more_updates(&self, updates: usize) -> String {
        count(updates, "more update")
    }

    fn lasted(&self, label: &str, length: &str) -> String {
        format!("{label} for {length}")
    }

    fn after(&self, length: &str) -> String {
        format!("After {length}")
    }

    fn since(&self) -> &'static str {
        "Since "
    }

    fn status_since(&self) -> &'static str {
        " since "
    }

    fn changed(&self, from: Status, to: Status) -> String {
        let words = |status| TEXTS.status.within(Some(status));
        format!("from {} to {}", words(from), words(to))
    }

    fn affected(&self, span: &str, length: &str, all: bool) -> String {
        format!("{span}, {length}{}", if all { "" } else { " in all" })
    }

    fn edited(&self, at: &str) -> String {
        format!("Edited {at}")
    }

    fn published(&self, at: &str) -> String {
        format!("Published {at}.")
    }

    fn document(&self, status: IncidentStatus, title: &str) -> String {
        format!("{}: {title}", self.status(status))
    }

    fn title(&self, impact: Impact, names: &[String]) -> String {
        let label = match impact {
            Impact::Critical => TEXTS.status.name(Some(Status::MajorOutage)),
            Impact::Major => TEXTS.status.name(Some(Status::PartialOutage)),
            Impact::Minor => TEXTS.status.name(Some(Status::DegradedPerformance)),
            Impact::None => "Incident",
        };
        match names.len() {
            0 => label.to_owned(),
            1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
            many => format!("{label}: {}", TEXTS.status.components(many)),
        }
    }

    fn listed(&self, names: &[String]) -> String {
        match names {
            [] => "our service".to_owned(),
            [one] => one.clone(),
            many if many.len() > NAMED => TEXTS.status.components(many.len()),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        }
    }

    fn began(&self, names: &[String], since: &str, class: ReasonClass) -> String {
        let names = self.listed(names);
        format!("A problem has affected {names} since {since}.{} {LOOKING}", reason(class))
    }

    fn spread(&self, names: &[String]) -> String {
        match names {
            [] => format!("The problem has grown. {LOOKING}"),
            names => format!("The problem now affects {}, too. {LOOKING}", self.listed(names)),
        }
    }

    fn recurred(&self, since: &str, class: ReasonClass) -> String {
        format!("The problem has been back since {since}.{} {LOOKING}", reason(class))
    }

    fn recovered(&self, names: &[String], since: &str) -> String {
        let of = if names.is_empty() { String::new() } else { format!(" with {}", self.listed(names)) };
        format!("Our checks have found no problem{of} since {since}. We keep watching.")
    }

    fn resolved(&self, since: &str) -> String {
        format!("The problem has not returned since {since}.")
    }
}

/// A sentence about the class of the reason, with a blank before it.
const fn reason(class: ReasonClass) -> &'static str {
    match class {
        ReasonClass::Unknown => "",
        ReasonClass::Unreachable => " Our checks get no answer.",
        ReasonClass::Slow => " Answers are slow or irregular.",
        ReasonClass::Errors => " Our checks get errors.",
        ReasonClass::Certificate => " There is a fault with a certificate or the encryption.",
        ReasonClass::NameResolution => " A name does not resolve as it should.",
        ReasonClass::Job => " A scheduled job did not run as it should.",
    }
}
