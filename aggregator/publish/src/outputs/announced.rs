//! What has a page of its own for as long as it is announced, and after.

use super::is_settled;
use crate::calendar;
use crate::html::{self, Document, Topic};
use crate::output::CacheClass;
use crate::view::{AnnouncementView, IncidentView, MaintenanceView, PageView};
use skerry_domain::time::Timestamp;

/// An incident, a maintenance or an announcement, with what decides when its page is rendered.
pub(super) struct Announced<'a> {
    of: Of<'a>,
    pub(super) id: &'a str,
    pub(super) path: String,
    pub(super) open: bool,
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

impl Announced<'_> {
    /// Announcements are few, and are all rendered ahead.
    pub(super) fn is_archived(&self, now: Timestamp) -> bool {
        !matches!(self.of, Of::Announcement(_)) && is_settled(self.to, now)
    }

    /// The history lists incidents and maintenance.
    pub(super) fn is_in_history(&self) -> bool {
        !matches!(self.of, Of::Announcement(_))
    }

    pub(super) fn cache(&self) -> CacheClass {
        if self.open { CacheClass::Live } else { CacheClass::Closed }
    }

    /// The path and the bytes of the one event of a maintenance.
    pub(super) fn calendar(&self, view: &PageView) -> Option<(String, Vec<u8>)> {
        let Of::Maintenance(maintenance) = self.of else { return None };
        Some((format!("{}/calendar.ics", self.path), calendar::render_maintenance(view, maintenance)))
    }

    /// What visitors can subscribe to alone.
    pub(super) fn topic(&self) -> Option<Topic> {
        match self.of {
            Of::Incident(incident) => Some(Topic::of_incident(incident)),
            Of::Maintenance(maintenance) => Some(Topic::of_maintenance(maintenance)),
            Of::Announcement(_) => None,
        }
    }

    pub(super) fn html(&self, view: &PageView) -> anyhow::Result<Document> {
        match self.of {
            Of::Incident(incident) => html::incident(view, incident),
            Of::Maintenance(maintenance) => html::maintenance(view, maintenance),
            Of::Announcement(announcement) => html::announcement(view, announcement),
        }
    }
}

enum Of<'a> {
    Incident(&'a IncidentView),
    Maintenance(&'a MaintenanceView),
    Announcement(&'a AnnouncementView),
}

/// All incidents, all maintenance and all announcements of the view.
pub(super) fn announced(view: &PageView) -> impl Iterator<Item = Announced<'_>> {
    let incidents = view.incidents.iter().map(|one| Announced {
        of: Of::Incident(one),
        id: &one.id,
        path: format!("incidents/{}", one.id),
        open: one.is_open(),
        from: one.started_at,
        to: one.resolved_at,
    });
    let maintenance = view.maintenance.iter().map(|one| Announced {
        of: Of::Maintenance(one),
        id: &one.id,
        path: format!("maintenance/{}", one.id),
        open: one.is_open(),
        from: one.from,
        to: one.ended_at,
    });
    let announcements = view.announcements.iter().map(|one| Announced {
        of: Of::Announcement(one),
        id: &one.id,
        path: format!("announcements/{}", one.id),
        open: one.is_shown(),
        from: one.from,
        to: one.ended_at,
    });
    incidents.chain(maintenance).chain(announcements)
}
