//! The rules of the banner.

use super::*;
use crate::sample::{incident, resolved};
use crate::texts::Language;
use crate::view::{IncidentView, Item, SectionsView, Unseen, UptimeRuleView};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_domain::uptime::{Figure, Tally};

/// 2026-11-20T16:15:00Z.
const NOW: Timestamp = Timestamp(1_795_191_300_000);
const SINCE: i64 = 2 * HOUR + 13 * MINUTE;

fn component(name: &str, status: Status) -> ComponentView {
    ComponentView {
        id: "k3v9q2m7x1bd".to_owned(),
        name: name.to_owned(),
        description: None,
        created_at: NOW - 200 * DAY,
        updated_at: NOW,
        start_date: None,
        status,
        since: NOW - SINCE,
        stale_since: None,
        waiting: false,
        unseen: None,
        checks: 1,
        manual: false,
        set_at: None,
        watched_from: None,
        only_show_if_degraded: false,
        showcase: true,
        days: Vec::new(),
        past: Vec::new(),
        corrections: Vec::new(),
        windows: [Figure { hundredths: None, enough: false, coverage: 0, tally: Tally::default(), lost: 0 };
            4],
        response: None,
    }
}

fn good(name: &str) -> ComponentView {
    component(name, Status::Operational)
}

fn stale(name: &str) -> ComponentView {
    ComponentView { stale_since: Some(NOW - 95 * MINUTE), ..good(name) }
}

fn waiting(name: &str) -> ComponentView {
    ComponentView { waiting: true, ..good(name) }
}

fn rendered(components: Vec<ComponentView>) -> (&'static str, String, String) {
    said(&page(components))
}

fn said(view: &PageView) -> (&'static str, String, String) {
    let (headline, clock) = (headline(view), Clock::of(view));
    (headline.tone.class(), plain(&headline.sentence, &clock), plain(&headline.facts, &clock))
}

fn page(components: Vec<ComponentView>) -> PageView {
    PageView {
        id: "k3v9q2m7x1bd".to_owned(),
        name: "Northwind status".to_owned(),
        url: "https://status.example.com".to_owned(),
        noindex: false,
        feed_token: None,
        preview: false,
        takes_subscribers: true,
        takes_mail: true,
        time_zone: jiff::tz::TimeZone::UTC,
        time_zone_name: "Etc/UTC".to_owned(),
        support_url: None,
        privacy_url: None,
        frame_ancestors: Vec::new(),
        language: Language::English,
        branding: std::sync::Arc::default(),
        now: NOW,
        verified_at: Some(NOW),
        believe_until: NOW + 3 * MINUTE,
        updated_at: NOW,
        created_at: NOW - 200 * DAY,
        rule: UptimeRuleView { statuspage: false, partial_percent: 30, major_percent: 100 },
        items: components.into_iter().map(Item::Component).collect(),
        sections: SectionsView::default(),
        incidents: Vec::new(),
        maintenance: Vec::new(),
        announcements: Vec::new(),
        earlier: std::sync::Arc::default(),
    }
}

fn check(components: Vec<ComponentView>, tone: &str, sentence: &str, facts: &str) {
    assert_eq!(rendered(components), (tone, sentence.to_owned(), facts.to_owned()));
}

#[test]
fn an_empty_page_says_what_its_open_incidents_say() {
    use skerry_domain::incident::Impact;
    let of = |impact| IncidentView { impact, ..incident() };
    let one = "Card payments declined is being looked into.";
    let why = "Components will appear here once they are set up.";
    let table = [
        (vec![of(Impact::Critical)], "j", "Major outage", one.to_owned()),
        (vec![of(Impact::Major)], "p", "Partial outage", one.to_owned()),
        (vec![of(Impact::Minor), resolved(3)], "d", "Degraded performance", one.to_owned()),
        (vec![of(Impact::None)], "n", "Nothing to show yet", format!("{why} {one}")),
        (vec![resolved(3)], "n", "Nothing to show yet", why.to_owned()),
    ];
    for (incidents, tone, sentence, facts) in table {
        let view = PageView { incidents, ..page(Vec::new()) };
        assert_eq!(said(&view), (tone, sentence.to_owned(), facts));
    }
}

#[test]
fn operational_and_empty_pages() {
    check(
        vec![good("Website"), good("API")],
        "o",
        "All systems operational",
        "No downtime and no maintenance in progress.",
    );
    check(vec![], "n", "Nothing to show yet", "Components will appear here once they are set up.");
    let hidden = ComponentView { only_show_if_degraded: true, ..good("Shy") };
    check(vec![hidden], "o", "All systems operational", "No downtime and no maintenance in progress.");
}

#[test]
fn the_worst_status_comes_first() {
    let cards = || component("Card payments", Status::MajorOutage);
    let refunds = || component("Refunds", Status::PartialOutage);
    let payouts = || component("Payouts", Status::PartialOutage);
    let hooks = || component("Webhooks", Status::DegradedPerformance);
    check(
        vec![good("Website"), cards(), refunds(), payouts(), hooks()],
        "j",
        "Major outage: Card payments",
        "Since 14:02 UTC. Also affected: Refunds, Payouts, Webhooks.",
    );
    check(
        vec![good("Website"), refunds(), payouts()],
        "p",
        "Partial outage: Refunds, Payouts",
        "Since 14:02 UTC.",
    );
    check(vec![good("Website"), hooks()], "d", "Degraded performance: Webhooks", "Since 14:02 UTC.");
    check(
        vec![good("Website"), component("Reports", Status::UnderMaintenance), hooks()],
        "d",
        "Degraded performance: Webhooks",
        "Since 14:02 UTC.",
    );
}

#[test]
fn many_or_long_names_become_a_count() {
    let major = |name: &str| component(name, Status::MajorOutage);
    check(
        vec![good("Website"), major("A"), major("B"), major("C")],
        "j",
        "Major outage: 3 components",
        "Since 14:02 UTC.",
    );
    check(vec![major("A"), major("B"), major("C")], "j", "Major outage: all components", "Since 14:02 UTC.");
    let long = "x".repeat(49);
    check(vec![good("Website"), major(&long)], "j", "Major outage: 1 component", "Since 14:02 UTC.");
    let fits = "x".repeat(48);
    let sentence = format!("Major outage: {fits}");
    check(vec![good("Website"), major(&fits)], "j", &sentence, "Since 14:02 UTC.");
    let affected = (0..30).map(|_| component("Some other part", Status::DegradedPerformance));
    check(
        std::iter::once(major("A")).chain(affected).collect(),
        "j",
        "Major outage: A",
        "Since 14:02 UTC. Also affected: 30 components.",
    );
}

#[test]
fn an_older_day_is_named() {
    let old = ComponentView { since: NOW - 2 * DAY, ..component("Reports", Status::MajorOutage) };
    check(vec![good("Website"), old], "j", "Major outage: Reports", "Since Wed 18 Nov, 16:15 UTC.");
}

#[test]
fn only_maintenance() {
    let reports = || component("Reports", Status::UnderMaintenance);
    check(
        vec![good("Website"), reports()],
        "m",
        "Maintenance in progress: Reports",
        "Since 14:02 UTC. Everything else is operational.",
    );
    check(vec![reports()], "m", "Maintenance in progress: Reports", "Since 14:02 UTC.");
    check(
        vec![good("Website"), reports(), stale("API")],
        "m",
        "Maintenance in progress: Reports",
        "Since 14:02 UTC. Everything else that we can see is operational. No data for 1 component since 14:40.",
    );
}

#[test]
fn missing_data_is_neither_operational_nor_an_outage() {
    check(
        vec![good("API"), stale("Website")],
        "n",
        "No data for Website",
        "We have not been able to see it since 14:40 UTC. Everything that we can see is operational.",
    );
    check(
        vec![good("API"), stale("A"), stale("B")],
        "n",
        "No data for 2 components",
        "We have not been able to see them since 14:40 UTC. Everything that we can see is operational.",
    );
    check(
        vec![stale("Website"), stale("API")],
        "n",
        "No data for any component",
        "We have not been able to see our systems since 14:40 UTC. This does not mean that they are down.",
    );
    let earlier = ComponentView { stale_since: Some(NOW - 3 * HOUR), ..good("A") };
    check(
        vec![good("API"), earlier, stale("B")],
        "n",
        "No data for 2 components",
        "We have not been able to see them since 13:15 UTC or later. Everything that we can see is operational.",
    );
}

#[test]
fn components_that_were_never_observed_are_waited_for() {
    check(
        vec![waiting("Website"), waiting("API")],
        "n",
        "Waiting for the first report",
        "Monitoring has just started.",
    );
    check(
        vec![good("API"), waiting("Website")],
        "n",
        "All systems that we can see are operational",
        "We are waiting for the first report of Website.",
    );
    check(
        vec![stale("API"), waiting("Website")],
        "n",
        "No data for API",
        "We have not been able to see it since 14:40 UTC. Everything that we can see is operational. \
         We are waiting for the first report of Website.",
    );
}

#[test]
fn partially_missing_data_is_named_in_the_facts() {
    let part =
        |minutes, since_differs| Unseen { since: Some(NOW - minutes * MINUTE), since_differs, checks: 1 };
    let partly = |name: &str, status, unseen| ComponentView {
        unseen: Some(unseen),
        checks: 2,
        ..component(name, status)
    };
    let well = |name: &str| partly(name, Status::Operational, part(95, false));
    check(
        vec![good("API"), well("Website")],
        "n",
        "All systems that we can see are operational",
        "No data for part of Website since 14:40.",
    );
    check(
        vec![well("API"), partly("Website", Status::Operational, part(95, true))],
        "n",
        "All systems that we can see are operational",
        "No data for part of 2 components since 14:40 or later.",
    );
    let never = Unseen { since: None, since_differs: false, checks: 1 };
    check(
        vec![good("API"), partly("Website", Status::Operational, never)],
        "n",
        "All systems that we can see are operational",
        "No data for part of Website yet.",
    );
    check(
        vec![good("API"), partly("Website", Status::PartialOutage, part(30, false)), stale("Mail")],
        "p",
        "Partial outage: Website",
        "Since 14:02 UTC. No data for 1 component since 14:40. No data for part of Website since 15:45.",
    );
    check(
        vec![component("Reports", Status::UnderMaintenance), well("Website"), good("API")],
        "m",
        "Maintenance in progress: Reports",
        "Since 14:02 UTC. Everything else that we can see is operational. \
         No data for part of Website since 14:40.",
    );
}

#[test]
fn components_that_failed_at_different_times_have_their_own_times() {
    let major = |name: &str, minutes| ComponentView {
        since: NOW - SINCE + minutes * MINUTE,
        ..component(name, Status::MajorOutage)
    };
    check(
        vec![good("Website"), major("Cards", 0), major("Refunds", 8)],
        "j",
        "Major outage: Cards, Refunds",
        "Cards since 14:02 UTC, Refunds since 14:10 UTC.",
    );
    check(
        vec![good("Website"), major("A", 8), major("B", 0), major("C", 4)],
        "j",
        "Major outage: 3 components",
        "The first since 14:02 UTC.",
    );
    let within = ComponentView { since: NOW - SINCE + 20_000, ..component("Refunds", Status::MajorOutage) };
    check(
        vec![good("Website"), major("Cards", 0), within],
        "j",
        "Major outage: Cards, Refunds",
        "Since 14:02 UTC.",
    );
}

#[test]
fn an_outage_comes_before_missing_data() {
    check(
        vec![component("Reports", Status::MajorOutage), stale("A"), stale("B")],
        "j",
        "Major outage: Reports",
        "Since 14:02 UTC. No data for 2 components since 14:40.",
    );
    let stale_outage = ComponentView { status: Status::MajorOutage, ..stale("Website") };
    assert_eq!(rendered(vec![good("API"), stale_outage]).1, "No data for Website");
}

#[test]
fn a_name_cannot_change_the_direction_of_the_title() {
    let sentence = rendered(vec![good("API"), component("\u{202e}evil", Status::MajorOutage)]).1;
    assert_eq!(sentence, "Major outage: \u{2068}\u{202e}evil\u{2069}");
}
