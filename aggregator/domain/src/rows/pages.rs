//! Pages, groups and components as rows, and back.

use super::branding::write_branding;
use super::items::Items;
use super::settings::{component_row, page_row};
use super::table::{Key, Record};
use super::value::{Field, Lines, Value};
use super::{ComponentRow, GroupRow, LinkRow, PageRow, SelectionRow, Write};
use crate::interval::Interval;
use crate::labels::{Labels, Selector};
use crate::layers::Layers;
use crate::shared_vec::SharedVec;
use crate::state::{
    Component, ComponentKey, ComponentSettings, Group, GroupKey, Link, Page, PageKey, PageSettings, Preview,
    State, WorkspaceKey,
};
use crate::table::Table;
use crate::time::Timestamp;
use crate::uptime::Weights;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn page(workspace: WorkspaceKey, key: PageKey, page: &Page) -> PageRow {
    let settings = page.settings.clone();
    PageRow {
        workspace,
        key,
        file_key: page.key.clone(),
        id: page.id.clone(),
        created_ms: page.created_at,
        public_ms: page.public_since,
        archived: page.archived,
        slug: settings.slug,
        name: settings.name,
        public: settings.public,
        listed: settings.listed,
        root: settings.root,
        domain: settings.domain,
        time_zone: settings.time_zone,
        support_url: settings.support_url,
        privacy_url: settings.privacy_url,
        frame_ancestors: Lines(settings.frame_ancestors),
        language: settings.language,
        uptime_rule: settings.rule,
        partial_percent: settings.weights.partial_percent,
        major_percent: settings.weights.major_percent,
        items: Items(page.items.clone()),
        origin: page.origin,
        preview_nonce: page.preview.map(|preview| preview.nonce),
        preview_until_ms: page.preview.map(|preview| preview.until),
    }
}

/// Writes a page with its look.
pub(super) fn write_page(state: &State, key: PageKey, writes: &mut Vec<Write>) {
    if let Some(row) = page_row(state, key) {
        writes.push(Write::Put(row.into()));
        write_branding(state, key, writes);
    }
}

impl From<PageRow> for Page {
    fn from(row: PageRow) -> Self {
        let weights = Weights { partial_percent: row.partial_percent, major_percent: row.major_percent };
        let settings = PageSettings {
            slug: row.slug,
            name: row.name,
            public: row.public,
            listed: row.listed,
            root: row.root,
            domain: row.domain,
            time_zone: row.time_zone,
            support_url: row.support_url,
            privacy_url: row.privacy_url,
            frame_ancestors: row.frame_ancestors.0,
            language: row.language,
            branding: Arc::default(),
            rule: row.uptime_rule,
            weights,
        };
        Self {
            key: row.file_key,
            origin: row.origin,
            id: row.id,
            created_at: row.created_ms,
            public_since: row.public_ms,
            archived: row.archived,
            settings,
            items: row.items.0,
            preview: row
                .preview_nonce
                .zip(row.preview_until_ms)
                .map(|(nonce, until)| Preview { nonce, until }),
        }
    }
}

pub(super) fn group(workspace: WorkspaceKey, key: GroupKey, group: &Group) -> GroupRow {
    GroupRow {
        workspace,
        key,
        page: group.page,
        file_key: group.key.clone(),
        id: group.id.clone(),
        created_ms: group.created_at,
        archived: group.archived,
        name: group.name.clone(),
        description: group.description.clone(),
        origin: group.origin,
    }
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            page: row.page,
            key: row.file_key,
            origin: row.origin,
            id: row.id,
            created_at: row.created_ms,
            name: row.name,
            description: row.description,
            archived: row.archived,
        }
    }
}

pub(super) fn component(workspace: WorkspaceKey, key: ComponentKey, component: &Component) -> ComponentRow {
    let settings = component.settings.clone();
    let selector = settings.selector;
    ComponentRow {
        workspace,
        key,
        page: component.page,
        file_key: component.key.clone(),
        id: component.id.clone(),
        created_ms: component.created_at,
        archived: component.archived,
        start_ms: component.layers.start,
        name: settings.name,
        description: settings.description,
        public: settings.public,
        start_date: settings.start_date,
        response_time: settings.response_time,
        showcase: settings.showcase,
        only_show_if_degraded: settings.only_show_if_degraded,
        origin: component.origin,
        selector_minor: selector.as_ref().is_some_and(Selector::is_minor),
        selector: selector.and_then(|selector| label_lines(selector.labels())),
    }
}

impl From<ComponentRow> for Component {
    fn from(row: ComponentRow) -> Self {
        let settings = ComponentSettings {
            name: row.name,
            description: row.description,
            public: row.public,
            start_date: row.start_date,
            response_time: row.response_time,
            showcase: row.showcase,
            only_show_if_degraded: row.only_show_if_degraded,
            selector: Selector::new(labels_of(row.selector), row.selector_minor),
        };
        Self {
            page: row.page,
            key: row.file_key,
            origin: row.origin,
            id: row.id,
            created_at: row.created_ms,
            archived: row.archived,
            settings,
            links: Vec::new(),
            selected: Vec::new(),
            layers: Layers { start: row.start_ms, ..Layers::default() },
            holds: SharedVec::default(),
            windows: SharedVec::default(),
            noticed: Timestamp(0),
            response: SharedVec::default(),
        }
    }
}

pub(super) fn link(workspace: WorkspaceKey, component: ComponentKey, link: &Link) -> LinkRow {
    LinkRow { workspace, component, check: link.check, minor: link.minor, from_ms: link.from, to_ms: link.to }
}

/// Writes a component with when labels chose its checks, and its links as far as they changed.
pub(super) fn write_component(
    state: &State,
    former: &Table<ComponentKey, Component>,
    key: ComponentKey,
    writes: &mut Vec<Write>,
) {
    let (workspace, component) = (state.workspace.key, &state.components[&key]);
    writes.extend(component_row(state, key).map(|row| Write::Put(row.into())));
    let former = former.get(&key);
    if component.selected != former.map_or(&[][..], |former| &former.selected) {
        let row = |one: &Interval<()>| {
            SelectionRow { workspace, component: key, from_ms: one.from, to_ms: one.to }.into()
        };
        let prefix = Key::of::<SelectionRow>([workspace.value(), key.value()].map(Value::into_owned));
        let rows = component.selected.iter().map(row).collect();
        writes.push(Write::Replace { prefix, from: None, rows });
    }
    let before: BTreeSet<&Link> = former.into_iter().flat_map(|former| &former.links).collect();
    let now: BTreeSet<&Link> = component.links.iter().collect();
    let begins = |link: &Link| (link.check, link.minor, link.from);
    let kept: BTreeSet<_> = now.iter().map(|link| begins(link)).collect();
    for gone in before.iter().filter(|link| !kept.contains(&begins(link))) {
        let row = link(workspace, key, gone);
        let columns = (0..LinkRow::TABLE.key).map(|index| row.value(index).into_owned());
        writes.push(Write::Delete(Key::of::<LinkRow>(columns)));
    }
    writes.extend(now.difference(&before).map(|one| Write::Put(link(workspace, key, one).into())));
}

/// A line for each label, `name=value`.
pub(super) fn label_lines(labels: &Labels) -> Option<Lines> {
    let lines = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(Lines(lines)).filter(|lines| !lines.0.is_empty())
}

/// Reads [`label_lines`].
pub(super) fn labels_of(lines: Option<Lines>) -> Labels {
    let label = |line: &String| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    lines.unwrap_or_default().0.iter().filter_map(label).collect()
}
