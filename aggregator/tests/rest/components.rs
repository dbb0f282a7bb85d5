//! The list of components with its groups, what it shows of our own, and names that visitors must not read.

use crate::fixture::Fixture;
use crate::pages::FILE;
use serde_json::{Value, json};
use skerry_aggregator::api::TOKEN_PREFIX;
use skerry_domain::access::Role;
use skerry_domain::credentials::token_hash;
use skerry_domain::step::{Command, NewApiToken};
use skerry_domain::workspaces::Target;
use skerry_host::random;

const CHECKS: &str = "[[check]]\nname = \"db-primary\"\ntype = \"http\"\nurl = \"https://example.com/\"\n\
    [local_agent]\nname = \"fra-agent-7\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn groups_stand_before_their_components() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let cards = fixture.named(&components, "Cards").await;
    let down = r#"{"component": {"status": "partial_outage"}}"#;
    assert_eq!(fixture.admin("PATCH", &format!("{components}/{cards}"), down).await.status, 200);
    let all = fixture.get(&components).await.body;
    let seen: Vec<Value> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| json!([one["name"], one["group"], one["position"], one["status"]]))
        .collect();
    let expected = [
        json!(["Mail", false, 1, "operational"]),
        json!(["Shop", true, 2, "partial_outage"]),
        json!(["Cards", false, 1, "partial_outage"]),
    ];
    assert_eq!(seen, expected);
    let shop = &all[1];
    assert_eq!((&shop["group_id"], &shop["components"]), (&Value::Null, &json!([cards])));
    assert_eq!(all[2]["group_id"], shop["id"]);
    let id = shop["id"].as_str().expect("an id");
    let one = fixture.get(&format!("{components}/{id}")).await;
    assert_eq!((one.status, &one.body), (200, shop));
    let second = fixture.get(&format!("{components}?per_page=1&page=2")).await.body;
    assert_eq!(second, json!([shop]));
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_shows_its_checks_to_tokens_that_are_not_limited_to_pages() {
    let fixture = Fixture::new(&format!("{CHECKS}{FILE}")).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let new = json!({ "component": { "name": "Wallets", "checks": ["db-primary"], "response_time": true } });
    let made = fixture.admin("POST", &components, &new.to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let own = |one: &Value| json!([one["public"], one["response_time"], one["checks"]]);
    assert_eq!(own(&made.body), json!([true, true, ["db-primary"]]));
    let path = format!("{components}/{}", made.text("id"));
    // Sent back as it was read, it stays.
    let back = json!({ "component": made.body }).to_string();
    let back = fixture.admin("PUT", &path, &back).await;
    assert_eq!((back.status, own(&back.body)), (200, own(&made.body)), "{back:?}");
    let secret = random::secret(TOKEN_PREFIX);
    let limited = NewApiToken {
        name: "limited".to_owned(),
        hash: token_hash(&secret),
        role: Role::Viewer,
        scopes: Vec::new(),
        pages: vec![page],
        expires_at: None,
    };
    let command = Command::AddApiToken(Box::new(limited));
    fixture.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
    let read = fixture.send_with(&secret, "GET", &path, "", "").await;
    assert_eq!((read.status, own(&read.body)), (200, json!([true, true, null])), "{read:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_chooses_its_checks_by_labels() {
    let job =
        "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"1h\"\nlabels = { team = \"shop\" }\n";
    let fixture = Fixture::new(&format!("{job}{CHECKS}{FILE}")).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let by_labels = json!({ "name": "Wallets", "check_labels": { "team": "shop" }, "check_weight": "minor" });
    let made = fixture.admin("POST", &components, &json!({ "component": by_labels }).to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let own = |one: &Value| json!([one["checks"], one["check_labels"], one["check_weight"]]);
    assert_eq!(own(&made.body), json!([["backup"], { "team": "shop" }, "minor"]));
    let path = format!("{components}/{}", made.text("id"));
    // Sent back as it was read, it stays.
    let change =
        async |body: Value| fixture.admin("PATCH", &path, &json!({ "component": body }).to_string()).await;
    let back = change(made.body.clone()).await;
    assert_eq!((back.status, own(&back.body)), (200, own(&made.body)), "{back:?}");
    for (body, expected) in [
        (json!({ "check_weight": "major" }), json!([["backup"], { "team": "shop" }, "major"])),
        (json!({ "check_labels": { "team": "web" } }), json!([[], { "team": "web" }, "major"])),
        (json!({ "check_labels": null, "checks": ["backup"] }), json!([["backup"], null, null])),
        (json!({ "check_labels": { "team": "shop" } }), json!([["backup"], { "team": "shop" }, "major"])),
        (json!({ "check_labels": {} }), json!([[], null, null])),
    ] {
        let changed = change(body.clone()).await;
        assert_eq!((changed.status, own(&changed.body)), (200, expected), "{body}: {changed:?}");
    }
    change(json!({ "check_labels": { "team": "shop" } })).await;
    for (body, said) in [
        (json!({ "checks": ["db-primary"] }), "check_labels chooses the checks of this component"),
        (json!({ "check_labels": { "team-name": "shop" } }), "no check has \\\"team-name\\\""),
        (json!({ "check_labels": { "team": "" } }), "values are one line"),
        (json!({ "check_labels": "team" }), "check_labels is not an object of texts"),
        (json!({ "check_weight": "light" }), "is not one of major, minor"),
        (json!({ "check_labels": null, "check_weight": "minor" }), "check_weight: has no meaning"),
    ] {
        let refused = change(body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {refused:?}");
        assert!(refused.body.to_string().contains(said), "{body}: {refused:?}");
    }
    assert_eq!(own(&fixture.get(&path).await.body), json!([["backup"], { "team": "shop" }, "major"]));
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_visitors_must_not_read_does_not_become_a_name() {
    let fixture = Fixture::new(&format!("{CHECKS}{FILE}")).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let groups = format!("/v1/pages/{page}/component-groups");
    let hidden = r#"{"component": {"name": "DB-primary", "public": false}}"#;
    let hidden = fixture.admin("POST", &components, hidden).await;
    assert_eq!(hidden.status, 201, "nobody reads the name of a private component: {hidden:?}");
    let hidden = format!("{components}/{}", hidden.text("id"));
    let wallets = fixture.admin("POST", &components, r#"{"component": {"name": "Wallets"}}"#).await;
    let wallets = format!("{components}/{}", wallets.text("id"));
    let group = r#"{"component_group": {"name": "Payments", "components": []}}"#;
    let group = fixture.admin("POST", &groups, group).await;
    let group = format!("{groups}/{}", group.text("id"));
    for (method, path, body, said) in [
        ("POST", &components, r#"{"component": {"name": "db-primary"}}"#, "\"db-primary\" (private name)"),
        (
            "POST",
            &components,
            r#"{"component": {"name": "A", "description": "On fra-agent-7"}}"#,
            "fra-agent-7",
        ),
        (
            "PATCH",
            &wallets,
            r#"{"component": {"name": "Wallets on 10.0.0.7"}}"#,
            "\"10.0.0.7\" (IPv4 address)",
        ),
        ("PATCH", &wallets, r#"{"component": {"description": "At x.internal"}}"#, "x.internal"),
        ("PATCH", &hidden, r#"{"component": {"public": true}}"#, "private name"),
        ("POST", &groups, r#"{"component_group": {"name": "db-primary", "components": []}}"#, "private name"),
        ("PATCH", &group, r#"{"component_group": {"description": "See db-primary"}}"#, "private name"),
        ("PATCH", &wallets, r#"{"component": {"name": "a\u202eb"}}"#, "character that cannot be shown"),
    ] {
        let refused = fixture.admin(method, path, body).await;
        assert_eq!(refused.status, 422, "{method} {body}: {refused:?}");
        assert!(refused.text("message").contains(said), "{body}: {refused:?}");
        assert!(refused.text("message").contains("Write it another way"), "{body}: {refused:?}");
    }
    assert_eq!(fixture.get(&wallets).await.text("name"), "Wallets");
    fixture.stop();
}
