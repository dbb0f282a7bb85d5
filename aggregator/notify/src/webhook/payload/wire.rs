//! The members of the payloads in the order of Statuspage.

use super::{AffectedComponent, Component, Incident, IncidentUpdate as Update, Meta, Page, Time};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct OfComponent<'a> {
    pub(super) meta: &'a Meta,
    pub(super) page: &'a Page,
    pub(super) component: &'a Component,
    pub(super) component_update: ComponentUpdate<'a>,
}

#[derive(Serialize)]
pub(super) struct ComponentUpdate<'a> {
    pub(super) old_status: &'a str,
    pub(super) new_status: &'a str,
    pub(super) created_at: Time,
    pub(super) component_type: &'static str,
    pub(super) id: &'a str,
    pub(super) component_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct OfIncident<'a> {
    pub(super) meta: &'a Meta,
    pub(super) page: &'a Page,
    pub(super) incident: IncidentBody<'a>,
}

#[derive(Serialize)]
pub(super) struct IncidentBody<'a> {
    backfilled: bool,
    created_at: Time,
    impact: &'a str,
    impact_override: Option<&'a str>,
    monitoring_at: Option<Time>,
    postmortem_body: Option<&'a str>,
    postmortem_body_last_updated_at: Option<Time>,
    postmortem_ignored: bool,
    postmortem_notified_subscribers: bool,
    postmortem_notified_twitter: bool,
    postmortem_published_at: Option<Time>,
    resolved_at: Option<Time>,
    scheduled_auto_transition: bool,
    scheduled_for: Option<Time>,
    scheduled_remind_prior: bool,
    scheduled_reminded_at: Option<Time>,
    scheduled_until: Option<Time>,
    shortlink: &'a str,
    status: &'a str,
    updated_at: Time,
    id: &'a str,
    /// Only Statuspage has organisations.
    organization_id: Option<&'a str>,
    incident_updates: Vec<IncidentUpdate<'a>>,
    name: &'a str,
    components: &'a [Component],
}

#[derive(Serialize)]
struct IncidentUpdate<'a> {
    body: &'a str,
    created_at: Time,
    display_at: Time,
    status: &'a str,
    twitter_updated_at: Option<Time>,
    updated_at: Time,
    wants_twitter_update: bool,
    id: &'a str,
    incident_id: &'a str,
    affected_components: &'a [AffectedComponent],
}

impl<'a> From<&'a Incident> for IncidentBody<'a> {
    fn from(incident: &'a Incident) -> Self {
        let (postmortem, scheduled) = (incident.postmortem.as_ref(), incident.scheduled.as_ref());
        Self {
            backfilled: incident.backfilled,
            created_at: incident.created_at,
            impact: &incident.impact,
            impact_override: incident.impact_override.as_deref(),
            monitoring_at: incident.monitoring_at,
            postmortem_body: postmortem.map(|one| one.body.as_str()),
            postmortem_body_last_updated_at: postmortem.map(|one| one.updated_at),
            postmortem_ignored: false,
            postmortem_notified_subscribers: postmortem.is_some_and(|one| one.notified_subscribers),
            postmortem_notified_twitter: false,
            postmortem_published_at: postmortem.map(|one| one.published_at),
            resolved_at: incident.resolved_at,
            scheduled_auto_transition: scheduled.is_some_and(|one| one.auto_transition),
            scheduled_for: scheduled.map(|one| one.from),
            scheduled_remind_prior: scheduled.is_some_and(|one| one.remind_prior),
            scheduled_reminded_at: scheduled.and_then(|one| one.reminded_at),
            scheduled_until: scheduled.map(|one| one.until),
            shortlink: &incident.shortlink,
            status: &incident.status,
            updated_at: incident.updated_at,
            id: &incident.id,
            organization_id: None,
            incident_updates: incident.incident_updates.iter().map(|one| update(&incident.id, one)).collect(),
            name: &incident.name,
            components: &incident.components,
        }
    }
}

fn update<'a>(incident: &'a str, update: &'a Update) -> IncidentUpdate<'a> {
    IncidentUpdate {
        body: &update.body,
        created_at: update.created_at,
        display_at: update.display_at,
        status: &update.status,
        twitter_updated_at: None,
        updated_at: update.updated_at,
        wants_twitter_update: false,
        id: &update.id,
        incident_id: incident,
        affected_components: &update.affected_components,
    }
}
