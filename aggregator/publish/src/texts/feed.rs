//! Feeds and calendars.

use skerry_domain::maintenance::MaintenanceStatus;

/// What the feeds are about.
pub(crate) const DESCRIPTION: &str = "Updates on incidents, maintenance and announcements.";
/// Statuspage's word for an update that leaves the state as it was.
pub(crate) const UPDATE: &str = "Update";
/// Before the times of maintenance, as on Statuspage.
pub(crate) const SCHEDULED_EVENT: &str = "THIS IS A SCHEDULED EVENT";

/// "Northwind status: Card payments", the title of a component's feed or calendar.
pub(crate) fn of_component(page: &str, component: &str) -> String {
    format!("{page}: {component}")
}

/// "Northwind status - Incident History", as on Statuspage.
pub(crate) fn history(page: &str) -> String {
    format!("{page} - Incident History")
}

/// "Postmortem: Card payments declined"
pub(crate) fn postmortem(title: &str) -> String {
    format!("{}: {title}", super::incident::POSTMORTEM)
}

/// "Rescheduled: Database upgrade"
pub(crate) fn maintenance(state: &str, title: &str) -> String {
    format!("{state}: {title}")
}

/// Statuspage's name of a state. What was cancelled while it ran is completed there.
pub(crate) const fn status(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Scheduled => "Scheduled",
        MaintenanceStatus::InProgress => "In progress",
        MaintenanceStatus::Verifying => "Verifying",
        MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => "Completed",
    }
}

/// "Cancelled: Database upgrade", the title in a calendar.
pub(crate) fn cancelled(title: &str) -> String {
    super::maintenance::document(MaintenanceStatus::Cancelled, title)
}
