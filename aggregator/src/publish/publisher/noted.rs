//! What a change of the state means for the pages. What visitors do not see must not influence when a page is rendered.

use super::super::addresses::{PageId, page_of};
use super::Publisher;
use super::page::Page;
use skerry_domain::announcement::Announcement;
use skerry_domain::state::{
    AnnouncementKey, ComponentKey, IncidentKey, State, WindowKey, WorkspaceKey, WorkspacePage,
};
use skerry_domain::step::Change;
use std::collections::BTreeSet;

impl Publisher {
    /// Marks what changed to be rendered again.
    pub(super) fn note(&mut self, changes: impl Iterator<Item = (WorkspaceKey, Change)>) {
        let snapshot = self.engine.snapshot();
        let mut saved = BTreeSet::new();
        for (workspace, change) in changes {
            let Some(state) = snapshot.workspaces.get(workspace) else { continue };
            match change {
                Change::ComponentChanged(component) => self.note_component(workspace, state, component),
                Change::IncidentChanged(incident) => self.note_incident(workspace, state, incident),
                Change::IncidentDeleted { page, published } => {
                    // Its page and its traces in the history disappear.
                    self.showings((workspace, page)).filter(|_| published).for_each(Page::mark_past);
                }
                Change::MaintenanceChanged(window) => {
                    // Only if visitors see it.
                    match page_of(state, &change) {
                        Some(page) => self.note_maintenance((workspace, page), state, window),
                        None => self.note_hidden(workspace, state, window),
                    }
                }
                Change::AnnouncementChanged(key, page) => {
                    self.note_announcement((workspace, page), state, key);
                }
                change => saved.extend(page_of(state, &change).map(|page| (workspace, page))),
            }
        }
        if !saved.is_empty() {
            self.refresh_pages(&saved);
        }
    }

    /// A page as those see it for whom it is, and as its link shows it.
    fn showings(&mut self, page: WorkspacePage) -> impl Iterator<Item = &mut Page> {
        let first = PageId::from(page);
        self.pages.range_mut(first..=PageId { is_preview: true, ..first }).map(|(_, page)| page)
    }

    fn note_component(&mut self, workspace: WorkspaceKey, state: &State, key: ComponentKey) {
        let known = state.components.get(&key);
        let seen = known.filter(|component| component.settings.public && !component.archived);
        let Some(component) = seen else { return };
        for page in self.showings((workspace, component.page)) {
            page.mark_component(component.id.clone());
        }
    }

    /// Drafts are not seen. The pages of the components that an incident names link to it.
    fn note_incident(&mut self, workspace: WorkspaceKey, state: &State, key: IncidentKey) {
        let known = state.incidents.get(&key);
        let Some(incident) = known.filter(|incident| incident.is_published()) else { return };
        for page in self.showings((workspace, incident.page)) {
            let ended = incident.resolved_at.filter(|_| !incident.is_open());
            page.mark_announced(incident.id.clone(), (incident.started_at, ended), state.clock);
        }
        for (component, _) in incident.components() {
            self.note_component(workspace, state, component);
        }
    }

    /// The pages of its components link to it.
    fn note_maintenance(&mut self, page: WorkspacePage, state: &State, key: WindowKey) {
        let Some(window) = state.windows.get(&key) else { return };
        for page in self.showings(page) {
            page.mark_announced(window.id.clone(), (window.from, window.ended_at()), state.clock);
        }
        for component in &window.components {
            self.note_component(page.0, state, *component);
        }
    }

    /// One that has not appeared is not seen. If visitors saw it, and do so no more, its page disappears.
    fn note_announcement(&mut self, page: WorkspacePage, state: &State, key: AnnouncementKey) {
        let of_page = |one: &&Announcement| one.is_published() && one.pages.contains(&page.1);
        let announced = state.announcements.get(&key).filter(of_page);
        for shown in self.showings(page) {
            if let Some(one) = announced {
                let changed_at = one.began_at.unwrap_or(one.from);
                shown.mark_announced(one.id.clone(), (changed_at, None), state.clock);
                continue;
            }
            let kept: BTreeSet<&str> =
                state.announcements.values().filter(of_page).map(|one| one.id.as_str()).collect();
            let paths = shown.publication.outputs.keys();
            let mut stale = paths.filter_map(|path| path.strip_prefix("announcements/"));
            if shown.busy.is_some() || shown.dirty.is_some() || stale.any(|id| !kept.contains(id)) {
                shown.mark_past();
            }
        }
    }

    /// If visitors saw it, because it named a public component, its page and its traces in the history disappear.
    fn note_hidden(&mut self, workspace: WorkspaceKey, state: &State, key: WindowKey) {
        let Some(window) = state.windows.get(&key).filter(|window| window.is_published()) else { return };
        let Some(page) = window.page else { return };
        let path = format!("maintenance/{}", window.id);
        for page in self.showings((workspace, page)) {
            if page.busy.is_some() || page.dirty.is_some() || page.has(&path) {
                page.mark_past();
            }
        }
    }
}
