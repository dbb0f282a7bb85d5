//! The objects of Statuspage's Manage API: names and types as its clients decode them.

use super::component_object::{Component, Place};
use crate::api::call::Call;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use skerry_domain::access::Resource;
use skerry_domain::incident::{Impact, Incident as Announced, IncidentStatus};
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::state::{ComponentKey, IncidentKey, Page, State, WindowKey};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_publish::IncidentViews;
use skerry_publish::api_v2::instant;
use skerry_publish::view::UpdateView;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// An incident, or a maintenance.
#[derive(Serialize)]
pub(in crate::api) struct Incident {
    id: String,
    components: Vec<Component>,
    created_at: String,
    impact: &'static str,
    impact_override: Option<&'static str>,
    incident_updates: Vec<IncidentUpdate>,
    incident_impacts: Vec<Value>,
    metadata: Value,
    monitoring_at: Option<String>,
    name: String,
    page_id: String,
    postmortem_body: Option<String>,
    postmortem_body_last_updated_at: Option<String>,
    postmortem_ignored: bool,
    postmortem_notified_subscribers: bool,
    postmortem_notified_twitter: bool,
    /// Clients decode a boolean here, so it says whether, and `postmortem_published` says when.
    postmortem_published_at: Option<bool>,
    resolved_at: Option<String>,
    scheduled_auto_completed: bool,
    scheduled_auto_in_progress: bool,
    scheduled_for: Option<String>,
    auto_transition_deliver_notifications_at_end: Option<bool>,
    auto_transition_deliver_notifications_at_start: Option<bool>,
    auto_transition_to_maintenance_state: Option<bool>,
    auto_transition_to_operational_state: Option<bool>,
    scheduled_remind_prior: bool,
    scheduled_reminded_at: Option<String>,
    scheduled_until: Option<String>,
    shortlink: String,
    started_at: String,
    status: &'static str,
    updated_at: String,
    reminder_intervals: Option<String>,
    /// Ours: the components whose status the incident still holds.
    held_components: Vec<String>,
}

/// An entry of a timeline.
#[derive(Serialize)]
pub(in crate::api) struct IncidentUpdate {
    id: String,
    incident_id: String,
    affected_components: Option<Vec<AffectedComponent>>,
    body: String,
    created_at: String,
    custom_tweet: Option<String>,
    deliver_notifications: bool,
    display_at: String,
    status: &'static str,
    tweet_id: Option<String>,
    twitter_updated_at: Option<String>,
    updated_at: String,
    wants_twitter_update: bool,
}

/// A component that an entry names.
#[derive(Serialize)]
struct AffectedComponent {
    code: String,
    name: String,
    old_status: &'static str,
    new_status: &'static str,
}

/// Writes the objects of one page.
pub(in crate::api) struct Writer<'a> {
    pub(super) state: &'a State,
    pub(super) page: &'a Page,
    pub(super) now: Timestamp,
    zone: TimeZone,
    url: String,
    /// Whether the token may see which checks feed a component: they belong to no page.
    pub(super) names_checks: bool,
    pub(super) places: OnceCell<BTreeMap<ComponentKey, Place>>,
    views: OnceCell<IncidentViews<'a>>,
}

impl<'a> Writer<'a> {
    pub(in crate::api) fn new(call: &Call<'a>, page: &'a Page) -> Self {
        let zone = TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC);
        let url = call.addresses.url_of_page(&page.settings);
        let token = &call.caller.token;
        let names_checks = token.pages.is_empty() && token.reaches(Resource::Components, false);
        let (places, views) = (OnceCell::new(), OnceCell::new());
        Self { state: call.state, page, now: call.now, zone, url, names_checks, places, views }
    }

    pub(in crate::api) fn at(&self, at: Timestamp) -> String {
        instant(at, &self.zone)
    }

    /// What visitors see of the incidents and the maintenance of the page.
    pub(in crate::api) fn views(&self) -> &IncidentViews<'a> {
        self.views.get_or_init(|| IncidentViews::on(self.state, self.page))
    }

    fn components(&self, keys: impl Iterator<Item = ComponentKey>) -> Vec<Component> {
        let known = keys.filter_map(|key| Some((key, self.state.components.get(&key)?)));
        known.filter(|(_, one)| !one.archived).map(|(key, one)| self.component(key, one)).collect()
    }

    /// `None`: the incident is a draft.
    pub(in crate::api) fn incident(&self, key: IncidentKey, incident: &Announced) -> Option<Incident> {
        let view = incident.is_published().then(|| self.views().incident(incident))?;
        let postmortem = view.postmortem.as_ref();
        let held = crate::control::lookup::held_by(self.state, key, self.now);
        let held = held.iter().filter_map(|(key, _)| Some(self.state.components.get(key)?.id.clone()));
        let at = |at: Timestamp| self.at(at);
        Some(Incident {
            id: view.id.clone(),
            components: self.components(incident.components().into_iter().map(|(key, _)| key)),
            created_at: at(view.created_at),
            impact: view.impact.name(),
            impact_override: view.impact_override.map(Impact::name),
            incident_updates: self.updates(&view.id, &view.updates, IncidentStatus::name),
            monitoring_at: view.monitoring_at.map(at),
            name: view.title.one_line(),
            postmortem_body: postmortem.map(|one| one.text.plain()),
            postmortem_body_last_updated_at: postmortem.map(|one| at(one.updated_at)),
            postmortem_published_at: postmortem.map(|_| true),
            resolved_at: view.resolved_at.map(at),
            shortlink: format!("{}/incidents/{}", self.url, view.id),
            started_at: at(view.started_at),
            status: view.status.name(),
            updated_at: at(view.updated_at),
            held_components: held.collect(),
            ..self.empty()
        })
    }

    /// `None`: the window is private.
    pub(in crate::api) fn maintenance(&self, _key: WindowKey, window: &PlannedWindow) -> Option<Incident> {
        let view = window.page.map(|_| self.views().maintenance(window))?;
        let at = |at: Timestamp| self.at(at);
        Some(Incident {
            id: view.id.clone(),
            components: self.components(window.components.iter().copied()),
            created_at: at(view.created_at),
            impact: "maintenance",
            incident_updates: self.updates(&view.id, &view.updates, |entry| maintenance_status(entry.status)),
            name: view.title.one_line(),
            resolved_at: view.ended_at.map(at),
            scheduled_auto_completed: true,
            scheduled_auto_in_progress: true,
            scheduled_for: Some(at(view.from)),
            auto_transition_to_maintenance_state: Some(true),
            auto_transition_to_operational_state: Some(true),
            scheduled_remind_prior: window.reminds,
            scheduled_reminded_at: window.reminded_at.map(at),
            scheduled_until: Some(at(view.to)),
            shortlink: format!("{}/maintenance/{}", self.url, view.id),
            started_at: at(window.started_at.unwrap_or(view.from)),
            status: maintenance_status(view.status),
            updated_at: at(view.updated_at),
            ..self.empty()
        })
    }

    /// An incident of this page with nothing in it.
    fn empty(&self) -> Incident {
        Incident {
            id: String::new(),
            components: Vec::new(),
            created_at: String::new(),
            impact: Impact::None.name(),
            impact_override: None,
            incident_updates: Vec::new(),
            incident_impacts: Vec::new(),
            metadata: Value::Object(serde_json::Map::new()),
            monitoring_at: None,
            name: String::new(),
            page_id: self.page.id.clone(),
            postmortem_body: None,
            postmortem_body_last_updated_at: None,
            postmortem_ignored: false,
            postmortem_notified_subscribers: false,
            postmortem_notified_twitter: false,
            postmortem_published_at: None,
            resolved_at: None,
            scheduled_auto_completed: false,
            scheduled_auto_in_progress: false,
            scheduled_for: None,
            auto_transition_deliver_notifications_at_end: None,
            auto_transition_deliver_notifications_at_start: None,
            auto_transition_to_maintenance_state: None,
            auto_transition_to_operational_state: None,
            scheduled_remind_prior: false,
            scheduled_reminded_at: None,
            scheduled_until: None,
            shortlink: String::new(),
            started_at: String::new(),
            status: IncidentStatus::Investigating.name(),
            updated_at: String::new(),
            reminder_intervals: None,
            held_components: Vec::new(),
        }
    }

    fn updates<S: Copy>(
        &self,
        incident: &str,
        updates: &[UpdateView<S>],
        name: impl Fn(S) -> &'static str,
    ) -> Vec<IncidentUpdate> {
        updates.iter().map(|update| self.update(incident, update, &name)).collect()
    }

    fn update<S: Copy>(
        &self,
        incident: &str,
        update: &UpdateView<S>,
        name: impl Fn(S) -> &'static str,
    ) -> IncidentUpdate {
        let affected = update.components.iter().map(|change| AffectedComponent {
            code: change.id.clone(),
            name: match &change.group {
                Some(group) => format!("{group} - {}", change.name),
                None => change.name.clone(),
            },
            old_status: change.from.name(),
            new_status: change.to.name(),
        });
        let affected: Vec<_> = affected.collect();
        IncidentUpdate {
            id: update.id.clone(),
            incident_id: incident.to_owned(),
            affected_components: (!affected.is_empty()).then_some(affected),
            body: update.body.as_ref().map_or_else(String::new, skerry_publish::view::IncidentText::plain),
            created_at: self.at(update.created_at),
            custom_tweet: None,
            deliver_notifications: true,
            display_at: self.at(update.display_at),
            status: name(update.status),
            tweet_id: None,
            twitter_updated_at: None,
            updated_at: self.at(update.edited_at.unwrap_or(update.created_at)),
            wants_twitter_update: false,
        }
    }
}

impl Incident {
    /// The answer to a request that says whether subscribers are told of its newest entry.
    pub(in crate::api) fn delivering(mut self, said: Option<bool>) -> Self {
        if let (Some(update), Some(said)) = (self.incident_updates.first_mut(), said) {
            update.deliver_notifications = said;
        }
        self
    }

    /// The entry of its timeline with that id.
    pub(in crate::api) fn into_update(self, id: &str) -> Option<IncidentUpdate> {
        self.incident_updates.into_iter().find(|update| update.id == id)
    }
}

/// Statuspage knows no cancelled maintenance: it is completed.
pub(in crate::api) fn maintenance_status(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Cancelled => MaintenanceStatus::Completed.name(),
        other => other.name(),
    }
}

/// The names of all statuses of a component.
pub(in crate::api) fn statuses() -> Vec<&'static str> {
    Status::ALL.map(Status::name).to_vec()
}
