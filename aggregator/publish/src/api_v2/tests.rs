use super::super::sample::{NOW, component as sample, group, page};
use super::*;
use serde_json::{Value, json};
use skerry_domain::time::HOUR;

fn documents(view: &PageView) -> Vec<(&'static str, String)> {
    let documents = render(view).expect("plain values");
    documents
        .into_iter()
        .map(|(path, body)| (path, String::from_utf8(body).expect("JSON is UTF-8")))
        .collect()
}

fn document(view: &PageView, wanted: &str) -> Value {
    let documents = documents(view);
    let (_, body) = documents.iter().find(|(path, _)| *path == wanted).expect("the path is rendered");
    serde_json::from_str(body).expect("valid JSON")
}

fn view() -> PageView {
    let mut hidden = sample("8l4ygp009s5s", Status::MajorOutage);
    hidden.only_show_if_degraded = true;
    hidden.start_date = Some(jiff::civil::date(2026, 3, 1));
    let alone = sample("0000000alone", Status::Operational);
    let children = vec![sample("00000child01", Status::DegradedPerformance), hidden];
    page(vec![Item::Component(alone), Item::Group(group("0000000group", children))])
}

#[test]
fn status_json_is_as_captured_followed_by_our_members() {
    let documents = documents(&view());
    let (_, body) = documents.iter().find(|(path, _)| *path == "api/v2/status.json").expect("rendered");
    assert_eq!(
        body,
        concat!(
            r#"{"page":{"id":"kctbh9vrtdwd","name":"Example","url":"https://status.example.com","#,
            r#""time_zone":"Etc/UTC","updated_at":"2026-11-20T15:15:00.500Z"},"#,
            r#""status":{"indicator":"major","description":"Partial System Outage"},"#,
            r#""verified_at":"2026-11-20T16:14:00.500Z","believe_until":"2026-11-20T16:18:00.500Z","#,
            r#""banner":{"status":"major_outage","headline":"Major outage: Component 8l4ygp009s5s","#,
            r#""details":["Since 14:40 UTC. Also affected: Component 00000child01."],"#,
            r#""verified":"16:14 UTC, 20 November 2026"}}"#,
        )
    );
}

#[test]
fn a_component_has_every_member_in_the_captured_order() {
    let (_, body) = documents(&view()).swap_remove(2);
    let alone = concat!(
        r#"{"id":"0000000alone","name":"Component 0000000alone","status":"operational","#,
        r#""created_at":"2026-08-22T16:15:00.500Z","updated_at":"2026-11-20T13:15:00.500Z","#,
        r#""position":1,"description":null,"showcase":true,"start_date":null,"#,
        r#""group_id":null,"page_id":"kctbh9vrtdwd","group":false,"only_show_if_degraded":false,"#,
        r#""stale_since":null,"waiting":false,"unseen_since":null,"unseen_checks":0,"checks":1,"#,
        r#""manual":false}"#,
    );
    assert!(body.contains(alone), "{body}");
    let group = concat!(
        r#"{"id":"0000000group","name":"Group 0000000group","status":"major_outage","#,
        r#""created_at":"2026-08-22T16:15:00.500Z","updated_at":"2026-11-20T14:15:00.500Z","#,
        r#""position":2,"description":"What belongs together","showcase":false,"start_date":null,"#,
        r#""group_id":null,"page_id":"kctbh9vrtdwd","group":true,"only_show_if_degraded":false,"#,
        r#""components":["00000child01","8l4ygp009s5s"],"stale_since":null,"waiting":false,"#,
        r#""unseen_since":null,"unseen_checks":0,"checks":2,"manual":false}"#,
    );
    assert!(body.contains(group), "{body}");
}

/// Statuspage's groups do not nest.
#[test]
fn a_group_inside_a_group_is_one_of_its_own_whose_components_count_in_both() {
    let mut inner = group("0000000inner", vec![sample("00000child02", Status::MajorOutage)]);
    inner.children.push(Item::Component(sample("00000child03", Status::Operational)));
    let mut outer = group("0000000outer", vec![sample("00000child01", Status::Operational)]);
    outer.children.insert(0, Item::Group(inner));
    let view = page(vec![Item::Group(outer), Item::Component(sample("0000000alone", Status::Operational))]);
    let document = document(&view, "api/v2/components.json");
    let row =
        |one: &Value| json!([one["id"], one["group_id"], one["position"], one["status"], one["components"]]);
    let rows: Vec<Value> = document["components"].as_array().expect("a list").iter().map(row).collect();
    let (outer, inner) = ("0000000outer", "0000000inner");
    let expected = [
        json!([outer, null, 1, "major_outage", ["00000child01"]]),
        json!(["00000child01", outer, 1, "operational", null]),
        json!([inner, null, 2, "major_outage", ["00000child02", "00000child03"]]),
        json!(["00000child02", inner, 1, "major_outage", null]),
        json!(["00000child03", inner, 2, "operational", null]),
        json!(["0000000alone", null, 3, "operational", null]),
    ];
    assert_eq!(rows, expected);
    assert_eq!(document["components"][0]["checks"], 3, "of all below it");
}

#[test]
fn the_eight_documents_have_their_top_level_members() {
    let table = [
        ("summary", vec!["page", "components", "incidents", "scheduled_maintenances", "status"]),
        ("status", vec!["page", "status"]),
        ("components", vec!["page", "components"]),
        ("incidents", vec!["page", "incidents"]),
        ("incidents/unresolved", vec!["page", "incidents"]),
        ("scheduled-maintenances", vec!["page", "scheduled_maintenances"]),
        ("scheduled-maintenances/upcoming", vec!["page", "scheduled_maintenances"]),
        ("scheduled-maintenances/active", vec!["page", "scheduled_maintenances"]),
    ];
    let view = view();
    assert_eq!(render(&view).expect("plain values").len(), table.len());
    for (name, members) in table {
        let document = document(&view, &format!("api/v2/{name}.json"));
        let object = document.as_object().expect("an object");
        let ours = ["verified_at", "believe_until", "banner"];
        let theirs: Vec<&str> = object.keys().map(String::as_str).filter(|key| !ours.contains(key)).collect();
        let mut sorted = members.clone();
        sorted.sort_unstable();
        assert_eq!(theirs, sorted, "{name}");
        for list in ["incidents", "scheduled_maintenances"] {
            assert!(object.get(list).is_none_or(|list| *list == json!([])), "{name}: {list}");
        }
    }
}

#[test]
fn positions_count_from_one_below_each_parent() {
    let document = document(&view(), "api/v2/components.json");
    let rows = document["components"].as_array().expect("a list");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row["id"].as_str(), row["position"].as_u64(), row["group_id"].as_str()))
        .collect();
    let group = Some("0000000group");
    assert_eq!(
        rows,
        [
            (Some("0000000alone"), Some(1), None),
            (group, Some(2), None),
            (Some("00000child01"), Some(1), group),
            (Some("8l4ygp009s5s"), Some(2), group),
        ]
    );
    assert_eq!(document["components"][3]["only_show_if_degraded"], true);
    assert_eq!(document["components"][3]["start_date"], "2026-03-01");
}

#[test]
fn instants_are_formatted_in_the_zone_of_the_page() {
    let expected = |name: &str, at| instant(at, &TimeZone::get(name).expect("a bundled zone"));
    assert_eq!(expected("Etc/UTC", NOW), "2026-11-20T16:15:00.500Z");
    assert_eq!(expected("UTC", NOW), "2026-11-20T16:15:00.500Z");
    assert_eq!(expected("America/Tijuana", NOW), "2026-11-20T08:15:00.500-08:00");
    assert_eq!(expected("Europe/London", NOW), "2026-11-20T16:15:00.500+00:00");
    assert_eq!(expected("Asia/Kolkata", Timestamp(0)), "1970-01-01T05:30:00.000+05:30");
}

#[test]
fn missing_data_shows_on_the_component_its_group_and_in_the_description() {
    let mut first = sample("00000child01", Status::Operational);
    first.stale_since = Some(NOW - HOUR);
    let mut second = sample("00000child02", Status::Operational);
    second.waiting = true;
    let view = |children| page(vec![Item::Group(group("0000000group", children))]);

    let no_data = document(&view(vec![first.clone(), second]), "api/v2/summary.json");
    assert_eq!(no_data["components"][0]["stale_since"], "2026-11-20T15:15:00.500Z");
    assert_eq!(no_data["components"][1]["stale_since"], "2026-11-20T15:15:00.500Z");
    assert_eq!(no_data["components"][2]["waiting"], true);
    assert_eq!(
        no_data["components"][2]["status"], "under_maintenance",
        "Statuspage has no status for never observed"
    );
    assert_eq!(
        no_data["components"][0]["status"], "operational",
        "its own last status, not the waiting child's"
    );
    let expected = json!({"indicator": "minor", "description": "No current data for 1 component"});
    assert_eq!(no_data["status"], expected);

    let partial =
        document(&view(vec![first, sample("00000child02", Status::Operational)]), "api/v2/summary.json");
    assert_eq!(partial["components"][0]["stale_since"], Value::Null);
    let expected = json!({"indicator": "none", "description": "No current data for 1 component"});
    assert_eq!(partial["status"], expected);
}

#[test]
fn a_group_does_not_take_the_status_of_a_child_without_data() {
    let stale =
        ComponentView { stale_since: Some(NOW - HOUR), ..sample("00000child01", Status::MajorOutage) };
    let slow = sample("00000child02", Status::DegradedPerformance);
    let view = page(vec![Item::Group(group("0000000group", vec![stale, slow]))]);
    let partial = document(&view, "api/v2/summary.json");
    assert_eq!(partial["components"][0]["status"], "degraded_performance");
    assert_eq!(partial["components"][1]["status"], "major_outage", "its last status, marked as stale");
    let expected = json!({"indicator": "minor", "description": "Partially Degraded Service"});
    assert_eq!(partial["status"], expected);
}

#[test]
fn a_component_that_was_never_observed_does_not_count_as_missing_data() {
    let waiting = ComponentView { waiting: true, ..sample("0000000alone", Status::Operational) };
    let first = document(&page(vec![Item::Component(waiting)]), "api/v2/summary.json");
    let one = &first["components"][0];
    assert_eq!(
        (&one["status"], &one["waiting"], &one["stale_since"]),
        (&json!("under_maintenance"), &json!(true), &Value::Null)
    );
    assert_eq!(first["status"], json!({"indicator": "none", "description": "Waiting for the first report"}));
}

#[test]
fn checks_without_data_are_counted_and_dated() {
    let unseen = crate::view::Unseen { since: Some(NOW - HOUR), since_differs: false, checks: 1 };
    let partly =
        ComponentView { unseen: Some(unseen), checks: 2, ..sample("00000child01", Status::PartialOutage) };
    let view = page(vec![Item::Group(group(
        "0000000group",
        vec![partly, sample("00000child02", Status::Operational)],
    ))]);
    let expected = document(&view, "api/v2/components.json");
    let counts = |index: usize| {
        let one = &expected["components"][index];
        (one["unseen_since"].clone(), one["unseen_checks"].clone(), one["checks"].clone())
    };
    let since = json!("2026-11-20T15:15:00.500Z");
    assert_eq!(counts(0), (since.clone(), json!(1), json!(3)));
    assert_eq!(counts(1), (since, json!(1), json!(2)));
    assert_eq!(counts(2), (Value::Null, json!(0), json!(1)));
}
