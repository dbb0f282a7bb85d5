//! Subscribers over Statuspage's interface.

use crate::fixture::{Answer, Fixture};
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::state::SubscriberKey;
use skerry_domain::step::{Command, SubscriberCommand};
use skerry_domain::subscriber::SubscriberState;
use skerry_domain::workspaces::Target;

pub(crate) const PAGES: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                     [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n\
                     [[page.component]]\nkey = \"mail\"\nname = \"Mail; inbound\"\nmanual = true\n\
                     [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\n\
                     [[page]]\nkey = \"secret\"\nname = \"Secret\"\npublic = false\n";

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect()
}

/// Subscribes somebody who hears at once.
pub(crate) async fn subscribed(fixture: &Fixture, path: &str, address: &str) -> Answer {
    let kind = if address.contains("://") { "endpoint" } else { "email" };
    let body = json!({ "subscriber": { kind: address, "skip_confirmation_notification": true } });
    let made = fixture.admin("POST", path, &body.to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    made
}

/// The key of the only subscriber that is not confirmed.
fn unconfirmed(fixture: &Fixture) -> SubscriberKey {
    let (snapshot, _) = fixture.engine.present();
    let state = snapshot.workspaces.named("default").expect("it is there");
    let mut all = state.subscribers.iter().filter(|(_, one)| one.state == SubscriberState::Unconfirmed);
    *all.next().expect("one waits").0
}

async fn told(fixture: &Fixture, command: SubscriberCommand) {
    let command = Command::Subscriber(Box::new(command));
    fixture.engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuspages_interface_subscribes_shows_changes_and_removes() {
    let fixture = Fixture::new(PAGES).await;
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    let (shop, path) =
        (fixture.named(&format!("{page}/components"), "Shop").await, format!("{page}/subscribers"));
    let new = json!({ "subscriber": { "email": " Ada@EXAMPLE.com", "component_ids": [shop] } });
    let made = fixture.admin("POST", &path, &new.to_string()).await;
    assert_eq!((made.status, made.text("email").as_str()), (201, "Ada@example.com"), "{made:?}");
    assert_eq!((made.text("mode").as_str(), made.text("state").as_str()), ("email", "unconfirmed"));
    assert_eq!((&made.body["components"], &made.body["endpoint"]), (&json!([shop]), &Value::Null));
    assert_eq!(made.body["skip_confirmation_notification"], false);
    assert!(made.body["purge_at"].is_string() && made.body["quarantined_at"].is_null(), "{made:?}");
    let one = format!("{path}/{}", made.text("id"));
    let again = fixture.admin("POST", &format!("{one}/resend_confirmation"), "").await;
    assert_eq!(again.status, 201, "{again:?}");
    assert!(again.body["notes"][0].as_str().is_some_and(|note| note.contains("one a day")), "{again:?}");
    told(&fixture, SubscriberCommand::Confirm(unconfirmed(&fixture))).await;
    assert_eq!(fixture.get(&one).await.text("state"), "active");
    let changed = fixture.admin("PATCH", &one, r#"{"updates": "outages"}"#).await;
    assert_eq!((changed.status, changed.text("updates").as_str()), (200, "outages"), "{changed:?}");
    assert_eq!(changed.body["components"], json!([shop]), "what is not named stays");
    let all = fixture.admin("PATCH", &one, "").await;
    assert_eq!(
        (all.status, &all.body["components"]),
        (200, &Value::Null),
        "all components, as in Statuspage"
    );
    for (body, why) in [
        (r#"{"component_ids": []}"#, "at least one component"),
        (r#"{"component_ids": ["nothing"]}"#, "no component"),
        (r#"{"updates": "some"}"#, "all, outages"),
    ] {
        let refused = fixture.admin("PATCH", &one, body).await;
        assert!(refused.status == 422 && refused.body.to_string().contains(why), "{refused:?}");
    }
    let key = "idempotency-key: gone\r\n";
    let gone = fixture.send(Role::Admin, "DELETE", &one, key, "").await;
    assert_eq!((gone.status, gone.text("email").as_str()), (200, "Ada@example.com"));
    let replayed = fixture.send(Role::Admin, "DELETE", &one, key, "").await;
    assert_eq!((replayed.status, replayed.text("id")), (200, made.text("id")));
    assert_eq!(fixture.admin("GET", &one, "").await.status, 404);
    assert_eq!(fixture.get(&format!("{path}/unsubscribed")).await.body, json!([]), "it is erased");
    let audit = fixture.admin("GET", "/api/v1/audit?limit=50", "").await.body.to_string().to_lowercase();
    assert!(audit.contains("remove_subscriber") && !audit.contains("ada@"), "{audit}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_of_the_channel_that_it_leads_to() {
    let fixture = Fixture::new(PAGES).await;
    let path = format!("/v1/pages/{}/subscribers", fixture.page("Main").await);
    for (endpoint, mode) in [
        ("https://hooks.acme.com/status", "webhook"),
        ("https://hooks.slack.com/services/T000/B000/xyzXYZ012", "slack"),
        ("https://discord.com/api/webhooks/123456/abc_DEF-1", "discord"),
    ] {
        let made = subscribed(&fixture, &path, endpoint).await;
        assert_eq!((made.text("mode").as_str(), made.text("endpoint").as_str()), (mode, endpoint));
        assert_eq!((made.text("state").as_str(), &made.body["email"]), ("active", &Value::Null));
    }
    let both =
        json!({ "subscriber": { "endpoint": "https://hooks.acme.com/b", "email": "ada@example.com" } });
    let both = fixture.admin("POST", &path, &both.to_string()).await;
    assert_eq!((both.status, both.text("mode").as_str()), (201, "webhook"));
    assert!(
        both.body["notes"][0].as_str().is_some_and(|note| note.contains("email is not kept")),
        "{both:?}"
    );
    for (subscriber, why) in [
        (
            json!({ "phone_country": "us", "phone_number": "5550100" }),
            "text messages (sms) are not available",
        ),
        (json!({ "type": "sms" }), "text messages (sms) are not available"),
        (json!({}), "Email can't be blank"),
        (json!({ "email": "ada at example.com" }), "email is not a mail address"),
        (json!({ "endpoint": "https://10.0.0.1/ada" }), "endpoint names a host that is not public"),
        (
            json!({ "endpoint": "https://hooks.acme.com/ada", "type": "slack" }),
            "endpoint is not a URL of that service",
        ),
        (json!({ "endpoint": "ada@example.com" }), "endpoint is not a URL"),
        (json!({ "email": "ada@example.com", "component_ids": [] }), "at least one component"),
    ] {
        let refused = fixture.admin("POST", &path, &json!({ "subscriber": subscriber }).to_string()).await;
        let said = refused.body.to_string();
        assert!(refused.status == 422 && said.contains(why), "{refused:?}");
        assert!(!said.contains("10.0.0.1") && !said.contains("ada"), "no error repeats an address: {said}");
    }
    let secret = format!("/v1/pages/{}/subscribers", fixture.page("Secret").await);
    let body = json!({ "subscriber": { "email": "ada@example.com" } }).to_string();
    assert_eq!(fixture.admin("POST", &secret, &body).await.status, 422, "the page is not public");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn below_admin_nobody_sees_an_address_or_finds_one() {
    let fixture = Fixture::new(PAGES).await;
    let path = format!("/v1/pages/{}/subscribers", fixture.page("Main").await);
    let ada = subscribed(&fixture, &path, "ada.lovelace@example.com").await;
    subscribed(&fixture, &path, "grace@example.org").await;
    subscribed(&fixture, &path, "https://hooks.acme.com/secret-path").await;
    for role in [Role::Viewer, Role::Operator] {
        let listed = fixture.send(role, "GET", &path, "", "").await.body.to_string();
        let one = fixture.send(role, "GET", &format!("{path}/{}", ada.text("id")), "", "").await;
        assert_eq!(one.text("email"), "ad…@example.com");
        for hidden in ["ada.lovelace", "grace", "secret-path"] {
            assert!(!listed.contains(hidden), "{role:?}: {listed}");
        }
        for q in ["lovelace", "ada.lovelace@example.com", "secret-path"] {
            let found = fixture.send(role, "GET", &format!("{path}?q={q}"), "", "").await;
            assert_eq!(found.body, json!([]), "{role:?} {q}");
        }
        let found = fixture.send(role, "GET", &format!("{path}?q=example.com"), "", "").await;
        assert_eq!(ids(&found.body), [ada.text("id")], "what is shown is found");
        for (method, path) in [("POST", &path), ("DELETE", &format!("{path}/{}", ada.text("id")))] {
            assert_eq!(fixture.send(role, method, path, "", "{}").await.status, 403, "{role:?} {method}");
        }
        let csv = format!("/api/v1/subscribers.csv?page={}", fixture.page("Main").await);
        assert_eq!(fixture.send(role, "GET", &csv, "", "").await.status, 403);
        let asked =
            fixture.send(role, "GET", "/api/v1/deliveries?address=ada.lovelace@example.com", "", "").await;
        assert_eq!(asked.status, 403, "{asked:?}");
    }
    let found = fixture.admin("GET", &format!("{path}?q=LOVELACE"), "").await;
    assert_eq!(found.body[0]["email"], "ada.lovelace@example.com");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_sorted_paged_and_counted() {
    let fixture = Fixture::new(PAGES).await;
    let path = format!("/v1/pages/{}/subscribers", fixture.page("Main").await);
    let c = subscribed(&fixture, &path, "c@example.com").await.text("id");
    let a = subscribed(&fixture, &path, "a@example.com").await.text("id");
    let hook = subscribed(&fixture, &path, "https://hooks.acme.com/b").await.text("id");
    let waits =
        fixture.admin("POST", &path, r#"{"subscriber": {"email": "b@example.com"}}"#).await.text("id");
    for (query, expected) in [
        ("", vec![&a, &c, &hook]),
        ("?state=all", vec![&a, &waits, &c, &hook]),
        ("?state=unconfirmed", vec![&waits]),
        ("?type=webhook", vec![&hook]),
        ("?type=sms&state=all", vec![]),
        ("?sort_field=created_at", vec![&c, &a, &hook]),
        ("?sort_field=created_at&sort_direction=desc", vec![&hook, &a, &c]),
        ("?limit=2&page=1", vec![&hook]),
        ("?limit=1&page=0", vec![&a]),
    ] {
        let listed = fixture.admin("GET", &format!("{path}{query}"), "").await;
        assert_eq!(ids(&listed.body), expected, "{query}: {listed:?}");
    }
    for query in ["?state=gone", "?type=fax", "?sort_field=email", "?sort_direction=up"] {
        assert_eq!(fixture.get(&format!("{path}{query}")).await.status, 422, "{query}");
    }
    let count = fixture.get(&format!("{path}/count?state=all")).await.body;
    assert_eq!((&count["email"], &count["webhook"], &count["sms"]), (&json!(3), &json!(1), &json!(0)));
    assert_eq!(fixture.get(&format!("{path}/count?type=email")).await.body["email"], 2);
    let by_state = fixture.get(&format!("{path}/histogram_by_state")).await.body;
    let email = json!({ "active": 2, "unconfirmed": 1, "quarantined": 0, "total": 3 });
    assert_eq!((&by_state["email"], &by_state["teams"]["total"]), (&email, &json!(0)));
    let other = format!("/v1/pages/{}/subscribers", fixture.page("Other").await);
    assert_eq!(fixture.get(&other).await.body, json!([]));
    assert_eq!(fixture.get(&format!("{other}/{a}")).await.status, 404, "it is of another page");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_changed_at_once_by_id_or_all() {
    let fixture = Fixture::new(PAGES).await;
    let path = format!("/v1/pages/{}/subscribers", fixture.page("Main").await);
    let mut made = Vec::new();
    for name in ["a", "b", "c", "d"] {
        made.push(subscribed(&fixture, &path, &format!("{name}@example.com")).await.text("id"));
    }
    fixture.admin("POST", &path, r#"{"subscriber": {"email": "e@example.com"}}"#).await;
    let gone = json!({ "subscribers": [made[0], made[1], made[0]] }).to_string();
    let gone = fixture.admin("POST", &format!("{path}/unsubscribe"), &gone).await;
    assert_eq!((gone.status, &gone.body), (201, &json!({ "subscribers": 2 })), "{gone:?}");
    let resent =
        fixture.admin("POST", &format!("{path}/resend_confirmation"), r#"{"subscribers": "all"}"#).await;
    assert_eq!(
        (resent.status, &resent.body),
        (201, &json!({ "subscribers": 1 })),
        "the one that is not confirmed"
    );
    let none = fixture.admin("POST", &format!("{path}/reactivate"), r#"{"subscribers": "all"}"#).await;
    assert_eq!((none.status, &none.body), (201, &json!({ "subscribers": 0 })));
    for body in ["{}", r#"{"subscribers": []}"#, r#"{"subscribers": ["c@example.com"]}"#] {
        let refused = fixture.admin("POST", &format!("{path}/unsubscribe"), body).await;
        assert!(refused.status == 422 && !refused.body.to_string().contains("c@"), "{refused:?}");
    }
    let all = fixture.admin("POST", &format!("{path}/unsubscribe"), r#"{"subscribers": "all"}"#).await;
    assert_eq!(all.body, json!({ "subscribers": 3 }));
    assert_eq!(fixture.get(&format!("{path}?state=all")).await.body, json!([]));
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_incident_may_be_followed_by_itself() {
    let fixture = Fixture::new(PAGES).await;
    let page = format!("/v1/pages/{}", fixture.page("Main").await);
    let new = |name: &str| json!({ "incident": { "name": name, "body": "We look into it." } }).to_string();
    let incidents = format!("{page}/incidents");
    let incident = fixture.admin("POST", &incidents, &new("Slow")).await.text("id");
    let other = fixture.admin("POST", &incidents, &new("Down")).await.text("id");
    let path = format!("{incidents}/{incident}/subscribers");
    let made = subscribed(&fixture, &path, "ada@example.com").await;
    assert_eq!((&made.body["incident_ids"], &made.body["follows_page"]), (&json!([incident]), &json!(false)));
    let one = format!("{path}/{}", made.text("id"));
    assert_eq!(ids(&fixture.get(&path).await.body), [made.text("id")]);
    assert_eq!(fixture.get(&one).await.text("email"), "a…@example.com");
    assert_eq!(fixture.get(&format!("{path}?page=2")).await.body, json!([]));
    assert_eq!(fixture.admin("POST", &format!("{one}/resend_confirmation"), "").await.status, 201);
    let elsewhere = format!("{incidents}/{other}/subscribers/{}", made.text("id"));
    assert_eq!(fixture.get(&elsewhere).await.status, 404, "it does not follow that one");
    assert_eq!(fixture.get(&format!("{incidents}/nothing/subscribers")).await.status, 404);
    let of_page = format!("{page}/subscribers/{}", made.text("id"));
    assert_eq!(fixture.admin("PATCH", &of_page, "").await.status, 422, "its owner did not ask for the page");
    subscribed(&fixture, &format!("{page}/subscribers"), "ada@example.com").await;
    assert_eq!(fixture.admin("DELETE", &one, "").await.status, 200);
    let left = fixture.get(&of_page).await;
    assert_eq!((&left.body["incident_ids"], &left.body["follows_page"]), (&json!([]), &json!(true)));
    let follower = subscribed(&fixture, &path, "bob@example.com").await.text("id");
    assert_eq!(fixture.admin("DELETE", &format!("{path}/{follower}"), "").await.status, 200);
    assert_eq!(
        fixture.get(&format!("{page}/subscribers/{follower}")).await.status,
        404,
        "it followed nothing else"
    );
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_page_reaches_the_subscribers_of_no_other() {
    let fixture = Fixture::new(PAGES).await;
    let (main, other) = (fixture.page("Main").await, fixture.page("Other").await);
    let one =
        subscribed(&fixture, &format!("/v1/pages/{other}/subscribers"), "ada@example.com").await.text("id");
    let token = fixture.token("of-main", Role::Admin, &main).await;
    for path in [
        format!("/v1/pages/{other}/subscribers"),
        format!("/v1/pages/{other}/subscribers/{one}"),
        format!("/v1/pages/{main}/subscribers/{one}"),
    ] {
        assert_eq!(fixture.send_with(&token, "GET", &path, "", "").await.status, 404, "{path}");
    }
    for path in [format!("/api/v1/subscribers.csv?page={main}"), "/api/v1/deliveries".to_owned()] {
        assert_eq!(fixture.send_with(&token, "GET", &path, "", "").await.status, 403, "{path}");
    }
    let body = json!({ "subscribers": [one] }).to_string();
    let path = format!("/v1/pages/{main}/subscribers/unsubscribe");
    assert_eq!(fixture.send_with(&token, "POST", &path, "", &body).await.status, 422);
    let scoped = fixture.scoped("of-incidents", Role::Admin, &["incidents"]).await;
    let path = format!("/v1/pages/{main}/subscribers");
    assert_eq!(fixture.send_with(&scoped, "GET", &path, "", "").await.status, 403);
    fixture.stop();
}
