//! Maintenance: its states, and the titles and texts of automatic ones.

use super::incident::{NAMED_IN_TITLE, listed};
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::recurrence::Frequency;

/// The heading of what is still to come.
pub(crate) const TO_COME: &str = "Planned";
/// Before the planned times, or the length of one that has begun.
pub(crate) const PLANNED: &str = "Planned maintenance";
/// Follows the title of the only one that runs while no component shows it.
pub(crate) const RUNS: &str = " is in progress.";

/// The same for several.
pub(crate) fn several_run(number: usize) -> String {
    format!("{number} planned maintenances are in progress")
}

/// The name of a state.
pub(crate) const fn status(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Scheduled => "Planned",
        MaintenanceStatus::InProgress => "In progress",
        MaintenanceStatus::Verifying => "Being verified",
        MaintenanceStatus::Completed => "Completed",
        MaintenanceStatus::Cancelled => "Cancelled",
    }
}

/// The head of an entry: its state, or that times changed.
pub(crate) const fn entry(status: MaintenanceStatus, event: Option<WindowEvent>) -> &'static str {
    match event {
        Some(WindowEvent::Rescheduled) => "Rescheduled",
        Some(WindowEvent::Extended) => "New end",
        _ => self::status(status),
    }
}

/// "Completed: Database upgrade for reports", the title of a document.
pub(crate) fn document(status: MaintenanceStatus, title: &str) -> String {
    format!("{}: {title}", self::status(status))
}

/// "Maintenance: Reports, Dashboards", the title of an automatic one.
pub(crate) fn title(names: &[String]) -> String {
    let label = super::key::MAINTENANCE;
    match names.len() {
        0 => label.to_owned(),
        1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
        many => format!("{label}: {}", super::components(many)),
    }
}

/// "Planned maintenance on Sun 22 Nov, 02:00 to 04:00 UTC."; as markup, as the following ones.
pub(crate) fn on(span: &str) -> String {
    format!("<b>{PLANNED}</b> on {span}.")
}

/// After the state of one that is still to come.
pub(crate) fn planned_for(span: &str) -> String {
    format!(" for {span}.")
}

/// After the state of one that has begun.
pub(crate) fn until(end: &str) -> String {
    format!(" until {end}.")
}

/// After the state of one that is over.
pub(crate) fn took_place(span: &str) -> String {
    format!(", {span}.")
}

/// After the state of one that was cancelled before it began.
pub(crate) fn called_off(day: &str, span: &str) -> String {
    format!(" on {day}. It was planned for {span}.")
}

/// "Repeats every week."
pub(crate) fn recurs(frequency: Frequency, interval: u16) -> String {
    let (one, several) = match frequency {
        Frequency::Daily => ("day", "days"),
        Frequency::Weekly => ("week", "weeks"),
        Frequency::Monthly => ("month", "months"),
        Frequency::Yearly => ("year", "years"),
    };
    match interval {
        1 => format!("Repeats every {one}."),
        number => format!("Repeats every {number} {several}."),
    }
}

/// "Planned maintenance since 02:00 UTC."
pub(crate) fn since(begun: &str) -> String {
    format!("{PLANNED} since {begun}.")
}

/// "Planned maintenance for 1 h 38 min"
pub(crate) fn lasted(length: &str) -> String {
    format!("{PLANNED} for {length}")
}

/// It is planned.
pub(crate) fn announced(names: &[String], span: &str) -> String {
    format!("Maintenance of {} is planned for {span}.", listed(names))
}

/// It begins at another time and lasts as long as before.
pub(crate) fn moved(from: &str, to: &str) -> String {
    format!("Moved from {from} to {to}.")
}

/// Its times changed before it began.
pub(crate) fn rescheduled(span: &str) -> String {
    format!("Now planned for {span}.")
}

/// Its end changed while it runs.
pub(crate) fn extended(end: &str) -> String {
    format!("The maintenance is now planned to end at {end}.")
}

/// It began.
pub(crate) fn started(end: &str) -> String {
    format!("The maintenance has begun. It is planned to end at {end}.")
}

pub(crate) const VERIFYING: &str = "The work is done. We are verifying the result.";
pub(crate) const COMPLETED: &str = "The maintenance is over.";
/// Before it began, and while it ran.
pub(crate) const CANCELLED: [&str; 2] =
    ["The maintenance does not take place.", "The maintenance was ended before all work was done."];
