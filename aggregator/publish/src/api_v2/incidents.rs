//! Incidents as Statuspage's API writes them.

use super::instant;
use super::objects::{AffectedComponent, Component, Incident, IncidentUpdate};
use crate::view::{IncidentText, IncidentView, PageView, PostmortemView, StatusChangeView, UpdateView};
use skerry_domain::incident::IncidentStatus;
use skerry_domain::time::Timestamp;

/// The state of an incident with a published postmortem.
const POSTMORTEM: &str = "postmortem";

/// The incidents of a page; `components` are all of it.
pub(super) fn incidents<'a>(view: &'a PageView, components: &'a [Component<'a>]) -> Vec<Incident<'a>> {
    let writer = Writer { view, components };
    view.incidents.iter().take(super::LISTED.max(open(view))).map(|one| writer.incident(one)).collect()
}

/// How many of the first incidents of the view hold all that last.
fn open(view: &PageView) -> usize {
    view.incidents.iter().rposition(IncidentView::is_open).map_or(0, |last| last + 1)
}

pub(super) struct Writer<'a> {
    pub(super) view: &'a PageView,
    pub(super) components: &'a [Component<'a>],
}

impl<'a> Writer<'a> {
    fn incident(&self, incident: &'a IncidentView) -> Incident<'a> {
        let at = |at: Timestamp| instant(at, &self.view.time_zone);
        let postmortem = incident.postmortem.as_ref();
        let postmortems = postmortem.map(|postmortem| self.postmortem(incident, postmortem));
        let updates =
            incident.updates.iter().map(|update| self.update(&incident.id, update, IncidentStatus::name));
        let affected = self.components.iter().filter(|one| !one.group && incident.names(one.id));
        Incident {
            id: &incident.id,
            name: incident.title.one_line(),
            status: if postmortem.is_some() { POSTMORTEM } else { incident.status.name() },
            created_at: at(incident.created_at),
            updated_at: at(incident.updated_at),
            monitoring_at: incident.monitoring_at.map(at),
            resolved_at: incident.resolved_at.map(at),
            impact: incident.impact.name(),
            shortlink: format!("{}/incidents/{}", self.view.url, incident.id),
            started_at: at(incident.started_at),
            page_id: &self.view.id,
            incident_updates: postmortems.into_iter().chain(updates).collect(),
            components: affected.collect(),
            scheduled_for: None,
            scheduled_until: None,
            impact_override: incident.impact_override.map(skerry_domain::incident::Impact::name),
            postmortem_published_at: postmortem.map(|postmortem| at(postmortem.published_at)),
        }
    }

    /// An entry of the timeline of an incident or a maintenance; `name` is that of its state.
    pub(super) fn update<S: Copy>(
        &self,
        incident: &'a str,
        update: &'a UpdateView<S>,
        name: impl Fn(S) -> &'static str,
    ) -> IncidentUpdate<'a> {
        let at = |at: Timestamp| instant(at, &self.view.time_zone);
        let affected: Vec<_> = update.components.iter().map(affected).collect();
        IncidentUpdate {
            id: update.id.clone(),
            status: name(update.status),
            body: update.body.as_ref().map_or_else(String::new, IncidentText::plain),
            incident_id: incident,
            created_at: at(update.created_at),
            updated_at: at(update.edited_at.unwrap_or(update.created_at)),
            display_at: at(update.display_at),
            affected_components: (!affected.is_empty()).then_some(affected),
            deliver_notifications: true,
            custom_tweet: None,
            tweet_id: None,
            edited_at: update.edited_at.map(at),
        }
    }

    /// Statuspage shows a postmortem as the newest update.
    fn postmortem(&self, incident: &'a IncidentView, postmortem: &PostmortemView) -> IncidentUpdate<'a> {
        let at = |at: Timestamp| instant(at, &self.view.time_zone);
        IncidentUpdate {
            id: id_of_postmortem(&incident.id),
            status: POSTMORTEM,
            body: postmortem.text.plain(),
            incident_id: &incident.id,
            created_at: at(postmortem.published_at),
            updated_at: at(postmortem.updated_at.max(postmortem.published_at)),
            display_at: at(postmortem.published_at),
            affected_components: None,
            deliver_notifications: true,
            custom_tweet: None,
            tweet_id: None,
            edited_at: None,
        }
    }
}

fn affected(change: &StatusChangeView) -> AffectedComponent<'_> {
    let name = match &change.group {
        Some(group) => format!("{group} - {}", change.name),
        None => change.name.clone(),
    };
    let (old_status, new_status) = (change.from.name(), change.to.name());
    AffectedComponent { code: &change.id, name, old_status, new_status }
}

/// 12 lower-case alphanumerics that are always the same for an incident.
fn id_of_postmortem(incident: &str) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let hash = blake3::hash(format!("postmortem {incident}").as_bytes());
    hash.as_bytes().iter().take(12).map(|byte| char::from(LETTERS[usize::from(*byte) % 36])).collect()
}

#[cfg(test)]
#[path = "incidents_test.rs"]
mod tests;
