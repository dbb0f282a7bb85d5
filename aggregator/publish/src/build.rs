//! Builds a [`PageView`] from the state. It is pure, and the only place where private rows become public text. Names
//! come from the configuration of the page, never from checks, hosts or agents. What it reads grows with what the page
//! shows, never with its past.

use super::announcements::announcements;
use super::component_now::{ComponentNow, is_quiet};
use super::corrections::corrections;
use super::incidents::incidents;
use super::maintenance::maintenance;
use super::months::{MonthSums, earlier};
use super::outputs::is_settled;
use super::times;
use super::view::{
    ComponentView, GroupView, IncidentView, Item, MaintenanceView, PageView, Place, ResponseView,
    SectionsView, UptimeRuleView,
};
use jiff::tz::TimeZone;
use skerry_domain::component::Automatic;
use skerry_domain::days::{Calendar, days, windows};
use skerry_domain::holds::Source;
use skerry_domain::layers;
use skerry_domain::state::{Component, ComponentKey, GroupKey, Page, PageItem, PageKey, State};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE, Timestamp};
use skerry_domain::uptime::{Figure, Rule, Tally};
use std::sync::Arc;

/// Days of an uptime bar.
const BAR_DAYS: usize = 90;
/// How long a publication is valid, in ms.
const VALIDITY: i64 = 3 * MINUTE;
/// The past around an incident or a month that its page needs, in ms: what an incident covers begins up to an hour before it, and
/// what began within minutes of each other stands together.
const AROUND: i64 = DAY;

/// How much of its past a view of a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What the days shown touch, and the lists of the API.
    Days,
    /// Also every announcement that is kept.
    Kept,
    /// Everything, which on an old page is many times the work: the slow reference of the pages of what is over.
    Complete,
}

/// Builds the view of a page at `now`, with the past of the days shown. `base_url` is its public address without a slash
/// at the end.
#[must_use]
pub fn page_view(state: &State, key: PageKey, base_url: &str, now: Timestamp) -> Option<PageView> {
    view(state, key, &Place::at(base_url), now, Extent::Days)
}

/// As [`page_view`], with the complete past.
#[must_use]
pub fn page_view_with_past(state: &State, key: PageKey, base_url: &str, now: Timestamp) -> Option<PageView> {
    view(state, key, &Place::at(base_url), now, Extent::Complete)
}

/// The view of a page at `now`.
#[must_use]
pub fn view(state: &State, key: PageKey, place: &Place, now: Timestamp, extent: Extent) -> Option<PageView> {
    let page = state.pages.get(&key).filter(|page| !page.archived)?;
    let zone = times::zone_of(page);
    let calendar = Calendar::new(&zone, now, BAR_DAYS);
    let begin = begin_of(&calendar, now);
    let complete = extent == Extent::Complete;
    let incidents = incidents(state, (key, page), &zone, begin, complete);
    let maintenance = maintenance(state, (key, page), &zone, begin, complete);
    let past = if complete { Timestamp(i64::MIN) } else { past_of(&incidents, &maintenance, begin, now) };
    let build = Build { state, page, now, calendar, begin, past };
    let items = shown(state, &page.items, &|key| build.component(*key));
    let components = items.iter().flat_map(Item::components).map(|one| one.updated_at);
    let announced = incidents.iter().map(|one| one.updated_at);
    let announced = announced.chain(maintenance.iter().map(|one| one.updated_at));
    let changed = components.chain(announced).max();
    let view = PageView {
        verified_at: build.verified_at().map(|at| at.min(now - state.unsure_ms)),
        believe_until: build.believe_until().min(now - state.unsure_ms + VALIDITY),
        updated_at: changed.unwrap_or(page.created_at),
        items,
        incidents,
        maintenance,
        announcements: announcements(state, key, begin, extent != Extent::Days),
        ..frame(page, zone, place, now)
    };
    let earlier = complete.then(|| earlier(state, key, &view, &MonthSums::default()).0);
    Some(PageView { earlier: earlier.unwrap_or_default().into(), ..view })
}

/// The view of a page with the names of what is on it, and nothing of their past: for documents that show no status.
#[must_use]
pub fn outline_view(state: &State, key: PageKey, place: &Place, now: Timestamp) -> Option<PageView> {
    let page = state.pages.get(&key)?;
    let one = |key: &ComponentKey| {
        let component = state.components.get(key)?;
        (component.settings.public && !component.archived).then(|| outline(component, now))
    };
    Some(PageView { items: shown(state, &page.items, &one), ..frame(page, times::zone_of(page), place, now) })
}

/// When the days begin that a page in this zone shows.
pub(super) fn shown_from(zone: &TimeZone, now: Timestamp) -> Timestamp {
    begin_of(&Calendar::new(zone, now, BAR_DAYS), now)
}

fn begin_of(calendar: &Calendar, now: Timestamp) -> Timestamp {
    calendar.days().first().map_or(now, |day| day.from).min(now - DAY)
}

/// The view of a page with nothing on it.
pub(super) fn frame(page: &Page, zone: TimeZone, place: &Place, now: Timestamp) -> PageView {
    PageView {
        id: page.id.clone(),
        name: page.settings.name.clone(),
        url: place.url.clone(),
        noindex: place.noindex,
        feed_token: place.feed_token.clone(),
        preview: place.preview,
        takes_subscribers: place.takes_subscribers,
        takes_mail: place.takes_mail,
        time_zone: zone,
        time_zone_name: page.settings.time_zone.clone(),
        support_url: page.settings.support_url.clone(),
        privacy_url: page.settings.privacy_url.clone(),
        frame_ancestors: page.settings.frame_ancestors.clone(),
        language: times::language_of(page),
        branding: Arc::clone(&page.settings.branding),
        now,
        verified_at: None,
        believe_until: now,
        updated_at: page.created_at,
        created_at: page.created_at,
        rule: UptimeRuleView {
            statuspage: page.settings.rule == Rule::Statuspage,
            partial_percent: page.settings.weights.partial_percent,
            major_percent: page.settings.weights.major_percent,
        },
        items: Vec::new(),
        sections: SectionsView::default(),
        incidents: Vec::new(),
        maintenance: Vec::new(),
        announcements: Vec::new(),
        earlier: Arc::default(),
    }
}

/// Since when the past is needed: the page of what lasts, or ended lately, says when its components were impaired.
fn past_of(
    incidents: &[IncidentView],
    maintenance: &[MaintenanceView],
    begin: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let incidents = incidents.iter().map(|one| (one.started_at, one.resolved_at));
    let maintenance = maintenance.iter().map(|one| (one.from, one.ended_at));
    let live = incidents.chain(maintenance).filter(|(_, to)| !is_settled(*to, now));
    live.map(|(from, _)| from - AROUND).min().map_or(begin, |first| first.min(begin))
}

/// The view from which the page of something that is over is rendered: the incidents, the maintenance, and the components
/// that `wanted` accepts with their past around them and around the time from `from` to `to`.
pub(super) fn closed_view(
    state: &State,
    page: &Page,
    (place, now): (&Place, Timestamp),
    (incidents, maintenance): (Vec<IncidentView>, Vec<MaintenanceView>),
    (from, to): (Timestamp, Timestamp),
    wanted: impl Fn(&str) -> bool,
) -> PageView {
    let zone = times::zone_of(page);
    let times = incidents.iter().map(|one| (one.started_at, one.resolved_at));
    let times = times.chain(maintenance.iter().map(|one| (one.from, one.ended_at)));
    let (from, to) =
        times.fold((from, to), |(from, to), (begun, ended)| (from.min(begun), to.max(ended.unwrap_or(now))));
    let (from, to) = (from - AROUND, to + AROUND);
    let lasts = incidents.iter().any(IncidentView::is_open);
    let one = |key: &ComponentKey| {
        let component = state.components.get(key)?;
        if !component.settings.public || component.archived || !wanted(&component.id) {
            return None;
        }
        let component_now = ComponentNow { state, component, now };
        let begin = now - DAY;
        let intervals = component_now.intervals(begin);
        let watched_from = component_now.watched_from(&intervals);
        // What lasts is told with the present status.
        let present = lasts.then(|| component_now.present(&intervals, begin));
        let shown = outline(component, now);
        let shown = match present {
            None => shown,
            Some(present) => ComponentView {
                status: present.status,
                since: present.since,
                stale_since: present.stale_since,
                waiting: present.waiting,
                unseen: present.partly.then(|| component_now.unseen()),
                ..shown
            },
        };
        Some(ComponentView {
            watched_from: watched_from.filter(|from| *from <= now),
            past: watched_from.map_or_else(Vec::new, |watched| component_now.past(watched, from, to)),
            corrections: corrections(state, *key, (from, to)),
            ..shown
        })
    };
    PageView {
        items: shown(state, &page.items, &one),
        incidents,
        maintenance,
        ..frame(page, zone, place, now)
    }
}

/// A component without its status and its past.
fn outline(component: &Component, now: Timestamp) -> ComponentView {
    let settings = &component.settings;
    let nothing = Figure { hundredths: None, enough: true, coverage: 0, tally: Tally::default(), lost: 0 };
    ComponentView {
        id: component.id.clone(),
        name: settings.name.clone(),
        description: settings.description.clone(),
        created_at: component.created_at,
        updated_at: component.created_at,
        start_date: settings.start_date,
        status: Status::Operational,
        since: now,
        stale_since: None,
        waiting: false,
        unseen: None,
        checks: 0,
        manual: !component.is_linked(),
        set_at: None,
        watched_from: None,
        past: Vec::new(),
        corrections: Vec::new(),
        only_show_if_degraded: settings.only_show_if_degraded,
        showcase: settings.showcase,
        days: Vec::new(),
        windows: [nothing; 4],
        response: None,
    }
}

/// The rows as visitors see them, where `one` is a component as they see it. Groups without any are left out.
fn shown(
    state: &State,
    rows: &[PageItem],
    one: &dyn Fn(&ComponentKey) -> Option<ComponentView>,
) -> Vec<Item> {
    let row = |row: &PageItem| match row {
        PageItem::Component(key) => one(key).map(Item::Component),
        PageItem::Group(key, rows) => group(state, *key, shown(state, rows, one)),
    };
    rows.iter().filter_map(row).collect()
}

/// A group with these rows, if there are any.
fn group(state: &State, key: GroupKey, children: Vec<Item>) -> Option<Item> {
    let group = &state.groups[&key];
    let updated_at = children.iter().flat_map(Item::components).map(|one| one.updated_at).max()?;
    Some(Item::Group(GroupView {
        id: group.id.clone(),
        name: group.name.clone(),
        description: group.description.clone(),
        created_at: group.created_at,
        updated_at,
        children,
    }))
}

struct Build<'a> {
    state: &'a State,
    page: &'a Page,
    now: Timestamp,
    calendar: Calendar,
    /// When the days shown begin.
    begin: Timestamp,
    /// Since when the past is wanted.
    past: Timestamp,
}

impl Build<'_> {
    fn component(&self, key: ComponentKey) -> Option<ComponentView> {
        let component = self.state.components.get(&key).filter(|one| one.settings.public && !one.archived)?;
        let begin = self.begin;
        let component_now = ComponentNow { state: self.state, component, now: self.now };
        let intervals = component_now.intervals(begin);
        let present = component_now.present(&intervals, begin);
        let watched_from = component_now.watched_from(&intervals);
        let intervals = layers::watched_from(intervals, watched_from.unwrap_or(Timestamp::FAR));
        let days = days(&intervals, &self.calendar);
        let rule = self.page.settings.rule;
        let start = component.settings.start_date.map(|_| component.layers.start);
        let windows = windows(&intervals, &days, &self.calendar, start, rule, self.page.settings.weights);
        let past = match watched_from {
            None => Vec::new(),
            Some(_) if self.past >= begin && intervals.first().is_none_or(|first| is_quiet(first.value)) => {
                intervals.into_iter().filter(|one| !is_quiet(one.value)).collect()
            }
            Some(watched) => component_now.past(watched, self.past, Timestamp::FAR),
        };
        Some(ComponentView {
            updated_at: present.updated_at.max(component.created_at),
            status: present.status,
            since: present.since,
            stale_since: present.stale_since,
            waiting: present.waiting,
            unseen: present.partly.then(|| component_now.unseen()),
            checks: component_now.open_links().count(),
            watched_from: watched_from.filter(|from| *from <= self.now),
            past,
            corrections: corrections(self.state, key, (self.past.min(begin), self.now)),
            days,
            windows,
            set_at: set_at(component, present.status, self.now),
            response: component.settings.response_time.then(|| ResponseView::of(&component.response)),
            ..outline(component, self.now)
        })
    }

    /// The components shown that have current data from checks.
    fn with_data(&self) -> impl Iterator<Item = ComponentNow<'_>> {
        let shown = self.shown();
        shown.filter(|component_now| {
            let automatic = component_now.component.layers.automatic.last().map(|newest| newest.value);
            component_now.component.is_linked() && automatic.is_some_and(|value| value != Automatic::NoData)
        })
    }

    fn shown(&self) -> impl Iterator<Item = ComponentNow<'_>> {
        let keys = skerry_domain::state::components_of(&self.page.items);
        let all = keys.into_iter().filter_map(|key| self.state.components.get(&key));
        let shown = all.filter(|one| one.settings.public && !one.archived);
        shown.map(|component| ComponentNow { state: self.state, component, now: self.now })
    }

    /// The oldest evidence of the components with current data; if there are none, the newest evidence of all.
    fn verified_at(&self) -> Option<Timestamp> {
        let oldest = self.with_data().filter_map(|component_now| component_now.evidence()).min();
        oldest.or_else(|| self.shown().filter_map(|component_now| component_now.evidence()).max())
    }

    /// Three minutes from now, or from the instant at which the first evidence in use became too old.
    fn believe_until(&self) -> Timestamp {
        let fresh_until = self.with_data().filter_map(|component_now| component_now.fresh_until()).min();
        fresh_until.map_or(self.now, |until| until.min(self.now)) + VALIDITY
    }
}

/// When a person set the status that is shown; maintenance may stand above it.
fn set_at(component: &Component, status: Status, now: Timestamp) -> Option<Timestamp> {
    let shown = component.holds.iter().rev().find(|hold| hold.from <= now && now < hold.to)?;
    (shown.source == Source::Person && shown.status == status).then_some(shown.from)
}
