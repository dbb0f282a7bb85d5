//! Sample views for the gallery and for tests of sizes, without state and store. They are deterministic.

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use skerry_domain::days::WINDOWS;
use skerry_domain::interval::Interval;
use skerry_domain::response::{self, Measured};
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::uptime::{self, DayTally, Figure, Tally};
use skerry_publish::Language;
use skerry_publish::view::{
    ComponentView, GroupView, Item, MonthView, PageView, ResponseView, SectionsView, UptimeRuleView,
};
use std::sync::Arc;

/// 2026-11-20T16:15:00Z, the instant of all samples.
pub(crate) const NOW: Timestamp = Timestamp(1_795_191_300_000);

/// A small generator (SplitMix64), so that pages are the same in every run.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// The next number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A page with these rows.
pub(crate) fn page(name: &str, items: Vec<Item>) -> PageView {
    PageView {
        id: "k3v9q2m7x1bd".to_owned(),
        name: name.to_owned(),
        url: "https://status.example.com".to_owned(),
        noindex: false,
        feed_token: None,
        preview: false,
        takes_subscribers: true,
        takes_mail: true,
        time_zone: TimeZone::UTC,
        time_zone_name: "Etc/UTC".to_owned(),
        support_url: Some("https://example.com/help".to_owned()),
        privacy_url: None,
        frame_ancestors: Vec::new(),
        language: Language::English,
        branding: Arc::default(),
        now: NOW,
        verified_at: Some(NOW),
        believe_until: NOW + 10 * MINUTE,
        updated_at: NOW - HOUR,
        created_at: NOW - 200 * DAY,
        rule: UptimeRuleView { statuspage: false, partial_percent: 30, major_percent: 100 },
        items,
        sections: SectionsView::default(),
        incidents: Vec::new(),
        maintenance: Vec::new(),
        announcements: Vec::new(),
        earlier: earlier(),
    }
}

/// A component that has been operational for 90 days.
pub(crate) fn component(name: &str) -> ComponentView {
    let today = Date::constant(2026, 11, 20);
    let days = (0..90)
        .map(|index: i64| {
            let length = if index == 89 { 16 * HOUR + 15 * MINUTE } else { DAY };
            DayTally {
                date: today.saturating_sub((89 - index).days()),
                tally: Tally { operational: length, ..Tally::default() },
                stale_now: false,
            }
        })
        .collect();
    let hash = name.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut rng = Rng(hash);
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let id = (0..12).map(|_| char::from(letters[rng.below(36) as usize])).collect();
    refigured(ComponentView {
        id,
        name: name.to_owned(),
        description: None,
        created_at: NOW - 200 * DAY,
        updated_at: NOW - DAY,
        start_date: None,
        status: Status::Operational,
        since: NOW - 3 * DAY,
        stale_since: None,
        waiting: false,
        unseen: None,
        checks: 1,
        manual: false,
        set_at: None,
        only_show_if_degraded: false,
        showcase: true,
        watched_from: Some(NOW - 200 * DAY),
        days,
        past: Vec::new(),
        corrections: Vec::new(),
        windows: [Figure { hundredths: None, enough: false, coverage: 0, tally: Tally::default(), lost: 0 };
            4],
        response: None,
    })
}

/// Moves `milliseconds` of a day (0 is today) from operational to the state that `part` selects, as one interval that
/// begins in the morning or at the end of the one before; today's last one is still open.
pub(crate) fn spend(
    component: &mut ComponentView,
    days_ago: usize,
    milliseconds: i64,
    part: fn(&mut Tally) -> &mut i64,
) {
    let tally = &mut component.days[89 - days_ago].tally;
    let taken = tally.operational.min(milliseconds);
    tally.operational -= taken;
    *part(tally) += taken;
    let midnight = Timestamp((NOW.0.div_euclid(DAY) - days_ago as i64) * DAY);
    let (from, to) = if days_ago == 0 {
        (NOW - taken, NOW + 1)
    } else {
        let before = component.past.iter().map(|one| one.to).filter(|to| *to <= midnight + DAY).max();
        let minute = component.name.bytes().map(i64::from).sum::<i64>() % 7;
        let morning = (midnight + 9 * HOUR + minute * 45 * MINUTE).min(midnight + DAY - taken);
        let from = before.map_or(morning, |before| before.max(morning)).min(midnight + DAY - taken);
        (from, from + taken)
    };
    component.past.push(Interval { from, to, value: held(part) });
    component.past.sort_by_key(|one| one.from);
}

/// The status that a part of a tally stands for.
fn held(part: fn(&mut Tally) -> &mut i64) -> Effective {
    let mut tally = Tally::default();
    *part(&mut tally) = 1;
    let known = [
        (tally.degraded, Status::DegradedPerformance),
        (tally.partial, Status::PartialOutage),
        (tally.major, Status::MajorOutage),
        (tally.maintenance, Status::UnderMaintenance),
    ];
    let status = known.into_iter().find(|(held, _)| *held > 0);
    status.map_or(Effective::NoData, |(_, status)| Effective::Known(status))
}

/// Computes the figures from the days.
pub(crate) fn refigured(mut component: ComponentView) -> ComponentView {
    for (window, days) in WINDOWS.into_iter().enumerate() {
        let mut sum = Tally::default();
        for day in component.days.iter().rev().take(days as usize) {
            sum = sum + day.tally;
        }
        component.windows[window] = figure(sum);
    }
    component
}

/// What the months before the days shown held.
fn earlier() -> Arc<[MonthView]> {
    let month = |number: i8| MonthView {
        month: (2026, number),
        incidents: usize::from(number.unsigned_abs() % 4),
        maintenance: usize::from(number.unsigned_abs() % 2),
        figure: figure(Tally {
            operational: 30 * DAY,
            major: i64::from(number % 4) * 9 * MINUTE,
            ..Tally::default()
        }),
    };
    (5..9).map(month).collect()
}

fn figure(tally: Tally) -> Figure {
    uptime::figure(&tally, uptime::Rule::Observed, uptime::Weights::default(), 0)
}

/// A group of components.
pub(crate) fn group(name: &str, children: Vec<ComponentView>) -> Item {
    group_of(name, children.into_iter().map(Item::Component).collect())
}

/// A group.
pub(crate) fn group_of(name: &str, children: Vec<Item>) -> Item {
    Item::Group(GroupView {
        id: "g4r8w1n5z0ac".to_owned(),
        name: name.to_owned(),
        description: None,
        created_at: NOW - 200 * DAY,
        updated_at: NOW - DAY,
        children,
    })
}

/// Sixty components in eight groups; of every hundred days, `bad` are not green, for different times.
pub(crate) fn sixty(bad: u64) -> Vec<Item> {
    sixties(1, bad)
}

/// That many times sixty components, all with names of their own.
pub(crate) fn sixties(count: usize, bad: u64) -> Vec<Item> {
    const GROUPS: [(&str, usize); 8] = [
        ("Website and accounts", 7),
        ("Payments", 8),
        ("API", 8),
        ("Messaging", 7),
        ("Data platform", 8),
        ("Storage", 7),
        ("Regions", 8),
        ("Partner integrations", 7),
    ];
    const NAMES: [&str; 15] = [
        "Website", "Sign-in", "Search", "Refunds", "Payouts", "Webhooks", "Invoices", "Reports", "Uploads",
        "Exports", "Queues", "Streams", "Backups", "Gateway", "Console",
    ];
    const PLACES: [&str; 4] = ["Europe", "Americas", "Asia", "Africa"];
    let mut rng = Rng(42);
    let mut number = 0;
    let mut groups = Vec::new();
    for block in 0..count {
        let which = if block == 0 { String::new() } else { format!(" {}", block + 1) };
        for (name, size) in GROUPS {
            let children = (0..size).map(|_| {
                let name = format!("{} {}{which}", NAMES[number % 15], PLACES[number / 15 % 4]);
                number += 1;
                with_history(component(&name), bad, &mut rng)
            });
            groups.push(group(&format!("{name}{which}"), children.collect()));
        }
    }
    groups
}

fn with_history(mut component: ComponentView, bad: u64, rng: &mut Rng) -> ComponentView {
    for days_ago in 1..90 {
        if rng.below(100) >= bad {
            continue;
        }
        let length = (1 + rng.below(240)) as i64 * MINUTE + rng.below(60) as i64 * SECOND;
        let part: fn(&mut Tally) -> &mut i64 = match rng.below(10) {
            0..5 => |tally| &mut tally.degraded,
            5..8 => |tally| &mut tally.partial,
            8 => |tally| &mut tally.major,
            _ => |tally| &mut tally.maintenance,
        };
        spend(&mut component, days_ago, length, part);
    }
    refigured(component)
}

/// Impaired since `minutes` ago.
pub(crate) fn impaired(name: &str, status: Status, minutes: i64) -> ComponentView {
    let mut component = component(name);
    component.status = status;
    component.since = NOW - minutes * MINUTE;
    let part: fn(&mut Tally) -> &mut i64 = match status {
        Status::MajorOutage => |tally| &mut tally.major,
        Status::PartialOutage => |tally| &mut tally.partial,
        Status::DegradedPerformance => |tally| &mut tally.degraded,
        Status::UnderMaintenance => |tally| &mut tally.maintenance,
        Status::Operational => return component,
    };
    spend(&mut component, 0, minutes * MINUTE, part);
    refigured(component)
}

/// Without data since `minutes` ago.
pub(crate) fn unseen(name: &str, minutes: i64) -> ComponentView {
    let mut component = component(name);
    component.stale_since = Some(NOW - minutes * MINUTE);
    spend(&mut component, 0, minutes * MINUTE, |tally| &mut tally.no_data);
    component.days[89].stale_now = true;
    refigured(component)
}

/// Watched since `days` ago.
pub(crate) fn young(name: &str, days: usize) -> ComponentView {
    let mut component = component(name);
    for day in &mut component.days[..90 - days] {
        day.tally = Tally { unwatched: day.tally.total(), ..Tally::default() };
    }
    let today = Timestamp(NOW.0.div_euclid(DAY) * DAY);
    component.watched_from = days.checked_sub(1).map(|ago| today - ago as i64 * DAY);
    refigured(component)
}

/// Linked, but never observed.
pub(crate) fn waiting(name: &str) -> ComponentView {
    let mut component = young(name, 0);
    component.days[89].tally =
        Tally { unwatched: 16 * HOUR + 10 * MINUTE, no_data: 5 * MINUTE, ..Tally::default() };
    component.days[89].stale_now = true;
    component.waiting = true;
    component
}

/// Response times over `days` days, with a slow night and a gap.
pub(crate) fn response(days: i64) -> ResponseView {
    response_of(&measured(days), NOW)
}

/// The same as measurements, oldest first.
pub(crate) fn measured(days: i64) -> Vec<Measured> {
    let mut rng = Rng(3);
    let hours = days * 24;
    let mut measured = Vec::new();
    for hour in (0..hours).filter(|hour| !(hours / 2..hours / 2 + 10).contains(hour)) {
        let at = Timestamp((NOW.0 / HOUR - hours + 1 + hour) * HOUR);
        let slow = if (hours / 4..hours / 4 + 8).contains(&hour) { 160 } else { 0 };
        let daily = 20.0 * ((hour % 24) as f64 / 24.0 * std::f64::consts::TAU).sin();
        // The last day in more detail, as its chart shows it.
        let step = if hours - hour <= 25 { 4 } else { 60 };
        for minute in (0..60).step_by(step) {
            let median = 95 + slow + rng.below(30) + (20.0 + daily) as u64;
            let slowest = median * 9 / 5 + rng.below(80);
            measured.extend(answers(at + minute * MINUTE, median as u32, slowest as u32));
        }
    }
    measured
}

/// Twenty measurements at `at` with these percentiles.
pub(crate) fn answers(at: Timestamp, p50_ms: u32, p95_ms: u32) -> impl Iterator<Item = Measured> {
    (0..20).map(move |index| Measured { at, total_us: 1_000 * if index < 18 { p50_ms } else { p95_ms } })
}

/// The chart of measurements, oldest first, at `now`.
pub(crate) fn response_of(measured: &[Measured], now: Timestamp) -> ResponseView {
    let window = |(index, step)| {
        let begun = measured.partition_point(|one| one.at < response::begin(index, now));
        let until = measured.partition_point(|one| one.at <= now).max(begun);
        response::ResponseWindow::exact(&measured[begun..until], step)
    };
    let mut windows: Vec<_> = response::STEPS.into_iter().enumerate().map(window).collect();
    response::refine(&mut windows, now);
    ResponseView::of(&windows)
}
