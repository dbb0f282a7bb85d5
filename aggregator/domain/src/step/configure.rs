//! Applies the configuration file to the state: pages, groups, components and links are found by their keys, created,
//! changed, archived or revived. A changed link does not rewrite the past. What was made at run time stays as it is, until
//! a file declares its key: from then on it belongs to the file.

use super::declare::check_for;
use super::existing::Existing;
use super::recompute::{RecomputeFrom, recompute};
use super::{Change, Changes, Context, Ids, Rejected, component, items, settings, template};
use crate::former;
use crate::state::{
    Agent, AgentKey, ComponentKey, ComponentSettings, Group, GroupKey, Origin, Page, PageItem, PageKey,
    PageSettings, State,
};
use crate::time::Timestamp;
use crate::verdict::Quorum;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// The desired state in one file.
#[derive(Clone, Debug)]
pub struct Configure {
    /// Checks in the file, with their quorum.
    pub checks: Vec<(String, Quorum)>,
    /// Pages, in order.
    pub pages: Vec<DesiredPage>,
}

/// A page in the file.
#[derive(Clone, Debug)]
pub struct DesiredPage {
    /// Its key.
    pub key: String,
    /// Its settings.
    pub settings: PageSettings,
    /// The zone that the settings name.
    pub zone: TimeZone,
    /// Rows, in order.
    pub items: Vec<DesiredItem>,
}

/// A row of a page in the file.
#[derive(Clone, Debug)]
pub enum DesiredItem {
    /// A group.
    Group(DesiredGroup),
    /// A component on its own.
    Component(DesiredComponent),
}

/// A group in the file.
#[derive(Clone, Debug)]
pub struct DesiredGroup {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// Its components and the groups inside it, in order; a group inside another has components only.
    pub items: Vec<DesiredItem>,
}

/// A component in the file.
#[derive(Clone, Debug)]
pub struct DesiredComponent {
    /// Its key.
    pub key: String,
    /// Its settings.
    pub settings: ComponentSettings,
    /// Local midnight of its start date in the page's zone, if it has one.
    pub starts_at: Option<Timestamp>,
    /// Checks that feed it.
    pub links: Vec<DesiredLink>,
}

/// A link in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredLink {
    /// Name of the check.
    pub check: String,
    /// An outage of the check only degrades the component.
    pub minor: bool,
}

pub(super) fn add_agent(
    state: &mut State,
    name: &str,
    location: &str,
    now: Timestamp,
    changes: &mut Changes,
) -> AgentKey {
    let found = state.agents.iter().find(|(_, agent)| agent.name == name);
    if let Some(key) = found.map(|(key, _)| *key) {
        if state.agents[&key].location != location {
            changes.touched.agent(key);
            move_to(state, key, location, now, changes);
        }
        return key;
    }
    let key = AgentKey::next(&mut state.counters.agents);
    state.agents.insert(key, Agent::new(name, location));
    changes.touched.agent(key);
    key
}

/// Moves an agent: from now on it votes with its new location.
pub(super) fn move_to(
    state: &mut State,
    key: AgentKey,
    location: &str,
    now: Timestamp,
    changes: &mut Changes,
) {
    let Some(agent) = state.agents.get_mut(&key) else { return };
    former::change(&mut agent.former_locations, &mut agent.location, location.to_owned(), now);
    changes.touched.agent(key);
    changes.push(Change::AgentMoved(key));
    let mut recompute_from = RecomputeFrom::default();
    for (check, _) in state.tracks_of(key) {
        recompute_from.note(check, now);
    }
    recompute(state, &recompute_from, changes);
}

/// If no file declares the workspace any more, archives what files declared, and leaves the settings to people, as a
/// file without their sections does.
pub(super) fn keep_workspaces(
    state: &mut State,
    names: &[String],
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    if names.contains(&state.workspace.name) {
        return Ok(());
    }
    for key in state.pages.keys_where(|_, page| !page.archived && page.origin == Origin::File) {
        state.pages.get_mut(&key).expect("found above").archived = true;
        changes.push(Change::PageSaved(key));
    }
    template::declare(state, &[], context, changes)?;
    settings::set_incident_rules(state, None, Origin::File, context, changes)?;
    settings::set_sanitiser(state, None, Origin::File, changes)
}

pub(super) fn configure(
    state: &mut State,
    desired: Configure,
    Context { now, ids }: Context,
    changes: &mut Changes,
) {
    let mut recompute_from = RecomputeFrom::default();
    for (name, quorum) in &desired.checks {
        let known = state.check_names.contains_key(name);
        let key = check_for(state, name, changes);
        let check = state.checks.get_mut(&key).expect("made above");
        if !known {
            // The check was just created, so its row is written anyway.
            check.quorum = *quorum;
        } else if former::change(&mut check.former_quorums, &mut check.quorum, *quorum, now) {
            changes.touched.check(key);
            recompute_from.note(key, now);
        }
    }
    recompute(state, &recompute_from, changes);
    let known = Existing::of(state);
    let mut reconcile = Reconcile { now, ids, known, state, changes };
    let keys: BTreeSet<PageKey> = desired.pages.into_iter().map(|page| reconcile.page(page)).collect();
    reconcile.archive_others(&keys);
}

struct Reconcile<'a> {
    now: Timestamp,
    ids: Ids,
    known: Existing,
    state: &'a mut State,
    changes: &'a mut Changes,
}

impl Reconcile<'_> {
    fn page(&mut self, desired: DesiredPage) -> PageKey {
        let found = self.known.pages.get(&desired.key).copied();
        let key = found.unwrap_or_else(|| PageKey::next(&mut self.state.counters.pages));
        let before = self.state.pages.get(&key).cloned();
        let page = Page {
            key: desired.key,
            origin: Origin::File,
            id: before.as_ref().map_or_else(|| self.ids.id("page", key.0), |page| page.id.clone()),
            created_at: before.as_ref().map_or(self.now, |page| page.created_at),
            public_since: before
                .as_ref()
                .and_then(|page| page.public_since)
                .or(desired.settings.public.then_some(self.now)),
            archived: false,
            settings: desired.settings,
            items: Vec::new(),
            preview: before.as_ref().and_then(|page| page.preview),
        };
        self.known.pages.insert(page.key.clone(), key);
        self.state.pages.insert(key, page);
        let items = desired.items.into_iter().map(|item| self.item(key, item)).collect();
        let former = before.as_ref().map_or(&[][..], |page| &page.items);
        let items = items::merged(self.state, items, former);
        let page = self.state.pages.get_mut(&key).expect("inserted above");
        page.items = items;
        let changed = before.as_ref() != Some(page);
        self.archive_rows_of(key);
        component::begin_anew(self.state, key, &desired.zone, self.now, self.changes);
        if changed {
            self.changes.push(Change::PageSaved(key));
        }
        key
    }

    fn item(&mut self, page: PageKey, desired: DesiredItem) -> PageItem {
        match desired {
            DesiredItem::Component(component) => PageItem::Component(self.component(page, component)),
            DesiredItem::Group(group) => {
                let key = self.group(page, &group);
                PageItem::Group(key, group.items.into_iter().map(|one| self.item(page, one)).collect())
            }
        }
    }

    fn group(&mut self, page: PageKey, desired: &DesiredGroup) -> GroupKey {
        let found = self.known.rows.get(&page).and_then(|rows| rows.groups.get(&desired.key)).copied();
        let key = found.unwrap_or_else(|| GroupKey::next(&mut self.state.counters.groups));
        let before = self.state.groups.get(&key).cloned();
        let group = Group {
            page,
            key: desired.key.clone(),
            origin: Origin::File,
            id: before.as_ref().map_or_else(|| self.ids.id("group", key.0), |group| group.id.clone()),
            created_at: before.as_ref().map_or(self.now, |group| group.created_at),
            name: desired.name.clone(),
            description: desired.description.clone(),
            archived: false,
        };
        if before.as_ref() != Some(&group) {
            self.changes.push(Change::GroupSaved(key));
        }
        self.known.rows.entry(page).or_default().groups.insert(group.key.clone(), key);
        self.state.groups.insert(key, group);
        key
    }

    fn component(&mut self, page: PageKey, desired: DesiredComponent) -> ComponentKey {
        let found = self.known.rows.get(&page).and_then(|rows| rows.components.get(&desired.key)).copied();
        let key = found.unwrap_or_else(|| ComponentKey::next(&mut self.state.counters.components));
        let id = || self.ids.id("component", key.0);
        let mut component = self.state.components.get(&key).cloned().unwrap_or_else(|| {
            component::new(page, desired.key.clone(), id(), desired.settings.clone(), self.now)
        });
        component.archived = false;
        component.origin = Origin::File;
        component.settings = desired.settings;
        self.known.rows.entry(page).or_default().components.insert(component.key.clone(), key);
        let fed = (desired.links.as_slice(), desired.starts_at);
        component::save(self.state, key, component, fed, self.now, self.changes);
        key
    }

    /// Groups and components of the page that the file no longer names are archived with their history.
    fn archive_rows_of(&mut self, page: PageKey) {
        let (mut groups, mut components) = (BTreeSet::new(), BTreeSet::new());
        for row in self.state.pages[&page].placed() {
            match row.item {
                PageItem::Group(key, _) => groups.insert(*key),
                PageItem::Component(key) => components.insert(*key),
            };
        }
        let Some(known) = self.known.rows.get(&page) else { return };
        let others: BTreeSet<&GroupKey> = known.groups.values().filter(|key| !groups.contains(key)).collect();
        let declared = |key: &&GroupKey| {
            let group = &self.state.groups[*key];
            !group.archived && group.origin == Origin::File
        };
        for key in others.into_iter().filter(declared).collect::<Vec<_>>() {
            self.state.groups.get_mut(key).expect("listed from the state").archived = true;
            self.changes.push(Change::GroupSaved(*key));
        }
        let others = known.components.values().filter(|key| !components.contains(key));
        let others: BTreeSet<&ComponentKey> = others.collect();
        let declared = |key: &&ComponentKey| {
            let component = &self.state.components[*key];
            !component.archived && component.origin == Origin::File
        };
        for key in others.into_iter().filter(declared).collect::<Vec<_>>() {
            self.state.components.get_mut(key).expect("listed from the state").archived = true;
            self.changes.push(Change::ComponentSaved(*key));
        }
    }

    fn archive_others(&mut self, kept: &BTreeSet<PageKey>) {
        let pages = &mut self.state.pages;
        let declared = |page: &Page| !page.archived && page.origin == Origin::File;
        for key in pages.keys_where(|key, page| declared(page) && !kept.contains(key)) {
            pages.get_mut(&key).expect("found above").archived = true;
            self.changes.push(Change::PageSaved(key));
        }
    }
}
