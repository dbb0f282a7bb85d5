//! Incidents and drafts: what is sent back or sent again changes nothing, and who reads what was removed.

use crate::fixture::{Fixture, after};
use serde_json::{Value, json};
use skerry_domain::access::Role;

const FILE: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                    [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\n";

#[tokio::test]
async fn what_a_client_read_it_may_send_back() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let shop = fixture.named(&format!("/v1/pages/{page}/components"), "Shop").await;
    let incidents = format!("/v1/pages/{page}/incidents");
    let open = json!({ "incident": {
        "name": "Shop at db1.internal is slow", "body": "We look.", "components": { &shop: "partial_outage" },
    } });
    let maintenance = json!({ "incident": {
        "name": "New disks", "scheduled_for": after(48).to_string(), "scheduled_until": after(72).to_string(),
        "component_ids": [&shop],
    } });
    for document in [open, maintenance] {
        let opened = fixture.send(Role::Operator, "POST", &incidents, "", &document.to_string()).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        let path = format!("{incidents}/{}", opened.text("id"));
        let read = fixture.get(&path).await;
        // A status here would be a new update; whoever sends back what it read sends none or the same.
        let back = json!({ "incident": read.body });
        let again = fixture.send(Role::Operator, "PUT", &path, "", &back.to_string()).await;
        assert_eq!(again.status, 200, "{again:?}");
        let own = format!("/api/v1/pages/{page}/incidents/{}", opened.text("id"));
        let seen = fixture.send(Role::Operator, "GET", &own, "", "").await;
        if seen.status == 200 {
            assert_eq!(seen.body["written_title"], "Shop at db1.internal is slow", "the original stays");
        }
    }
}

#[tokio::test]
async fn an_incident_may_be_opened_as_resolved_and_entered_afterwards() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let shop = fixture.named(&format!("/v1/pages/{page}/components"), "Shop").await;
    let incidents = format!("/v1/pages/{page}/incidents");
    let open = async |fields: Value| {
        let body = json!({ "incident": fields }).to_string();
        fixture.send(Role::Operator, "POST", &incidents, "", &body).await
    };
    let over = json!({ "name": "Was slow", "status": "resolved", "body": "It is over.",
        "components": { &shop: "operational" }, "impact_override": "minor" });
    let over = open(over).await;
    assert_eq!(
        (over.status, over.text("status"), over.text("impact")),
        (201, "resolved".into(), "minor".into())
    );
    assert_eq!(over.text("resolved_at"), over.text("started_at"), "{over:?}");
    assert_eq!(over.body["incident_updates"].as_array().map(Vec::len), Some(1));
    let afterwards = json!({ "name": "Long ago", "status": "resolved", "body": "It was over.",
        "backfilled": true, "backfill_date": "2026-01-31", "component_ids": [&shop] });
    let afterwards = open(afterwards).await;
    assert_eq!((afterwards.status, afterwards.text("status")), (201, "resolved".into()), "{afterwards:?}");
    assert!(afterwards.text("started_at").starts_with("2026-01-31T00:00:00.000"), "{afterwards:?}");
    let unresolved = fixture.get(&format!("{incidents}/unresolved")).await;
    assert_eq!(unresolved.body, json!([]));
    let drafts = format!("/api/v1/pages/{page}/drafts");
    let draft = r#"{"name": "Slow", "status": "resolved"}"#;
    let refused = fixture.send(Role::Operator, "POST", &drafts, "", draft).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn each_write_may_be_sent_again() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let drafts = format!("/api/v1/pages/{page}/drafts");
    let send = async |method: &str, path: &str, key: &str, body: &str| {
        let headers = format!("idempotency-key: {key}\r\n");
        fixture.send(Role::Admin, method, path, &headers, body).await
    };
    let draft = send("POST", &drafts, "draft", r#"{"name": "Slow"}"#).await;
    let path = format!("{drafts}/{}", draft.text("id"));
    let incident = format!("/v1/pages/{page}/incidents/{}", draft.text("id"));
    let update = r#"{"incident": {"status": "resolved", "body": "Done."}}"#;
    for (method, path, body, status) in [
        ("POST", format!("{path}/approve"), "", 200),
        ("PATCH", incident.clone(), update, 200),
        ("PUT", format!("{incident}/postmortem"), r#"{"postmortem": {"body_draft": "Why"}}"#, 200),
        ("DELETE", format!("{incident}/postmortem"), "", 204),
        ("DELETE", incident.clone(), "", 200),
    ] {
        let key = format!("{method}{}", path.len());
        let first = send(method, &path, &key, body).await;
        assert_eq!(first.status, status, "{method} {path}: {first:?}");
        let again = send(method, &path, &key, body).await;
        assert_eq!(again.status, status, "{method} {path} again: {again:?}");
    }
    let unreadable = send("POST", &drafts, "cl\u{e9}", r#"{"name": "Slow"}"#).await;
    assert_eq!(unreadable.status, 400, "{unreadable:?}");
}

#[tokio::test]
async fn who_only_reads_does_not_read_what_was_removed() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let drafts = format!("/api/v1/pages/{page}/drafts");
    let body = r#"{"name": "Slow", "body": "db1.internal is slow"}"#;
    let draft = fixture.send(Role::Operator, "POST", &drafts, "", body).await;
    assert_eq!(draft.body["updates"][0]["written"], "db1.internal is slow", "{draft:?}");
    let path = format!("{drafts}/{}", draft.text("id"));
    let read = fixture.get(&path).await;
    assert_eq!(read.body["updates"][0]["written"], Value::Null, "{read:?}");
    assert_eq!(read.body["updates"][0]["body"], "[redacted] is slow");
    let misspelt = r#"{"incidents": {"draft_form": "low"}}"#;
    let refused = fixture.admin("PATCH", "/api/v1/settings", misspelt).await;
    assert!(refused.status == 422 && refused.text("detail").contains("draft_form"), "{refused:?}");
    let stale = "if-match: \"0000000000000001\"\r\n";
    let change = r#"{"incidents": {"draft_from": "low"}}"#;
    let refused = fixture.send(Role::Admin, "PATCH", "/api/v1/settings", stale, change).await;
    assert_eq!(refused.status, 412, "{refused:?}");
}
