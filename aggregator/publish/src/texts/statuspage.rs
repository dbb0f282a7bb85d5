//! Texts in the shape of Statuspage's, which programs read: they are the same in every language.

use skerry_domain::incident::IncidentStatus;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_protocol::words::count;

/// An update that leaves the state as it was.
pub(crate) const UPDATE: &str = "Update";
/// Before the times of maintenance.
pub(crate) const SCHEDULED_EVENT: &str = "THIS IS A SCHEDULED EVENT";

/// "Northwind status - Incident History"
pub(crate) fn history(page: &str) -> String {
    format!("{page} - Incident History")
}

/// The name of an incident's state.
pub(crate) const fn incident(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Investigating => "Investigating",
        IncidentStatus::Identified => "Identified",
        IncidentStatus::Monitoring => "Monitoring",
        IncidentStatus::Resolved => "Resolved",
    }
}

/// The name of a maintenance's state. What was cancelled while it ran is completed there.
pub(crate) const fn maintenance(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Scheduled => "Scheduled",
        MaintenanceStatus::InProgress => "In progress",
        MaintenanceStatus::Verifying => "Verifying",
        MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => "Completed",
    }
}

/// `status.description` of the API, for states that Statuspage does not have.
pub(crate) mod description {
    use super::components;

    pub(crate) fn no_data(number: usize) -> String {
        format!("No current data for {}", components(number))
    }

    pub(crate) fn partial_data(number: usize) -> String {
        format!("No current data for part of {}", components(number))
    }

    /// `None` for all components.
    pub(crate) fn waiting(number: Option<usize>) -> String {
        let first = "Waiting for the first report";
        number.map_or_else(|| first.to_owned(), |number| format!("{first} of {}", components(number)))
    }
}

fn components(number: usize) -> String {
    count(number, "component")
}
