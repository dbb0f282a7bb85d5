//! What a client is told where Statuspage's own would leave it guessing: a resolved incident's components, names that
//! are misspelt, states that do not allow a change, and tokens that may not.

use crate::fixture::{Fixture, after};
use serde_json::{Value, json};
use skerry_aggregator::api::TOKEN_PREFIX;
use skerry_domain::access::{Role, Scope};
use skerry_domain::credentials::token_hash;
use skerry_domain::step::{Command, NewApiToken};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::workspaces::Target;
use skerry_host::random;
use std::time::Duration;

const FILE: &str = "[[check]]\nname = \"web\"\ntype = \"http\"\nurl = \"http://127.0.0.1:1/\"\n\
                    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                    [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nchecks = [\"web\"]\n";

/// Ids of the page and its component.
async fn ids(fixture: &Fixture) -> (String, String) {
    let page = fixture.page("Main").await;
    let shop = fixture.named(&format!("/v1/pages/{page}/components"), "Shop").await;
    (page, shop)
}

/// Opens an incident that holds the component at a major outage; answers its path.
async fn outage(fixture: &Fixture, page: &str, shop: &str) -> String {
    let incidents = format!("/v1/pages/{page}/incidents");
    let open = json!({ "incident": { "name": "Orders fail", "components": { shop: "major_outage" } } });
    let opened = fixture.send(Role::Operator, "POST", &incidents, "", &open.to_string()).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    format!("{incidents}/{}", opened.text("id"))
}

#[tokio::test]
async fn operational_confirms_what_a_resolved_incident_left_behind() {
    let fixture = Fixture::new(FILE).await;
    let (page, shop) = ids(&fixture).await;
    let component = format!("/v1/pages/{page}/components/{shop}");
    let patch = async |path: &str, body: Value| {
        fixture.send(Role::Operator, "PATCH", path, "", &body.to_string()).await
    };
    let resolve = json!({ "incident": { "status": "resolved" } });
    let operational = json!({ "component": { "status": "operational" } });
    let first = outage(&fixture, &page, &shop).await;
    let lasts = patch(&component, operational.clone()).await;
    assert_eq!((lasts.status, lasts.text("status")), (200, "major_outage".into()), "{lasts:?}");
    let id = first.rsplit('/').next().expect("an id");
    let note = lasts.body["notes"][0].as_str().unwrap_or_default().to_owned();
    let route = format!("/api/v1/pages/{page}/components/{shop}/holds/{id}");
    assert!(note.contains(&format!("incident {id}")) && note.contains(&format!("DELETE {route}")), "{note}");
    let resolved = patch(&first, resolve.clone()).await;
    assert_eq!(resolved.body["held_components"].as_array().map(Vec::len), Some(1), "{resolved:?}");
    let confirmed = patch(&component, operational).await;
    assert_eq!(confirmed.body["held_by"], Value::Null, "{confirmed:?}");
    assert_eq!(confirmed.body["notes"], Value::Null, "{confirmed:?}");
    assert_eq!(fixture.get(&first).await.body["held_components"], json!([]));
    // The incident may say it, too, as Statuspage lets it.
    let second = outage(&fixture, &page, &shop).await;
    assert_eq!(patch(&second, resolve).await.status, 200);
    let worse = json!({ "incident": { "components": { &shop: "partial_outage" } } });
    let worse = patch(&second, worse).await;
    assert!(worse.status == 422 && worse.text("message").contains("open it again"), "{worse:?}");
    let well = json!({ "incident": { "components": { &shop: "operational" } } });
    let well = patch(&second, well).await;
    assert_eq!((well.status, well.text("status")), (200, "resolved".into()), "{well:?}");
    assert_eq!(well.body["held_components"], json!([]), "{well:?}");
    let now = fixture.get(&component).await;
    assert_eq!(now.body["held_by"], Value::Null, "{now:?}");
    fixture.stop();
}

#[tokio::test]
async fn a_change_that_names_nothing_known_is_refused_with_what_would_be_right() {
    let fixture = Fixture::new(FILE).await;
    let (page, shop) = ids(&fixture).await;
    let incident = outage(&fixture, &page, &shop).await;
    let component = format!("/v1/pages/{page}/components/{shop}");
    let page = format!("/v1/pages/{page}");
    let update = {
        let read = fixture.get(&incident).await;
        let id = read.body["incident_updates"][0]["id"].as_str().expect("an update").to_owned();
        format!("{incident}/incident_updates/{id}")
    };
    for (path, body, said) in [
        (&component, "component[staus]=major_outage", "did you mean \"status\"?"),
        (&component, r#"{"component": {"staus": "major_outage"}}"#, "did you mean \"status\"?"),
        (&component, r#"{"componnet": {"status": "major_outage"}}"#, "did you mean \"component\"?"),
        (&component, "component=status", "component is no object"),
        (&component, "", "there is nothing to change"),
        (&component, "{}", "there is nothing to change"),
        (&component, r#"{"component": {}}"#, "status"),
        (&component, "hello", "there is no \"hello\" here; there are"),
        (&page, r#"{"page": {"nmae": "Other"}}"#, "did you mean \"name\"?"),
        (&incident, r#"{"incident": {"stauts": "resolved"}}"#, "did you mean \"status\"?"),
        (&incident, "", "there is nothing to change"),
        (&update, r#"{"incident_update": {"bdoy": "A"}}"#, "did you mean \"body\"?"),
    ] {
        let refused = fixture.admin("PATCH", path, body).await;
        assert!(refused.status == 422 && refused.body["error"].is_array(), "{path} {body}: {refused:?}");
        assert!(refused.text("message").contains(said), "{path} {body}: {refused:?}");
    }
    let broken = fixture.admin("PATCH", &component, "{\"component\": {").await;
    assert_eq!(broken.status, 400, "{broken:?}");
    for (path, body) in [
        (&component, r#"{"component": {"status": "degraded_performance", "colour": "red"}}"#),
        (&component, r#"{"status": "partial_outage"}"#),
        (&incident, r#"{"incident": {"deliver_notifications": false}}"#),
        (&incident, r#"{"incident": {"metadata": {}, "unknown": 1}}"#),
    ] {
        let taken = fixture.admin("PATCH", path, body).await;
        assert_eq!(taken.status, 200, "{path} {body}: {taken:?}");
    }
    fixture.stop();
}

#[tokio::test]
async fn a_state_that_does_not_allow_a_change_is_a_422_and_times_need_a_zone() {
    let fixture = Fixture::new(FILE).await;
    let (page, shop) = ids(&fixture).await;
    let incident = outage(&fixture, &page, &shop).await;
    let postmortem = r#"{"postmortem": {"body_draft": "Why"}}"#;
    let early = fixture.admin("PUT", &format!("{incident}/postmortem"), postmortem).await;
    assert_eq!(early.status, 422, "{early:?}");
    let plan = json!({ "incident": { "name": "Disks", "scheduled_for": "2098-01-01T00:00:00",
        "scheduled_until": "2098-01-02T00:00:00Z", "component_ids": [&shop] } });
    let incidents = format!("/v1/pages/{page}/incidents");
    let refused = fixture.admin("POST", &incidents, &plan.to_string()).await;
    assert!(refused.status == 422 && refused.text("message").contains("add Z, or such as"), "{refused:?}");
    let quiet = r#"{"incident": {"name": "Slow", "body": "We look.", "deliver_notifications": false}}"#;
    let quiet = fixture.admin("POST", &incidents, quiet).await;
    assert_eq!(quiet.body["incident_updates"][0]["deliver_notifications"], false, "as it was sent");
    fixture.stop();
}

#[tokio::test]
async fn a_token_that_may_not_is_told_why() {
    let fixture = Fixture::new(FILE).await;
    let (page, shop) = ids(&fixture).await;
    let token = async |name: &str, scopes: Vec<Scope>, valid: i64| {
        let secret = random::secret(TOKEN_PREFIX);
        let new = NewApiToken {
            name: name.to_owned(),
            hash: token_hash(&secret),
            role: Role::Operator,
            scopes,
            pages: Vec::new(),
            expires_at: (valid > 0).then(|| Timestamp(after(0).as_millisecond() + valid)),
        };
        let command = Command::AddApiToken(Box::new(new));
        fixture.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
        secret
    };
    let read = token("read", vec![Scope::parse("components:read").expect("a scope")], 0).await;
    let path = format!("/v1/pages/{page}/components/{shop}");
    let body = r#"{"component": {"status": "operational"}}"#;
    let refused = fixture.send_with(&read, "PATCH", &path, "", body).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(
        refused.text("message").contains("that needs components, and it has components:read"),
        "{refused:?}"
    );
    let by_name = fixture.get("/v1/pages/Main").await;
    assert!(by_name.status == 404 && by_name.text("message").contains(&page), "{by_name:?}");
    assert!(by_name.text("message").contains("GET /v1/pages"), "{by_name:?}");
    let short = token("short", Vec::new(), 5 * SECOND).await;
    let mut often = tokio::time::interval(Duration::from_millis(100));
    let expires = async {
        loop {
            often.tick().await;
            let answer = fixture.send_with(&short, "GET", &path, "", "").await;
            if answer.status != 200 {
                break answer;
            }
        }
    };
    let expired = tokio::time::timeout(Duration::from_secs(60), expires).await.expect("it expires");
    assert!(
        expired.status == 401 && expired.text("message").contains("this token expired at"),
        "{expired:?}"
    );
    fixture.stop();
}
