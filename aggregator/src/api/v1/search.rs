//! The search for a text in incidents and maintenance: in their state, and in what visitors read of them. Texts of people
//! are searched as they were written, without what the sanitiser removed. Only automatic ones are made for it.

use super::objects::{Writer, maintenance_status};
use skerry_domain::incident::{Body, Incident, Title};
use skerry_domain::maintenance::{PlannedWindow, WindowText};
use skerry_domain::text::Text;
use skerry_publish::view::{IncidentText, UpdateView};

/// A text that is searched for, in any case.
pub(super) struct Search(String);

impl Search {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    pub(super) fn finds_incident(&self, writer: &Writer<'_>, incident: &Incident) -> bool {
        let postmortem = incident.postmortem.as_ref().filter(|one| one.published_at.is_some());
        let bodies = incident.updates.iter().filter_map(|update| match &update.body {
            Some(Body::Written(text)) => Some(text),
            Some(Body::Automatic(_)) | None => None,
        });
        let written = written(&incident.title).into_iter().chain(bodies);
        if self.is_in(incident.status.name())
            || self.is_in_any(written.chain(postmortem.map(|one| &one.text)))
        {
            return true;
        }
        let bodies = || incident.updates.iter().map(|update| &update.body);
        let automatic = incident.title == Title::Automatic
            || bodies().any(|body| matches!(body, Some(Body::Automatic(_))));
        automatic && {
            let view = writer.views().incident(incident);
            self.is_in_automatic(&view.title, &view.updates)
        }
    }

    pub(super) fn finds_maintenance(&self, writer: &Writer<'_>, window: &PlannedWindow) -> bool {
        let bodies = window.updates.iter().filter_map(|update| match &update.body {
            WindowText::Written(text) => Some(text),
            WindowText::Automatic { .. } => None,
        });
        if self.is_in(maintenance_status(window.status))
            || self.is_in_any(written(&window.title).into_iter().chain(bodies))
        {
            return true;
        }
        let is_automatic = |body: &WindowText| matches!(body, WindowText::Automatic { .. });
        let automatic = window.title == Title::Automatic
            || window.updates.iter().any(|update| is_automatic(&update.body));
        automatic && {
            let view = writer.views().maintenance(window);
            self.is_in_automatic(&view.title, &view.updates)
        }
    }

    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }

    fn is_in_any<'a>(&self, mut texts: impl Iterator<Item = &'a Text>) -> bool {
        texts.any(|text| self.is_in(text.public.source()))
    }

    fn is_in_automatic<S>(&self, title: &IncidentText, updates: &[UpdateView<S>]) -> bool {
        let bodies = updates.iter().filter_map(|update| update.body.as_ref());
        std::iter::once(title).chain(bodies).any(|text| match text {
            IncidentText::Automatic(text) => self.is_in(text),
            IncidentText::Written(_) => false,
        })
    }
}

fn written(title: &Title) -> Option<&Text> {
    match title {
        Title::Written(text) => Some(text),
        Title::Automatic => None,
    }
}
