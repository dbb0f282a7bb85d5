//! Relays that take nothing: what waits for them says why, nothing goes unencrypted, and all goes once one takes mails.

use crate::deliveries::{open, page_id};
use crate::enrolment::run_ok;
use crate::http::get;
use crate::rest::Client;
use crate::world::{World, page};
use serde_json::Value;
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::mail_server::{MailServer, Manner};
use skerry_tests::parts::{free_port, until};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 3;

fn with_relay(port: u16, lines: &str) -> String {
    format!(
        "[mail]\naddress = \"updates@status.test\"\nconnections = {CONNECTIONS}\n\n\
         [[mail.relay]]\nhost = \"localhost\"\nport = {port}\n{lines}\n\n{}",
        page("demo", true, &["web"])
    )
}

fn encrypted(port: u16, authority: &Path) -> String {
    with_relay(port, &format!("encryption = \"starttls\"\nca_file = \"{}\"", authority.display()))
}

fn subscribe(world: &World, name: &str) {
    let words = ["subscribers", "add", &format!("{name}@cust.test"), "--consent", "the contract of 2026"];
    run_ok(world, &words);
}

fn deliveries(client: &Client<'_>, incident: &str) -> Vec<Value> {
    let list = client.get(&format!("/api/v1/deliveries?incident={incident}&limit=200"));
    list["data"].as_array().expect("a list").clone()
}

/// Waits until all of the incident is delivered, each at the first attempt that counts.
async fn arrives(client: &Client<'_>, incident: &str) {
    until("all of it is delivered", BOUND, async || {
        deliveries(client, incident).iter().all(|one| one["state"] == "delivered")
    })
    .await;
    let all = deliveries(client, incident);
    assert!(all.iter().all(|one| one["attempts"] == 1), "what no relay heard of is no attempt: {all:?}");
}

/// What `doctor` says of a topic.
fn findings(world: &World, topic: &str) -> String {
    let output = world.command(&["doctor", "--json"]).output().expect("it starts");
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let all = json["findings"].as_array().expect("a list").iter().filter(|one| one["topic"] == topic);
    all.map(|one| format!("{one}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_a_relay_that_proves_to_be_another() {
    let (authority, other) = (Authority::new(), Authority::new());
    let certificate = Some(other.sign(&["localhost"], Validity::GOOD));
    let server = MailServer::start(Manner { certificate, ..Manner::default() }).await;
    let mut world = World::new(&encrypted(server.port(), &authority.file()));
    world.start().await;
    subscribe(&world, "ann");
    let client = Client::new(&world, &["mails", "--role", "admin"]);
    let incident = open(&client, &page_id(&world), "Payments fail");
    until("it was tried", BOUND, async || {
        deliveries(&client, &incident).iter().any(|one| one["answer"].is_string())
    })
    .await;
    let waiting = deliveries(&client, &incident);
    let (state, answer) = (&waiting[0]["state"], waiting[0]["answer"].as_str().expect("an answer"));
    assert!(state == "queued" && waiting[0]["next_at"].is_string(), "{waiting:?}");
    assert!(answer.contains("invalid peer certificate"), "{answer}");
    assert!(server.sessions() > 0 && server.recipients().is_empty() && server.taken().is_empty());
    let metrics = get(world.private, "/metrics").expect("an answer").text();
    assert!(metrics.contains("skerry_delivery_attempts_total{channel=\"email\",class=\"tls\"}"), "{metrics}");
    let log = world.running().log();
    assert!(
        log.contains("the mail relay takes no mail") && log.contains("invalid peer certificate"),
        "{log}"
    );

    // With the right authority it goes on, where the relay proves what it is.
    world.stop().await;
    world.declare(&encrypted(server.port(), &other.file()));
    world.start().await;
    let client = Client::new(&world, &["again", "--role", "admin"]);
    arrives(&client, &incident).await;
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_relay_goes_once_it_is_back() {
    let port = free_port();
    let mut world = World::new(&with_relay(port, "encryption = \"none\""));
    world.start().await;
    let names: Vec<String> = (1..=8).map(|number| format!("reader{number}")).collect();
    for name in &names {
        subscribe(&world, name);
    }
    let client = Client::new(&world, &["mails", "--role", "admin"]);
    let incident = open(&client, &page_id(&world), "Payments fail");
    until("it was tried", BOUND, async || {
        deliveries(&client, &incident).iter().any(|one| one["answer"].is_string())
    })
    .await;
    let waiting = deliveries(&client, &incident);
    assert_eq!(waiting.len(), names.len());
    assert!(waiting.iter().all(|one| one["state"] == "queued" && one["attempts"] == 0), "{waiting:?}");
    let tried: Vec<&str> = waiting.iter().filter_map(|one| one["answer"].as_str()).collect();
    assert!(tried.len() <= CONNECTIONS + 1, "the others need not find out: {tried:?}");
    assert!(tried.iter().all(|answer| answer.contains("Connection refused")), "{tried:?}");
    let told = findings(&world, "mail");
    assert!(told.contains("takes no mail") && told.contains("Connection refused"), "{told}");

    let server = MailServer::start_at(port, Manner::default()).await;
    arrives(&client, &incident).await;
    let taken: BTreeSet<String> = server.taken().into_iter().map(|one| one.to).collect();
    let all: BTreeSet<String> = names.iter().map(|name| format!("{name}@cust.test")).collect();
    assert_eq!((taken, server.taken().len()), (all, names.len()), "each once");
    let log = world.running().log();
    assert_eq!(log.matches("the mail relay takes no mail").count(), 1, "{log}");
    assert!(log.contains("the mail relay takes mails again"), "{log}");

    world.stop().await;
    world.declare(&page("demo", true, &["web"]));
    let told = findings(&world, "deliveries");
    assert!(told.contains("8 subscribers by mail of page \\\"Page demo\\\" hear nothing"), "{told}");
}
