//! Problems that operators change, what becomes of their incidents, and the search for these.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use skerry_domain::step::{Command, HeartbeatPing, PingKind};
use skerry_domain::workspaces::Target;

const FILE: &str = "[incidents]\ndraft_from = \"high\"\npublish_from = \"critical\"\n\
    [[check]]\nname = \"nightly\"\ntype = \"heartbeat\"\nperiod = \"1d\"\ngrace = \"1h\"\n\
    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
    [[page.component]]\nkey = \"backups\"\nname = \"Backups\"\nchecks = [\"nightly\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_not_published_however_grave_it_becomes() {
    let fixture = Fixture::new(FILE).await;
    let incidents = format!("/v1/pages/{}/incidents", fixture.page("Main").await);
    let ping = HeartbeatPing {
        check: "nightly".to_owned(),
        kind: PingKind::Failure,
        run: String::new(),
        took_ms: None,
        detail: String::new(),
    };
    let command = Command::HeartbeatPing(Box::new(ping));
    fixture.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
    let problems = fixture.get("/api/v1/problems").await.body;
    let problem = problems["data"][0]["id"].as_str().unwrap_or_else(|| panic!("no problem in {problems}"));
    let path = format!("/api/v1/problems/{problem}");
    for body in [r#"{"severity": "critical", "private": true}"#, r#"{"severity": "low", "private": false}"#] {
        let changed = fixture.admin("PATCH", &path, body).await;
        assert_eq!(changed.status, 200, "{body}: {changed:?}");
        assert_eq!(fixture.get(&incidents).await.body, json!([]), "{body}");
    }
    let changed = fixture.admin("PATCH", &path, r#"{"severity": "critical", "note": "All of them"}"#).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let published = fixture.get(&incidents).await.body;
    assert_eq!(published.as_array().map(Vec::len), Some(1), "{published}");
    // The audit names the first of the changes.
    let audit = fixture.admin("GET", "/api/v1/audit", "").await.body.to_string();
    assert!(!audit.contains("\"together\""), "{audit}");
    // Automatic texts are searched as visitors read them.
    for (text, found) in [("BACKUPS", 1), ("investigating", 1), ("nightly", 0)] {
        let list = fixture.get(&format!("{incidents}?q={text}")).await.body;
        assert_eq!(list.as_array().map(Vec::len), Some(found), "{text}: {list}");
    }
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_found_by_what_visitors_read_of_them() {
    let fixture = Fixture::new(FILE).await;
    let incidents = format!("/v1/pages/{}/incidents", fixture.page("Main").await);
    for (name, body) in
        [("Orders fail", "A **disk** is full on 10.0.0.7."), ("Slow search", "An index is built.")]
    {
        let new = json!({ "incident": { "name": name, "body": body } }).to_string();
        let made = fixture.admin("POST", &incidents, &new).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    for (query, names) in [
        ("q=ORDERS", json!(["Orders fail"])),
        ("q=disk", json!(["Orders fail"])),
        ("q=index+is", json!(["Slow search"])),
        ("q=investigating", json!(["Slow search", "Orders fail"])),
        ("q=investigating&limit=1&page=2", json!(["Orders fail"])),
        ("q=10.0.0.7", json!([])),
    ] {
        let list = fixture.get(&format!("{incidents}?{query}")).await.body;
        let found: Vec<&Value> = list.as_array().expect("a list").iter().map(|one| &one["name"]).collect();
        assert_eq!(json!(found), names, "{query}");
    }
    fixture.stop();
}
