//! Components as Statuspage's clients decode them, and the groups that it lists among them.

use super::objects::Writer;
use super::rows::{all_below, children, flat, groups};
use serde::Serialize;
use skerry_domain::holds::Source;
use skerry_domain::labels::{Labels, Selector};
use skerry_domain::state::{Component as Row, ComponentKey, Group, GroupKey, IncidentKey, PageItem, Placed};
use skerry_domain::time::Timestamp;
use skerry_publish::{component_status, group_status};
use std::collections::BTreeMap;

/// A component, or a group among the components of a page.
#[derive(Serialize)]
pub(in crate::api) struct Component {
    id: String,
    page_id: String,
    group_id: Option<String>,
    created_at: String,
    updated_at: String,
    group: bool,
    name: String,
    description: Option<String>,
    /// From 1, among the children of the same parent.
    position: usize,
    status: &'static str,
    showcase: bool,
    only_show_if_degraded: bool,
    /// Statuspage's address for mails that set a status; there is none here.
    automation_email: Option<String>,
    start_date: Option<String>,
    /// Ours: who set the status, if not the checks.
    held_by: Option<String>,
    /// Ours: when that ends.
    held_until: Option<String>,
    /// Of a group: ids, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<String>>,
    #[serde(flatten)]
    own: Option<Own>,
}

/// Settings of a component that Statuspage does not have.
#[derive(Serialize)]
struct Own {
    public: bool,
    response_time: bool,
    /// Names of the checks that feed it. A token that is limited to pages, or whose scopes leave components out, does
    /// not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<String>>,
    /// The labels by which it chooses them, and what their outage counts; `null`: they are named. As `checks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    check_labels: Option<Option<Labels>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_weight: Option<Option<&'static str>>,
}

/// The weight of checks that labels choose.
fn weight_name(selector: &Selector) -> &'static str {
    if selector.is_minor() { "minor" } else { "major" }
}

/// The group of a component, and its position in it or on the page, from 1.
pub(super) type Place = (Option<GroupKey>, usize);

impl Writer<'_> {
    fn places(&self) -> &BTreeMap<ComponentKey, Place> {
        self.places.get_or_init(|| {
            let place = |row: Placed<'_>| match row.item {
                PageItem::Component(key) => Some((*key, (row.group, row.position))),
                PageItem::Group(..) => None,
            };
            flat(self.page).into_iter().filter_map(place).collect()
        })
    }

    pub(in crate::api) fn component(&self, key: ComponentKey, component: &Row) -> Component {
        let (group, position) = self.places().get(&key).copied().unwrap_or_default();
        let (status, updated_at) = component_status(self.state, component, self.now);
        let settings = &component.settings;
        let selector = settings.selector.as_ref();
        let held = component.holds.iter().rfind(|hold| hold.from <= self.now && self.now < hold.to);
        let group = group.and_then(|group| self.state.groups.get(&group));
        Component {
            id: component.id.clone(),
            page_id: self.page.id.clone(),
            group_id: group.map(|group| group.id.clone()),
            created_at: self.at(component.created_at),
            updated_at: self.at(updated_at),
            group: false,
            name: settings.name.clone(),
            description: settings.description.clone(),
            position,
            status: status.name(),
            showcase: settings.showcase,
            only_show_if_degraded: settings.only_show_if_degraded,
            automation_email: None,
            start_date: settings.start_date.map(|date| date.to_string()),
            held_by: held.map(|hold| self.holder(hold.source)),
            held_until: held.filter(|hold| hold.to != Timestamp::FAR).map(|hold| self.at(hold.to)),
            components: None,
            own: Some(Own {
                public: settings.public,
                response_time: settings.response_time,
                checks: self.names_checks.then(|| self.checks(component)),
                check_labels: self.names_checks.then(|| selector.map(|one| one.labels().clone())),
                check_weight: self.names_checks.then(|| selector.map(weight_name)),
            }),
        }
    }

    fn checks(&self, component: &Row) -> Vec<String> {
        let present = component.links.iter().filter(|link| link.to == Timestamp::FAR);
        present.map(|link| self.state.checks[&link.check].name.clone()).collect()
    }

    /// A group as Statuspage lists it among the components. Its status is that of all below it.
    pub(in crate::api) fn group(&self, key: GroupKey, group: &Group) -> Component {
        let children = children(self.page, key).into_iter().filter_map(|key| self.state.components.get(&key));
        let below = all_below(self.state, self.page, key).map(|(_, one)| one);
        let (status, updated_at) = group_status(self.state, below, self.now);
        Component {
            id: group.id.clone(),
            page_id: self.page.id.clone(),
            group_id: None,
            created_at: self.at(group.created_at),
            updated_at: self.at(updated_at.unwrap_or(group.created_at)),
            group: true,
            name: group.name.clone(),
            description: group.description.clone(),
            position: self.position(key),
            status: status.name(),
            showcase: false,
            only_show_if_degraded: false,
            automation_email: None,
            start_date: None,
            held_by: None,
            held_until: None,
            components: Some(children.map(|one| one.id.clone()).collect()),
            own: None,
        }
    }

    /// The place of a group among the rows of the page, from 1; a group inside another stands behind it.
    pub(in crate::api) fn position(&self, group: GroupKey) -> usize {
        groups(self.page).find(|(key, _)| *key == group).map_or(0, |(_, position)| position)
    }

    fn holder(&self, source: Source) -> String {
        match source {
            Source::Person => "person".to_owned(),
            Source::Rest => "rest".to_owned(),
            Source::Incident(key) => {
                let incident = self.state.incidents.get(&IncidentKey(key));
                incident.map_or_else(|| "incident".to_owned(), |incident| format!("incident:{}", incident.id))
            }
        }
    }
}
