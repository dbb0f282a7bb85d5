//! What the services answer, and what becomes of a message by it.

use super::{DEADLINES, answer, client};
use skerry_notify::chat::{ChatMessage, Colour, Link, MessageId, Posted, post};
use skerry_notify::destination::{ChatService, Reach};
use skerry_notify::{Class, Outcome};
use skerry_tests::parts::http_server::{self, Ending, HttpServer};
use std::sync::Arc;
use url::Url;

fn message() -> ChatMessage {
    let url = |path: &str| Url::parse(&format!("https://status.acme.com/{path}")).expect("a URL");
    ChatMessage {
        page: "Acme".to_owned(),
        title: "Card payments declined".to_owned(),
        state: "Identified".to_owned(),
        text: "One of two sites refuses them.".to_owned(),
        facts: Vec::new(),
        link: Link { label: "View incident".to_owned(), url: url("incidents/1") },
        subscription: Some(Link { label: "Unsubscribe".to_owned(), url: url("u/1") }),
        colour: Colour::Degraded,
        at: "2026-11-20T15:41:00Z".parse().expect("a time"),
    }
}

async fn posted(service: ChatService, url: &str, former: Option<&MessageId>) -> Posted {
    let client = client(Reach::Any, &Arc::default(), Vec::new(), DEADLINES);
    post(&client, service, &Url::parse(url).expect("a URL"), &message(), former).await
}

/// The first line of each request.
fn lines(server: &HttpServer) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.lines().next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn an_incident_stays_one_message_of_discord() {
    let server = HttpServer::start(Ending::Close, |request| match request.lines().next() {
        Some("PATCH /api/webhooks/1/x/messages/8?thread_id=9 HTTP/1.1") => {
            http_server::answer("404 Not Found", "", br#"{"message": "Unknown Message", "code": 10008}"#)
        }
        Some(line) if line.starts_with("PATCH") => http_server::answer("200 OK", "", br#"{"id": "7"}"#),
        _ => http_server::answer("200 OK", "", br#"{"id": "1324097152", "content": ""}"#),
    })
    .await;
    let url = server.url("/api/webhooks/1/x?thread_id=9");
    let named = |posted: Posted| posted.message.map(|id| id.as_str().to_owned());

    let first = posted(ChatService::Discord, &url, None).await;
    assert_eq!(answer(&first.outcome).class, Class::Success);
    assert_eq!(named(first).as_deref(), Some("1324097152"));
    let changed = posted(ChatService::Discord, &url, MessageId::read("7").as_ref()).await;
    assert_eq!(named(changed).as_deref(), Some("7"));
    // Somebody deleted it.
    let anew = posted(ChatService::Discord, &url, MessageId::read("8").as_ref()).await;
    assert_eq!(answer(&anew.outcome).class, Class::Success);
    assert_eq!(named(anew).as_deref(), Some("1324097152"));
    let expected = [
        "POST /api/webhooks/1/x?thread_id=9&wait=true HTTP/1.1",
        "PATCH /api/webhooks/1/x/messages/7?thread_id=9 HTTP/1.1",
        "PATCH /api/webhooks/1/x/messages/8?thread_id=9 HTTP/1.1",
        "POST /api/webhooks/1/x?thread_id=9&wait=true HTTP/1.1",
    ];
    assert_eq!(lines(&server), expected);
    let request = &server.requests()[0];
    assert!(request.contains("content-type: application/json") && request.contains("\"allowed_mentions\""));
}

#[tokio::test]
async fn a_hook_that_was_removed_is_not_tried_again() {
    use ChatService::{Discord, Slack, Teams};
    for (service, status, body, class) in [
        (Slack, "404 Not Found", "no_service", Class::Gone),
        (Slack, "410 Gone", "channel_is_archived", Class::Gone),
        (Slack, "400 Bad Request", "invalid_blocks", Class::Rejected),
        (Discord, "404 Not Found", r#"{"message": "Unknown Webhook", "code": 10015}"#, Class::Gone),
        (Discord, "401 Unauthorized", r#"{"message": "Invalid Webhook Token", "code": 50027}"#, Class::Gone),
        (Discord, "400 Bad Request", r#"{"code": 50035}"#, Class::Rejected),
        (Teams, "410 Gone", "", Class::Gone),
    ] {
        let server = HttpServer::with(&http_server::answer(status, "", body.as_bytes())).await;
        for former in [None, MessageId::read("7")] {
            let posted = posted(service, &server.url("/hook/x"), former.as_ref()).await;
            assert!(matches!(posted.outcome, Outcome::Refused(_)), "{service:?} {status}: {posted:?}");
            let found = answer(&posted.outcome);
            assert_eq!((found.class, found.text.as_str()), (class, &format!("HTTP {}", &status[..3])[..]));
        }
        assert_eq!(server.requests().len(), 2, "one request each");
    }
}

#[tokio::test]
async fn a_service_that_is_busy_is_tried_later() {
    for service in [ChatService::Slack, ChatService::Teams, ChatService::Discord] {
        for (status, class) in [("429 Too Many", Class::RateLimited), ("500 Oops", Class::Unavailable)] {
            let server = HttpServer::with(&http_server::answer(status, "Retry-After: 3\r\n", b"{}")).await;
            let posted = posted(service, &server.url("/hook/x"), None).await;
            assert!(
                matches!(&posted.outcome, Outcome::Later { after: Some(after), .. } if after.as_secs() == 3),
                "{posted:?}"
            );
            assert_eq!(answer(&posted.outcome).class, class);
            assert_eq!(posted.message, None);
        }
    }
}
