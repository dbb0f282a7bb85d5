//! Scheduled maintenances, member for member.

use super::super::render;
use super::*;
use crate::sample::{component, group, maintenance, page};
use crate::view::Item;
use serde_json::Value;
use skerry_domain::status::Status;

fn view(maintenance: Vec<MaintenanceView>) -> PageView {
    let mut view = page(vec![Item::Group(group("g", vec![component("aaa", Status::Operational)]))]);
    view.maintenance = maintenance;
    view
}

fn document(view: &PageView, wanted: &str) -> String {
    let documents = render(view).expect("plain values");
    let found = documents.into_iter().find(|(path, _)| *path == wanted).expect("the path is rendered");
    String::from_utf8(found.1).expect("JSON is UTF-8")
}

/// The ids of a list.
fn listed(view: &PageView, wanted: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(&document(view, wanted)).expect("valid JSON");
    let list = document["scheduled_maintenances"].as_array().expect("a list");
    list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_maintenance_has_every_member_in_the_captured_order() {
    let view = view(vec![maintenance(MaintenanceStatus::InProgress, -15)]);
    let body = document(&view, "api/v2/summary.json");
    let head = concat!(
        r#""scheduled_maintenances":[{"id":"maintenance1","name":"Database upgrade","status":"in_progress","#,
        r#""created_at":"2026-11-19T16:15:00.500Z","updated_at":"2026-11-20T15:15:00.500Z","#,
        r#""monitoring_at":null,"resolved_at":null,"impact":"maintenance","#,
        r#""shortlink":"https://status.example.com/maintenance/maintenance1","#,
        r#""started_at":"2026-11-20T16:00:00.500Z","page_id":"kctbh9vrtdwd","incident_updates":["#,
        r#"{"id":"planned00002","status":"in_progress","body":"As planned.","#,
        r#""incident_id":"maintenance1","created_at":"2026-11-20T16:00:00.500Z","#,
        r#""updated_at":"2026-11-20T16:00:00.500Z","display_at":"2026-11-20T16:00:00.500Z","#,
        r#""affected_components":null,"deliver_notifications":true,"custom_tweet":null,"tweet_id":null,"#,
        r#""edited_at":null},{"id":"planned00001","status":"scheduled","body":"Reports are read-only.","#,
    );
    assert!(body.contains(head), "{body}");
    let components = r#""components":[{"id":"aaa","name":"Component aaa","status":"operational","#;
    assert!(body.contains(components), "{body}");
    let end = concat!(
        r#"}],"scheduled_for":"2026-11-20T16:00:00.500Z","scheduled_until":"2026-11-20T18:00:00.500Z","#,
        r#""impact_override":null,"postmortem_published_at":null}],"status":{"#,
    );
    assert!(body.contains(end), "{body}");
}

#[test]
fn each_list_holds_the_maintenances_of_its_states_and_the_newest_fifty() {
    let one =
        |id: &str, status, minutes| MaintenanceView { id: id.to_owned(), ..maintenance(status, minutes) };
    let mut all = vec![
        one("called-off", MaintenanceStatus::Cancelled, 60),
        one("upcoming", MaintenanceStatus::Scheduled, 30),
        one("verifying", MaintenanceStatus::InProgress, -20),
        one("running", MaintenanceStatus::InProgress, -30),
        one("stopped", MaintenanceStatus::Cancelled, -50),
    ];
    all[2].status = MaintenanceStatus::Verifying;
    all.extend((0..60).map(|number| one(&format!("past{number}"), MaintenanceStatus::Completed, -200)));
    let view = view(all);
    let newest = listed(&view, "api/v2/scheduled-maintenances.json");
    assert_eq!(newest.len(), 50);
    assert_eq!(newest[..5], ["upcoming", "verifying", "running", "stopped", "past0"]);
    for (path, expected) in [
        ("api/v2/scheduled-maintenances/upcoming.json", vec!["upcoming"]),
        ("api/v2/scheduled-maintenances/active.json", vec!["verifying", "running"]),
        ("api/v2/summary.json", vec!["upcoming", "verifying", "running"]),
    ] {
        assert_eq!(listed(&view, path), expected, "{path}");
    }
    let document: Value =
        serde_json::from_str(&document(&view, "api/v2/scheduled-maintenances.json")).expect("valid JSON");
    let stopped = &document["scheduled_maintenances"][3];
    assert_eq!(stopped["status"], "completed", "Statuspage knows no other end");
    assert_eq!(stopped["resolved_at"], "2026-11-20T16:13:00.500Z");
    assert_eq!(stopped["incident_updates"][0]["status"], "completed");
}
