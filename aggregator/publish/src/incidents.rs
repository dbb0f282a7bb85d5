//! Builds the incidents of a page from the state. Pure. Drafts, problems and whatever belongs to private or archived
//! components stay out.

use super::api_v2;
use super::html::isolated_text;
use super::texts::Texts;
use super::times;
use super::view::{
    AffectedView, IncidentText, IncidentUpdateView, IncidentView, PostmortemView, StatusChangeView,
};
use jiff::tz::TimeZone;
use skerry_domain::automatic_text::{AutomaticEvent, AutomaticText};
use skerry_domain::incident::{Body, Incident, IncidentStatus, IncidentUpdate, StatusChange, Title};
use skerry_domain::state::{Component, ComponentKey, IncidentKey, Page, PageItem, PageKey, State};
use skerry_domain::time::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The published incidents of a page, the latest start first: those that are open or touch the time since `begin`, and
/// the newest of the API's list. All of them if `all`.
pub(super) fn incidents(
    state: &State,
    (key, page): (PageKey, &Page),
    zone: &TimeZone,
    begin: Timestamp,
    all: bool,
) -> Vec<IncidentView> {
    let published = &state.published_incidents;
    let newest = published.newest(key).take(if all { usize::MAX } else { api_v2::LISTED });
    let wanted: BTreeSet<IncidentKey> = newest.chain(published.ending_since(key, begin)).collect();
    let found = wanted.into_iter().filter_map(|key| Some((key, state.incidents.get(&key)?)));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(key, one)| Reverse((one.started_at, *key)));
    let components = public_components(state, page);
    let build = Build { components: &components, zone, texts: times::language_of(page).texts() };
    found.into_iter().map(|(_, one)| build.incident(one)).collect()
}

/// One incident as visitors see it, drafts too: an operator reads what visitors would read.
#[must_use]
pub fn incident_view(state: &State, incident: &Incident) -> Option<IncidentView> {
    Some(IncidentViews::on(state, state.pages.get(&incident.page)?).incident(incident))
}

/// Builds incidents and maintenance of one page one by one. Its public components are looked up once for all.
pub struct IncidentViews<'a> {
    pub(super) state: &'a State,
    pub(super) components: PublicComponents<'a>,
    pub(super) zone: TimeZone,
    pub(super) texts: &'static Texts,
}

impl<'a> IncidentViews<'a> {
    /// For a page.
    #[must_use]
    pub fn on(state: &'a State, page: &'a Page) -> Self {
        Self {
            state,
            components: public_components(state, page),
            zone: times::zone_of(page),
            texts: times::language_of(page).texts(),
        }
    }

    /// An incident of the page as visitors see it, drafts too.
    #[must_use]
    pub fn incident(&self, incident: &Incident) -> IncidentView {
        Build { components: &self.components, zone: &self.zone, texts: self.texts }.incident(incident)
    }
}

/// The components that visitors see, each with the name of the group that it stands in.
pub(super) type PublicComponents<'a> = BTreeMap<ComponentKey, (&'a Component, Option<&'a str>)>;

pub(super) fn public_components<'a>(state: &'a State, page: &'a Page) -> PublicComponents<'a> {
    let known = page.placed().into_iter().filter_map(|row| match row.item {
        PageItem::Component(key) => {
            let group = row.group.and_then(|group| state.groups.get(&group));
            Some((*key, (state.components.get(key)?, group.map(|group| group.name.as_str()))))
        }
        PageItem::Group(..) => None,
    });
    known.filter(|(_, (component, _))| component.settings.public && !component.archived).collect()
}

struct Build<'a> {
    components: &'a PublicComponents<'a>,
    zone: &'a TimeZone,
    texts: &'static Texts,
}

impl Build<'_> {
    fn incident(&self, incident: &Incident) -> IncidentView {
        let components = self.affected(incident);
        let mut updates: Vec<&IncidentUpdate> = incident.updates.iter().collect();
        updates.sort_by_key(|update| Reverse((update.display_at, update.number)));
        let resolved = incident.status == IncidentStatus::Resolved;
        let title = match &incident.title {
            Title::Written(text) => IncidentText::Written(text.public.clone()),
            Title::Automatic => {
                let names: Vec<_> =
                    components.iter().map(|one| isolated_text(&one.name, self.texts)).collect();
                IncidentText::Automatic(self.texts.incident.title(incident.shown_impact(), &names))
            }
        };
        let postmortem = incident.postmortem.as_ref().and_then(|postmortem| {
            Some(PostmortemView {
                text: postmortem.text.public.clone(),
                created_at: postmortem.created_at,
                updated_at: postmortem.updated_at,
                published_at: postmortem.published_at?,
            })
        });
        IncidentView {
            id: incident.id.clone(),
            title,
            status: incident.status,
            impact: incident.shown_impact(),
            impact_override: incident.impact_override,
            created_at: incident.created_at,
            updated_at: updated_at(incident),
            started_at: incident.started_at,
            monitoring_at: incident.monitoring_at,
            resolved_at: resolved.then(|| incident.resolved_at.unwrap_or(incident.updated_at)),
            components,
            updates: updates.into_iter().map(|update| self.update(update)).collect(),
            postmortem,
        }
    }

    fn affected(&self, incident: &Incident) -> Vec<AffectedView> {
        let (mut affected, mut places) = (Vec::<AffectedView>::new(), BTreeMap::new());
        for change in incident.updates.iter().flat_map(|update| &update.components) {
            let Some((component, _)) = self.components.get(&change.component) else { continue };
            let place = *places.entry(change.component).or_insert(affected.len());
            match affected.get_mut(place) {
                Some(known) => known.worst = known.worst.max(change.to),
                None => affected.push(AffectedView {
                    id: component.id.clone(),
                    name: component.settings.name.clone(),
                    worst: change.to,
                }),
            }
        }
        affected
    }

    fn update(&self, update: &IncidentUpdate) -> IncidentUpdateView {
        let components: Vec<_> = update.components.iter().filter_map(|change| self.change(change)).collect();
        let body = update.body.as_ref().map(|body| match body {
            Body::Written(text) => IncidentText::Written(text.public.clone()),
            Body::Automatic(text) => {
                IncidentText::Automatic(self.automatic(text, &components, update.display_at))
            }
        });
        IncidentUpdateView {
            id: update.id.clone(),
            status: update.status,
            body,
            created_at: update.created_at,
            display_at: update.display_at,
            edited_at: update.edited_at,
            components,
        }
    }

    fn change(&self, change: &StatusChange) -> Option<StatusChangeView> {
        let (component, group) = self.components.get(&change.component)?;
        Some(StatusChangeView {
            id: component.id.clone(),
            name: component.settings.name.clone(),
            group: group.map(str::to_owned),
            from: change.from,
            to: change.to,
        })
    }

    /// The text of an update that is shown as of `at`. It does not depend on the day on which it is read.
    fn automatic(&self, text: &AutomaticText, components: &[StatusChangeView], at: Timestamp) -> String {
        let (since, at) = (times::zoned(text.since, self.zone), times::zoned(at, self.zone));
        let since = times::as_of(&since, &at, self.texts);
        let names: Vec<_> = components.iter().map(|one| isolated_text(&one.name, self.texts)).collect();
        let texts = self.texts.incident;
        match text.event {
            AutomaticEvent::Began => texts.began(&names, &since, text.class),
            AutomaticEvent::Spread => texts.spread(&names),
            AutomaticEvent::Recurred => texts.recurred(&since, text.class),
            AutomaticEvent::Recovered => texts.recovered(&names, &since),
            AutomaticEvent::Resolved => texts.resolved(&since),
        }
    }
}

/// When what visitors see last changed: work on a postmortem that is not published does not show.
fn updated_at(incident: &Incident) -> Timestamp {
    let draft = incident.postmortem.as_ref().filter(|postmortem| postmortem.published_at.is_none());
    if draft.is_none_or(|draft| draft.updated_at < incident.updated_at) {
        return incident.updated_at;
    }
    let updates = incident.updates.iter();
    let times = updates.map(|update| update.edited_at.unwrap_or(update.created_at));
    times.chain(incident.published_at).max().unwrap_or(incident.created_at)
}

#[cfg(test)]
#[path = "incidents_test.rs"]
pub(super) mod tests;
