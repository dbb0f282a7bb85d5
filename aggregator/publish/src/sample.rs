//! Sample views for the tests of the renderers.

use super::view::{ComponentView, GroupView, Item, PageView, UptimeRuleView};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::uptime::{DayTally, Figure, Tally};

/// 2026-11-20T16:15:00.500Z.
pub(super) const NOW: Timestamp = Timestamp(1_795_191_300_500);

pub(super) fn component(id: &str, status: Status) -> ComponentView {
    let figure = Figure {
        hundredths: Some(9_989),
        enough: true,
        coverage: 9_950,
        tally: Tally { operational: 7_765_000_500, major: 8_000_000, no_data: 3_000, ..Tally::default() },
        lost: 0,
    };
    let today = jiff::civil::date(2026, 11, 20);
    let days = (0..90).rev().map(|back| DayTally {
        date: today.saturating_sub(jiff::Span::new().days(back)),
        tally: Tally { operational: DAY, ..Tally::default() },
        stale_now: false,
    });
    ComponentView {
        id: id.to_owned(),
        name: format!("Component {id}"),
        description: None,
        created_at: NOW - 90 * DAY,
        updated_at: NOW - 3 * HOUR,
        start_date: None,
        status,
        since: NOW - 95 * MINUTE,
        stale_since: None,
        waiting: false,
        unseen: None,
        checks: 1,
        manual: false,
        watched_from: None,
        only_show_if_degraded: false,
        showcase: true,
        days: days.collect(),
        past: Vec::new(),
        windows: [figure; 4],
        response: None,
    }
}

pub(super) fn group(id: &str, children: Vec<ComponentView>) -> GroupView {
    GroupView {
        id: id.to_owned(),
        name: format!("Group {id}"),
        description: Some("What belongs together".to_owned()),
        created_at: NOW - 90 * DAY,
        updated_at: NOW - 2 * HOUR,
        children,
    }
}

pub(super) fn page(items: Vec<Item>) -> PageView {
    PageView {
        id: "kctbh9vrtdwd".to_owned(),
        name: "Example".to_owned(),
        url: "https://status.example.com".to_owned(),
        time_zone: jiff::tz::TimeZone::UTC,
        time_zone_name: "Etc/UTC".to_owned(),
        support_url: None,
        frame_ancestors: Vec::new(),
        language: "en".to_owned(),
        now: NOW,
        verified_at: Some(NOW - MINUTE),
        believe_until: NOW + 3 * MINUTE,
        updated_at: NOW - HOUR,
        created_at: NOW - 90 * DAY,
        rule: UptimeRuleView { statuspage: false, partial_percent: 30, major_percent: 100 },
        items,
    }
}
