//! Components that are made at run time, through REST or the admin side.

use super::items::{is_component, put, reorder, take};
use super::runtime::{
    arrange, check_number, check_position, declared, declared_rows, description, living_page, name,
};
use super::{Change, Changes, Context, DesiredLink, Rejected, component, hold, no_component, runtime_group};
use crate::holds::Source;
use crate::labels::Selector;
use crate::state::{Component, ComponentKey, ComponentSettings, GroupKey, Origin, PageItem, PageKey, State};
use crate::status::Status;
use crate::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A component that is made at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct NewComponent {
    /// The page.
    pub page: PageKey,
    /// The group that it stands in; `None`: on the page itself.
    pub group: Option<GroupKey>,
    /// Its settings.
    pub settings: ComponentSettings,
    /// Checks that feed it; without any, people set its status.
    pub links: Vec<DesiredLink>,
    /// A status that it is held at from its beginning on.
    pub held: Option<(Source, Status)>,
}

/// A change of a component. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComponentChange {
    /// Its name.
    pub name: Option<String>,
    /// A sentence; `Some(None)`: none.
    pub description: Option<Option<String>>,
    /// Shown to visitors.
    pub public: Option<bool>,
    /// Nothing before this day counts; `Some(None)`: everything counts.
    pub start_date: Option<Option<Date>>,
    /// The chart is shown.
    pub response_time: Option<bool>,
    /// Uptime is shown.
    pub showcase: Option<bool>,
    /// Hidden while it is operational.
    pub only_show_if_degraded: Option<bool>,
    /// The group that it moves to; `Some(None)`: to the page itself.
    pub group: Option<Option<GroupKey>>,
    /// Its place in its group, or on its page, from 1.
    pub position: Option<usize>,
    /// Checks that feed it.
    pub links: Option<Vec<DesiredLink>>,
    /// By which labels it chooses the checks that feed it; `Some(None)`: none, so that people set its status unless
    /// `links` names checks.
    pub selector: Option<Option<Selector>>,
}

/// Makes a component; `zone` is the one of its page.
pub(super) fn create(
    state: &mut State,
    (new, zone): (&NewComponent, &TimeZone),
    Context { now, ids }: Context,
    changes: &mut Changes,
) -> Result<ComponentKey, Rejected> {
    living_page(state, new.page)?;
    check_group(state, new.page, new.group)?;
    check_links(state, &new.links)?;
    let settings = checked(&new.settings)?;
    check_feeds(settings.selector.as_ref(), &new.links)?;
    let made = state.components.values().filter(|one| one.origin == Origin::Runtime && !one.archived);
    check_number("component", made.filter(|one| living_page(state, one.page).is_ok()))?;
    let key = ComponentKey::next(&mut state.counters.components);
    let id = ids.id("component", key.0);
    let fresh = component::new(new.page, id.clone(), id, settings, now);
    let fresh = Component { origin: Origin::Runtime, ..fresh };
    let starts_at = component::starts_at(&fresh.settings, zone);
    component::save(state, key, fresh, (&new.links, starts_at), now, changes);
    arrange(state, new.page, changes, |items| put(items, new.group, PageItem::Component(key)));
    if let Some((source, status)) = new.held {
        hold::set(state, (key, source), (status, None), now, changes)?;
    }
    Ok(key)
}

/// Changes a component; `zone` is the one of its page.
pub(super) fn change(
    state: &mut State,
    key: ComponentKey,
    (change, zone): (&ComponentChange, &TimeZone),
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made(state, key)?.clone();
    let page = former.page;
    let settings = former.settings.clone();
    let settings = checked(&ComponentSettings {
        name: change.name.clone().unwrap_or(settings.name),
        description: change.description.clone().unwrap_or(settings.description),
        public: change.public.unwrap_or(settings.public),
        start_date: change.start_date.unwrap_or(settings.start_date),
        response_time: change.response_time.unwrap_or(settings.response_time),
        showcase: change.showcase.unwrap_or(settings.showcase),
        only_show_if_degraded: change.only_show_if_degraded.unwrap_or(settings.only_show_if_degraded),
        selector: change.selector.clone().unwrap_or(settings.selector),
    })?;
    let stands = state.pages[&page].place_of(key).and_then(|row| row.group);
    let group = change.group.unwrap_or(stands);
    check_group(state, page, group)?;
    if let Some(links) = &change.links {
        check_links(state, links)?;
        check_feeds(settings.selector.as_ref(), links)?;
    }
    if let Some(position) = change.position {
        check_position(position, declared_rows(state, page, group))?;
    }
    let stay = former.settings.selector.is_none() || settings.selector.is_some();
    let present = || if stay { component::links_of(state, &former) } else { Vec::new() };
    let links = change.links.clone().unwrap_or_else(present);
    let starts_at = component::starts_at(&settings, zone);
    component::save(state, key, Component { settings, ..former }, (&links, starts_at), now, changes);
    arrange(state, page, changes, |items| {
        if group != stands {
            take(items, &is_component(key));
            put(items, group, PageItem::Component(key));
        }
        if let Some(position) = change.position {
            reorder(items, &is_component(key), position);
        }
    });
    Ok(())
}

/// Archives a component with its history. Its holds, windows and incidents stay as they are.
pub(super) fn archive(state: &mut State, key: ComponentKey, changes: &mut Changes) -> Result<(), Rejected> {
    let page = made(state, key)?.page;
    state.components.get_mut(&key).expect("looked up above").archived = true;
    changes.push(Change::ComponentSaved(key));
    arrange(state, page, changes, |items| {
        take(items, &is_component(key));
    });
    Ok(())
}

fn made(state: &State, key: ComponentKey) -> Result<&Component, Rejected> {
    let component = state.components.get(&key).filter(|one| !one.archived).ok_or_else(no_component)?;
    living_page(state, component.page)?;
    if component.origin == Origin::File {
        return Err(declared("component", &component.settings.name));
    }
    Ok(component)
}

fn check_group(state: &State, page: PageKey, group: Option<GroupKey>) -> Result<(), Rejected> {
    group.map_or(Ok(()), |group| runtime_group::on_page(state, page, group).map(|_| ()))
}

fn check_links(state: &State, links: &[DesiredLink]) -> Result<(), Rejected> {
    let mut seen = BTreeSet::new();
    for link in links {
        let name = &link.check;
        if !state.check_names.contains_key(name) {
            return Err(Rejected::not_found("links", format!("there is no check {name:?}")));
        }
        if !seen.insert(name) {
            return Err(Rejected::invalid("links", format!("check {name:?} is named twice")));
        }
    }
    Ok(())
}

fn check_feeds(selector: Option<&Selector>, links: &[DesiredLink]) -> Result<(), Rejected> {
    if selector.is_none() || links.is_empty() {
        return Ok(());
    }
    Err(Rejected::invalid("links", "its checks are chosen by labels or named, not both"))
}

fn checked(settings: &ComponentSettings) -> Result<ComponentSettings, Rejected> {
    let (name, description) = (name(&settings.name)?, description(settings.description.as_deref())?);
    Ok(ComponentSettings { name, description, ..settings.clone() })
}
