//! Announcements as people make, change and end them, and what happens to them at their times.

use super::window::LATEST;
use super::{Change, Changes, Context, Rejected};
use crate::announcement::{Announcement, AnnouncementLevel, Transition};
use crate::schedule::Due;
use crate::state::{AnnouncementKey, PageKey, State};
use crate::text::Text;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The greatest number of announcements that have not ended.
pub const MAX_OPEN_ANNOUNCEMENTS: usize = 1_000;

/// An announcement that a person makes.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAnnouncement {
    /// Its title.
    pub title: Text,
    /// Its text.
    pub body: Text,
    /// Its level.
    pub level: AnnouncementLevel,
    /// The pages that show it.
    pub pages: Vec<PageKey>,
    /// From when on; a past instant is raised to now.
    pub from: Timestamp,
    /// Until when. `None`: until a person ends it.
    pub to: Option<Timestamp>,
    /// Whether subscribers are told when it appears.
    pub tell_subscribers: bool,
}

/// A change of an announcement by a person. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnnouncementChange {
    /// Another title.
    pub title: Option<Text>,
    /// Another text.
    pub body: Option<Text>,
    /// Another level.
    pub level: Option<AnnouncementLevel>,
    /// Other pages instead.
    pub pages: Option<Vec<PageKey>>,
    /// Another beginning, before it appears.
    pub from: Option<Timestamp>,
    /// Another end; `Some(None)`: until a person ends it.
    pub to: Option<Option<Timestamp>>,
    /// Whether subscribers are told, before it appears.
    pub tell_subscribers: Option<bool>,
}

pub(super) fn create(
    state: &mut State,
    new: &NewAnnouncement,
    context: Context,
    changes: &mut Changes,
) -> Result<AnnouncementKey, Rejected> {
    let now = context.now;
    let pages = pages(state, &new.pages)?;
    let from = new.from.max(now);
    check_times(from, new.to, now)?;
    let open = state.announcements.values().filter(|one| one.is_open()).count();
    if open >= MAX_OPEN_ANNOUNCEMENTS {
        let reason = format!("at most {MAX_OPEN_ANNOUNCEMENTS} announcements are shown or planned at a time");
        return Err(Rejected::state("announcement", reason));
    }
    let key = AnnouncementKey::next(&mut state.counters.announcements);
    let announcement = Announcement {
        id: context.ids.id("announcement", key.0),
        pages,
        title: new.title.clone(),
        body: new.body.clone(),
        level: new.level,
        from,
        to: new.to,
        tell_subscribers: new.tell_subscribers,
        created_at: now,
        updated_at: now,
        edited_at: None,
        began_at: None,
        ended_at: None,
        withdrawn: false,
        by: changes.author.clone(),
    };
    state.announcements.insert(key, announcement);
    changes.touched.announcement(key);
    due(state, key, context, changes);
    Ok(key)
}

pub(super) fn change(
    state: &mut State,
    key: AnnouncementKey,
    change: &AnnouncementChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let now = context.now;
    let former = state.announcements.get(&key).ok_or_else(no_announcement)?;
    let mut changed = former.clone();
    let timed = change.from.is_some() || change.to.is_some();
    let ended = !former.is_open() || former.to.is_some_and(|to| to <= now);
    if ended && (timed || change.pages.is_some()) {
        return Err(Rejected::state("announcement", "this announcement has ended"));
    }
    let begun = former.is_published() || former.from <= now;
    if begun && change.from.is_some() {
        return Err(Rejected::state("from", "this announcement is shown already"));
    }
    if begun && change.tell_subscribers.is_some_and(|tell| tell != former.tell_subscribers) {
        let reason = "whether subscribers are told is settled once an announcement is shown";
        return Err(Rejected::state("tell_subscribers", reason));
    }
    if let Some(named) = &change.pages {
        changed.pages = pages(state, named)?;
    }
    changed.from = change.from.map_or(changed.from, |from| from.max(now));
    changed.to = change.to.unwrap_or(changed.to);
    if timed {
        check_times(changed.from, changed.to, now)?;
    }
    changed.tell_subscribers = change.tell_subscribers.unwrap_or(changed.tell_subscribers);
    changed.level = change.level.unwrap_or(changed.level);
    for (new, text) in [(&change.title, &mut changed.title), (&change.body, &mut changed.body)] {
        if let Some(new) = new {
            text.clone_from(new);
        }
    }
    if changed == *former {
        return Ok(());
    }
    let words = |one: &Announcement| (one.title.public.clone(), one.body.public.clone(), one.level);
    if former.is_published() && words(former) != words(&changed) {
        changed.edited_at = Some(now);
    }
    let shows: BTreeSet<PageKey> = former.pages.iter().chain(&changed.pages).copied().collect();
    let seen = former.is_published();
    changed.updated_at = now;
    state.announcements.insert(key, changed);
    changes.touched.announcement(key);
    if seen {
        changes.extend(shows.into_iter().map(|page| Change::AnnouncementChanged(key, page)));
    }
    due(state, key, context, changes);
    Ok(())
}

/// Ends an announcement. One that did not appear yet is removed.
pub(super) fn end(
    state: &mut State,
    key: AnnouncementKey,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let one = state.announcements.get(&key).ok_or_else(no_announcement)?;
    if one.withdrawn || one.to.is_some_and(|to| to <= context.now) {
        return Err(Rejected::state("announcement", "this announcement has ended"));
    }
    due(state, key, context, changes);
    let one = state.announcements.get_mut(&key).expect("looked up above");
    if one.is_published() {
        one.withdrawn = true;
        one.ended_at = Some(context.now);
        changed(state, key, context.now, changes);
    } else {
        state.announcements.remove(&key);
        changes.touched.announcement(key);
    }
    state.reschedule(Due::Announcement(key));
    Ok(())
}

/// Everything that is due for an announcement by time alone, in order: also what fell into an absence of the aggregator.
pub(super) fn due(state: &mut State, key: AnnouncementKey, context: Context, changes: &mut Changes) {
    let next = |state: &State| state.announcements.get(&key)?.next().filter(|(at, _)| *at <= context.now);
    while let Some((at, transition)) = next(state) {
        let one = state.announcements.get_mut(&key).expect("it is due");
        match transition {
            Transition::Return => (one.began_at, one.ended_at) = (None, None),
            Transition::Begin => one.began_at = Some(at),
            Transition::End => one.ended_at = Some(at),
            Transition::Forget => {
                let pages = one.pages.clone();
                state.announcements.remove(&key);
                changes.touched.announcement(key);
                changes.extend(pages.into_iter().map(|page| Change::AnnouncementChanged(key, page)));
                break;
            }
        }
        changed(state, key, context.now, changes);
    }
    state.reschedule(Due::Announcement(key));
}

/// Notes that what visitors see of it changed.
fn changed(state: &mut State, key: AnnouncementKey, now: Timestamp, changes: &mut Changes) {
    let one = state.announcements.get_mut(&key).expect("the caller looked it up");
    one.updated_at = now;
    changes.touched.announcement(key);
    for page in one.pages.clone() {
        let event = Change::AnnouncementChanged(key, page);
        if !changes.events.contains(&event) {
            changes.push(event);
        }
    }
}

fn no_announcement() -> Rejected {
    Rejected::not_found("announcement", "there is no such announcement")
}

fn check_times(from: Timestamp, to: Option<Timestamp>, now: Timestamp) -> Result<(), Rejected> {
    for (field, at) in [("from", Some(from)), ("to", to)] {
        if at.is_some_and(|at| at - now > LATEST) {
            let reason = "an announcement appears and ends within five years: correct its times";
            return Err(Rejected::invalid(field, reason));
        }
    }
    let Some(to) = to else { return Ok(()) };
    if to <= now {
        return Err(Rejected::invalid("to", "an announcement must end in the future"));
    }
    if to <= from {
        return Err(Rejected::invalid("to", "an announcement must end after it begins"));
    }
    Ok(())
}

/// The pages, sorted and without duplicates.
fn pages(state: &State, keys: &[PageKey]) -> Result<Vec<PageKey>, Rejected> {
    let keys: BTreeSet<PageKey> = keys.iter().copied().collect();
    if keys.is_empty() {
        return Err(Rejected::invalid("pages", "an announcement needs a page"));
    }
    for key in &keys {
        let none = || Rejected::not_found("pages", "there is no such page");
        let page = state.pages.get(key).ok_or_else(none)?;
        if page.archived {
            let reason = format!("page {:?} is archived", page.settings.name);
            return Err(Rejected::invalid("pages", reason));
        }
    }
    Ok(keys.into_iter().collect())
}
