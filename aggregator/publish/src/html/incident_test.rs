//! The pages of incidents, the cards on the index, and their traces in the past.

use super::*;
use crate::html::{history, index};
use crate::sample::{NOW, component, page, public_text, resolved};
use crate::view::{Item, PostmortemView};
use skerry_domain::interval::Interval;
use skerry_domain::status::Effective;
use skerry_domain::time::{DAY, MINUTE};
use skerry_sanitiser::Form;

/// A page with one component, and its incidents.
fn view(status: Status, incidents: Vec<IncidentView>) -> PageView {
    let mut one = component("aaa", status);
    one.since = NOW - 133 * MINUTE;
    one.watched_from = Some(NOW - 100 * DAY);
    let value = Effective::Known(Status::MajorOutage);
    let to = if status == Status::Operational { NOW - 50 * MINUTE } else { NOW + 1 };
    one.past = vec![Interval { from: NOW - 133 * MINUTE, to, value }];
    let tally = &mut one.days[89].tally;
    (tally.operational, tally.major) = (tally.operational - 83 * MINUTE, 83 * MINUTE);
    PageView { incidents, ..page(vec![Item::Component(one)]) }
}

/// The text of a page without its markup.
pub(crate) fn text(html: &str) -> String {
    let body = html.split_once("<main").map_or(html, |(_, main)| main);
    let mut text = String::new();
    let mut inside = true;
    for letter in body.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace(" .", ".").replace(" ,", ",").replace(" :", ":")
}

pub(crate) fn shows(html: &str, wanted: &[&str]) {
    let text = text(html);
    let mut rest = text.as_str();
    for one in wanted {
        let (_, after) = rest.split_once(one).unwrap_or_else(|| panic!("{one:?} in this order: {text}"));
        rest = after;
    }
}

#[test]
fn an_open_incident_shows_its_state_its_timeline_and_what_it_affects() {
    let view = view(Status::MajorOutage, vec![crate::sample::incident()]);
    let html = incident(&view, &view.incidents[0]).expect("a page renders").html;
    shows(
        &html,
        &[
            "November 2026",
            "Card payments declined",
            "Identified. Major outage since 14:02 UTC. Affects Component aaa.",
            "Verified 16:14 UTC",
            "Updates 15:41 Identified. One of two sites refuses them.",
            "14:20 Investigating. Transfers are not affected. Edited 14:35",
            "14:06 Investigating. We see payments failing. Component aaa: major outage",
            "Affected components Component Now Affected Component aaa Major outage Since 14:02",
        ],
    );
    assert!(html.contains("<title>Identified: Card payments declined – Example</title>"), "{html}");
    assert!(
        html.contains("<section class=\"u j\">")
            && html.contains("sites</em>") | html.contains("<em>two</em>")
    );
    assert!(html.contains("data-until="), "it can become stale");
}

#[test]
fn a_resolved_incident_never_changes_with_time() {
    let mut incident_view = resolved(40);
    incident_view.postmortem = Some(PostmortemView {
        text: public_text("# What we change\nCertificates are *watched*.", Form::Markdown),
        created_at: NOW,
        updated_at: NOW,
        published_at: NOW - 5 * MINUTE,
    });
    let today = view(Status::Operational, vec![incident_view]);
    let html = incident(&today, &today.incidents[0]).expect("a page renders").html;
    shows(
        &html,
        &[
            "Resolved. Major outage for 1 h 23 min, 14:02 to 15:25 UTC on Fri 20 Nov 2026. Affected Component aaa.",
            "Postmortem Published Fri 20 Nov 2026, 16:10 UTC. What we change Certificates are watched.",
            "Updates Fri 20 Nov 2026 15:35 Resolved. Payments go through.",
            "Affected components Component Worst Affected Component aaa Major outage 14:02 to 15:25, 1 h 23 min",
        ],
    );
    assert!(html.contains("<section class=\"u o\">") && !html.contains("data-until"), "{html}");
    let later = PageView { now: NOW + 70 * DAY, verified_at: Some(NOW + 70 * DAY), ..today.clone() };
    assert_eq!(incident(&later, &later.incidents[0]).expect("a page renders").html, html);
}

#[test]
fn the_index_leads_with_what_happens_now() {
    let mut long = crate::sample::incident();
    for number in 4..8 {
        let status = skerry_domain::incident::IncidentStatus::Identified;
        let update = crate::sample::update(&format!("update{number:06}"), status, 34 - number, "More of it.");
        long.updates.insert(0, update);
    }
    let view = view(Status::MajorOutage, vec![long]);
    let html = index(&view).expect("a page renders").html;
    shows(
        &html,
        &[
            "Major outage: Component aaa",
            "Since 14:02 UTC. What is being done",
            "Happening now Card payments declined Major outage since 14:02 UTC. Affects Component aaa.",
            "15:48 Identified. More of it. 15:47 Identified. More of it.",
            "4 more updates 14:06 Investigating. We see payments failing.",
            "Components",
            "Fri 20 Nov Major outage 1 h 23 min Card payments declined",
            "Past incidents",
        ],
    );
    assert!(!text(&html).contains("so far"), "the outage stands in its incident alone");
    let (_, past) = html.split_once("Past incidents").expect("it is shown");
    assert!(!past.contains("Card payments declined"), "what is open stands above: {past}");
    assert!(
        !past.contains("<span>Fri 20 Nov") && !past.contains("20 Nov</span> <span>No downtime"),
        "{past}"
    );
    let month = history(&view, None).expect("a page renders").html;
    shows(
        &month,
        &[
            "Fri 20 Nov Card payments declined Identified. Major outage since 14:02 UTC. Affects Component aaa.",
        ],
    );
    let quiet = index(&PageView { incidents: Vec::new(), ..view }).expect("a page renders").html;
    assert!(!quiet.contains("Happening now") && !quiet.contains("What is being done"));
    shows(&quiet, &["Major outage: Component aaa 2 h 13 min so far"]);
}

#[test]
fn an_open_incident_without_an_affected_component_stands_in_the_banner() {
    let open = view(Status::Operational, vec![crate::sample::incident()]);
    let html = index(&open).expect("a page renders").html;
    shows(
        &html,
        &[
            "All systems operational Card payments declined is being looked into. Verified",
            "Happening now Card payments declined Since 14:02 UTC. Affected Component aaa.",
        ],
    );
    let two = vec![crate::sample::incident(), crate::sample::incident()];
    let html = index(&PageView { incidents: two, ..open }).expect("a page renders").html;
    shows(&html, &["All systems operational 2 incidents are open. Verified"]);
}

#[test]
fn a_month_lists_an_incident_in_place_of_its_outage_and_what_is_left_of_it() {
    let mut listed = view(Status::Operational, vec![resolved(40)]);
    let html = history(&listed, None).expect("a page renders").html;
    let line = "Fri 20 Nov Card payments declined Resolved. Major outage for 1 h 23 min, 14:02 to 15:25. Affected Component aaa.";
    shows(&html, &["November 2026", line, "No downtime."]);
    assert!(!text(&html).contains("Major outage: Component aaa"));
    assert!(html.contains("<a href=\"incidents/incident0001\">"), "{html}");
    let month = history(&listed, Some((2026, 11))).expect("a page renders").html;
    assert!(month.contains("<a href=\"../incidents/incident0001\">"), "{month}");
    if let Item::Component(one) = &mut listed.items[0] {
        one.past[0].to = NOW - 5 * MINUTE;
    }
    let html = history(&listed, None).expect("a page renders").html;
    shows(&html, &["Major outage: Component aaa 30 min, 15:40 to 16:10.", "14:02 to 15:40"]);
}

#[test]
fn an_outage_before_an_incident_and_an_incident_of_another_component_stay_apart() {
    let mut other = resolved(40);
    other.components[0].id = "bbb".to_owned();
    let html = history(&view(Status::Operational, vec![other]), None).expect("a page renders").html;
    shows(
        &html,
        &[
            "Resolved. After 1 h 33 min, 14:02 to 15:35.",
            "Major outage: Component aaa 1 h 23 min, 14:02 to 15:25.",
        ],
    );
}

#[test]
fn an_incident_counts_the_outage_during_it_and_only_without_one_the_last_before() {
    let outage = |from: i64, to: i64| Interval {
        from: NOW - from * MINUTE,
        to: NOW - to * MINUTE,
        value: Effective::Known(Status::MajorOutage),
    };
    for (past, expected) in [
        (vec![outage(50, 44), outage(42, 40)], "Resolved. Major outage for 2 min, 15:33 to 15:35 UTC"),
        (vec![outage(55, 50), outage(48, 45)], "Resolved. Major outage for 3 min, 15:27 to 15:30 UTC"),
    ] {
        let mut late = resolved(40);
        late.started_at = NOW - 42 * MINUTE;
        let mut view = view(Status::Operational, vec![late]);
        let Item::Component(one) = &mut view.items[0] else { panic!("no group was made") };
        one.past = past;
        shows(&incident(&view, &view.incidents[0]).expect("a page renders").html, &[expected]);
        let month = history(&view, None).expect("a page renders").html;
        let expected = expected.trim_end_matches(" UTC");
        shows(&month, &["Card payments declined", expected, "Major outage: Component aaa"]);
    }
}
