//! What a webhook says: Statuspage's payloads of a component's new status and of an incident or maintenance, member for
//! member and in its order, so that what receives those of Statuspage receives ours. Members that only Statuspage has a
//! meaning for are always null or false.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use std::fmt;

/// A time as Statuspage writes it: in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub jiff::Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

/// About the webhook.
#[derive(Clone, Serialize)]
pub struct Meta {
    /// Where the subscription is ended.
    pub unsubscribe: String,
    /// What the members mean.
    pub documentation: String,
    /// When this was written.
    pub generated_at: Time,
}

// The link ends the subscription of whoever has it.
impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta").field("generated_at", &self.generated_at).finish_non_exhaustive()
    }
}

/// The page, and how it stands as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// Its id.
    pub id: String,
    /// `none`, `minor`, `major`, `critical` or `maintenance`.
    pub status_indicator: String,
    /// The same in words.
    pub status_description: String,
}

/// A component.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// As of now.
    pub status: String,
    /// Its name on the page.
    pub name: String,
    /// When it was made.
    pub created_at: Time,
    /// When its status last changed.
    pub updated_at: Time,
    /// Among its neighbours, from 1.
    pub position: usize,
    /// For visitors.
    pub description: Option<String>,
    /// Whether its uptime is shown.
    pub showcase: bool,
    /// Its id.
    pub id: String,
    /// Of its page.
    pub page_id: String,
    /// Of the group it stands in.
    pub group_id: Option<String>,
}

/// A change of a component's status.
#[derive(Clone, Debug)]
pub struct ComponentUpdate {
    /// The id of the change.
    pub id: String,
    /// Before.
    pub old_status: String,
    /// After.
    pub new_status: String,
    /// When it changed.
    pub created_at: Time,
}

/// An incident or a maintenance.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// Its title.
    pub name: String,
    /// `investigating`, `identified`, `monitoring`, `resolved`, `postmortem`; of a maintenance `scheduled`, `in_progress`,
    /// `verifying`, `completed`.
    pub status: String,
    /// `none`, `minor`, `major`, `critical` or `maintenance`.
    pub impact: String,
    /// As a person set it.
    pub impact_override: Option<String>,
    /// Its own page.
    pub shortlink: String,
    /// When visitors first saw it.
    pub created_at: Time,
    /// When visitors last saw a change of it.
    pub updated_at: Time,
    /// When it was first watched after a fix.
    pub monitoring_at: Option<Time>,
    /// When it ended.
    pub resolved_at: Option<Time>,
    /// It was entered after its end.
    pub backfilled: bool,
    /// What came of looking into it.
    pub postmortem: Option<Postmortem>,
    /// The times of a maintenance.
    pub scheduled: Option<Scheduled>,
    /// Newest first.
    pub incident_updates: Vec<IncidentUpdate>,
    /// What it affects.
    pub components: Vec<Component>,
}

/// What came of looking into an incident.
#[derive(Clone, Debug)]
pub struct Postmortem {
    /// Its text.
    pub body: String,
    /// When it was published.
    pub published_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Whether subscribers were told.
    pub notified_subscribers: bool,
}

/// The times of a maintenance.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// Its planned beginning.
    pub from: Time,
    /// Its planned end.
    pub until: Time,
    /// Whether it begins and ends by itself.
    pub auto_transition: bool,
    /// Whether subscribers are told an hour before.
    pub remind_prior: bool,
    /// When they were.
    pub reminded_at: Option<Time>,
}

/// An entry of the timeline.
#[derive(Clone, Debug)]
pub struct IncidentUpdate {
    /// Its id.
    pub id: String,
    /// The state it brought.
    pub status: String,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// The time it speaks of.
    pub display_at: Time,
    /// Components whose status it changed.
    pub affected_components: Vec<AffectedComponent>,
}

/// A component in an entry of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct AffectedComponent {
    /// Its id.
    pub code: String,
    /// Its name with that of its group.
    pub name: String,
    /// Before.
    pub old_status: String,
    /// After.
    pub new_status: String,
}

/// The body of a webhook about a component's new status.
///
/// # Errors
/// JSON cannot be written; nothing in these values causes that.
pub fn of_component(
    meta: &Meta,
    page: &Page,
    component: &Component,
    update: &ComponentUpdate,
) -> serde_json::Result<Bytes> {
    let component_update = wire::ComponentUpdate {
        old_status: &update.old_status,
        new_status: &update.new_status,
        created_at: update.created_at,
        component_type: "Component",
        id: &update.id,
        component_id: &component.id,
    };
    serde_json::to_vec(&wire::OfComponent { meta, page, component, component_update }).map(Bytes::from)
}

/// The body of a webhook about an incident or a maintenance.
///
/// # Errors
/// JSON cannot be written; nothing in these values causes that.
pub fn of_incident(meta: &Meta, page: &Page, incident: &Incident) -> serde_json::Result<Bytes> {
    serde_json::to_vec(&wire::OfIncident { meta, page, incident: incident.into() }).map(Bytes::from)
}

mod wire;

#[cfg(test)]
mod tests;
