//! Groups inside groups. Statuspage's do not nest: each is one of its own, and `group_id` of a group is ours.

use crate::fixture::Fixture;
use serde_json::{Value, json};

const FILE: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
    [[page.group]]\nkey = \"shop\"\nname = \"Shop\"\n\
    [[page.group.group]]\nkey = \"abroad\"\nname = \"Abroad\"\n\
    [[page.group.group.component]]\nkey = \"cards\"\nname = \"Cards\"\nmanual = true\n\
    [[page.group.component]]\nkey = \"till\"\nname = \"Till\"\nmanual = true\n\
    [[page.component]]\nkey = \"mail\"\nname = \"Mail\"\nmanual = true\n";

fn group(name: &str, group_id: &str, components: &[&str]) -> String {
    json!({ "component_group": { "name": name, "group_id": group_id, "components": components } }).to_string()
}

/// Name, place, parent and components of each group.
async fn groups(fixture: &Fixture, path: &str) -> Vec<(Value, Value, Value, usize)> {
    let all = fixture.get(path).await.body;
    let one = |one: &Value| {
        let components = one["components"].as_array().expect("a list").len();
        (one["name"].clone(), one["position"].clone(), one["group_id"].clone(), components)
    };
    all.as_array().expect("a list").iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_inside_a_group_is_listed_behind_it_as_one_of_its_own() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let path = format!("/v1/pages/{page}/component-groups");
    let (shop, abroad) = (fixture.named(&path, "Shop").await, fixture.named(&path, "Abroad").await);
    assert_eq!(
        groups(&fixture, &path).await,
        [(json!("Shop"), json!(1), Value::Null, 1), (json!("Abroad"), json!(2), json!(shop), 1)]
    );
    let all = fixture.get(&format!("/v1/pages/{page}/components")).await.body;
    let row = |one: &Value| (one["name"].clone(), one["position"].clone(), one["group_id"].clone());
    let rows: Vec<_> = all.as_array().expect("a list").iter().map(row).collect();
    let (null, shop) = (Value::Null, json!(shop));
    assert_eq!(
        rows,
        [
            (json!("Shop"), json!(1), null.clone()),
            (json!("Till"), json!(1), shop),
            (json!("Abroad"), json!(2), null.clone()),
            (json!("Cards"), json!(1), json!(abroad)),
            (json!("Mail"), json!(3), null),
        ]
    );

    // What is below a group counts in it: its status and its uptime.
    let cards = fixture.named(&format!("/v1/pages/{page}/components"), "Cards").await;
    let down = r#"{"component": {"status": "major_outage"}}"#;
    let set = fixture.admin("PATCH", &format!("/v1/pages/{page}/components/{cards}"), down).await;
    assert_eq!(set.status, 200, "{set:?}");
    let all = fixture.get(&format!("/v1/pages/{page}/components")).await.body;
    let status = |place: usize| all[place]["status"].clone();
    assert_eq!(
        (status(0), status(1), status(2)),
        (json!("major_outage"), json!("operational"), json!("major_outage"))
    );
    let shop = fixture.named(&path, "Shop").await;
    let uptime = fixture.get(&format!("{path}/{shop}/uptime")).await;
    assert_eq!(uptime.status, 200, "{uptime:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_made_inside_others_moved_and_deleted_once_deep() {
    let fixture = Fixture::new(FILE).await;
    let page = fixture.page("Main").await;
    let path = format!("/v1/pages/{page}/component-groups");
    let (shop, abroad) = (fixture.named(&path, "Shop").await, fixture.named(&path, "Abroad").await);
    let made = fixture.admin("POST", &path, &group("Outer", "", &[])).await;
    assert_eq!((made.status, &made.body["group_id"]), (201, &Value::Null), "{made:?}");
    let outer = made.text("id");
    let made = fixture.admin("POST", &path, &group("Inner", &outer, &[])).await;
    assert_eq!((made.status, &made.body["group_id"]), (201, &json!(outer)), "{made:?}");
    let inner = format!("{path}/{}", made.text("id"));

    for (method, path, body, said) in [
        ("POST", &path, group("Deep", &abroad, &[]), "groups nest once"),
        ("POST", &path, group("Deep", "nothing", &[]), "this page has no group \"nothing\""),
        ("PATCH", &format!("{path}/{outer}"), group("Outer", &shop, &[]), "groups stand in this group"),
        ("PATCH", &format!("{path}/{outer}"), group("Outer", &outer, &[]), "inside itself"),
    ] {
        let refused = fixture.admin(method, path, &body).await;
        assert_eq!(refused.status, 422, "{body}: {refused:?}");
        assert!(refused.body["error"][0].as_str().is_some_and(|text| text.contains(said)), "{refused:?}");
    }

    let moved = json!({ "component_group": { "group_id": shop } }).to_string();
    let moved = fixture.admin("PATCH", &inner, &moved).await;
    assert_eq!((&moved.body["group_id"], &moved.body["position"]), (&json!(shop), &json!(3)), "{moved:?}");
    let back = fixture.admin("PUT", &inner, &json!({ "component_group": moved.body }).to_string()).await;
    assert_eq!((back.status, &back.body), (200, &moved.body), "what was read changes nothing");
    let out = fixture.admin("PATCH", &inner, r#"{"component_group": {"group_id": null}}"#).await;
    assert_eq!((&out.body["group_id"], &out.body["position"]), (&Value::Null, &json!(5)), "{out:?}");
    let into = json!({ "component_group": { "group_id": outer } }).to_string();
    fixture.admin("PATCH", &inner, &into).await;
    let deleted = fixture.admin("DELETE", &format!("{path}/{outer}"), "").await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    let left = fixture.get(&inner).await;
    assert_eq!((&left.body["group_id"], &left.body["position"]), (&Value::Null, &json!(4)), "{left:?}");

    // The file says where its groups stand.
    let moved = json!({ "component_group": { "group_id": null } }).to_string();
    let refused = fixture.admin("PATCH", &format!("{path}/{abroad}"), &moved).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.text("message").contains("change it there and reload"), "{refused:?}");
    fixture.stop();
}
