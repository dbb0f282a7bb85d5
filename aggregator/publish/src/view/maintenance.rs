//! Announced maintenance.

use super::{AffectedView, IncidentText, MaintenanceUpdateView};
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::recurrence::Frequency;
use skerry_domain::time::Timestamp;

/// An announced maintenance as visitors see it. It names public components only.
#[derive(Clone, Debug)]
pub struct MaintenanceView {
    /// 12 lower-case alphanumerics.
    pub id: String,
    /// Plain text.
    pub title: IncidentText,
    /// Its state.
    pub status: MaintenanceStatus,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its planned beginning; once it has begun, its beginning.
    pub from: Timestamp,
    /// Its planned end.
    pub to: Timestamp,
    /// When it was completed or cancelled. `None`: it is still to come, or in progress.
    pub ended_at: Option<Timestamp>,
    /// Grows with each change of what calendars show of it.
    pub revision: i64,
    /// It was cancelled before it began.
    pub called_off: bool,
    /// The id of the series that it belongs to.
    pub series: Option<String>,
    /// How often it recurs, if another one of its series follows.
    pub recurs: Option<(Frequency, u16)>,
    /// Its components, in the order of the page.
    pub components: Vec<AffectedView>,
    /// Its timeline, newest first.
    pub updates: Vec<MaintenanceUpdateView>,
}

impl MaintenanceView {
    /// Whether it is neither completed nor cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether it is or was in progress.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.is_running() || !(self.is_open() || self.called_off)
    }

    /// Whether it has begun and not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.status, MaintenanceStatus::InProgress | MaintenanceStatus::Verifying)
    }

    /// Whether it names the component with this public id.
    #[must_use]
    pub fn names(&self, component: &str) -> bool {
        self.components.iter().any(|one| one.id == component)
    }
}

/// The state that an entry of a maintenance's timeline sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaintenanceEntry {
    /// The state.
    pub status: MaintenanceStatus,
    /// What happened, if the text of the entry is automatic.
    pub event: Option<WindowEvent>,
}
