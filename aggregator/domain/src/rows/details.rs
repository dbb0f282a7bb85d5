//! Rows below the rows that a step touched, for the audit.

use super::{AgentAllowRow, Row, WindowCheckRow, WindowComponentRow};
use super::{announcements, branding, incidents, pages, templates};
use crate::branding::ImagePurpose;
use crate::state::{
    AgentKey, AnnouncementKey, CheckKey, ComponentKey, IncidentKey, PageKey, ProblemKey, State, TemplateKey,
    WindowKey,
};
use crate::step::Touched;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Rows below another row, that stand before or after the step.
#[derive(Default)]
pub(super) struct Details {
    /// Checks that an agent may join others in reporting.
    allowed: BTreeSet<(AgentKey, String)>,
    /// Links of components, by check and beginning.
    links: BTreeSet<(ComponentKey, CheckKey, Timestamp)>,
    /// Components of planned windows.
    planned: BTreeSet<(WindowKey, ComponentKey)>,
    /// Checks of planned windows.
    planned_checks: BTreeSet<(WindowKey, String)>,
    /// Problems of incidents.
    announced: BTreeSet<(IncidentKey, ProblemKey)>,
    /// Pages of announcements.
    notices: BTreeSet<(AnnouncementKey, PageKey)>,
    /// Images of pages.
    images: BTreeSet<(PageKey, ImagePurpose)>,
    /// Components of templates.
    templates: BTreeSet<(TemplateKey, ComponentKey)>,
}

impl Details {
    pub(super) fn of(states: [&State; 2], touched: &Touched) -> Self {
        let mut details = Self::default();
        for state in states {
            for key in &touched.allowed {
                let names = state.agents.get(key).into_iter().flat_map(|agent| &agent.permit.allowed);
                details.allowed.extend(names.map(|name| (*key, name.clone())));
            }
            let images =
                touched.pages.iter().flat_map(|key| ImagePurpose::ALL.map(|purpose| (*key, purpose)));
            details.images.extend(images);
            for key in &touched.components {
                let links = state.components.get(key).into_iter().flat_map(|component| &component.links);
                details.links.extend(links.map(|link| (*key, link.check, link.from)));
            }
            for key in &touched.windows {
                let components = state.windows.get(key).into_iter().flat_map(|window| &window.components);
                details.planned.extend(components.map(|component| (*key, *component)));
                let checks = state.windows.get(key).into_iter().flat_map(|window| &window.checks);
                details.planned_checks.extend(checks.map(|name| (*key, name.clone())));
            }
            for key in &touched.announcements {
                let pages = state.announcements.get(key).into_iter().flat_map(|one| &one.pages);
                details.notices.extend(pages.map(|page| (*key, *page)));
            }
            for key in &touched.templates {
                let components = state.templates.get(key).into_iter().flat_map(|one| &one.components);
                details.templates.extend(components.map(|component| (*key, *component)));
            }
            for key in &touched.incidents {
                let incident = state.incidents.get(key);
                let problems = incident.into_iter().flat_map(crate::incident::Incident::all_problems);
                details.announced.extend(problems.map(|problem| (*key, *problem)));
            }
        }
        details
    }

    pub(super) fn rows(&self, state: &State) -> Vec<Option<Row>> {
        let workspace = state.workspace.key;
        let allowed = self.allowed.iter().map(|(agent, name)| {
            state.agents.get(agent).filter(|of| of.permit.allowed.contains(name))?;
            Some(AgentAllowRow { workspace, agent: *agent, check_name: name.clone() }.into())
        });
        let links = self.links.iter().map(|(component, check, from)| {
            let links = &state.components.get(component)?.links;
            let link = links.iter().find(|link| link.check == *check && link.from == *from)?;
            Some(pages::link(workspace, *component, link).into())
        });
        let planned = self.planned.iter().map(|(window, component)| {
            state.windows.get(window).filter(|of| of.components.contains(component))?;
            let (planned_window, component) = (*window, *component);
            Some(WindowComponentRow { workspace, planned_window, component }.into())
        });
        let checks = self.planned_checks.iter().map(|(window, name)| {
            state.windows.get(window).filter(|of| of.checks.contains(name))?;
            let (planned_window, check_name) = (*window, name.clone());
            Some(WindowCheckRow { workspace, planned_window, check_name }.into())
        });
        let announced = self
            .announced
            .iter()
            .map(|(incident, problem)| incidents::problem_row(state, *incident, *problem).map(Row::from));
        let notices = self.notices.iter();
        let notices = notices.map(|(key, page)| announcements::page_row(state, *key, *page).map(Row::from));
        let templates = self.templates.iter();
        let templates = templates.map(|(key, of)| templates::component_row(state, *key, *of).map(Row::from));
        let images = self.images.iter();
        let images = images.map(|(page, purpose)| branding::image_row(state, *page, *purpose).map(Row::from));
        let all = allowed.chain(links).chain(planned).chain(checks).chain(announced);
        all.chain(notices).chain(templates).chain(images).collect()
    }
}
