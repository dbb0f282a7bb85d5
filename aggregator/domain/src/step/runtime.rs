//! Pages and groups that are made at run time, through REST or the admin side. What a file declares is changed there
//! only.

use super::items::{children_of, dissolve, place_of, regroup, reorder};
use super::{Change, Changes, Context, Rejected, component, no_component};
use crate::state::{ComponentKey, Group, GroupKey, Origin, Page, PageItem, PageKey, PageSettings, State};
use crate::uptime::{Rule, Weights};
use jiff::tz::TimeZone;
use skerry_protocol::words::is_unfit_to_show;
use skerry_sanitiser::says_nothing;
use std::collections::BTreeSet;

/// The greatest number of pages, of groups and of components that are made at run time and not archived, themselves or
/// with their page.
pub const MAX_MADE: usize = 10_000;
/// The most characters of a name, as in the file.
pub const LONGEST_NAME: usize = 100;
/// The most characters of a description, as in the file.
pub const LONGEST_DESCRIPTION: usize = 1_000;
/// The most characters of a slug, as in the file.
const LONGEST_SLUG: usize = 63;

/// A change of a page. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageChange {
    /// Its part of addresses.
    pub slug: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Visible to everyone.
    pub public: Option<bool>,
    /// Listed in the index of pages.
    pub listed: Option<bool>,
    /// Its own host; `Some(None)`: none.
    pub domain: Option<Option<String>>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// "Get help"; `Some(None)`: none.
    pub support_url: Option<Option<String>>,
    /// Origins that may embed it in a frame.
    pub frame_ancestors: Option<Vec<String>>,
    /// BCP 47.
    pub language: Option<String>,
    /// Uptime rule.
    pub rule: Option<Rule>,
    /// Uptime weights.
    pub weights: Option<Weights>,
}

/// A group that is made at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    /// The page.
    pub page: PageKey,
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
    /// Its components, in order. Others leave it and stand behind it.
    pub components: Option<Vec<ComponentKey>>,
    /// Its place on the page, from 1.
    pub position: Option<usize>,
}

pub(super) fn create_page(
    state: &mut State,
    settings: &PageSettings,
    Context { now, ids }: Context,
    changes: &mut Changes,
) -> Result<PageKey, Rejected> {
    let settings = checked(settings.clone())?;
    check_number("page", state.pages.values().filter(|one| one.origin == Origin::Runtime && !one.archived))?;
    let key = PageKey::next(&mut state.counters.pages);
    let id = ids.id("page", key.0);
    let page = Page {
        key: id.clone(),
        origin: Origin::Runtime,
        id,
        created_at: now,
        public_since: settings.public.then_some(now),
        archived: false,
        settings,
        items: Vec::new(),
    };
    state.pages.insert(key, page);
    changes.push(Change::PageSaved(key));
    Ok(key)
}

/// Changes a page; `zone` is the one that its settings name afterwards.
pub(super) fn change_page(
    state: &mut State,
    key: PageKey,
    (change, zone): (&PageChange, &TimeZone),
    now: crate::time::Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made_page(state, key)?;
    let change = change.clone();
    let settings = former.settings.clone();
    let settings = checked(PageSettings {
        slug: change.slug.unwrap_or(settings.slug),
        name: change.name.unwrap_or(settings.name),
        public: change.public.unwrap_or(settings.public),
        listed: change.listed.unwrap_or(settings.listed),
        root: settings.root,
        domain: change.domain.unwrap_or(settings.domain),
        time_zone: change.time_zone.unwrap_or(settings.time_zone),
        support_url: change.support_url.unwrap_or(settings.support_url),
        frame_ancestors: change.frame_ancestors.unwrap_or(settings.frame_ancestors),
        language: change.language.unwrap_or(settings.language),
        branding: settings.branding,
        rule: change.rule.unwrap_or(settings.rule),
        weights: change.weights.unwrap_or(settings.weights),
    })?;
    if settings == former.settings {
        return Ok(());
    }
    let page = state.pages.get_mut(&key).expect("looked up above");
    page.public_since = page.public_since.or(settings.public.then_some(now));
    page.settings = settings;
    changes.push(Change::PageSaved(key));
    component::begin_anew(state, key, zone, now, changes);
    Ok(())
}

/// Archives a page with its history.
pub(super) fn archive_page(state: &mut State, key: PageKey, changes: &mut Changes) -> Result<(), Rejected> {
    made_page(state, key)?;
    state.pages.get_mut(&key).expect("looked up above").archived = true;
    changes.push(Change::PageSaved(key));
    Ok(())
}

pub(super) fn create_group(
    state: &mut State,
    new: &NewGroup,
    Context { now, ids }: Context,
    changes: &mut Changes,
) -> Result<GroupKey, Rejected> {
    living_page(state, new.page)?;
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
        items.push(PageItem::Group(key, Vec::new()));
        regroup(items, key, &components);
    });
    Ok(key)
}

pub(super) fn change_group(
    state: &mut State,
    key: GroupKey,
    change: &GroupChange,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made_group(state, key)?.clone();
    let page = former.page;
    let mut group = former.clone();
    if let Some(new) = &change.name {
        group.name = name(new)?;
    }
    if let Some(new) = &change.description {
        group.description = description(new.as_deref())?;
    }
    let components = change.components.as_ref().map(|keys| members(state, page, keys)).transpose()?;
    if let Some(position) = change.position {
        check_position(position, declared_rows(state, &state.pages[&page].items))?;
    }
    if group != former {
        state.groups.insert(key, group);
        changes.push(Change::GroupSaved(key));
    }
    arrange(state, page, changes, |items| {
        if let Some(components) = components {
            regroup(items, key, &components);
        }
        if let (Some(to), Some(from)) = (change.position, place_of(items, key)) {
            reorder(items, from, to);
        }
    });
    Ok(())
}

/// Archives a group. Its components stay on the page.
pub(super) fn archive_group(state: &mut State, key: GroupKey, changes: &mut Changes) -> Result<(), Rejected> {
    let page = made_group(state, key)?.page;
    state.groups.get_mut(&key).expect("looked up above").archived = true;
    changes.push(Change::GroupSaved(key));
    arrange(state, page, changes, |items| dissolve(items, key));
    Ok(())
}

/// Changes the order of a page.
pub(super) fn arrange(
    state: &mut State,
    page: PageKey,
    changes: &mut Changes,
    change: impl FnOnce(&mut Vec<PageItem>),
) {
    let Some(page_now) = state.pages.get_mut(&page) else { return };
    let former = page_now.items.clone();
    change(&mut page_now.items);
    if page_now.items != former {
        changes.push(Change::PageSaved(page));
    }
}

/// A page that is not archived.
pub(super) fn living_page(state: &State, key: PageKey) -> Result<&Page, Rejected> {
    let none = || Rejected::not_found("page", "there is no such page");
    state.pages.get(&key).filter(|page| !page.archived).ok_or_else(none)
}

fn made_page(state: &State, key: PageKey) -> Result<&Page, Rejected> {
    let page = living_page(state, key)?;
    if page.origin == Origin::File { Err(declared("page", &page.settings.name)) } else { Ok(page) }
}

/// A group that is not archived, on a page that is not.
pub(super) fn living_group(state: &State, key: GroupKey) -> Result<&Group, Rejected> {
    let none = || Rejected::not_found("group", "there is no such group");
    let group = state.groups.get(&key).filter(|group| !group.archived).ok_or_else(none)?;
    living_page(state, group.page).map(|_| group)
}

fn made_group(state: &State, key: GroupKey) -> Result<&Group, Rejected> {
    let group = living_group(state, key)?;
    if group.origin == Origin::File { Err(declared("group", &group.name)) } else { Ok(group) }
}

/// The rejection of a change of what a file declares.
pub(super) fn declared(field: &'static str, name: &str) -> Rejected {
    Rejected::forbidden(
        field,
        format!("the configuration file declares {name:?}: change it there and reload"),
    )
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

/// How many rows of a page are declared in the file; they come first.
pub(super) fn declared_rows(state: &State, items: &[PageItem]) -> usize {
    let is_declared = |item: &&PageItem| match item {
        PageItem::Group(key, _) => state.groups[key].origin == Origin::File,
        PageItem::Component(key) => state.components[key].origin == Origin::File,
    };
    items.iter().take_while(is_declared).count()
}

/// The same for the components of a group.
pub(super) fn declared_children(state: &State, page: PageKey, group: GroupKey) -> usize {
    let mut items = state.pages[&page].items.clone();
    let children = children_of(&mut items, group).map(std::mem::take).unwrap_or_default();
    children.iter().take_while(|key| state.components[*key].origin == Origin::File).count()
}

/// Refuses a place among `declared` rows of the file.
pub(super) fn check_position(position: usize, declared: usize) -> Result<(), Rejected> {
    if position == 0 {
        return Err(Rejected::invalid("position", "places are counted from 1"));
    }
    if position <= declared {
        let reason = format!(
            "the configuration file declares what stands at the first {declared} places: choose a later one"
        );
        return Err(Rejected::forbidden("position", reason));
    }
    Ok(())
}

pub(super) fn check_number<T>(field: &'static str, made: impl Iterator<Item = T>) -> Result<(), Rejected> {
    if made.count() < MAX_MADE {
        return Ok(());
    }
    Err(Rejected::state(field, format!("at most {MAX_MADE} can be made at run time: archive some first")))
}

/// A name without blanks around it.
pub(super) fn name(written: &str) -> Result<String, Rejected> {
    line("name", written, LONGEST_NAME)
}

/// A description without blanks around it; a blank one is none.
pub(super) fn description(written: Option<&str>) -> Result<Option<String>, Rejected> {
    let written = written.map(str::trim).filter(|text| !text.is_empty());
    written.map(|text| line("description", text, LONGEST_DESCRIPTION)).transpose()
}

fn line(field: &'static str, written: &str, longest: usize) -> Result<String, Rejected> {
    let text = written.trim();
    if says_nothing(text) {
        return Err(Rejected::invalid(field, format!("the {field} is blank")));
    }
    if text.contains(is_unfit_to_show) {
        let reason = format!("the {field} holds a control character or a line break: write it on one line");
        return Err(Rejected::invalid(field, reason));
    }
    let length = text.chars().count();
    if length > longest {
        let reason = format!("the {field} is {length} characters long; at most {longest} are allowed");
        return Err(Rejected::invalid(field, reason));
    }
    Ok(text.to_owned())
}

/// Settings that a page made at run time may have. Whoever sends them has read the rest as the file is read: host,
/// zone, addresses and language.
fn checked(settings: PageSettings) -> Result<PageSettings, Rejected> {
    let name = name(&settings.name)?;
    let slug = &settings.slug;
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = slug.is_empty() || slug.starts_with('-') || slug.ends_with('-');
    if ends || slug.len() > LONGEST_SLUG || !slug.bytes().all(letters) {
        let reason = format!(
            "a slug holds lower-case letters, digits and hyphens between them, at most {LONGEST_SLUG}; it is {slug:?}"
        );
        return Err(Rejected::invalid("slug", reason));
    }
    if settings.root {
        return Err(Rejected::forbidden("root", "only the configuration file names the page at the root"));
    }
    if settings.weights.partial_percent > settings.weights.major_percent
        || settings.weights.major_percent > 100
    {
        let reason = "a partial outage cannot count more than a major one, and none more than 100 %";
        return Err(Rejected::invalid("weights", reason));
    }
    Ok(PageSettings { name, ..settings })
}
