//! Incidents, member for member.

use super::super::render;
use super::*;
use crate::sample::{NOW, component, group, incident, page, public_text, resolved};
use crate::view::Item;
use serde_json::{Value, json};
use skerry_domain::incident::Impact;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE};
use skerry_sanitiser::Form;

fn view(incidents: Vec<IncidentView>) -> PageView {
    let mut view = page(vec![Item::Group(group("g", vec![component("aaa", Status::MajorOutage)]))]);
    view.incidents = incidents;
    view
}

fn document(view: &PageView, wanted: &str) -> String {
    let documents = render(view).expect("plain values");
    let found = documents.into_iter().find(|(path, _)| *path == wanted).expect("the path is rendered");
    String::from_utf8(found.1).expect("JSON is UTF-8")
}

fn listed(view: &PageView, wanted: &str) -> Value {
    let document: Value = serde_json::from_str(&document(view, wanted)).expect("valid JSON");
    document["incidents"].clone()
}

#[test]
fn an_incident_has_every_member_in_the_captured_order() {
    let body = document(&view(vec![incident()]), "api/v2/summary.json");
    let head = concat!(
        r#"{"id":"incident0001","name":"Card payments declined","status":"identified","#,
        r#""created_at":"2026-11-20T14:06:00.500Z","updated_at":"2026-11-20T15:41:00.500Z","#,
        r#""monitoring_at":null,"resolved_at":null,"impact":"critical","#,
        r#""shortlink":"https://status.example.com/incidents/incident0001","#,
        r#""started_at":"2026-11-20T14:02:00.500Z","page_id":"kctbh9vrtdwd","incident_updates":["#,
        r#"{"id":"update000003","status":"identified","body":"One of two sites refuses them.","#,
        r#""incident_id":"incident0001","created_at":"2026-11-20T15:41:00.500Z","#,
        r#""updated_at":"2026-11-20T15:41:00.500Z","display_at":"2026-11-20T15:41:00.500Z","#,
        r#""affected_components":null,"deliver_notifications":true,"custom_tweet":null,"tweet_id":null,"#,
        r#""edited_at":null},"#,
    );
    assert!(body.contains(head), "{body}");
    let first = concat!(
        r#""affected_components":[{"code":"aaa","name":"Payments - Component aaa","#,
        r#""old_status":"operational","new_status":"major_outage"}],"deliver_notifications":true"#,
    );
    assert!(body.contains(first), "{body}");
    assert!(
        body.contains(r#""updated_at":"2026-11-20T14:35:00.500Z","display_at":"2026-11-20T14:20:00.500Z""#)
    );
    let components = r#""components":[{"id":"aaa","name":"Component aaa","status":"major_outage","#;
    assert!(body.contains(components), "{body}");
    assert!(body.contains(r#""impact_override":null,"postmortem_published_at":null}"#), "{body}");
}

#[test]
fn the_lists_hold_what_lasts_and_the_newest_fifty() {
    let mut open = incident();
    open.started_at = NOW - 300 * DAY;
    open.impact_override = Some(Impact::Minor);
    let many = (0..60).map(|number| IncidentView { id: format!("incident1{number:03}"), ..resolved(5) });
    let view = view(many.chain([open]).collect());
    assert_eq!(listed(&view, "api/v2/incidents.json").as_array().map(Vec::len), Some(50));
    for path in ["api/v2/summary.json", "api/v2/incidents/unresolved.json"] {
        let listed = listed(&view, path);
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(
            (&listed[0]["id"], &listed[0]["impact_override"]),
            (&json!("incident0001"), &json!("minor"))
        );
    }
}

#[test]
fn a_postmortem_is_the_newest_update_and_the_state() {
    let mut incident = resolved(30);
    incident.postmortem = Some(PostmortemView {
        text: public_text("A certificate was *withdrawn*.", Form::Markdown),
        created_at: NOW - 20 * MINUTE,
        updated_at: NOW - 10 * MINUTE,
        published_at: NOW - 10 * MINUTE,
    });
    let view = view(vec![incident]);
    let listed = listed(&view, "api/v2/incidents.json");
    assert_eq!(listed[0]["status"], "postmortem");
    assert_eq!(listed[0]["resolved_at"], "2026-11-20T15:45:00.500Z");
    let newest = &listed[0]["incident_updates"][0];
    assert_eq!(
        (&newest["status"], &newest["body"]),
        (&json!("postmortem"), &json!("A certificate was withdrawn."))
    );
    assert_eq!(newest["id"].as_str().map(str::len), Some(12));
    assert_eq!(listed[0]["incident_updates"][1]["status"], "resolved");
    assert_eq!(listed[0]["postmortem_published_at"], "2026-11-20T16:05:00.500Z");
}
