use super::*;
use crate::sample::{NOW, component, group, incident, maintenance, measured, page, resolved, response};
use crate::view::Item;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_domain::uptime::{Rule, Tally, Weights, figure};

fn badges(components: Vec<ComponentView>) -> Vec<(String, String)> {
    let view = page(vec![Item::Group(group("g", components))]);
    let badges = render(&view, &|_| true).expect("rendered").into_iter();
    badges.map(|badge| (badge.path, String::from_utf8(badge.bytes).expect("UTF-8"))).collect()
}

fn message_and_colour(components: Vec<ComponentView>) -> (String, String) {
    let json: serde_json::Value = serde_json::from_str(&badges(components)[1].1).expect("JSON");
    (json["message"].as_str().expect("a text").into(), json["color"].as_str().expect("a text").into())
}

#[test]
fn the_page_shows_the_worst_observed_status_and_then_missing_data() {
    let one = |status| component("aaa", status);
    let mut stale = one(Status::MajorOutage);
    stale.stale_since = Some(NOW - 95 * MINUTE);
    let mut older = stale.clone();
    older.stale_since = Some(NOW - 2 * DAY);
    let mut waiting = one(Status::Operational);
    waiting.waiting = true;
    let unseen = crate::view::Unseen { since: None, since_differs: false, checks: 1 };
    let partly = ComponentView { unseen: Some(unseen), ..one(Status::Operational) };
    let grey = "#5b6066";
    let table = [
        (vec![], "nothing to show yet", grey),
        (vec![one(Status::Operational)], "operational", "#1b6b56"),
        (vec![one(Status::MajorOutage)], "major outage", "#8a0f35"),
        (vec![one(Status::PartialOutage), one(Status::Operational)], "partial outage: 1 of 2", "#a33400"),
        (vec![one(Status::DegradedPerformance), stale.clone()], "degraded performance: 1 of 2", "#795500"),
        (vec![one(Status::UnderMaintenance)], "under maintenance", "#3f50cc"),
        (vec![one(Status::Operational), stale.clone()], "no data for 1 of 2", grey),
        (vec![stale.clone()], "no data since 14:40", grey),
        (vec![stale, older], "no data since 18 Nov", grey),
        (vec![waiting.clone(), one(Status::Operational)], "no data yet for 1 of 2", grey),
        (vec![waiting], "no data yet", grey),
        (vec![partly.clone(), one(Status::Operational)], "operational, partial data", grey),
        (vec![ComponentView { status: Status::MajorOutage, ..partly }], "major outage", "#8a0f35"),
    ];
    for (components, message, colour) in table {
        assert_eq!(message_and_colour(components), (message.to_owned(), colour.to_owned()));
    }
}

#[test]
fn the_page_tells_of_incidents_and_maintenance_that_no_component_shows() {
    use IncidentStatus::{Identified, Investigating, Monitoring};
    use Status::{DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance};
    type Row = (
        &'static [Status],
        &'static [(IncidentStatus, Impact)],
        Option<MaintenanceStatus>,
        &'static str,
        Option<Status>,
    );
    let runs = Some(MaintenanceStatus::InProgress);
    let table: &[Row] = &[
        (&[Operational], &[], None, "operational", Some(Operational)),
        (
            &[Operational],
            &[(Investigating, Impact::Minor)],
            None,
            "minor incident",
            Some(DegradedPerformance),
        ),
        (&[Operational], &[(Identified, Impact::Major)], None, "major incident", Some(PartialOutage)),
        (&[Operational], &[(Identified, Impact::Critical)], runs, "critical incident", Some(MajorOutage)),
        (
            &[Operational],
            &[(Identified, Impact::Minor), (Investigating, Impact::Major)],
            None,
            "2 open incidents",
            Some(PartialOutage),
        ),
        // The banner is green, too, while a fix is watched, and if nobody is affected.
        (
            &[Operational],
            &[(Monitoring, Impact::Critical)],
            None,
            "operational, 1 open incident",
            Some(Operational),
        ),
        (
            &[Operational],
            &[(Investigating, Impact::None), (Monitoring, Impact::Major)],
            runs,
            "operational, 2 open incidents",
            Some(Operational),
        ),
        (&[Operational], &[], runs, "operational, maintenance in progress", Some(Operational)),
        (&[Operational], &[], Some(MaintenanceStatus::Scheduled), "operational", Some(Operational)),
        (&[Operational], &[], Some(MaintenanceStatus::Completed), "operational", Some(Operational)),
        // What is observed leads.
        (
            &[PartialOutage, Operational],
            &[(Identified, Impact::Critical)],
            runs,
            "partial outage: 1 of 2",
            Some(PartialOutage),
        ),
        (&[UnderMaintenance, Operational], &[], runs, "under maintenance: 1 of 2", Some(UnderMaintenance)),
        (
            &[UnderMaintenance, Operational],
            &[(Identified, Impact::Minor)],
            runs,
            "minor incident",
            Some(DegradedPerformance),
        ),
        (&[], &[(Identified, Impact::Critical)], None, "critical incident", Some(MajorOutage)),
        (&[], &[(Monitoring, Impact::Critical)], None, "1 open incident", None),
        (&[], &[(Identified, Impact::None)], None, "1 open incident", None),
        (&[], &[], None, "nothing to show yet", None),
    ];
    for (statuses, incidents, planned, text, status) in table {
        let mut view =
            page(statuses.iter().map(|status| Item::Component(component("aaa", *status))).collect());
        let made = incidents.iter().map(|(status, impact)| crate::view::IncidentView {
            status: *status,
            impact: *impact,
            ..incident()
        });
        view.incidents = made.chain([resolved(5)]).collect();
        view.maintenance = planned.iter().map(|status| maintenance(*status, -30)).collect();
        let message = of_page(&view);
        assert_eq!((message.text.as_str(), message.status), (*text, *status), "{statuses:?} {incidents:?}");
    }
}

#[test]
fn an_incident_has_precedence_over_missing_data() {
    let unseen = ComponentView { stale_since: Some(NOW - MINUTE), ..component("aaa", Status::Operational) };
    let mut view = page(vec![Item::Component(unseen)]);
    view.incidents = vec![incident()];
    assert_eq!(of_page(&view).text, "critical incident");
    view.incidents[0].status = IncidentStatus::Monitoring;
    assert_eq!(of_page(&view).status, None, "no data is not called operational");
}

#[test]
fn the_json_is_a_shields_endpoint() {
    let json = &badges(vec![component("aaa", Status::Operational)])[1];
    let expected = r##"{"schemaVersion":1,"label":"Example","message":"operational","color":"#1b6b56","isError":false,"cacheSeconds":300}"##;
    assert_eq!((json.0.as_str(), json.1.as_str()), ("badge.json", expected));
    assert!(badges(vec![component("aaa", Status::MajorOutage)])[1].1.contains(r#""isError":true"#));
}

#[test]
fn a_components_badge_has_its_full_name_for_screen_readers() {
    let mut hostile = component("aaa", Status::PartialOutage);
    hostile.name = format!("<script>\"&'\u{1b}</script>{}", "x".repeat(60));
    let badges = badges(vec![hostile]);
    let (_, svg) = badges.iter().find(|(path, _)| path == "components/aaa/badge.svg").expect("its badge");
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}'), "{svg}");
    assert!(svg.contains(&format!("{}: partial outage</title>", "x".repeat(60))), "{svg}");
    assert!(
        svg.contains(r#"role="img" aria-label="&lt;script&gt;&quot;&amp;&#39; &lt;/script&gt;xx"#),
        "{svg}"
    );
    assert!(svg.contains(">partial outage</text>"));
    assert!(!svg.contains("style") && !svg.contains("href"), "a strict policy forbids these");
}

#[test]
fn text_has_enough_contrast_on_every_fill() {
    let luminance = |colour: &str| -> f64 {
        let channel = |at: usize| {
            let byte = u8::from_str_radix(&colour[at..at + 2], 16).expect("two hex digits");
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    };
    for status in Status::ALL.map(Some).into_iter().chain([None]) {
        let ratio = 1.05 / (luminance(colour(status)) + 0.05);
        assert!(ratio >= 6.2, "{status:?}: {ratio}");
    }
}

fn picture(view: &PageView, path: &str) -> Option<String> {
    let badges = render(view, &|_| true).expect("rendered");
    let found = badges.into_iter().find(|badge| badge.path == path)?;
    Some(String::from_utf8(found.bytes).expect("UTF-8"))
}

#[test]
fn a_picture_says_the_status_in_a_word_or_two_and_its_title_says_all() {
    let mut stale = component("bbb", Status::MajorOutage);
    stale.stale_since = Some(NOW - 95 * MINUTE);
    let mut view = page(vec![
        Item::Component(component("aaa", Status::DegradedPerformance)),
        Item::Component(stale),
        Item::Component(component("ccc", Status::UnderMaintenance)),
    ]);
    for (path, label, text, title) in [
        ("badge.svg", "status", "degraded", "Example: degraded performance: 1 of 3"),
        ("components/aaa/badge.svg", "Component aaa", "degraded", "Component aaa: degraded performance"),
        ("components/bbb/badge.svg", "Component bbb", "no data", "Component bbb: no data since 14:40"),
        ("components/ccc/badge.svg", "Component ccc", "maintenance", "Component ccc: under maintenance"),
    ] {
        let svg = picture(&view, path).expect("a badge");
        assert!(svg.contains("height=\"22\""), "{svg}");
        for part in [format!(">{label}</text>"), format!(">{text}</text>"), format!("<title>{title}</title>")]
        {
            assert!(svg.contains(&part), "{path}: {part} in {svg}");
        }
    }
    view.items.clear();
    assert!(picture(&view, "badge.svg").expect("a badge").contains(">nothing to show yet</text>"));
}

#[test]
fn a_component_has_an_endpoint_of_its_own() {
    let view = page(vec![Item::Component(component("aaa", Status::PartialOutage))]);
    let json: serde_json::Value =
        serde_json::from_str(&picture(&view, "components/aaa/badge.json").expect("a badge")).expect("JSON");
    assert_eq!(
        (json["label"].as_str(), json["message"].as_str()),
        (Some("Component aaa"), Some("partial outage"))
    );
}

#[test]
fn uptime_is_shown_as_on_the_page_and_only_where_the_page_shows_it() {
    let mut hidden = component("bbb", Status::Operational);
    hidden.showcase = false;
    hidden.windows[3].hundredths = Some(1);
    let seen = |tally: Tally| figure(&tally, Rule::Observed, Weights::default(), 0);
    let mut shown = component("aaa", Status::Operational);
    shown.windows[3] = seen(Tally { operational: 99_890, major: 110, ..Tally::default() });
    let mut view = page(vec![Item::Component(shown), Item::Component(hidden)]);
    let own = picture(&view, "components/aaa/badge/uptime.svg").expect("a badge");
    assert!(own.contains(">uptime 90 days</text>") && own.contains(">99.89%</text>"), "{own}");
    assert!(own.contains("<title>Component aaa: uptime 90 days 99.89%</title>"), "{own}");
    assert!(picture(&view, "badge/uptime.svg").expect("a badge").contains(">99.89%</text>"));
    assert_eq!(picture(&view, "components/bbb/badge/uptime.svg"), None);
    let Item::Component(first) = &mut view.items[0] else { panic!("a component") };
    first.windows[3] = seen(Tally { operational: 80, no_data: 20, ..Tally::default() });
    assert!(picture(&view, "badge/uptime.svg").expect("a badge").contains(">not enough data</text>"));
    let Item::Component(first) = &mut view.items[0] else { panic!("a component") };
    first.watched_from = Some(NOW - HOUR);
    for path in ["badge/uptime.svg", "components/aaa/badge/uptime.svg"] {
        assert!(picture(&view, path).expect("a badge").contains(">new</text>"), "the page says so, too");
    }
    let Item::Component(first) = &mut view.items[0] else { panic!("a component") };
    first.watched_from = None;
    // As in the row of a group: the mean of what was lost, cut off once, and the data of all together.
    let mut other = component("ccc", Status::Operational);
    other.windows[3] = seen(Tally { operational: 99_985, major: 15, ..Tally::default() });
    view.items.push(Item::Component(other));
    assert!(picture(&view, "badge/uptime.svg").expect("a badge").contains(">99.99%</text>"));
    view.items.truncate(2);
    view.items.remove(0);
    assert_eq!(picture(&view, "badge/uptime.svg"), None, "nothing shows its uptime");
}

#[test]
fn response_times_are_shown_only_where_the_owner_publishes_them() {
    let mut view = page(vec![Item::Component(component("aaa", Status::Operational))]);
    for path in ["badge/response.svg", "components/aaa/badge/response.svg"] {
        assert_eq!(picture(&view, path), None);
    }
    let hour = |ago: i64, p50_ms| measured(NOW - ago * HOUR, p50_ms, 900);
    let Item::Component(first) = &mut view.items[0] else { panic!("a component") };
    let hours = hour(30, 9_000).chain(hour(3, 250)).chain(hour(2, 238)).chain(hour(1, 1));
    first.response = Some(response(&hours.collect::<Vec<_>>()));
    for path in ["badge/response.svg", "components/aaa/badge/response.svg"] {
        let svg = picture(&view, path).expect("a badge");
        assert!(svg.contains(">response</text>") && svg.contains(">238 ms</text>"), "{svg}");
    }
    view.now = NOW + 2 * DAY;
    assert!(picture(&view, "badge/response.svg").expect("a badge").contains(">no data</text>"));
}

#[test]
fn badges_speak_the_language_of_the_page() {
    let mut stale = component("aaa", Status::Operational);
    stale.stale_since = Some(NOW - 2 * DAY);
    let all = vec![stale, component("bbb", Status::MajorOutage)];
    let view =
        PageView { language: crate::texts::Language::German, ..page(vec![Item::Group(group("g", all))]) };
    let badges = render(&view, &|_| true).expect("rendered");
    let text = |path: &str| {
        let badge = badges.iter().find(|badge| badge.path == path).expect("it is rendered");
        String::from_utf8(badge.bytes.clone()).expect("UTF-8")
    };
    for (path, words) in [
        ("badge.svg", ">Status</text>"),
        ("badge.svg", ">Ausfall</text>"),
        ("badge.json", "\"message\":\"Ausfall: 1 von 2\""),
        ("badge/uptime.svg", ">Verfügbarkeit 90 Tage</text>"),
        ("badge/uptime.svg", ">100\u{a0}%</text>"),
        ("components/aaa/badge.json", "keine Daten seit 18. Nov."),
    ] {
        assert!(text(path).contains(words), "{path}: {}", text(path));
    }
}
