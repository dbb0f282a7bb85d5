//! The rows of a page as Statuspage has them, whose groups do not nest.

use skerry_domain::state::{Component, ComponentKey, GroupKey, Page, PageItem, Placed, State, components_of};

/// Each group before its own components; a group inside another stands behind these, as one of the page.
pub(super) fn flat(page: &Page) -> Vec<Placed<'_>> {
    let with_inner = |item| std::iter::once(item).chain(rows_of(item).iter().filter(|row| is_group(row)));
    let mut all = Vec::new();
    for (item, position) in page.items.iter().flat_map(with_inner).zip(1..) {
        all.push(Placed { item, group: None, position });
        if let PageItem::Group(key, rows) = item {
            let own = rows.iter().filter(|row| !is_group(row)).zip(1..);
            all.extend(own.map(|(item, position)| Placed { item, group: Some(*key), position }));
        }
    }
    all
}

/// The groups of a page with their places, as [`flat`] has them.
pub(super) fn groups(page: &Page) -> impl Iterator<Item = (GroupKey, usize)> {
    flat(page).into_iter().filter_map(|row| match row.item {
        PageItem::Group(key, _) => Some((*key, row.position)),
        PageItem::Component(_) => None,
    })
}

/// A group's own components, in order.
pub(super) fn children(page: &Page, key: GroupKey) -> Vec<ComponentKey> {
    let own = page.rows_of(key).iter().filter_map(|item| match item {
        PageItem::Component(key) => Some(*key),
        PageItem::Group(..) => None,
    });
    own.collect()
}

/// The components of a group and of the groups inside it.
pub(super) fn all_below<'a>(
    state: &'a State,
    page: &Page,
    key: GroupKey,
) -> impl Iterator<Item = (ComponentKey, &'a Component)> {
    let keys = components_of(page.rows_of(key)).into_iter();
    keys.filter_map(|key| Some((key, state.components.get(&key)?)))
}

fn rows_of(item: &PageItem) -> &[PageItem] {
    match item {
        PageItem::Group(_, rows) => rows,
        PageItem::Component(_) => &[],
    }
}

fn is_group(item: &PageItem) -> bool {
    matches!(item, PageItem::Group(..))
}
