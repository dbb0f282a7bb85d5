//! Groups that are made at run time, through REST or the admin side.

use super::items::{dissolve, is_group, put, regroup, reorder, take};
use super::runtime::{
    arrange, check_number, check_position, declared, declared_rows, description, living_page, name,
};
use super::{Change, Changes, Context, Rejected, no_component};
use crate::state::{ComponentKey, Group, GroupKey, Origin, PageItem, PageKey, State};
use std::collections::BTreeSet;

/// A group that is made at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    /// The page.
    pub page: PageKey,
    /// The group that it stands in; `None`: on the page itself.
    pub group: Option<GroupKey>,
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: Option<String>,
    /// Components of the page that move into it, in order.
    pub components: Vec<ComponentKey>,
}

/// A change of a group. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// A sentence; `Some(None)`: none.
    pub description: Option<Option<String>>,
    /// The group that it moves to; `Some(None)`: to the page itself.
    pub group: Option<Option<GroupKey>>,
    /// Its components, in order; the groups inside it keep their places. Others leave it and stand behind it.
    pub components: Option<Vec<ComponentKey>>,
    /// Its place in its group, or on the page, from 1.
    pub position: Option<usize>,
}

/// Makes a group.
pub(super) fn create(
    state: &mut State,
    new: &NewGroup,
    Context { now, ids }: Context,
    changes: &mut Changes,
) -> Result<GroupKey, Rejected> {
    living_page(state, new.page)?;
    check_outer(state, new.page, new.group, None)?;
    let (name, description) = (name(&new.name)?, description(new.description.as_deref())?);
    let components = members(state, new.page, &new.components)?;
    let made = state.groups.values().filter(|one| one.origin == Origin::Runtime && !one.archived);
    check_number("group", made.filter(|one| living_page(state, one.page).is_ok()))?;
    let key = GroupKey::next(&mut state.counters.groups);
    let id = ids.id("group", key.0);
    let group = Group {
        page: new.page,
        key: id.clone(),
        origin: Origin::Runtime,
        id,
        created_at: now,
        name,
        description,
        archived: false,
    };
    state.groups.insert(key, group);
    changes.push(Change::GroupSaved(key));
    arrange(state, new.page, changes, |items| {
        put(items, new.group, PageItem::Group(key, Vec::new()));
        regroup(items, key, &components);
    });
    Ok(key)
}

/// Changes a group.
pub(super) fn change(
    state: &mut State,
    key: GroupKey,
    change: &GroupChange,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made(state, key)?.clone();
    let page = former.page;
    let mut group = former.clone();
    if let Some(new) = &change.name {
        group.name = name(new)?;
    }
    if let Some(new) = &change.description {
        group.description = description(new.as_deref())?;
    }
    let components = change.components.as_ref().map(|keys| members(state, page, keys)).transpose()?;
    let stands = state.pages[&page].place_of_group(key).and_then(|row| row.group);
    let outer = change.group.unwrap_or(stands);
    check_outer(state, page, outer, Some(key))?;
    if let Some(position) = change.position {
        check_position(position, declared_rows(state, page, outer))?;
    }
    if group != former {
        state.groups.insert(key, group);
        changes.push(Change::GroupSaved(key));
    }
    arrange(state, page, changes, |items| {
        if outer != stands
            && let Some(row) = take(items, &is_group(key))
        {
            put(items, outer, row);
        }
        if let Some(components) = components {
            regroup(items, key, &components);
        }
        if let Some(position) = change.position {
            reorder(items, &is_group(key), position);
        }
    });
    Ok(())
}

/// Archives a group. What stands in it stays on the page.
pub(super) fn archive(state: &mut State, key: GroupKey, changes: &mut Changes) -> Result<(), Rejected> {
    let page = made(state, key)?.page;
    state.groups.get_mut(&key).expect("looked up above").archived = true;
    changes.push(Change::GroupSaved(key));
    arrange(state, page, changes, |items| dissolve(items, key));
    Ok(())
}

/// A group of this page that is not archived.
pub(super) fn on_page(state: &State, page: PageKey, key: GroupKey) -> Result<&Group, Rejected> {
    let group = living(state, key)?;
    if group.page == page {
        return Ok(group);
    }
    Err(Rejected::invalid("group", "this group is on another page"))
}

/// A group that is not archived, on a page that is not.
fn living(state: &State, key: GroupKey) -> Result<&Group, Rejected> {
    let none = || Rejected::not_found("group", "there is no such group");
    let group = state.groups.get(&key).filter(|group| !group.archived).ok_or_else(none)?;
    living_page(state, group.page).map(|_| group)
}

fn made(state: &State, key: GroupKey) -> Result<&Group, Rejected> {
    let group = living(state, key)?;
    if group.origin == Origin::File { Err(declared("group", &group.name)) } else { Ok(group) }
}

/// Refuses a group inside another where one of three would stand inside the others: `inner` is the one that moves there.
fn check_outer(
    state: &State,
    page: PageKey,
    group: Option<GroupKey>,
    inner: Option<GroupKey>,
) -> Result<(), Rejected> {
    let Some(group) = group else { return Ok(()) };
    let name = &on_page(state, page, group)?.name;
    let page = &state.pages[&page];
    if inner == Some(group) {
        return Err(Rejected::invalid("group", "a group cannot stand inside itself"));
    }
    if page.place_of_group(group).is_some_and(|row| row.group.is_some()) {
        let reason =
            format!("{name:?} stands in a group, and groups nest once: choose one on the page itself");
        return Err(Rejected::invalid("group", reason));
    }
    let is_nested = |item: &PageItem| matches!(item, PageItem::Group(..));
    if inner.is_some_and(|inner| page.rows_of(inner).iter().any(is_nested)) {
        let reason = "groups stand in this group, and groups nest once: move them out of it first";
        return Err(Rejected::invalid("group", reason));
    }
    Ok(())
}

/// Components that move into a group, without duplicates.
fn members(state: &State, page: PageKey, keys: &[ComponentKey]) -> Result<Vec<ComponentKey>, Rejected> {
    let (mut seen, mut members) = (BTreeSet::new(), Vec::new());
    for key in keys {
        let component = state.components.get(key).filter(|one| !one.archived).ok_or_else(no_component)?;
        let name = &component.settings.name;
        if component.page != page {
            return Err(Rejected::invalid("components", format!("{name:?} is on another page")));
        }
        if component.origin == Origin::File {
            return Err(declared("components", name));
        }
        if seen.insert(*key) {
            members.push(*key);
        }
    }
    Ok(members)
}
