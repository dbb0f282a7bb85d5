//! Pages, components and groups: what is made, changed and deleted, and what a file keeps.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::state::PageSettings;
use skerry_domain::step::Command;
use skerry_domain::uptime::Rule;
use skerry_domain::workspaces::Target;

pub(crate) const FILE: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\ntime_zone = \"Europe/Athens\"\n\
    [[page.component]]\nkey = \"mail\"\nname = \"Mail\"\nmanual = true\n\
    [[page.group]]\nkey = \"shop\"\nname = \"Shop\"\n\
    [[page.group.component]]\nkey = \"cards\"\nname = \"Cards\"\nmanual = true\n";

/// The lines of its page, its first component and its group.
const MAIN: usize = 11;
const MAIL: usize = 16;
const SHOP: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn components_and_groups_are_made_changed_and_deleted() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let groups = format!("/v1/pages/{page}/component-groups");
    let create = |name: &str| json!({ "component": { "name": name, "showcase": "t" } }).to_string();
    let made = fixture.admin("POST", &components, &create("Wallets")).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!((&made.body["position"], &made.body["group_id"]), (&json!(3), &Value::Null));
    assert_eq!((&made.body["group"], &made.body["status"]), (&json!(false), &json!("operational")));
    let wallets = made.text("id");
    let form = "component[name]=Invoices&component[status]=major_outage&component[start_date]=2026-01-31";
    let made = fixture.admin("POST", &format!("{components}.json"), form).await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("major_outage")), "{made:?}");
    assert_eq!(made.body["start_date"], "2026-01-31");
    let invoices = made.text("id");

    let group = json!({
        "description": "What is paid", "component_group": { "name": "Payments", "components": [wallets, invoices] }
    });
    let made = fixture.admin("POST", &groups, &group.to_string()).await;
    assert_eq!((made.status, &made.body["components"]), (201, &json!([wallets, invoices])), "{made:?}");
    assert_eq!((&made.body["description"], &made.body["position"]), (&json!("What is paid"), &json!(3)));
    let payments = made.text("id");
    let one = fixture.get(&format!("{components}/{invoices}")).await;
    assert_eq!((&one.body["group_id"], &one.body["position"]), (&json!(payments), &json!(2)));
    let all = fixture.get(&format!("{groups}?per_page=1&page=2")).await;
    assert_eq!(all.body, json!([made.body]), "the group of the file comes first");

    // Statuspage's clients put the description inside, too.
    let inside = json!({ "component_group": { "description": "", "components": [invoices] } }).to_string();
    let changed = fixture.admin("PATCH", &format!("{groups}/{payments}"), &inside).await;
    assert_eq!((changed.status, &changed.body["description"]), (200, &Value::Null), "{changed:?}");
    assert_eq!(changed.body["components"], json!([invoices]));
    let back =
        json!({ "component": { "group_id": payments, "name": "Purses", "only_show_if_degraded": true } });
    let changed = fixture.admin("PUT", &format!("{components}/{wallets}"), &back.to_string()).await;
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Purses")), "{changed:?}");
    assert_eq!(
        (&changed.body["group_id"], &changed.body["only_show_if_degraded"]),
        (&json!(payments), &json!(true))
    );

    let deleted = fixture.admin("DELETE", &format!("{groups}/{payments}"), "").await;
    assert_eq!((deleted.status, &deleted.body["id"]), (200, &json!(payments)), "{deleted:?}");
    assert_eq!(fixture.get(&format!("{groups}/{payments}")).await.status, 404);
    let deleted = fixture.admin("DELETE", &format!("{components}/{invoices}"), "").await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));
    assert!(!deleted.head.contains("\ncontent-type:"), "{deleted:?}");
    let left = fixture.get(&components).await;
    let names: Vec<_> = left.body.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Mail", "Shop", "Cards", "Purses"], "its components stay on the page");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_declares_is_refused_with_its_place() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let of = |rest: &str| format!("/v1/pages/{page}{rest}");
    let mail = fixture.named(&of("/components"), "Mail").await;
    let shop = fixture.named(&of("/component-groups"), "Shop").await;
    let (mail_path, shop_path) =
        (of(&format!("/components/{mail}")), of(&format!("/component-groups/{shop}")));
    let group = json!({ "component_group": { "name": "Mine", "components": [mail] } }).to_string();
    for (method, path, body, line) in [
        ("PATCH", of(""), r#"{"page": {"name": "Mine"}}"#, MAIN),
        ("PATCH", mail_path.clone(), r#"{"component": {"name": "Mine"}}"#, MAIL),
        ("DELETE", mail_path.clone(), "", MAIL),
        ("PATCH", shop_path.clone(), r#"{"component_group": {"name": "Mine"}}"#, SHOP),
        ("DELETE", shop_path.clone(), "", SHOP),
        ("POST", of("/component-groups"), group.as_str(), MAIL),
    ] {
        let refused = fixture.admin(method, &path, body).await;
        let place = format!("aggregator.toml, line {line}: change it there and reload");
        assert_eq!(refused.status, 403, "{method} {path}: {refused:?}");
        assert!(refused.text("message").ends_with(&place), "{method} {path}: {refused:?}");
    }
    // A client that sends back what it read changes nothing, and a status is set all the same.
    for (path, root) in [(of(""), "page"), (shop_path, "component_group")] {
        let read = fixture.get(&path).await;
        let back = fixture.admin("PUT", &path, &json!({ root: read.body }).to_string()).await;
        assert_eq!((back.status, &back.body), (200, &read.body), "{path}");
    }
    let mut read = fixture.get(&mail_path).await.body;
    read["status"] = json!("degraded_performance");
    let set = json!({ "component": read }).to_string();
    let set = fixture.send(Role::Operator, "PATCH", &mail_path, "", &set).await;
    assert_eq!((set.status, &set.body["status"]), (200, &json!("degraded_performance")), "{set:?}");

    // A run-time component may stand in a group of the file, and the file may take it over.
    let create = json!({ "component": { "name": "Refunds", "group_id": shop } }).to_string();
    let made = fixture.admin("POST", &of("/components"), &create).await;
    assert_eq!((made.status, &made.body["group_id"]), (201, &json!(shop)), "{made:?}");
    let refunds = made.text("id");
    let component = format!("[[page.component]]\nkey = \"{refunds}\"\nname = \"Refunds\"\nmanual = true\n");
    let configs = fixture.rewrite(&format!("{FILE}{component}"));
    fixture.reloader.reload(&configs).await.expect("taken");
    let refused = fixture.admin("DELETE", &of(&format!("/components/{refunds}")), "").await;
    assert!(refused.text("message").contains("line 27: change it there"), "{refused:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_say_what_is_wrong_and_change_nothing() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let components = format!("/v1/pages/{page}/components");
    let groups = format!("/v1/pages/{page}/component-groups");
    let made = fixture.admin("POST", &components, r#"{"component": {"name": "Wallets"}}"#).await;
    let wallets = format!("{components}/{}", made.text("id"));
    let before = fixture.get(&components).await.body;
    for (method, path, body, said) in [
        ("POST", &components, r"{}", "Name can't be blank"),
        ("POST", &components, r#"{"component": {"name": " "}}"#, "Name can't be blank"),
        ("POST", &components, r#"{"component": {"name": "a\nb"}}"#, "one line"),
        ("POST", &components, r#"{"component": {"name": "A", "status": "red"}}"#, "major_outage"),
        ("POST", &components, r#"{"component": {"name": "A", "start_date": "yesterday"}}"#, "2026-11-30"),
        ("POST", &components, r#"{"component": {"name": "A", "group_id": "nothing"}}"#, "has no group"),
        ("PATCH", &wallets, r#"{"component": {"name": ""}}"#, "Name can't be blank"),
        ("PATCH", &wallets, r#"{"component": {"showcase": "perhaps"}}"#, "true or false"),
        ("POST", &groups, r#"{"component_group": {"name": "A"}}"#, "Components can't be blank"),
        ("POST", &groups, r#"{"component_group": {"name": "", "components": []}}"#, "Name can't be blank"),
        ("POST", &groups, r#"{"component_group": {"name": "A", "components": ["x"]}}"#, "no component"),
        (
            "POST",
            &groups,
            r#"{"description": [1], "component_group": {"name": "A", "components": []}}"#,
            "description",
        ),
    ] {
        let refused = fixture.admin(method, path, body).await;
        assert_eq!(refused.status, 422, "{method} {body}: {refused:?}");
        let first = refused.body["error"][0].as_str().expect("a list of sentences");
        assert!(first.contains(said), "{body}: {refused:?}");
    }
    let unknown = fixture.admin("PATCH", &wallets, r#"{"component": {"checks": ["nobody's"]}}"#).await;
    assert_eq!(unknown.status, 422, "{unknown:?}");
    let operator =
        fixture.send(Role::Operator, "PATCH", &wallets, "", r#"{"component": {"name": "A"}}"#).await;
    assert_eq!(operator.status, 403, "an operator sets the status alone: {operator:?}");
    assert_eq!(fixture.get(&components).await.body, before);

    // Whoever read an older version overwrites nothing.
    let tag = fixture.get(&wallets).await.etag();
    let condition = format!("if-match: {tag}\r\n");
    let rename = |name: &str| json!({ "component": { "name": name } }).to_string();
    let first = fixture.send(Role::Admin, "PATCH", &wallets, &condition, &rename("First")).await;
    assert_eq!((first.status, first.etag() == tag), (200, false), "{first:?}");
    let second = fixture.send(Role::Admin, "PATCH", &wallets, &condition, &rename("Second")).await;
    assert_eq!(second.status, 412, "{second:?}");
    // A request that is sent again makes nothing twice.
    let key = "idempotency-key: 1\r\n";
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = fixture.send(Role::Admin, "POST", &components, key, &rename("Once")).await;
        ids.push((made.status, made.text("id")));
    }
    assert_eq!(ids[0], ids[1]);
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_made_at_run_time_is_changed_and_shown() {
    let fixture = Fixture::new(FILE).await;
    let settings = PageSettings {
        name: "Made".to_owned(),
        listed: false,
        rule: Rule::Statuspage,
        ..PageSettings::named("made")
    };
    let create = Command::CreatePage(Box::new(settings));
    fixture.engine.command((Target::Name("default".to_owned()), create)).await.expect("taken");
    let path = format!("/v1/pages/{}", fixture.page("Made").await);
    let read = fixture.get(&path).await;
    assert_eq!(
        (&read.body["subdomain"], &read.body["url"]),
        (&json!("made"), &json!("http://made.example.com"))
    );
    for (body, said) in [
        (r#"{"page": {"subdomain": "Not So"}}"#, "not-so"),
        (r#"{"page": {"subdomain": "admin"}}"#, "reserved"),
        (r#"{"page": {"subdomain": "status"}}"#, "belongs to another page"),
        (r#"{"page": {"domain": "main.example.com"}}"#, "belongs to another page"),
        (r#"{"page": {"domain": "https://x.example"}}"#, "must be a host name"),
        (r#"{"page": {"time_zone": "Europe/Atens"}}"#, "Europe/Athens"),
        (r#"{"page": {"support_url": "ftp://x"}}"#, "mailto"),
        (r#"{"page": {"name": ""}}"#, "can't be blank"),
    ] {
        let refused = fixture.send(Role::Owner, "PATCH", &path, "", body).await;
        assert_eq!(refused.status, 422, "{body}: {refused:?}");
        assert!(refused.text("message").contains(said), "{body}: {refused:?}");
    }
    let clash = fixture.admin("PATCH", &path, r#"{"page": {"subdomain": "main"}}"#).await;
    assert!(clash.status == 422 && clash.text("message").contains("another page"), "{clash:?}");
    let change = json!({ "page": {
        "name": "Changed", "subdomain": "changed", "time_zone": "Europe/Athens", "domain": "up.example.org",
        "support_url": "mailto:help@example.com", "css_greens": "#0f0", "viewers_must_be_team_members": true
    }});
    let refused = fixture.admin("PATCH", &path, &change.to_string()).await;
    assert_eq!(refused.status, 403, "an owner gives a page its domain: {refused:?}");
    let changed = fixture.send(Role::Owner, "PATCH", &path, "", &change.to_string()).await;
    assert_eq!((changed.status, &changed.body["public"]), (200, &json!(false)), "{changed:?}");
    let contradiction = r#"{"page": {"public": true, "viewers_must_be_team_members": true}}"#;
    let refused = fixture.admin("PATCH", &path, contradiction).await;
    assert_eq!((refused.status, &changed.body["public"]), (422, &json!(false)), "{refused:?}");
    let body = r#"{"page": {"public": true, "domain": null}}"#;
    let changed = fixture.send(Role::Owner, "PUT", &path, "", body).await;
    let expected = [
        ("name", json!("Changed")),
        ("url", json!("http://changed.example.com")),
        ("time_zone", json!("Europe/Athens")),
        ("viewers_must_be_team_members", json!(false)),
        ("domain", Value::Null),
    ];
    for (member, value) in expected {
        assert_eq!(changed.body[member], value, "{member}");
    }
    assert!(changed.text("created_at").contains("+0"), "in the zone of the page");
    // Visitors find it at its new address and no longer at the old one.
    let add = json!({ "component": { "name": "Wallets" } }).to_string();
    assert_eq!(fixture.admin("POST", &format!("{path}/components"), &add).await.status, 201);
    let shown = fixture.shows("/status/changed/api/v2/summary.json", "Wallets").await;
    assert_eq!(shown.body["page"]["name"], "Changed");
    assert_eq!(fixture.get("/status/made/api/v2/summary.json").await.status, 404);
    let viewer = fixture.send(Role::Operator, "PATCH", &path, "", r#"{"page": {"name": "A"}}"#).await;
    assert_eq!(viewer.status, 403);
    fixture.stop();
}
