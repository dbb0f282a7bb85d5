//! What is sent to subscribers, by which way, and what becomes of it.

use crate::rest::Client;
use crate::subscribing::{OWN, post};
use crate::world::{World, page};
use serde_json::{Value, json};
use skerry_tests::parts::mail_server::{MailServer, Manner};
use skerry_tests::parts::until;
use std::collections::BTreeMap;
use std::time::Duration;

const TOLD: Duration = Duration::from_secs(30);

/// A page whose mails go to this port.
fn with_mail(port: u16, more: &str) -> World {
    World::new(&format!(
        "[public]\nbase_url = \"https://status.test\"\n\n\
         [mail]\naddress = \"updates@status.test\"\n\n\
         [[mail.relay]]\nhost = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\n\n{more}{}",
        page("demo", true, &["web"])
    ))
}

pub(crate) fn page_id(world: &World) -> String {
    world.page("/api/v2/status.json").json()["page"]["id"].as_str().expect("an id").to_owned()
}

fn subscribe(client: &Client<'_>, page: &str, address: &str) {
    let known = json!({ "subscriber": { "email": address, "skip_confirmation_notification": true } });
    let answer = client.change("POST", &format!("/v1/pages/{page}/subscribers"), &known);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

pub(crate) fn open(client: &Client<'_>, page: &str, name: &str) -> String {
    let incident =
        json!({ "incident": { "name": name, "status": "investigating", "body": "We look into it." } });
    let answer = client.change("POST", &format!("/v1/pages/{page}/incidents"), &incident);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// The state of each delivery of an incident, by the part of the address before the `@`.
fn states(client: &Client<'_>, incident: &str, names: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let list = client.get(&format!("/api/v1/deliveries?incident={incident}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = list["data"].as_array().expect("a list");
    let named = entries.iter().filter_map(|one| {
        // Whoever was removed has no name any more.
        let name = one["subscriber"].as_str().map_or(Some("gone"), |id| names.get(id).map(String::as_str));
        Some((name?.to_owned(), text(&one["state"])))
    });
    named.collect()
}

/// The name of each subscriber by its id.
pub(crate) fn names(client: &Client<'_>, page: &str) -> BTreeMap<String, String> {
    let list = client.get(&format!("/v1/pages/{page}/subscribers"));
    let entries = list.as_array().expect("a list").iter();
    let named = entries.map(|one| {
        let address = one["email"].as_str().expect("an address");
        let name = address.split('@').next().unwrap_or_default().to_owned();
        (one["id"].as_str().expect("an id").to_owned(), name)
    });
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_a_relay_leads_to_its_state() {
    let server = MailServer::start(Manner::default()).await;
    let mut world = with_mail(server.port(), "");
    world.start().await;
    let client = Client::new(&world, &["mails", "--role", "admin"]);
    let page = page_id(&world);
    let expected = BTreeMap::from([
        ("ada", "delivered"),
        ("gone", "hard_bounced"),
        ("full", "soft_bounced"),
        ("policy", "hard_bounced"),
        ("spam", "hard_bounced"),
        ("450", "queued"),
        ("break", "queued"),
    ]);
    for name in expected.keys() {
        subscribe(&client, &page, &format!("{name}@example.com"));
    }
    let names = names(&client, &page);
    let incident = open(&client, &page, "Payments fail");
    let wanted: BTreeMap<String, String> =
        expected.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect();
    until("each has its state", TOLD, async || {
        let list = client.get(&format!("/api/v1/deliveries?incident={incident}"));
        let tried = !list.to_string().contains("\"attempts\":0");
        tried && states(&client, &incident, &names) == wanted
    })
    .await;

    // Who does not exist hears no more, and the others do.
    let next = open(&client, &page, "Payments fail again");
    until("the others hear of it", TOLD, async || {
        states(&client, &next, &names).get("ada").is_some_and(|state| state == "delivered")
    })
    .await;
    let heard: Vec<String> = states(&client, &next, &names).into_keys().collect();
    assert_eq!(heard, ["450", "ada", "break", "full", "policy", "spam"]);

    let mails: Vec<_> = server.taken().into_iter().filter(|mail| mail.to == "ada@example.com").collect();
    assert_eq!(mails.len(), 2);
    let text = String::from_utf8_lossy(&mails[0].content).into_owned();
    for header in [
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe: <https://status.test/unsubscribe/",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Subject: Payments fail",
    ] {
        assert!(text.contains(header), "{header} is in {text}");
    }
    assert!(
        mails[0].from.starts_with("bounces+") && mails[0].from.ends_with("@status.test"),
        "{}",
        mails[0].from
    );
}

/// The content of a mail as its reader gets it, as far as ASCII goes.
fn read(content: &[u8]) -> String {
    String::from_utf8_lossy(content).replace("=\r\n", "").replace("=3D", "=")
}

/// The path of the first link of the page that begins so.
fn path(text: &str, begin: &str) -> String {
    let begin = format!("https://status.test/{begin}");
    let at = text.find(&begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
    let ends = |one: char| one.is_whitespace() || "<>\"".contains(one);
    let link = text[at..].split(ends).next().unwrap_or_default();
    link.trim_start_matches("https://status.test").to_owned()
}

fn holds(world: &World, address: &str) -> bool {
    let files = ["data/skerry.db", "data/skerry.db-wal"]
        .map(|name| std::fs::read(world.path(name)).unwrap_or_default());
    files.iter().any(|file| file.windows(address.len()).any(|part| part == address.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_confirms_hears_once_and_leaves_no_trace() {
    let server = MailServer::start(Manner::default()).await;
    let mut world = with_mail(server.port(), "");
    world.start().await;
    let client = Client::new(&world, &["mails", "--role", "admin"]);
    let (page, address) = (page_id(&world), "ada.lovelace@example.com");
    let mails = async |count: usize| {
        until(&format!("{count} mails arrive"), TOLD, async || server.taken().len() >= count).await;
        server.taken()
    };
    until("the form asks for addresses", TOLD, async || {
        world.page("/subscribe").text().contains("type=email")
    })
    .await;
    let form = format!("channel=email&address={}", address.replace('@', "%40"));
    let sent = post(&world, "/subscribe", OWN, &form);
    assert_eq!((sent.status, sent.header("location")), (303, Some("subscribe/sent")), "{}", sent.head);
    open(&client, &page, "Before anybody confirmed");
    let first = read(&mails(1).await[0].content);
    assert!(first.contains("Subject: Confirm updates from Page demo"), "{first}");
    assert!(!first.contains("List-Unsubscribe"), "there is no subscription yet");
    let confirm = path(&first, "subscriptions/");
    assert!(confirm.ends_with("/confirm"), "{confirm}");
    assert_eq!(world.page(&confirm).status, 200);
    assert!(post(&world, &confirm, OWN, "").text().contains("You will hear from us"));

    open(&client, &page, "Orders fail");
    let all = mails(2).await;
    let second = read(&all[1].content);
    assert!(second.contains("Subject: Orders fail") && second.contains("We look into it."), "{second}");
    let leave = path(&second, "unsubscribe/");
    assert_eq!(world.page(&leave).status, 200, "a scanner looks at every link");
    assert!(holds(&world, address));
    assert_eq!(post(&world, &leave, "", "List-Unsubscribe=One-Click").status, 200);
    until("nothing holds the address any more", Duration::from_secs(60), async || !holds(&world, address))
        .await;
    let incident = open(&client, &page, "After everybody left");
    let told = client.get(&format!("/api/v1/deliveries?incident={incident}"));
    assert_eq!(told["data"], json!([]));
    assert_eq!(server.taken().len(), 2, "each thing was said once");
    let log = world.aggregator.as_ref().expect("it runs").log();
    assert!(!log.contains("lovelace") && !log.contains(&leave), "{log}");
}
