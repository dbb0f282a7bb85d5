//! The rows of a page. A group stands inside another at most once.

use super::state::{ComponentKey, GroupKey, Page};

/// A row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageItem {
    /// A group with its components and the groups inside it, in order: those of the file come first. A group inside
    /// another has components only.
    Group(GroupKey, Vec<PageItem>),
    /// A component.
    Component(ComponentKey),
}

/// A row with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The row.
    pub item: &'a PageItem,
    /// The group that it stands in; `None`: on the page itself.
    pub group: Option<GroupKey>,
    /// Its place there, from 1.
    pub position: usize,
}

impl Page {
    /// All rows in order, each group before those inside it.
    #[must_use]
    pub fn placed(&self) -> Vec<Placed<'_>> {
        placed(&self.items)
    }

    /// The place of a component.
    #[must_use]
    pub fn place_of(&self, component: ComponentKey) -> Option<Placed<'_>> {
        self.placed().into_iter().find(|row| *row.item == PageItem::Component(component))
    }

    /// The place of a group.
    #[must_use]
    pub fn place_of_group(&self, group: GroupKey) -> Option<Placed<'_>> {
        self.placed().into_iter().find(|row| matches!(row.item, PageItem::Group(key, _) if *key == group))
    }

    /// The rows of a group; none if the page has no such group.
    #[must_use]
    pub fn rows_of(&self, group: GroupKey) -> &[PageItem] {
        match self.place_of_group(group).map(|row| row.item) {
            Some(PageItem::Group(_, rows)) => rows,
            _ => &[],
        }
    }
}

/// All rows in order, each group before those inside it.
fn placed(items: &[PageItem]) -> Vec<Placed<'_>> {
    let mut all = Vec::new();
    place(items, None, &mut all);
    all
}

fn place<'a>(items: &'a [PageItem], group: Option<GroupKey>, all: &mut Vec<Placed<'a>>) {
    for (item, position) in items.iter().zip(1..) {
        all.push(Placed { item, group, position });
        if let PageItem::Group(key, rows) = item {
            place(rows, Some(*key), all);
        }
    }
}

/// The components of these rows and of the groups among them, in order.
#[must_use]
pub fn components_of(items: &[PageItem]) -> Vec<ComponentKey> {
    let component = |row: Placed<'_>| match row.item {
        PageItem::Component(key) => Some(*key),
        PageItem::Group(..) => None,
    };
    placed(items).into_iter().filter_map(component).collect()
}
