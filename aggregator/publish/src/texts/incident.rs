//! Incidents: their states, and the titles and texts of automatic ones.

use super::components;
use skerry_domain::automatic_text::ReasonClass;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;

pub(crate) const NOW: &str = "Happening now";
pub(crate) const UPDATES: &str = "Updates";
pub(crate) const POSTMORTEM: &str = "Postmortem";
pub(crate) const AFFECTED: &str = "Affected components";
/// The heads of its table: the present status, or the worst one of a resolved incident, and when it had one.
pub(crate) const COLUMNS: [&str; 4] = ["Component", "Now", "Worst", "Affected"];
/// Between statuses that followed each other.
pub(crate) const THEN: &str = ", then ";
pub(crate) const WHAT_IS_DONE: &str = "What is being done";
/// Before the names of affected components: while an incident lasts, and afterwards.
pub(crate) const AFFECTS: [&str; 2] = ["Affects ", "Affected "];
/// "Affects Reports, Dashboards.", plain.
pub(crate) fn affects(names: &str) -> String {
    format!("{}{names}.", AFFECTS[0])
}

/// The most components that the title of an automatic incident names.
pub(super) const NAMED_IN_TITLE: usize = 3;
/// The same for a text.
const NAMED: usize = 5;

/// The name of a state.
pub(crate) const fn status(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Investigating => "Investigating",
        IncidentStatus::Identified => "Identified",
        IncidentStatus::Monitoring => "Monitoring",
        IncidentStatus::Resolved => "Resolved",
    }
}

/// "Card payments declined: identified."
pub(crate) fn in_brief(title: &str, status: IncidentStatus) -> String {
    format!("{title}: {}.", self::status(status).to_lowercase())
}

/// Follows the title of the only open incident while no component is impaired.
pub(crate) const fn only_open(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Monitoring | IncidentStatus::Resolved => " is being watched after a fix.",
        IncidentStatus::Investigating | IncidentStatus::Identified => " is being looked into.",
    }
}

/// The same for several.
pub(crate) fn several_open(incidents: usize) -> String {
    format!("{incidents} incidents are open")
}

/// "4 more updates"
pub(crate) fn more_updates(updates: usize) -> String {
    skerry_protocol::words::count(updates, "more update")
}

/// "Major outage for 2 h 13 min"
pub(crate) fn lasted(label: &str, length: &str) -> String {
    format!("{label} for {length}")
}

/// "After 2 h 13 min"
pub(crate) fn after(length: &str) -> String {
    format!("After {length}")
}

/// Before the instant at which an incident began.
pub(crate) const SINCE: &str = "Since ";
/// The same after a status.
pub(crate) const STATUS_SINCE: &str = " since ";

/// "from operational to ", before a status.
pub(crate) fn from(former: Status) -> String {
    format!("from {} to ", super::status(former).to_lowercase())
}

/// "14:02 to 17:07, 3 h 5 min"; `all`: without an interruption.
pub(crate) fn affected(span: &str, length: &str, all: bool) -> String {
    format!("{span}, {length}{}", if all { "" } else { " in all" })
}

/// "Edited 15:50"; the time is markup.
pub(crate) fn edited(at: &str) -> String {
    format!("Edited {at}")
}

/// "Published Tue 24 Nov, 10:00 UTC."; the time is markup.
pub(crate) fn published(at: &str) -> String {
    format!("Published {at}.")
}

/// "Resolved: Card payments declined", the title of a document.
pub(crate) fn document(status: IncidentStatus, title: &str) -> String {
    format!("{}: {title}", self::status(status))
}

/// "Major outage: Card payments", the title of an automatic incident.
pub(crate) fn title(impact: Impact, names: &[String]) -> String {
    let label = match impact {
        Impact::Critical => super::status(Status::MajorOutage),
        Impact::Major => super::status(Status::PartialOutage),
        Impact::Minor => super::status(Status::DegradedPerformance),
        Impact::None => "Incident",
    };
    match names.len() {
        0 => label.to_owned(),
        1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
        many => format!("{label}: {}", components(many)),
    }
}

/// "Card payments, Refunds and Payouts"
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => "our service".to_owned(),
        [one] => one.clone(),
        many if many.len() > NAMED => components(many.len()),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
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

const LOOKING: &str = "We are looking into it.";

/// The first text of an automatic incident.
pub(crate) fn began(names: &[String], since: &str, class: ReasonClass) -> String {
    format!("A problem has affected {} since {since}.{} {LOOKING}", listed(names), reason(class))
}

/// More components are affected, or one is worse.
pub(crate) fn spread(names: &[String]) -> String {
    match names {
        [] => format!("The problem has grown. {LOOKING}"),
        names => format!("The problem now affects {}, too. {LOOKING}", listed(names)),
    }
}

/// The fault began again.
pub(crate) fn recurred(since: &str, class: ReasonClass) -> String {
    format!("The problem has been back since {since}.{} {LOOKING}", reason(class))
}

/// The fault ended.
pub(crate) fn recovered(names: &[String], since: &str) -> String {
    let of = if names.is_empty() { String::new() } else { format!(" with {}", listed(names)) };
    format!("Our checks have found no problem{of} since {since}. We keep watching.")
}

/// The fault has not returned.
pub(crate) fn resolved(since: &str) -> String {
    format!("The problem has not returned since {since}.")
}
