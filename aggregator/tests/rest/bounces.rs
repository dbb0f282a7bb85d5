//! Bounces by the webhooks of mail providers: who may post them, and what becomes of deliveries and addresses.

use crate::deliveries::{PAGES, delivery, told};
use crate::fixture::{Answer, Fixture};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use skerry_domain::access::Role;

/// A hard bounce as Postmark reports it.
fn postmark(delivery: &str) -> String {
    let details = "smtp;550 5.1.1 The email account <ada@example.com> does not exist";
    let metadata = json!({ "delivery": delivery });
    json!({ "RecordType": "Bounce", "Type": "HardBounce", "Details": details, "Metadata": metadata })
        .to_string()
}

/// Posts a webhook with these headers, each with a line break at its end.
async fn post(fixture: &Fixture, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    fixture.plain(&request).await
}

fn basic(credentials: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(credentials))
}

/// How many addresses get no mails any more.
fn suppressed(fixture: &Fixture) -> usize {
    let snapshot = fixture.engine.snapshot();
    snapshot.workspaces.named("default").expect("the workspace of the file").suppressed.iter().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_taken_in_by_every_kind_of_sign_in() {
    let fixture = Fixture::new(PAGES).await;
    let (_, made) = told(&fixture).await;
    let ids: Vec<&str> = made.iter().filter_map(|one| one["id"].as_str()).collect();
    let token = fixture.scoped("postmark", Role::Operator, &["bounces"]).await;
    let path = "/api/v1/bounces/postmark";
    for (id, query, headers) in [
        (
            ids[0],
            String::new(),
            format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n"),
        ),
        (ids[1], String::new(), basic(&format!("skerry:{token}"))),
        (ids[2], String::new(), basic(&format!(":{token}")) + "content-type: text/plain; charset=UTF-8\r\n"),
        (
            ids[3],
            format!("?api_key={token}"),
            "content-type: application/x-www-form-urlencoded\r\n".to_owned(),
        ),
    ] {
        let taken = post(&fixture, &format!("{path}{query}"), &headers, &postmark(id)).await;
        assert_eq!((taken.status, &taken.body), (200, &json!({ "taken": 1 })), "{headers}: {taken:?}");
        let stored = delivery(&fixture, id);
        assert_eq!(stored.state.name(), "hard_bounced");
        assert_eq!(
            stored.answer.as_deref(),
            Some("5.1.1 550 5.1.1 The email account <[address]> does not exist")
        );
        // Providers repeat what they are not sure of.
        let again = post(&fixture, &format!("{path}{query}"), &headers, &postmark(id)).await;
        assert_eq!((again.status, &again.body), (200, &json!({ "taken": 0 })), "{again:?}");
    }
    let page = fixture.page("Main").await;
    let left = fixture.get(&format!("/v1/pages/{page}/subscribers")).await;
    assert_eq!((left.body, suppressed(&fixture)), (json!([]), 4), "their addresses get no mails any more");
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_right_to_it_changes_nothing() {
    let fixture = Fixture::new(PAGES).await;
    let (path, body) = ("/api/v1/bounces/ses", postmark("d1"));
    let viewer = fixture.unlimited("viewer of mails", Role::Viewer).await;
    let elsewhere = fixture.scoped("components", Role::Operator, &["components"]).await;
    let wrong = "skt_000000000000000000000000000000000000000000000000";
    let refused = fixture.send_with(wrong, "POST", "/api/v1/bounces", "", &body).await;
    for (headers, status) in [
        (String::new(), 401),
        (basic(&format!("skerry:{wrong}")), 401),
        (basic(wrong), 401),
        ("authorization: Basic ???\r\n".to_owned(), 401),
        (format!("authorization: Bearer {wrong}\r\n"), 401),
        (basic(&format!("{viewer}:")), 401),
        (basic(&format!("skerry:{viewer}")), 403),
        (basic(&format!("skerry:{elsewhere}")), 403),
    ] {
        let answer = post(&fixture, path, &headers, &body).await;
        assert_eq!(answer.status, status, "{headers}: {answer:?}");
        if status == 401 {
            assert_eq!(answer.body, refused.body, "{headers}");
            let challenge = "www-authenticate: bearer, basic realm=\"skerry\", charset=\"utf-8\"\n";
            assert!(format!("{}\n", answer.head).contains(challenge), "{answer:?}");
        }
    }
    // A password is taken nowhere else.
    let operator = fixture.unlimited("operator of mails", Role::Operator).await;
    let form = r#"{"delivery": "d1", "action": "failed"}"#;
    let answer = post(&fixture, "/api/v1/bounces", &basic(&format!("skerry:{operator}")), form).await;
    assert!(answer.status == 401 && !answer.head.contains("basic"), "{answer:?}");
    // SNS asks first what it has to send; that uses up no attempt.
    for _ in 0..31 {
        assert_eq!(post(&fixture, path, "", &body).await.status, 401);
    }
    fixture.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_webhook_of_the_provider_is_answered_in_words() {
    let own = "[mail]\naddress = \"updates@status.example.com\"\ndirectory = \"mails\"\n\
               delivery_headers = { X-Delivery = \"<{{delivery}}>\" }\n\
               [[mail.bounces.provider]]\nname = \"acme\"\nkind = [\"$.what\"]\nid = [\"$.delivery\"]\n\
               [[mail.bounces.provider.event]]\nkinds = [\"spam\"]\naction = \"complaint\"\n";
    let fixture = Fixture::new(&format!("{own}{PAGES}")).await;
    let (_, made) = told(&fixture).await;
    let id = made[0]["id"].as_str().expect("an id");
    let send = async |path: &str, body: &str| {
        fixture.send(Role::Operator, "POST", &format!("/api/v1/bounces/{path}"), "", body).await
    };
    let unknown = send("nobody", "{}").await;
    let detail = unknown.text("detail");
    assert_eq!(unknown.status, 404, "{unknown:?}");
    assert!(
        detail.contains("\"nobody\"") && detail.contains("acme, brevo, mailgun, postmark, sendgrid, ses"),
        "{detail}"
    );
    let broken = send("ses", r#"{"Message": "ann@cust.example"#).await;
    assert!(broken.status == 400 && broken.text("detail").starts_with("not JSON"), "{broken:?}");
    assert!(!broken.body.to_string().contains("cust.example"), "{broken:?}");
    for (path, body) in [
        ("ses", r#"{"Type": "Notification", "Message": "{\"eventType\": \"Invented\"}"}"#.to_owned()),
        ("postmark", postmark("nobody-knows-it")),
        ("acme", format!(r#"{{"what": "opened", "delivery": "{id}"}}"#)),
    ] {
        let ignored = send(path, &body).await;
        assert_eq!((ignored.status, &ignored.body), (200, &json!({ "taken": 0 })), "{path}: {ignored:?}");
    }
    let url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription";
    let waits = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": url }).to_string();
    let waits = send("ses", &waits).await;
    assert!(waits.status == 200 && waits.text("confirm").contains("log of the aggregator"), "{waits:?}");
    let complaint = send("acme", &format!(r#"[{{"what": "spam", "delivery": "{id}"}}]"#)).await;
    assert_eq!((complaint.status, &complaint.body), (200, &json!({ "taken": 1 })), "{complaint:?}");
    assert_eq!((delivery(&fixture, id).state.name(), suppressed(&fixture)), ("hard_bounced", 1));
    let mails = std::fs::read_dir(fixture.database().with_file_name("mails")).expect("a folder");
    let mut mails = mails.map(|mail| std::fs::read_to_string(mail.expect("a mail").path()).expect("ASCII"));
    let named = format!("\r\nX-Delivery: <{id}>\r\n");
    assert!(mails.any(|mail| mail.contains(&named)), "the header names the delivery");
    fixture.stop();
}
