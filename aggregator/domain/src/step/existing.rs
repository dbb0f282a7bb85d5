//! The existing pages, groups and components of a workspace, by their keys in the file. Read once per reload.

use crate::state::{ComponentKey, GroupKey, PageKey, State};
use std::collections::BTreeMap;

/// The existing pages of a workspace, archived or not, by their keys in the file.
pub(super) struct Existing {
    pub(super) pages: BTreeMap<String, PageKey>,
    pub(super) rows: BTreeMap<PageKey, Rows>,
}

/// Groups and components of one page.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) groups: BTreeMap<String, GroupKey>,
    pub(super) components: BTreeMap<String, ComponentKey>,
}

impl Existing {
    pub(super) fn of(state: &State) -> Self {
        let pages: BTreeMap<String, PageKey> =
            state.pages.iter().map(|(key, page)| (page.key.clone(), *key)).collect();
        let mut rows: BTreeMap<PageKey, Rows> = pages.values().map(|key| (*key, Rows::default())).collect();
        for (key, group) in state.groups.iter() {
            if let Some(rows) = rows.get_mut(&group.page) {
                rows.groups.insert(group.key.clone(), *key);
            }
        }
        for (key, component) in state.components.iter() {
            if let Some(rows) = rows.get_mut(&component.page) {
                rows.components.insert(component.key.clone(), *key);
            }
        }
        Self { pages, rows }
    }
}
