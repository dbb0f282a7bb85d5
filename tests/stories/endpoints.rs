//! Endpoints of subscribers: their owners try them, and those that never answer delay no other.

use crate::deliveries::{open, page_id};
use crate::rest::Client;
use crate::subscribing::{OWN, post, token};
use crate::world::{World, page};
use serde_json::json;
use skerry_aggregator::subscriptions::LinkPurpose;
use skerry_tests::parts::http_server::{Ending, HttpServer};
use skerry_tests::parts::until;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TOLD: Duration = Duration::from_secs(20);
/// Webhooks on this host, in the clear.
const HERE: &str = "[subscribers]\nallow_http = true\nallow_networks = [\"127.0.0.0/8\"]\n\n";
const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

fn world() -> World {
    World::new(&format!("{HERE}{}", page("demo", true, &["web"])))
}

fn subscribe(client: &Client<'_>, page: &str, endpoint: &str) {
    let known = json!({ "subscriber": { "endpoint": endpoint, "skip_confirmation_notification": true } });
    let answer = client.change("POST", &format!("/v1/pages/{page}/subscribers"), &known);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_tries_an_endpoint_and_sees_the_class_of_its_answer_alone() {
    let works = Arc::new(AtomicBool::new(true));
    let answers = Arc::clone(&works);
    let server = HttpServer::start(Ending::Close, move |_| match answers.load(Ordering::Relaxed) {
        true => TAKEN.to_vec(),
        false => b"HTTP/1.1 500 Foreign Words\r\nContent-Length: 13\r\n\r\nforeign words".to_vec(),
    })
    .await;
    let mut world = world();
    world.start().await;
    let client = Client::new(&world, &["hooks", "--role", "admin"]);
    let page = page_id(&world);
    subscribe(&client, &page, &server.url("/hook"));
    let manage = format!("/subscriptions/{}", token(&world, LinkPurpose::Manage));
    assert!(world.page(&manage).text().contains("Send a test message"));
    let tried = || {
        let sent = post(&world, &manage, OWN, "action=try");
        assert_eq!(sent.status, 303, "{}", sent.head);
        let shown = world.page(&format!("/subscriptions/{}", sent.header("location").expect("a page")));
        shown.text()
    };
    let shown = tried();
    assert!(shown.contains("The test message arrived ("), "{shown}");
    let requests = server.requests();
    let head = requests.last().expect("it was asked");
    assert!(head.to_ascii_lowercase().contains("webhook-signature: v1,"), "{head}");
    works.store(false, Ordering::Relaxed);
    let shown = tried();
    assert!(shown.contains("The test message was not taken: the answer was no success ("), "{shown}");
    assert!(!shown.to_lowercase().contains("foreign"), "nothing of the answer is shown");
    drop(server);
    assert!(tried().contains("nothing answers at this URL ("));
    let data = world.page(&format!("{manage}/data"));
    assert!(data.text().contains("\"deliveries\": []"), "tests are kept nowhere: {}", data.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_never_answer_delay_no_other() {
    let mut world = world();
    world.start().await;
    let client = Client::new(&world, &["hooks", "--role", "admin"]);
    let page = page_id(&world);
    // It takes connections, and nothing is ever read or written.
    let silent = std::net::TcpListener::bind("0.0.0.0:0").expect("a port");
    let port = silent.local_addr().expect("it is bound").port();
    for number in 1..=150 {
        subscribe(&client, &page, &format!("http://127.0.9.{number}:{port}/"));
    }
    let server = HttpServer::with(TAKEN).await;
    subscribe(&client, &page, &server.url("/hook"));
    open(&client, &page, "Orders fail");
    until("it is told", TOLD, async || server.requests().len() == 1).await;
    drop(silent);
}
