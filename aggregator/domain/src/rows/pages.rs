//! Pages, groups and components as rows, and back.

use super::branding::write_branding;
use super::items::Items;
use super::settings::page_row;
use super::value::Lines;
use super::{ComponentRow, GroupRow, LinkRow, PageRow, Write};
use crate::layers::Layers;
use crate::shared_vec::SharedVec;
use crate::state::{
    Component, ComponentKey, ComponentSettings, Group, GroupKey, Link, Page, PageKey, PageSettings, State,
    WorkspaceKey,
};
use crate::time::Timestamp;
use crate::uptime::Weights;
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
        frame_ancestors: Lines(settings.frame_ancestors),
        language: settings.language,
        uptime_rule: settings.rule,
        partial_percent: settings.weights.partial_percent,
        major_percent: settings.weights.major_percent,
        items: Items(page.items.clone()),
        origin: page.origin,
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
