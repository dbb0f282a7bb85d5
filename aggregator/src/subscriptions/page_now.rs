//! A page at one moment, with who subscribes to it.

use super::links::{LinkKey, LinkPurpose};
use crate::engine::{Engine, Snapshot};
use skerry_domain::state::{IncidentKey, PageKey, State, SubscriberKey, WindowKey, WorkspaceKey};
use skerry_domain::subscriber::{Scope, Subscriber};
use skerry_domain::time::Timestamp;
use skerry_publish::IncidentViews;
use skerry_publish::build::outline_view;
use skerry_publish::html::Topic;
use skerry_publish::output::Publication;
use skerry_publish::view::{PageView, Place};
use skerry_web::SubscriptionTarget;
use std::sync::Arc;

/// A page at one moment.
pub(super) struct PageNow {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) workspace: WorkspaceKey,
    pub(super) key: PageKey,
    pub(super) now: Timestamp,
    pub(super) view: PageView,
}

impl PageNow {
    /// The page of a publication, if visitors may still see it.
    pub(super) fn of(engine: &Engine, publication: &Publication) -> Option<Self> {
        let (snapshot, now) = engine.present();
        let pages = snapshot.workspaces.iter().flat_map(|(workspace, state)| {
            state.pages.iter().map(move |(key, page)| (workspace, state, *key, page))
        });
        let (workspace, key, view) = pages
            .filter(|(.., page)| page.id == publication.id && page.settings.public && !page.archived)
            .find_map(|(workspace, state, key, _)| {
                Some((workspace, key, outline_view(state, key, &publication.place, now)?))
            })?;
        Some(Self { snapshot, workspace, key, now, view })
    }

    /// The page whose link to leave this is, whether visitors see the page or not, also an archived one.
    pub(super) fn of_link(engine: &Engine, key: &LinkKey, token: &str) -> Option<Self> {
        let (snapshot, now) = engine.present();
        let (workspace, one) = key.subscriber(&snapshot.workspaces, LinkPurpose::Unsubscribe, token)?;
        let state = snapshot.workspaces.get(workspace)?;
        let key = state.subscribers.get(&one)?.page;
        let view = outline_view(state, key, &Place::default(), now)?;
        Some(Self { snapshot, workspace, key, now, view })
    }

    pub(super) fn state(&self) -> Option<&State> {
        self.snapshot.workspaces.get(self.workspace)
    }

    /// The subscriber of the page that a token names.
    pub(super) fn found(
        &self,
        key: &LinkKey,
        purpose: LinkPurpose,
        token: &str,
    ) -> Option<(SubscriberKey, &Subscriber)> {
        let (workspace, key) = key.subscriber(&self.snapshot.workspaces, purpose, token)?;
        let subscriber = self.snapshot.workspaces.get(workspace)?.subscribers.get(&key)?;
        (workspace == self.workspace && subscriber.page == self.key).then_some((key, subscriber))
    }

    /// An incident or a maintenance of the page that visitors see, by its id.
    pub(super) fn topic(&self, target: &SubscriptionTarget) -> Option<(Topic, Scope)> {
        let state = self.state()?;
        let views = IncidentViews::on(state, state.pages.get(&self.key)?);
        match target {
            SubscriptionTarget::SubscribeToIncident(id) => {
                let key: IncidentKey = state.incident_with_id(id)?;
                let incident = state.incidents.get(&key)?;
                let is_shown = incident.page == self.key && incident.is_published();
                let scope = Scope { incidents: [key].into(), ..Scope::default() };
                is_shown.then(|| (Topic::of_incident(&views.incident(incident)), scope))
            }
            SubscriptionTarget::SubscribeToMaintenance(id) => {
                let key: WindowKey = state.window_with_id(id)?;
                let window = state.windows.get(&key)?;
                let is_shown =
                    window.page == Some(self.key) && skerry_publish::maintenance::is_shown(state, window);
                let scope = Scope { windows: [key].into(), ..Scope::default() };
                is_shown.then(|| (Topic::of_maintenance(&views.maintenance(window)), scope))
            }
            _ => None,
        }
    }
}
