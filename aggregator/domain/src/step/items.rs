//! The order of a page and of its groups: what the file declares stands first, in the order of the file, then what was
//! made at run time, in the order in which people left it.

use crate::state::{ComponentKey, GroupKey, Origin, PageItem, State};

/// The order that a file wants, with what was made at run time. If the file no longer declares the group that it stood
/// in, or a group would stand two groups deep there, it stands on the page itself.
pub(super) fn merged(state: &State, file: Vec<PageItem>, former: &[PageItem]) -> Vec<PageItem> {
    let mut merge = Merge { state, file, made: Vec::new() };
    merge.keep(former, None);
    merge.file.extend(merge.made);
    merge.file
}

struct Merge<'a> {
    state: &'a State,
    /// What the file declares, with what was made at run time in its groups.
    file: Vec<PageItem>,
    /// What was made at run time on the page itself.
    made: Vec<PageItem>,
}

impl Merge<'_> {
    /// Keeps what was made at run time among the rows of a group, or of the page itself.
    fn keep(&mut self, rows: &[PageItem], group: Option<GroupKey>) {
        for row in rows {
            match row {
                PageItem::Component(key) if self.stays(*key) => {
                    self.place(group, PageItem::Component(*key));
                }
                PageItem::Component(_) => {}
                PageItem::Group(key, inner) => {
                    if self.group_stays(*key) {
                        self.place(group, PageItem::Group(*key, Vec::new()));
                    }
                    self.keep(inner, Some(*key));
                }
            }
        }
    }

    fn stays(&self, key: ComponentKey) -> bool {
        self.state.components.get(&key).is_some_and(|one| one.origin == Origin::Runtime && !one.archived)
    }

    fn group_stays(&self, key: GroupKey) -> bool {
        self.state.groups.get(&key).is_some_and(|one| one.origin == Origin::Runtime && !one.archived)
    }

    fn place(&mut self, group: Option<GroupKey>, item: PageItem) {
        let fits = |items: &[PageItem], group| match item {
            PageItem::Group(..) => items.iter().any(is_group(group)),
            PageItem::Component(_) => true,
        };
        let declared = group.filter(|group| fits(&self.file, *group));
        let made = group.filter(|group| fits(&self.made, *group));
        let rows = declared.and_then(|group| rows_of(&mut self.file, group));
        let rows = rows.or_else(|| made.and_then(|group| rows_of(&mut self.made, group)));
        match rows {
            Some(rows) => rows.push(item),
            None => self.made.push(item),
        }
    }
}

/// The rows of a group; `None`: the page has no such group.
pub(super) fn rows_of(items: &mut [PageItem], group: GroupKey) -> Option<&mut Vec<PageItem>> {
    items.iter_mut().find_map(|item| match item {
        PageItem::Group(key, rows) => {
            if *key == group {
                Some(rows)
            } else {
                rows_of(rows, group)
            }
        }
        PageItem::Component(_) => None,
    })
}

/// Takes a row off the page, wherever it stands.
pub(super) fn take(items: &mut Vec<PageItem>, is_meant: &dyn Fn(&PageItem) -> bool) -> Option<PageItem> {
    let (rows, at) = holding(items, is_meant)?;
    Some(rows.remove(at))
}

/// Puts a row at the end of its group or of the page.
pub(super) fn put(items: &mut Vec<PageItem>, group: Option<GroupKey>, item: PageItem) {
    match group.and_then(|group| rows_of(items, group)) {
        Some(rows) => rows.push(item),
        None => items.push(item),
    }
}

/// Takes a group off the page. Its rows stand where it stood.
pub(super) fn dissolve(items: &mut Vec<PageItem>, group: GroupKey) {
    let Some((rows, at)) = holding(items, &is_group(group)) else { return };
    if let PageItem::Group(_, inner) = rows.remove(at) {
        rows.splice(at..at, inner);
    }
}

/// Sets the components of a group; the groups inside it keep their places. Components that leave it stand behind it.
pub(super) fn regroup(items: &mut Vec<PageItem>, group: GroupKey, components: &[ComponentKey]) {
    let Some(former) = rows_of(items, group).map(std::mem::take) else { return };
    for key in components {
        take(items, &is_component(*key));
    }
    let mut wanted = components.iter().copied().map(PageItem::Component);
    let (mut rows, mut left) = (Vec::new(), Vec::new());
    for row in former {
        match row {
            PageItem::Group(key, inner) => rows.push(PageItem::Group(key, without(inner, components))),
            PageItem::Component(key) => {
                rows.extend(wanted.next());
                left.extend((!components.contains(&key)).then_some(PageItem::Component(key)));
            }
        }
    }
    rows.extend(wanted);
    if let Some((around, at)) = holding(items, &is_group(group)) {
        around[at] = PageItem::Group(group, rows);
        around.splice(at + 1..at + 1, left);
    }
}

/// Rows without these components.
fn without(mut rows: Vec<PageItem>, components: &[ComponentKey]) -> Vec<PageItem> {
    rows.retain(|row| !matches!(row, PageItem::Component(key) if components.contains(key)));
    rows
}

/// Moves a row to a place in its group or on the page, from 1; beyond the last it becomes the last.
pub(super) fn reorder(items: &mut Vec<PageItem>, is_meant: &dyn Fn(&PageItem) -> bool, to: usize) {
    let Some((rows, from)) = holding(items, is_meant) else { return };
    let row = rows.remove(from);
    let to = to.saturating_sub(1).min(rows.len());
    rows.insert(to, row);
}

/// The rows among which a row stands, and its place there, from 0.
fn holding<'a>(
    items: &'a mut Vec<PageItem>,
    is_meant: &dyn Fn(&PageItem) -> bool,
) -> Option<(&'a mut Vec<PageItem>, usize)> {
    if let Some(at) = items.iter().position(is_meant) {
        return Some((items, at));
    }
    items.iter_mut().find_map(|item| match item {
        PageItem::Group(_, rows) => holding(rows, is_meant),
        PageItem::Component(_) => None,
    })
}

pub(super) fn is_group(group: GroupKey) -> impl Fn(&PageItem) -> bool {
    move |item| matches!(item, PageItem::Group(key, _) if *key == group)
}

pub(super) fn is_component(component: ComponentKey) -> impl Fn(&PageItem) -> bool {
    move |item| *item == PageItem::Component(component)
}
