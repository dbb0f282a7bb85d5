//! Announcements over our own interface.

use crate::fixture::{Fixture, after};
use serde_json::{Value, json};
use skerry_domain::access::Role;

const FILE: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\
                    [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\n";
const PATH: &str = "/api/v1/announcements";

async fn write(fixture: &Fixture, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = fixture.send(Role::Operator, method, path, "", &body.to_string()).await;
    (answer.status, answer.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_changes_and_ends_them() {
    let fixture = Fixture::new(FILE).await;
    let (main, other) = (fixture.page("Main").await, fixture.page("Other").await);
    let new = json!({
        "title": "New addresses", "body": "Both answer, **10.0.0.7** too.", "level": "warning",
        "page_ids": [&main, &other, &main], "to": after(48).to_string(), "tell_subscribers": true,
    });
    assert_eq!(fixture.send(Role::Viewer, "POST", PATH, "", &new.to_string()).await.status, 403);
    let made = fixture.send(Role::Operator, "POST", PATH, "idempotency-key: one\r\n", &new.to_string()).await;
    assert_eq!((made.status, made.text("state").as_str()), (201, "shown"), "{made:?}");
    assert_eq!(made.text("body"), "Both answer, **[redacted]** too.");
    assert!(made.body["notes"][0].as_str().is_some_and(|note| note.contains("10.0.0.7")), "{made:?}");
    let again =
        fixture.send(Role::Operator, "POST", PATH, "idempotency-key: one\r\n", &new.to_string()).await;
    assert_eq!((again.status, again.text("id")), (201, made.text("id")), "once");
    let one = format!("{PATH}/{}", made.text("id"));
    let own = format!("/announcements/{}", made.text("id"));
    for root in ["", "/status/other"] {
        let (head, body) = fixture.shown_page(&format!("{root}{own}"), "<strong>[redacted]</strong>").await;
        assert!(head.contains("text/html") && body.contains("New addresses"), "{head}");
    }
    let read = fixture.get(&one).await;
    assert_eq!((read.status, &read.body["written_body"]), (200, &Value::Null), "originals are for operators");
    let mut back = json!({});
    for member in ["title", "body", "level", "from", "to", "page_ids", "tell_subscribers"] {
        back[member] = read.body[member].clone();
    }
    let same = fixture.send(Role::Operator, "PATCH", &one, "", &back.to_string()).await;
    assert_eq!(
        (same.status, same.etag()),
        (200, read.etag()),
        "what a client read it may send back: {same:?}"
    );
    assert_eq!(same.text("written_body"), "Both answer, **10.0.0.7** too.");
    let version = format!("if-match: {}\r\n", read.etag());
    let change =
        json!({ "body": "Only the new one.", "level": "information", "page_ids": [&main], "to": null });
    let changed = fixture.send(Role::Operator, "PATCH", &one, &version, &change.to_string()).await;
    assert_eq!(
        (changed.status, &changed.body["to"], &changed.body["page_ids"]),
        (200, &Value::Null, &json!([main]))
    );
    assert!(changed.body["edited_at"].is_string(), "visitors see that it was edited: {changed:?}");
    assert_eq!(fixture.send(Role::Operator, "PATCH", &one, &version, &change.to_string()).await.status, 412);
    let (status, refused) = write(&fixture, "PATCH", &one, &json!({ "from": after(1).to_string() })).await;
    assert!(
        status == 422 && refused["detail"].as_str().is_some_and(|why| why.contains("shown already")),
        "{refused}"
    );
    let (status, ended) = write(&fixture, "DELETE", &one, &json!({})).await;
    assert_eq!((status, &ended["state"]), (200, &json!("ended")));
    assert_eq!(write(&fixture, "DELETE", &one, &json!({})).await.0, 422, "it has ended");
    let audit = fixture.admin("GET", "/api/v1/audit?limit=1", "").await.body;
    assert_eq!(audit["data"][0]["action"], "delete_announcement");
    assert!(audit["data"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:")), "{audit}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_in_parts_and_planned_ones_are_removed() {
    let fixture = Fixture::new(FILE).await;
    let main = fixture.page("Main").await;
    let mut ids = Vec::new();
    for number in 0..4 {
        let from = after(number * 24).to_string();
        let new = json!({ "title": format!("N{number}"), "body": "B", "page_ids": [&main], "from": from });
        let (status, made) = write(&fixture, "POST", PATH, &new).await;
        assert_eq!((status, &made["state"]), (201, &json!(if number == 0 { "shown" } else { "planned" })));
        ids.push(made["id"].as_str().expect("an id").to_owned());
    }
    let (status, _) = write(&fixture, "DELETE", &format!("{PATH}/{}", ids[3]), &json!({})).await;
    assert_eq!(
        (status, fixture.get(&format!("{PATH}/{}", ids[3])).await.status),
        (204, 404),
        "nobody knew of it"
    );
    write(&fixture, "DELETE", &format!("{PATH}/{}", ids[0]), &json!({})).await;
    let titles = async |query: &str| {
        let list = fixture.get(&format!("{PATH}{query}")).await.body;
        let titles = list["data"].as_array().expect("a list").iter().map(|one| one["title"].clone());
        (titles.collect::<Vec<_>>(), list["next"].clone())
    };
    assert_eq!(titles("").await, (vec![json!("N2"), json!("N1")], Value::Null), "newest first");
    assert_eq!(titles("?state=all&limit=2").await, (vec![json!("N2"), json!("N1")], json!(ids[1])));
    assert_eq!(
        titles(&format!("?state=all&limit=2&after={}", ids[1])).await,
        (vec![json!("N0")], Value::Null)
    );
    let wrong = json!({ "titel": "x", "body": " ", "level": "loud", "page_ids": ["nowhere"], "to": "later" });
    let (status, refused) = write(&fixture, "POST", PATH, &wrong).await;
    assert_eq!((status, refused["errors"].as_array().map(Vec::len)), (422, Some(5)), "{refused}");
    let past = json!({ "title": "x", "body": "y", "page_ids": [&main], "to": "2020-01-01T00:00:00Z" });
    assert_eq!(write(&fixture, "POST", PATH, &past).await.0, 422);
    let token = fixture.token("of-main", Role::Operator, &main).await;
    let refused = fixture.send_with(&token, "GET", PATH, "", "").await;
    assert!(refused.status == 403 && refused.text("detail").contains("limited to pages"), "{refused:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_were_read_may_be_sent_back() {
    let fixture = Fixture::new(FILE).await;
    let (main, other) = (fixture.page("Main").await, fixture.page("Other").await);
    let new = json!({ "title": "T", "body": "B", "page_ids": [&main, &other] });
    let made = fixture.send(Role::Operator, "POST", PATH, "", &new.to_string()).await;
    assert_eq!((made.status, &made.body["page_ids"]), (201, &json!([main, other])), "{made:?}");
    let (of_main, _) = FILE.split_at(FILE.rfind("[[page]]").expect("the second page"));
    fixture.reloader.reload(&fixture.rewrite(of_main)).await.expect("a right file");
    let one = format!("{PATH}/{}", made.text("id"));
    let read = fixture.get(&one).await;
    assert_eq!(read.body["page_ids"], json!([main]), "what is archived is not listed");
    let back = json!({ "page_ids": read.body["page_ids"] }).to_string();
    let same = fixture.send(Role::Operator, "PATCH", &one, "", &back).await;
    assert_eq!((same.status, same.etag()), (200, read.etag()), "{same:?}");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_read_in_parts() {
    let fixture = Fixture::new(FILE).await;
    let main = fixture.page("Main").await;
    for number in 0..3 {
        let new = json!({ "title": format!("N{number}"), "body": "B", "page_ids": [&main] });
        assert_eq!(write(&fixture, "POST", PATH, &new).await.0, 201);
    }
    let mut numbers = Vec::new();
    let mut next = Value::Null;
    for _ in 0..200 {
        let after = next.as_i64().map(|next| format!("&after={next}")).unwrap_or_default();
        let part = fixture.admin("GET", &format!("/api/v1/audit?limit=3{after}"), "").await.body;
        let entries = part["data"].as_array().expect("a list");
        numbers.extend(entries.iter().filter_map(|one| one["number"].as_i64()));
        next = part["next"].clone();
        if next.is_null() {
            break;
        }
        assert_eq!((entries.len(), next.as_i64()), (3, numbers.last().copied()));
    }
    let all = numbers.first().copied().unwrap_or_default();
    assert!(all > 6 && numbers == (1..=all).rev().collect::<Vec<_>>(), "each entry once: {numbers:?}");
    for wrong in ["x", "1.5"] {
        assert_eq!(fixture.admin("GET", &format!("/api/v1/audit?after={wrong}"), "").await.status, 422);
    }
    fixture.stop();
}
