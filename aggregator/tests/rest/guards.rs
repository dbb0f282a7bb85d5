//! What a token that is limited must not do or learn, and how much one request may ask for.

use crate::fixture::{Answer, Fixture, after};
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::step::{Command, HeartbeatPing, PingKind};
use skerry_domain::workspaces::Target;

const FILE: &str = "[incidents]\ndraft_from = \"high\"\npublish_from = \"critical\"\n\
    [[check]]\nname = \"nightly\"\ntype = \"heartbeat\"\nperiod = \"1d\"\ngrace = \"1h\"\n\
    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
    [[page.component]]\nkey = \"backups\"\nname = \"Backups\"\nchecks = [\"nightly\"]\n\
    [[page.component]]\nkey = \"vault\"\nname = \"Vault\"\npublic = false\n";

/// Makes the check fail; the path of its problem.
async fn fails(fixture: &Fixture) -> String {
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
    format!("/api/v1/problems/{problem}")
}

/// The id of the only one in a list.
fn only(list: &Value) -> String {
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    list[0]["id"].as_str().expect("an id").to_owned()
}

fn errors(answer: &Answer) -> Vec<&str> {
    answer.body["error"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_token_silences_no_problem() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let problem = fails(&fixture).await;
    let limited = fixture.token("limited", Role::Admin, &page).await;
    let scoped = fixture.scoped("scoped", Role::Admin, &["incidents"]).await;
    let drafts = format!("/api/v1/pages/{page}/drafts");
    let draft = format!("{drafts}/{}", only(&fixture.get(&drafts).await.body["data"]));
    let refused = async |path: &str| {
        for (token, why) in [(&limited, "limited to pages"), (&scoped, "change problems")] {
            let answer = fixture.send_with(token, "DELETE", path, "", "").await;
            assert!(answer.status == 403 && answer.body.to_string().contains(why), "{path}: {answer:?}");
        }
        assert_eq!(fixture.get(&problem).await.body["private"], false, "{path}");
    };
    refused(&draft).await;
    let published = fixture.admin("POST", &format!("{draft}/approve"), "").await;
    assert_eq!(published.status, 200, "{published:?}");
    let incident = format!("/v1/pages/{page}/incidents/{}", published.text("id"));
    refused(&incident).await;
    // What a person opened concerns its page alone.
    let body = r#"{"incident": {"name": "Slow"}}"#;
    let own = fixture.admin("POST", &format!("/v1/pages/{page}/incidents"), body).await;
    let own = format!("/v1/pages/{page}/incidents/{}", own.text("id"));
    assert_eq!(fixture.send_with(&limited, "DELETE", &own, "", "").await.status, 200);
    let both = fixture.scoped("both", Role::Operator, &["incidents", "problems"]).await;
    assert_eq!(fixture.send_with(&both, "DELETE", &incident, "", "").await.status, 200);
    assert_eq!(fixture.get(&problem).await.body["private"], true);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_not_approve_by_raising_the_severity() {
    let fixture = Fixture::new(FILE).await;
    let incidents = format!("/v1/pages/{}/incidents", fixture.page("Main").await);
    let problem = fails(&fixture).await;
    let change = async |role, body: &str| fixture.send(role, "PATCH", &problem, "", body).await;
    let raised = change(Role::Operator, r#"{"severity": "critical"}"#).await;
    let detail = raised.text("detail");
    assert!(
        raised.status == 403 && detail.contains("without approval") && detail.contains("admin"),
        "{raised:?}"
    );
    for body in [r#"{"severity": "low"}"#, r#"{"severity": null}"#, r#"{"severity": "high"}"#] {
        let changed = change(Role::Operator, body).await;
        assert_eq!(changed.status, 200, "{body}: {changed:?}");
    }
    assert_eq!(fixture.get(&incidents).await.body, json!([]));
    assert_eq!(change(Role::Admin, r#"{"severity": "critical"}"#).await.status, 200);
    only(&fixture.get(&incidents).await.body);
    // It is published: nothing is left to approve.
    assert_eq!(change(Role::Operator, r#"{"severity": "critical"}"#).await.status, 200);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_ids_is_refused_before_any_is_looked_up() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let incidents = format!("/v1/pages/{page}/incidents");
    let ids = |number: usize| (0..number).map(|id| format!("{id}")).collect::<Vec<_>>();
    let open = async |ids: Value| {
        let body = json!({ "incident": { "name": "Slow", "component_ids": ids } }).to_string();
        fixture.send(Role::Operator, "POST", &incidents, "", &body).await
    };
    let flood = open(json!(ids(30_000))).await;
    assert_eq!((flood.status, errors(&flood).len()), (422, 1), "{flood:?}");
    assert!(errors(&flood)[0].contains("at most 1100"), "{flood:?}");
    let unknown = open(json!(ids(300))).await;
    assert_eq!((unknown.status, errors(&unknown).len()), (422, 11));
    assert_eq!(errors(&unknown)[10], "and 290 more");
    for (path, root, member) in [
        ("component-groups", "component_group", "components"),
        ("incident_templates", "template", "component_ids"),
    ] {
        let body = json!({ root: { "name": "Many", "title": "Many", "body": "Many", member: ids(20_000) } });
        let answer = fixture.admin("POST", &format!("/v1/pages/{page}/{path}"), &body.to_string()).await;
        assert!(answer.status == 422 && errors(&answer)[0].contains("at most 1100"), "{path}: {answer:?}");
    }
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_tells_nothing_that_its_token_may_not_read() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let backups = fixture.named(&components, "Backups").await;
    let vault = fixture.named(&components, "Vault").await;
    let token = fixture.scoped("incidents", Role::Operator, &["incidents"]).await;
    let incidents = format!("/v1/pages/{page}/incidents");
    let send = async |method: &str, path: &str, body: Value| {
        fixture.send_with(&token, method, path, "", &body.to_string()).await
    };
    // The state of what visitors do not see shows in no impact.
    let opened = send(
        "POST",
        &incidents,
        json!({ "incident": { "name": "Slow", "components": { &vault: "major_outage" } } }),
    );
    let opened = opened.await;
    assert_eq!((opened.status, opened.text("impact")), (201, "none".to_owned()), "{opened:?}");
    let incident = format!("{incidents}/{}", opened.text("id"));
    let change = json!({ "incident": { "components": { &backups: "partial_outage" } } });
    let changed = send("PUT", &incident, change).await;
    assert_eq!((changed.status, changed.text("impact")), (200, "major".to_owned()), "{changed:?}");
    assert!(changed.body["components"].as_array().is_some_and(|all| all.len() == 2), "{changed:?}");
    assert!(!changed.body.to_string().contains("nightly"), "{changed:?}");
    let whole = fixture.get(&incident).await.body.to_string();
    assert!(whole.contains("nightly"), "{whole}");
    let maintained = json!({ "incident": { "components": { &backups: "under_maintenance" } } });
    let refused = send("PUT", &incident, maintained).await;
    assert!(refused.status == 422 && errors(&refused)[0].contains("schedule maintenance"), "{refused:?}");
    let summary = "/status/main/api/v2/summary.json";
    let shown = fixture.shows(summary, "\"impact\":\"major\"").await.body;
    assert!(!shown.to_string().contains("Vault"), "{shown}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_page_learns_no_private_name_and_leaves_room_for_others() {
    let fixture = Fixture::new(&format!(
        "{FILE}[[check]]\nname = \"db-7\"\ntype = \"heartbeat\"\nperiod = \"1d\"\ngrace = \"1h\"\n"
    ))
    .await;
    let page = fixture.page("Main").await;
    let limited = fixture.token("limited", Role::Operator, &page).await;
    let incidents = format!("/v1/pages/{page}/incidents");
    let body = r#"{"incident": {"name": "Slow", "body": "db-7 and db1.internal are slow"}}"#;
    let open = async |token: &str| fixture.send_with(token, "POST", &incidents, "", body).await;
    let opened = open(&limited).await;
    let notes = opened.body["notes"].to_string();
    assert!(notes.contains("a private name") && !notes.contains("db-7"), "{opened:?}");
    let whole = fixture.admin("POST", &incidents, body).await;
    assert!(whole.body["notes"].to_string().contains("db-7"), "{whole:?}");
    for _ in 0..98 {
        assert_eq!(open(&limited).await.status, 201);
    }
    let refused = open(&limited).await;
    assert!(refused.status == 422 && errors(&refused)[0].contains("no more than 100"), "{refused:?}");
    assert_eq!(fixture.admin("POST", &incidents, body).await.status, 201);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn times_and_names_that_nobody_means_are_refused() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let backups = fixture.named(&format!("/v1/pages/{page}/components"), "Backups").await;
    let plan = async |from: String, to: String| {
        let body = json!({ "incident": { "name": "Disks", "component_ids": [&backups], "scheduled_for": from, "scheduled_until": to } });
        fixture.admin("POST", &format!("/v1/pages/{page}/incidents"), &body.to_string()).await
    };
    for (from, to, why) in [
        (after(-1), after(1), "5 minutes ago"),
        (after(1), after(24 * 40), "31 days"),
        (after(24 * 3_000), after(24 * 3_001), "five years"),
    ] {
        let answer = plan(from.to_string(), to.to_string()).await;
        assert!(answer.status == 422 && errors(&answer)[0].contains(why), "{answer:?}");
    }
    assert_eq!(plan(after(1).to_string(), after(2).to_string()).await.status, 201);
    for (path, root, name) in [
        ("components", "component", "\u{200b}"),
        ("component-groups", "component_group", "\u{3164}"),
        ("incidents", "incident", "\u{2800}"),
    ] {
        let body = json!({ root: { "name": name, "components": [] } });
        let answer = fixture.admin("POST", &format!("/v1/pages/{page}/{path}"), &body.to_string()).await;
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
    }
    let body = json!({ "component": { "name": "Old", "start_date": "-009999-01-01" } });
    let answer = fixture.admin("POST", &format!("/v1/pages/{page}/components"), &body.to_string()).await;
    assert!(answer.status == 422 && errors(&answer)[0].contains("start_date"), "{answer:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_be_sent_again_with_its_token_elsewhere() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let token = fixture.scoped("moving", Role::Operator, &["incidents"]).await;
    let path = format!("/v1/pages/{page}/incidents");
    let (headers, body) = ("idempotency-key: one\r\n", r#"{"incident": {"name": "Slow"}}"#);
    let first = fixture.send_with(&token, "POST", &path, headers, body).await;
    let request = format!(
        "POST {path}?api_key={token} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let again = fixture.plain(&request).await;
    assert_eq!((again.status, again.text("id")), (201, first.text("id")), "{again:?}");
    fixture.stop();
}
