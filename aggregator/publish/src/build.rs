//! Builds a [`PageView`] from the state. It is pure, and the only place where private rows become public text. Names
//! come from the configuration of the page, never from checks, hosts or agents.

use super::announcements::announcements;
use super::component_now::ComponentNow;
use super::incidents::incidents;
use super::maintenance::maintenance;
use super::times;
use super::view::{ComponentView, GroupView, Item, PageView, ResponsePoint, ResponseView, UptimeRuleView};
use skerry_domain::component::Automatic;
use skerry_domain::days::{Calendar, days, windows};
use skerry_domain::layers;
use skerry_domain::state::{Component, ComponentKey, GroupKey, Page, PageItem, PageKey, State};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::uptime::Rule;

/// Days of an uptime bar.
const BAR_DAYS: usize = 90;
/// How long a publication is valid, in ms.
const VALIDITY: i64 = 3 * MINUTE;

/// Builds the view of a page at `now`, with the past of the days shown. `base_url` is its public address without a slash
/// at the end.
#[must_use]
pub fn page_view(state: &State, key: PageKey, base_url: &str, now: Timestamp) -> Option<PageView> {
    view(state, key, base_url, now, false)
}

/// As [`page_view`], with the complete past for the pages of months. On an old page, this is many times the work.
#[must_use]
pub fn page_view_with_past(state: &State, key: PageKey, base_url: &str, now: Timestamp) -> Option<PageView> {
    view(state, key, base_url, now, true)
}

/// [`page_view_with_past`] if `past`, else [`page_view`].
#[must_use]
pub fn view(state: &State, key: PageKey, base_url: &str, now: Timestamp, past: bool) -> Option<PageView> {
    let page = state.pages.get(&key).filter(|page| !page.archived)?;
    let zone = times::zone_of(page);
    let build = Build { state, page, now, calendar: Calendar::new(&zone, now, BAR_DAYS), past };
    let items: Vec<Item> = page.items.iter().filter_map(|item| build.item(item)).collect();
    let incidents = incidents(state, (key, page), &zone, build.begin(), past);
    let maintenance = maintenance(state, (key, page), &zone, build.begin(), past);
    let components = components(&items).map(|one| one.updated_at);
    let announced = incidents.iter().map(|one| one.updated_at);
    let announced = announced.chain(maintenance.iter().map(|one| one.updated_at));
    let changed = components.chain(announced).max();
    Some(PageView {
        id: page.id.clone(),
        name: page.settings.name.clone(),
        url: base_url.to_owned(),
        time_zone: zone,
        time_zone_name: page.settings.time_zone.clone(),
        support_url: page.settings.support_url.clone(),
        frame_ancestors: page.settings.frame_ancestors.clone(),
        language: page.settings.language.clone(),
        now,
        verified_at: build.verified_at().map(|at| at.min(now - state.unsure_ms)),
        believe_until: build.believe_until().min(now - state.unsure_ms + VALIDITY),
        updated_at: changed.unwrap_or(page.created_at),
        created_at: page.created_at,
        rule: UptimeRuleView {
            statuspage: page.settings.rule == Rule::Statuspage,
            partial_percent: page.settings.weights.partial_percent,
            major_percent: page.settings.weights.major_percent,
        },
        items,
        incidents,
        maintenance,
        announcements: announcements(state, key, build.begin(), past),
    })
}

fn components(items: &[Item]) -> impl Iterator<Item = &ComponentView> {
    items.iter().flat_map(|item| match item {
        Item::Group(group) => group.children.as_slice(),
        Item::Component(component) => std::slice::from_ref(component),
    })
}

struct Build<'a> {
    state: &'a State,
    page: &'a Page,
    now: Timestamp,
    calendar: Calendar,
    /// The complete past is wanted.
    past: bool,
}

impl Build<'_> {
    /// When the days shown begin.
    fn begin(&self) -> Timestamp {
        self.calendar.days().first().map_or(self.now, |day| day.from).min(self.now - DAY)
    }

    fn item(&self, item: &PageItem) -> Option<Item> {
        match item {
            PageItem::Component(key) => self.component(*key).map(Item::Component),
            PageItem::Group(key, children) => {
                let children: Vec<_> = children.iter().filter_map(|child| self.component(*child)).collect();
                (!children.is_empty()).then(|| Item::Group(self.group(*key, children)))
            }
        }
    }

    fn group(&self, key: GroupKey, children: Vec<ComponentView>) -> GroupView {
        let group = &self.state.groups[&key];
        GroupView {
            id: group.id.clone(),
            name: group.name.clone(),
            description: group.description.clone(),
            created_at: group.created_at,
            updated_at: children.iter().map(|child| child.updated_at).max().unwrap_or(group.created_at),
            children,
        }
    }

    fn component(&self, key: ComponentKey) -> Option<ComponentView> {
        let component = self.state.components.get(&key).filter(|one| one.settings.public && !one.archived)?;
        let begin = self.begin();
        let component_now = ComponentNow { state: self.state, component, now: self.now };
        let intervals = component_now.intervals(begin);
        let present = component_now.present(&intervals, begin);
        let watched_from = component_now.watched_from(&intervals);
        let intervals = layers::watched_from(intervals, watched_from.unwrap_or(Timestamp::FAR));
        let days = days(&intervals, &self.calendar);
        let rule = self.page.settings.rule;
        let settings = &component.settings;
        let start = settings.start_date.map(|_| component.layers.start);
        let windows = windows(&intervals, &days, &self.calendar, start, rule, self.page.settings.weights);
        Some(ComponentView {
            id: component.id.clone(),
            name: settings.name.clone(),
            description: settings.description.clone(),
            created_at: component.created_at,
            updated_at: present.updated_at.max(component.created_at),
            start_date: settings.start_date,
            status: present.status,
            since: present.since,
            stale_since: present.stale_since,
            waiting: present.waiting,
            unseen: present.partly.then(|| component_now.unseen()),
            checks: component_now.open_links().count(),
            manual: !component.is_linked(),
            watched_from: watched_from.filter(|from| *from <= self.now),
            past: watched_from
                .map_or_else(Vec::new, |from| component_now.past(&intervals, begin, from, self.past)),
            only_show_if_degraded: settings.only_show_if_degraded,
            showcase: settings.showcase,
            days,
            windows,
            response: settings.response_time.then(|| response(component)),
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
        let keys = skerry_domain::step::components_of(&self.page.items);
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

fn response(component: &Component) -> ResponseView {
    let points = component.response.iter().map(|hour| ResponsePoint {
        at: hour.hour,
        p50_ms: hour.p50_us as f64 / 1_000.0,
        p95_ms: hour.p95_us as f64 / 1_000.0,
    });
    let step = component.response.first().map_or(HOUR, |first| first.length);
    ResponseView { points: points.collect(), step }
}
