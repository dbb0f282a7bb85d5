//! Turns what a step changed into notices, in the transaction of the change.

use super::{Change, Changes, Context};
use crate::incident::{Impact, Incident};
use crate::maintenance::PlannedWindow;
use crate::notice::{
    FLAPPING_CHANGES, FLAPPING_WINDOW, GROUP_WAIT, News, Notice, NoticeSubject, OutageEdge, Progress, STEADY,
    StatusStep, edge_of, news_of_incident, news_of_window,
};
use crate::schedule::{Due, hold_due};
use crate::state::{
    AnnouncementKey, Component, ComponentKey, IncidentKey, NoticeKey, PageKey, State, SubscriberKey,
    WindowKey,
};
use crate::status::Status;
use crate::table::Table;
use crate::time::{DAY, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What may be said, as it was before a step.
pub(super) struct Before {
    incidents: Table<IncidentKey, Incident>,
    windows: Table<WindowKey, PlannedWindow>,
    components: Table<ComponentKey, Component>,
    clock: Timestamp,
}

impl Before {
    /// `None` if nobody hears anything: then a step costs nothing.
    pub(super) fn of(state: &State) -> Option<Self> {
        (!state.subscribers.is_empty()).then(|| Self {
            incidents: state.incidents.clone(),
            windows: state.windows.clone(),
            components: state.components.clone(),
            clock: state.clock,
        })
    }
}

/// Makes notices of what a step changed.
pub(super) fn follow(state: &mut State, before: &Option<Before>, context: Context, changes: &mut Changes) {
    let Some(before) = before else { return };
    let mut stated = Stated::new();
    let incidents: BTreeSet<IncidentKey> = changes.touched.incidents.iter().copied().collect();
    for key in incidents {
        incident(state, before.incidents.get(&key), key, (context, &mut stated), changes);
    }
    let windows: BTreeSet<WindowKey> = changes.touched.windows.iter().copied().collect();
    for key in windows {
        window(state, before.windows.get(&key), key, (context, &mut stated), changes);
    }
    let announcements: BTreeSet<AnnouncementKey> = changes.touched.announcements.iter().copied().collect();
    for key in announcements {
        announcement(state, key, context, changes);
    }
    let changed = changes.events.iter().filter_map(|event| match event {
        Change::ComponentChanged(key) => Some(*key),
        _ => None,
    });
    let components: BTreeSet<ComponentKey> = changed.collect();
    for key in components {
        status(state, before, (key, &stated), context, changes);
    }
}

/// The notices of incidents and of maintenance that state which status components have got in a step.
type Stated = BTreeMap<(ComponentKey, Status), NoticeKey>;

fn incident(
    state: &mut State,
    before: Option<&Incident>,
    key: IncidentKey,
    (context, stated): (Context, &mut Stated),
    changes: &mut Changes,
) {
    let Some(after) = state.incidents.get(&key) else { return };
    let news = news_of_incident(before, after);
    let subject = NoticeSubject::Incident(key);
    let last_edge = state.notices_of(subject).find_map(|(_, notice)| notice.edge);
    let edge = edge_of(after, last_edge == Some(OutageEdge::Start));
    let was_major = before.is_some_and(|one| one.is_published() && one.shown_impact() >= Impact::Major);
    let is_said = after.is_published() && !after.backfilled;
    let rises = is_said && !was_major && edge == Some(OutageEdge::Start);
    let named = after.components().into_iter().map(|(component, _)| component);
    let components = shown_of(state, named);
    let content = Content { page: after.page, components, edge, ..Content::default() };
    let new = after.updates.iter().filter(|update| news.updates.contains(&update.number));
    let set: Vec<_> = new.flat_map(|update| &update.components).map(|one| (one.component, one.to)).collect();
    if rises || !news.updates.is_empty() {
        let content = Content { updates: news.updates, ..content.clone() };
        if let Some(notice) = say(state, subject, content, context, changes) {
            stated.extend(set.into_iter().map(|one| (one, notice)));
        }
    }
    if news.postmortem {
        let content = Content { edge: None, ..content };
        say(state, NoticeSubject::Postmortem(key), content, context, changes);
    }
}

fn window(
    state: &mut State,
    before: Option<&PlannedWindow>,
    key: WindowKey,
    (context, stated): (Context, &mut Stated),
    changes: &mut Changes,
) {
    let Some(after) = state.windows.get(&key) else { return };
    let Some(page) = after.page else { return };
    // Of what is over visitors read that all is well again.
    let to = if after.is_open() { Status::UnderMaintenance } else { Status::Operational };
    let news = news_of_window(before, after);
    let components = shown_of(state, after.components.iter().copied());
    if news == News::default() || components.is_empty() {
        return;
    }
    let content = Content { page, components, ..Content::default() };
    if news.reminder {
        say(state, NoticeSubject::Reminder(key), content, context, changes);
        return;
    }
    let set = content.components.clone();
    let content = Content { updates: news.updates, ..content };
    if let Some(notice) = say(state, NoticeSubject::Maintenance(key), content, context, changes) {
        stated.extend(set.into_iter().map(|component| ((component, to), notice)));
    }
}

/// Those of the components that visitors see.
fn shown_of(state: &State, components: impl Iterator<Item = ComponentKey>) -> BTreeSet<ComponentKey> {
    let is_shown = |key: &ComponentKey| {
        state.components.get(key).is_some_and(|component| component.settings.public && !component.archived)
    };
    components.filter(is_shown).collect()
}

/// Each page that shows it is told once, also one to which it comes later.
fn announcement(state: &mut State, key: AnnouncementKey, context: Context, changes: &mut Changes) {
    let Some(after) = state.announcements.get(&key).filter(|one| one.is_shown() && one.tell_subscribers)
    else {
        return;
    };
    let subject = NoticeSubject::Announcement(key);
    for page in after.pages.clone() {
        if state.notices_of(subject).all(|(_, notice)| notice.page != page) {
            say(state, subject, Content { page, ..Content::default() }, context, changes);
        }
    }
}

fn status(
    state: &mut State,
    before: &Before,
    (key, stated): (ComponentKey, &Stated),
    context: Context,
    changes: &mut Changes,
) {
    let Some(after) = state.components.get(&key).filter(|one| one.settings.public && !one.archived) else {
        return;
    };
    let subject = NoticeSubject::Status(key);
    let last = state.notices_of(subject).find_map(|(_, notice)| notice.steps.last().copied());
    // What time alone changes is noticed with the next tick: until then it was not said, whatever came in between.
    let until = |one: &Component| hold_due(one).map_or(before.clock + 1, |due| due.min(before.clock + 1));
    let former = before.components.get(&key).map(|one| (until(one), &one.layers));
    let known = former.and_then(|(until, layers)| layers.last_known(until - DAY, until));
    let (Some(from), Some(to)) = (known.or(last.map(|step| step.to)), after.layers.status_at(context.now))
    else {
        return;
    };
    let is_said = |step: &StatusStep| step.to == to && former.is_some_and(|(until, _)| step.at >= until);
    if from == to || last.as_ref().is_some_and(is_said) {
        return;
    }
    let said_by = stated.get(&(key, to)).copied();
    let content = Content {
        page: after.page,
        components: BTreeSet::from([key]),
        steps: vec![StatusStep { at: context.now, from, to, said_by }],
        ..Content::default()
    };
    say(state, subject, content, context, changes);
}

/// Makes the report of the last month of a page, or notes that it is too late for it.
pub(super) fn report_due(state: &mut State, page: PageKey, context: Context, changes: &mut Changes) {
    let now = context.now;
    if let Some((month, is_late)) = state.report_now(page, now) {
        let key = NoticeKey::next(&mut state.counters.notices);
        let notice = Notice {
            id: context.ids.id("notice", key.0),
            page,
            subject: NoticeSubject::Report(month),
            updates: Vec::new(),
            steps: Vec::new(),
            components: BTreeSet::new(),
            edge: None,
            at: now,
            due_at: now,
            joins: false,
            progress: Progress { done_at: is_late.then_some(now), ..Progress::default() },
        };
        put(state, key, notice, changes);
    }
    state.reschedule(Due::Report(page));
}

/// What is to be said.
#[derive(Clone)]
struct Content {
    page: PageKey,
    updates: Vec<i64>,
    steps: Vec<StatusStep>,
    components: BTreeSet<ComponentKey>,
    edge: Option<OutageEdge>,
}

impl Default for Content {
    fn default() -> Self {
        let (updates, steps, components) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { page: PageKey(0), updates, steps, components, edge: None }
    }
}

/// Joins the notice of the subject that still waits, or makes one. `None`: nobody is told.
fn say(
    state: &mut State,
    subject: NoticeSubject,
    what: Content,
    context: Context,
    changes: &mut Changes,
) -> Option<NoticeKey> {
    let now = context.now;
    let is_shown = state.pages.get(&what.page).is_some_and(|page| page.settings.public && !page.archived);
    let anybody = state.subscribers_of(what.page, SubscriberKey::default()).next().is_some();
    if !is_shown || !anybody {
        return None;
    }
    let newest = state.notices_of(subject).find(|(_, notice)| notice.page == what.page);
    if let Some((key, waiting)) = newest.filter(|(_, notice)| notice.due_at > now && notice.joins) {
        let mut joined = waiting.clone();
        joined.updates.extend(what.updates);
        joined.steps.extend(what.steps);
        joined.components.extend(what.components);
        joined.edge = what.edge.or(joined.edge);
        joined.at = now;
        joined.due_at = joined.due_after(now);
        put(state, key, joined, changes);
        return Some(key);
    }
    let key = NoticeKey::next(&mut state.counters.notices);
    let notice = Notice {
        id: context.ids.id("notice", key.0),
        page: what.page,
        subject,
        updates: what.updates,
        steps: what.steps,
        components: what.components,
        edge: what.edge,
        at: now,
        due_at: due_at(state, subject, what.page, now),
        joins: true,
        progress: Progress::default(),
    };
    put(state, key, notice, changes);
    Some(key)
}

/// At once. What follows within a minute is one notice; a status that keeps changing is said in a digest, and then again once it
/// rests.
fn due_at(state: &State, subject: NoticeSubject, page: PageKey, now: Timestamp) -> Timestamp {
    let before = || state.notices_of(subject).filter(|(_, notice)| notice.page == page);
    let Some((_, last)) = before().next() else { return now };
    if last.due_at > now {
        return last.due_at;
    }
    if let NoticeSubject::Status(_) = subject {
        let recent = before().take_while(|(_, notice)| now - notice.due_at < FLAPPING_WINDOW);
        let steps = recent.flat_map(|(_, notice)| &notice.steps);
        if steps.filter(|step| now - step.at < FLAPPING_WINDOW).count() >= FLAPPING_CHANGES {
            let goes_on = last.is_digest() && !last.has_rested();
            return now + if goes_on { STEADY } else { FLAPPING_WINDOW };
        }
    }
    (last.due_at + GROUP_WAIT).max(now)
}

/// Keeps a notice as it is now.
pub(super) fn put(state: &mut State, key: NoticeKey, notice: Notice, changes: &mut Changes) {
    state.insert_notice(key, notice);
    changes.touched.notice(key);
    state.reschedule(Due::Notice(key));
}
