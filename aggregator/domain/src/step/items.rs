//! The order of a page and of its groups: what the file declares stands first, in the order of the file, then what was
//! made at run time, in the order in which people left it.

use crate::state::{ComponentKey, GroupKey, Origin, PageItem, State};

/// The order that a file wants, with what was made at run time. A component whose group the file no longer declares
/// stands on the page itself.
pub(super) fn merged(state: &State, mut file: Vec<PageItem>, former: &[PageItem]) -> Vec<PageItem> {
    let stays = |key: &ComponentKey| {
        state.components.get(key).is_some_and(|one| one.origin == Origin::Runtime && !one.archived)
    };
    let group_stays = |key: &GroupKey| {
        state.groups.get(key).is_some_and(|one| one.origin == Origin::Runtime && !one.archived)
    };
    let mut made = Vec::new();
    for item in former {
        match item {
            PageItem::Component(key) if stays(key) => made.push(PageItem::Component(*key)),
            PageItem::Component(_) => {}
            PageItem::Group(key, children) => {
                let children: Vec<ComponentKey> = children.iter().copied().filter(stays).collect();
                if group_stays(key) {
                    made.push(PageItem::Group(*key, children));
                } else if let Some(declared) = children_of(&mut file, *key) {
                    declared.extend(children);
                } else {
                    made.extend(children.into_iter().map(PageItem::Component));
                }
            }
        }
    }
    file.extend(made);
    file
}

/// The components of a group, in order; `None`: the page has no such group.
pub(super) fn children_of(items: &mut [PageItem], group: GroupKey) -> Option<&mut Vec<ComponentKey>> {
    items.iter_mut().find_map(|item| match item {
        PageItem::Group(key, children) if *key == group => Some(children),
        _ => None,
    })
}

/// The group that a component stands in.
pub(super) fn group_of(items: &[PageItem], component: ComponentKey) -> Option<GroupKey> {
    items.iter().find_map(|item| match item {
        PageItem::Group(key, children) if children.contains(&component) => Some(*key),
        _ => None,
    })
}

/// Takes a component off the page.
pub(super) fn take_component(items: &mut Vec<PageItem>, component: ComponentKey) {
    items.retain(|item| *item != PageItem::Component(component));
    for item in items {
        if let PageItem::Group(_, children) = item {
            children.retain(|key| *key != component);
        }
    }
}

/// Takes a group off the page. Its components stand where it stood.
pub(super) fn dissolve(items: &mut Vec<PageItem>, group: GroupKey) {
    let Some(at) = place_of(items, group) else { return };
    let children = std::mem::take(children_of(items, group).expect("found above"));
    items.splice(at..=at, children.into_iter().map(PageItem::Component));
}

/// Sets the components of a group. Those that leave it stand behind it.
pub(super) fn regroup(items: &mut Vec<PageItem>, group: GroupKey, components: &[ComponentKey]) {
    let former = children_of(items, group).map(std::mem::take).unwrap_or_default();
    components.iter().for_each(|key| take_component(items, *key));
    if let Some(children) = children_of(items, group) {
        *children = components.to_vec();
    }
    let Some(at) = place_of(items, group) else { return };
    let left = former.into_iter().filter(|key| !components.contains(key));
    items.splice(at + 1..at + 1, left.map(PageItem::Component));
}

/// The place of a group on its page, from 0.
pub(super) fn place_of(items: &[PageItem], group: GroupKey) -> Option<usize> {
    items.iter().position(|item| matches!(item, PageItem::Group(key, _) if *key == group))
}

/// Moves the row at `from`, from 0, to the place `to`, from 1; beyond the last it becomes the last.
pub(super) fn reorder<T>(rows: &mut Vec<T>, from: usize, to: usize) {
    let row = rows.remove(from);
    let to = to.saturating_sub(1).min(rows.len());
    rows.insert(to, row);
}
