//! From the state to a [`PageView`]: pure, and the only place where private rows become public words.
//! Takes names from the configuration alone, never a check's, a host's or an agent's.

use super::view::{ComponentView, GroupView, Item, PageView, ResponsePoint, ResponseView, UptimeRuleView};
use crate::domain::component::{Automatic, status_of};
use crate::domain::days::{Calendar, days, windows};
use crate::domain::interval::Interval;
use crate::domain::layers::effective;
use crate::domain::state::{Component, ComponentKey, GroupKey, Page, PageItem, PageKey, State};
use crate::domain::status::{Effective, Status};
use crate::domain::step::witnesses_of;
use crate::domain::time::{DAY, MINUTE, Timestamp};
use crate::domain::uptime::Rule;
use crate::domain::verdict;
use jiff::tz::TimeZone;

/// Days on a bar.
const DAYS: usize = 90;
/// For how long a publication may be believed, ms.
const BELIEVE: i64 = 3 * MINUTE;

/// What a page shows at `now`. `base_url` is its public address without a slash at the end.
#[must_use]
pub fn page_view(state: &State, key: PageKey, base_url: &str, now: Timestamp) -> Option<PageView> {
    let page = state.pages.get(&key).filter(|page| !page.archived)?;
    let zone = TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC);
    let build = Build { state, page, now, calendar: Calendar::new(&zone, now, DAYS) };
    let items: Vec<Item> = page.items.iter().filter_map(|item| build.item(item)).collect();
    let components = || components(&items);
    Some(PageView {
        id: page.id.clone(),
        name: page.settings.name.clone(),
        url: base_url.to_owned(),
        time_zone: zone,
        time_zone_name: page.settings.time_zone.clone(),
        support_url: page.settings.support_url.clone(),
        language: page.settings.language.clone(),
        now,
        verified_at: build.verified_at(),
        believe_until: now + BELIEVE,
        updated_at: components().map(|one| one.updated_at).max().unwrap_or(page.created_at),
        created_at: page.created_at,
        rule: UptimeRuleView {
            statuspage: page.settings.rule == Rule::Statuspage,
            partial_percent: page.settings.weights.partial_percent,
            major_percent: page.settings.weights.major_percent,
        },
        items,
    })
}

fn components(items: &[Item]) -> impl Iterator<Item = &ComponentView> {
    items.iter().flat_map(|item| match item {
        Item::Group(group) => group.children.as_slice(),
        Item::Component(component) => std::slice::from_ref(component),
    })
}

/// Ids of the components that have a page of their own.
pub(super) fn component_ids(view: &PageView) -> Vec<String> {
    components(&view.items).map(|component| component.id.clone()).collect()
}

struct Build<'a> {
    state: &'a State,
    page: &'a Page,
    now: Timestamp,
    calendar: Calendar,
}

impl Build<'_> {
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
        let begin = self.calendar.days().first().map_or(self.now, |day| day.from).min(self.now - DAY);
        let mut intervals = effective(&component.layers, begin, self.now + 1);
        self.put_live(component, &mut intervals);
        let days = days(&intervals, &self.calendar);
        let present = self.present(component, &intervals, begin);
        let rule = self.page.settings.rule;
        let start = component.layers.start;
        let windows = windows(&intervals, &days, &self.calendar, start, rule, self.page.settings.weights);
        let settings = &component.settings;
        Some(ComponentView {
            id: component.id.clone(),
            name: settings.name.clone(),
            description: settings.description.clone(),
            created_at: component.created_at,
            updated_at: present.since.max(component.created_at),
            start_date: settings.start_date,
            status: present.status,
            since: present.since,
            stale_since: present.stale_since,
            waiting: present.stale_since.is_some() && self.waiting(component),
            only_show_if_degraded: settings.only_show_if_degraded,
            showcase: settings.showcase,
            days,
            windows,
            response: settings.response_time.then(|| response(component)),
        })
    }

    /// The date of a status does not move with the days shown: one that began before them is looked up.
    fn present(&self, component: &Component, intervals: &[Interval<Effective>], begin: Timestamp) -> Present {
        let present = Present::of(intervals, component);
        let layers = &component.layers;
        let first = layers.automatic.first().map_or(layers.start, |first| first.from.min(layers.start));
        if present.since > begin || first >= begin {
            return present;
        }
        let mut whole = effective(layers, first, self.now + 1);
        self.put_live(component, &mut whole);
        Present::of(&whole, component)
    }

    /// While history drains after an outage of a link, the snapshot says what is true now.
    fn put_live(&self, component: &Component, intervals: &mut Vec<Interval<Effective>>) {
        let open = || component.links.iter().filter(|link| link.to == Timestamp::FAR);
        let ahead = open()
            .flat_map(|link| &self.state.checks[&link.check].tracks)
            .filter_map(|track| self.state.tracks[track].live)
            .map(|live| live.span.from)
            .max();
        let Some(from) = ahead else { return };
        let layers = &component.layers;
        let overridden = layers.manual.iter().any(|one| one.contains(self.now))
            || layers.planned.iter().any(|one| one.contains(self.now))
            || layers.corrected.iter().any(|one| one.contains(self.now));
        if overridden {
            return;
        }
        let verdicts = open().map(|link| {
            let (witnesses, quorum) = witnesses_of(self.state, link.check);
            (link.minor, verdict::now(&witnesses, quorum, self.now))
        });
        let value = match status_of(verdicts) {
            Automatic::Known(status) => Effective::Known(status),
            Automatic::NoData => Effective::NoData,
        };
        let live = Interval { from, to: self.now + 1, value };
        crate::domain::layers::splice(intervals, from, vec![live]);
    }

    /// No linked check has ever said anything.
    fn waiting(&self, component: &Component) -> bool {
        component.is_linked()
            && component.links.iter().all(|link| {
                let tracks = &self.state.checks[&link.check].tracks;
                tracks.iter().all(|track| self.state.tracks[track].evidence().is_none())
            })
    }

    /// Newest conclusive evidence of a component; what people alone speak for is as fresh as this page.
    fn evidence(&self, component: &Component) -> Option<Timestamp> {
        if !component.is_linked() {
            return Some(self.now);
        }
        let open = component.links.iter().filter(|link| link.to == Timestamp::FAR);
        let tracks = open.flat_map(|link| &self.state.checks[&link.check].tracks);
        tracks.filter_map(|track| self.state.tracks[track].evidence()).max()
    }

    /// The oldest over the components that are in sight; where none is, the newest of any.
    fn verified_at(&self) -> Option<Timestamp> {
        let shown = || {
            let keys = crate::domain::step::components_of(&self.page.items);
            let all = keys.into_iter().filter_map(|key| self.state.components.get(&key));
            all.filter(|one| one.settings.public && !one.archived)
        };
        let in_sight = shown().filter(|one| {
            let at = effective(&one.layers, self.now, self.now + 1);
            at.last().is_some_and(|interval| matches!(interval.value, Effective::Known(_)))
        });
        let oldest = in_sight.filter_map(|one| self.evidence(one)).min();
        oldest.or_else(|| shown().filter_map(|one| self.evidence(one)).max())
    }
}

/// What is true of a component at the end of its intervals.
struct Present {
    status: Status,
    since: Timestamp,
    stale_since: Option<Timestamp>,
}

impl Present {
    fn of(intervals: &[Interval<Effective>], component: &Component) -> Self {
        let known = intervals.iter().rev().find_map(|interval| match interval.value {
            Effective::Known(status) => Some((status, interval)),
            Effective::NoData | Effective::Unwatched => None,
        });
        let last = intervals.last();
        let blind = last.filter(|last| last.value == Effective::NoData).map(|last| last.from);
        let (status, from) =
            known.map_or((Status::Operational, component.created_at), |(status, one)| (status, one.from));
        Self { status, since: blind.unwrap_or(from), stale_since: blind }
    }
}

fn response(component: &Component) -> ResponseView {
    let points = component.response.iter().map(|hour| ResponsePoint {
        at: hour.hour,
        p50_ms: hour.p50_us as f64 / 1_000.0,
        p95_ms: hour.p95_us as f64 / 1_000.0,
    });
    ResponseView { points: points.collect() }
}
