//! Scheduled maintenances as Statuspage's API writes them.

use super::incidents::Writer;
use super::instant;
use super::objects::{Component, Incident};
use crate::view::{MaintenanceView, PageView};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::time::Timestamp;

/// The impact of every maintenance.
const IMPACT: &str = "maintenance";

/// The maintenances of a page without those that were cancelled before they began, the latest beginning first.
pub(super) struct Lists<'a> {
    all: Vec<(MaintenanceStatus, Incident<'a>)>,
}

impl<'a> Lists<'a> {
    /// `components` are all of the page.
    pub(super) fn of(view: &'a PageView, components: &'a [Component<'a>]) -> Self {
        let writer = Writer { view, components };
        let listed = view.maintenance.iter().filter(|one| !one.called_off).enumerate();
        let wanted = listed.filter(|(place, one)| *place < super::LISTED || one.is_open());
        Self { all: wanted.map(|(_, one)| (one.status, writer.maintenance(one))).collect() }
    }

    pub(super) fn newest(&self) -> Vec<&Incident<'a>> {
        self.all.iter().take(super::LISTED).map(|(_, one)| one).collect()
    }

    /// Those that are still to come.
    pub(super) fn upcoming(&self) -> Vec<&Incident<'a>> {
        self.with(|status| status == MaintenanceStatus::Scheduled)
    }

    /// Those in progress.
    pub(super) fn active(&self) -> Vec<&Incident<'a>> {
        self.with(|status| matches!(status, MaintenanceStatus::InProgress | MaintenanceStatus::Verifying))
    }

    /// Those that are still to come or in progress.
    pub(super) fn open(&self) -> Vec<&Incident<'a>> {
        self.with(|status| !matches!(status, MaintenanceStatus::Completed | MaintenanceStatus::Cancelled))
    }

    fn with(&self, wanted: impl Fn(MaintenanceStatus) -> bool) -> Vec<&Incident<'a>> {
        self.all.iter().filter(|(status, _)| wanted(*status)).map(|(_, one)| one).collect()
    }
}

impl<'a> Writer<'a> {
    fn maintenance(&self, maintenance: &'a MaintenanceView) -> Incident<'a> {
        let at = |at: Timestamp| instant(at, &self.view.time_zone);
        let updates = maintenance.updates.iter();
        let affected = self.components.iter().filter(|one| !one.group && maintenance.names(one.id));
        Incident {
            id: &maintenance.id,
            name: maintenance.title.one_line(),
            status: name(maintenance.status),
            created_at: at(maintenance.created_at),
            updated_at: at(maintenance.updated_at),
            monitoring_at: None,
            resolved_at: maintenance.ended_at.map(at),
            impact: IMPACT,
            shortlink: format!("{}/maintenance/{}", self.view.url, maintenance.id),
            started_at: at(maintenance.from),
            page_id: &self.view.id,
            incident_updates: updates
                .map(|update| self.update(&maintenance.id, update, |entry| name(entry.status)))
                .collect(),
            components: affected.collect(),
            scheduled_for: Some(at(maintenance.from)),
            scheduled_until: Some(at(maintenance.to)),
            impact_override: None,
            postmortem_published_at: None,
        }
    }
}

/// Statuspage has no state for a maintenance that was cancelled while it ran: it is over.
fn name(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Cancelled => MaintenanceStatus::Completed.name(),
        status => status.name(),
    }
}

#[cfg(test)]
#[path = "maintenances_test.rs"]
mod tests;
