//! The pages of maintenance, its cards on the index, and its traces in the past.

use super::super::incident::tests::{shows, text};
use super::*;
use crate::html::{component as component_page, history, index};
use crate::sample::{NOW, component, page};
use crate::view::Item;
use skerry_domain::interval::Interval;
use skerry_domain::recurrence::Frequency;
use skerry_domain::status::Effective;
use skerry_domain::time::{DAY, MINUTE};

/// A page with two components, of which the maintenance names one. That one has been under maintenance for 15 minutes,
/// or was for 13.
fn view(status: Status, maintenance: MaintenanceView) -> PageView {
    let mut one = component("aaa", status);
    one.watched_from = Some(NOW - 100 * DAY);
    if maintenance.has_begun() {
        let to = maintenance.ended_at.unwrap_or(Timestamp::FAR);
        let value = Effective::Known(Status::UnderMaintenance);
        one.since = maintenance.from;
        one.past = vec![Interval { from: maintenance.from, to, value }];
        let tally = &mut one.days[89].tally;
        (tally.operational, tally.maintenance) = (tally.operational - 13 * MINUTE, 13 * MINUTE);
    }
    let mut other = component("bbb", Status::Operational);
    other.watched_from = Some(NOW - 100 * DAY);
    let items = vec![Item::Component(one), Item::Component(other)];
    PageView { maintenance: vec![maintenance], ..page(items) }
}

fn sample(status: MaintenanceStatus, minutes: i64) -> MaintenanceView {
    crate::sample::maintenance(status, minutes)
}

fn own(view: &PageView) -> String {
    maintenance(view, &view.maintenance[0]).expect("a page renders").html
}

#[test]
fn maintenance_to_come_stands_below_what_happens_now_and_on_its_page() {
    let view = view(Status::Operational, sample(MaintenanceStatus::Scheduled, 10 * 24 * 60 + 600));
    let html = index(&view).expect("a page renders").html;
    shows(
        &html,
        &[
            "All systems operational No downtime and no maintenance in progress.",
            "Planned Database upgrade Planned maintenance on Tue 1 Dec, 02:15 to 04:15 UTC. Affects Component aaa.",
            "15:15 Planned. Reports are read-only.",
            "Components",
            "Past incidents",
        ],
    );
    assert!(html.contains("<a href=\"maintenance/maintenance1\">") && !html.contains("id=now"), "{html}");
    let html = own(&view);
    shows(
        &html,
        &[
            "Example / November 2026",
            "Database upgrade Planned for Tue 1 Dec, 02:15 to 04:15 UTC. Affects Component aaa. Verified 16:14 UTC",
            "Updates 15:15 Planned. Reports are read-only.",
            "Affected components Component Now Component aaa Operational",
        ],
    );
    assert!(html.contains("<title>Planned: Database upgrade – Example</title>"), "{html}");
    assert!(html.contains("<section class=\"u m\">") && html.contains("data-until="), "{html}");
    assert!(html.contains("href=\"../history/2026-11\""), "a month to come has no page: {html}");
}

#[test]
fn what_its_components_have_before_the_beginning_is_not_called_its_effect() {
    let html = own(&view(Status::PartialOutage, sample(MaintenanceStatus::Scheduled, 60)));
    shows(&html, &["Affected components Component Now Component aaa Partial outage"]);
    assert!(!text(&html).contains("Since "), "{html}");
}

#[test]
fn maintenance_in_progress_happens_now() {
    let view = view(Status::UnderMaintenance, sample(MaintenanceStatus::InProgress, -15));
    let html = index(&view).expect("a page renders").html;
    shows(
        &html,
        &[
            "Maintenance in progress: Component aaa 16:00 to 18:00 UTC. Everything else is operational.",
            "Happening now Database upgrade In progress until 18:00 UTC. Affects Component aaa.",
            "16:00 In progress. As planned. 15:15 Planned. Reports are read-only.",
            "Fri 20 Nov Under maintenance 13 min Database upgrade",
            "Past incidents",
        ],
    );
    let (_, past) = html.split_once("Past incidents").expect("it is shown");
    assert!(!past.contains("Database upgrade"), "what is open stands above: {past}");
    let month = history(&view, None).expect("a page renders").html;
    shows(
        &month,
        &[
            "Fri 20 Nov Database upgrade In progress. Planned maintenance since 16:00 UTC. Affects Component aaa.",
        ],
    );
    assert!(!text(&html).contains("Maintenance: Component aaa 15 min"), "it stands there once");
    shows(&own(&view), &["In progress until 18:00 UTC.", "Component aaa Under maintenance Since 16:00"]);
    let html = component_page(&view, "aaa").expect("it is on the page").html;
    assert!(html.contains("<a href=\"../maintenance/maintenance1\">"), "{html}");
}

#[test]
fn the_banner_names_maintenance_that_its_components_do_not_show() {
    let mut verifying = sample(MaintenanceStatus::InProgress, -15);
    verifying.status = MaintenanceStatus::Verifying;
    let mut view = view(Status::Operational, verifying);
    shows(&own(&view), &["Being verified. Affects Component aaa."]);
    let html = index(&view).expect("a page renders").html;
    shows(&html, &["All systems operational Database upgrade is in progress. Verified"]);
    view.incidents = vec![crate::sample::incident()];
    view.maintenance.push(sample(MaintenanceStatus::InProgress, -20));
    shows(
        &index(&view).expect("a page renders").html,
        &[
            "Card payments declined is being looked into. 2 planned maintenance windows are in progress. Verified",
            "Happening now Card payments declined",
            "Database upgrade Being verified",
        ],
    );
}

#[test]
fn maintenance_that_is_over_never_changes_with_time_and_stands_in_its_month() {
    let view = view(Status::Operational, sample(MaintenanceStatus::Completed, -15));
    let html = own(&view);
    shows(
        &html,
        &[
            "Completed, 16:00 to 16:13 UTC on Fri 20 Nov 2026. Affected Component aaa. Updates",
            "16:13 Completed. As planned. 15:15 Planned.",
        ],
    );
    assert!(html.contains("<section class=\"u o\">") && !html.contains("data-until"), "{html}");
    let later = PageView { now: NOW + 70 * DAY, verified_at: Some(NOW + 70 * DAY), ..view.clone() };
    assert_eq!(own(&later), html);
    let line = "Fri 20 Nov Database upgrade Completed. Planned maintenance for 13 min, 16:00 to 16:13. Affected Component aaa.";
    for html in [index(&view), history(&view, None), history(&view, Some((2026, 11)))] {
        let html = html.expect("a page renders").html;
        shows(&html, &[line]);
        assert!(!text(&html).contains("Maintenance: Component aaa"), "it stands there once: {html}");
        assert!(!html.contains("Happening now"), "{html}");
    }
}

#[test]
fn what_is_cancelled_before_it_begins_keeps_only_its_page() {
    let view = view(Status::Operational, sample(MaintenanceStatus::Cancelled, 60));
    let html = own(&view);
    shows(
        &html,
        &[
            "Cancelled on Fri 20 Nov 2026. It was planned for Fri 20 Nov 2026, 17:15 to 19:15 UTC.",
            "Updates Fri 20 Nov 2026 16:13 Cancelled. As planned.",
        ],
    );
    assert!(html.contains("<section class=\"u n\">") && !html.contains("data-until"), "{html}");
    assert!(!html.contains("Component aaa"), "it affected none: {html}");
    for html in [index(&view), history(&view, None)] {
        let html = html.expect("a page renders").html;
        assert!(!html.contains("Database upgrade"), "{html}");
    }
}

#[test]
fn of_what_recurs_only_the_next_one_has_a_card() {
    let day = 24 * 60;
    let of = |id: &str, days: i64, series: &str| MaintenanceView {
        id: id.to_owned(),
        series: Some(series.to_owned()),
        recurs: Some((Frequency::Weekly, 2)),
        ..sample(MaintenanceStatus::Scheduled, days * day)
    };
    let last = MaintenanceView { recurs: None, ..of("last", 24, "one") };
    let mut view = view(Status::Operational, last);
    view.maintenance.extend([
        sample(MaintenanceStatus::Scheduled, 20 * day),
        of("second", 10, "one"),
        of("other", 5, "other"),
        of("first", 3, "one"),
    ]);
    let html = index(&view).expect("a page renders").html;
    let cards: Vec<&str> = html
        .match_indices("<a href=\"maintenance/")
        .map(|(at, _)| html[at + 21..].split('"').next().expect("it ends"))
        .collect();
    assert_eq!(cards, ["first", "other", "maintenance1"], "{html}");
    let expected = "16:15 to 18:15 UTC. Affects Component aaa. Repeats every 2 weeks.";
    shows(&html, &["Planned Database upgrade Planned maintenance on Mon 23 Nov,", expected]);
    view.maintenance.reverse();
    shows(&own(&view), &["UTC. Repeats every 2 weeks. Affects Component aaa."]);
}

#[test]
fn what_is_still_to_come_can_be_added_to_a_calendar() {
    let link = "<a href=\"../maintenance/maintenance1/calendar.ics\" type=text/calendar>Add to calendar</a>";
    for (status, minutes, linked) in [
        (MaintenanceStatus::Scheduled, 60, true),
        (MaintenanceStatus::InProgress, -15, false),
        (MaintenanceStatus::Completed, -15, false),
        (MaintenanceStatus::Cancelled, 60, false),
    ] {
        let html = own(&view(Status::Operational, sample(status, minutes)));
        assert_eq!(html.contains(link), linked, "{status:?}");
    }
}
