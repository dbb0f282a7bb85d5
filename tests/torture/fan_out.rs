//! `kill -9` while an incident is told to many: each subscriber hears each update, and a crash repeats at most what was
//! under way.

use crate::harness::{Harness, exchange, get};
use crate::rng::{Rng, elapse, rounds, seed, until};
use serde_json::{Value, json};
use skerry_tests::parts::mail_server::{MailServer, Manner};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Mails that are handed over at a time, by the configuration of this test.
const CONNECTIONS: usize = 2;
/// Requests to one endpoint at a time.
const REQUESTS: usize = 4;
const ENDPOINTS: usize = 5;
/// For what is still queued after the last start, and more for each thousand subscribers.
const DRAINED: Duration = Duration::from_secs(120);
const DRAINED_BY_THOUSAND: Duration = Duration::from_secs(20);

#[test]
fn two_hundred_mails_and_fifty_webhooks_survive_fifty_kills() {
    fan_out("torture::two_hundred_mails", (200, 50), 50);
}

#[test]
#[ignore = "long: 10,000 mails and 1,000 webhooks for each of ten incidents"]
fn ten_thousand_mails_and_a_thousand_webhooks_survive_ten_kills() {
    fan_out("torture::ten_thousand_mails", (10_000, 1_000), 10);
}

#[test]
#[ignore = "long: 100,000 mails"]
fn a_hundred_thousand_mails_survive_a_kill() {
    fan_out("torture::a_hundred_thousand_mails", (100_000, 0), 1);
}

/// `(subscribers by mail, webhooks)`.
fn fan_out(test: &str, subscribers: (usize, usize), usual: usize) {
    let rounds = rounds(usual);
    let mut rng = Rng::new(seed(test));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let server = runtime.block_on(MailServer::start(Manner::default()));
    let endpoints: Vec<Endpoint> = (0..ENDPOINTS).map(|_| Endpoint::start()).collect();
    let harness = Harness::new(&["web".to_owned()], None);
    declare(&harness, server.port());
    let mut running = harness.start();
    let api = Api::new(&harness);
    api.subscribe(subscribers, &endpoints);
    for round in 1..=rounds {
        api.open(&format!("Incident {round}"));
        elapse(rng.between(0, 300));
        running.kill();
        running = harness.start();
    }
    let thousands = u32::try_from((subscribers.0 + subscribers.1) / 1_000).expect("not so many");
    let bound = DRAINED + DRAINED_BY_THOUSAND * thousands;
    until("nothing is queued", bound, || queued(&harness) == Some(0));
    judge(&server, &endpoints, subscribers, rounds);
    running.stop();
}

/// Mails go to the server, webhooks to this host.
fn declare(harness: &Harness, port: u16) {
    let path = harness.path("aggregator.toml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    let more = format!(
        "\n[subscribers]\nallow_http = true\nallow_networks = [\"127.0.0.0/8\"]\n\n\
         [mail]\naddress = \"updates@status.test\"\nconnections = {CONNECTIONS}\n\n\
         [[mail.relay]]\nhost = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\n"
    );
    harness.write("aggregator.toml", &format!("{text}{more}"));
}

/// The REST API as an admin.
struct Api<'h> {
    harness: &'h Harness,
    token: String,
    page: String,
}

impl<'h> Api<'h> {
    fn new(harness: &'h Harness) -> Self {
        let made =
            harness.aggregator_command(&["token", "add", "fan-out", "--role", "admin", "--json"]).output();
        let made = made.expect("it starts");
        let answer: Value = serde_json::from_slice(&made.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)));
        let token = answer["token"].as_str().expect("a token").to_owned();
        let (_, status) = get(harness.public, "/api/v2/status.json").expect("the page");
        let status: Value = serde_json::from_slice(&status).expect("JSON");
        Self { harness, token, page: status["page"]["id"].as_str().expect("an id").to_owned() }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (body, token, page) = (body.to_string(), &self.token, &self.page);
        let head = format!(
            "POST /v1/pages/{page}/{path} HTTP/1.1\r\nAuthorization: OAuth {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let answer = exchange(self.harness.private, &head, body.as_bytes(), true);
        let (status, answer) = answer.expect("an answer");
        assert_eq!(status, 201, "{path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).expect("JSON")
    }

    fn subscribe(&self, (mails, webhooks): (usize, usize), endpoints: &[Endpoint]) {
        let mut list = "channel,address,updates\n".to_owned();
        for number in 0..mails {
            list.push_str(&format!("email,subscriber-{number}@example.com,all\n"));
        }
        for number in 0..webhooks {
            let port = endpoints[number % ENDPOINTS].port;
            list.push_str(&format!("webhook,http://127.0.0.1:{port}/hook/{number},all\n"));
        }
        self.harness.write("subscribers.csv", &list);
        let file = self.harness.path("subscribers.csv");
        let words = ["subscribers", "import", file.to_str().expect("UTF-8"), "--consent", "this test"];
        let imported = self.harness.aggregator_command(&words).output().expect("it starts");
        let said = String::from_utf8_lossy(&imported.stdout);
        let expected = format!("Subscribed: {}.", mails + webhooks);
        assert!(
            said.replace(',', "").starts_with(&expected),
            "{said}{}",
            String::from_utf8_lossy(&imported.stderr)
        );
    }

    fn open(&self, name: &str) {
        let body = "Somebody looks into it.";
        let incident = json!({ "incident": { "name": name, "status": "investigating", "body": body } });
        self.post("incidents", &incident);
    }
}

/// Deliveries that wait, as the metrics say.
fn queued(harness: &Harness) -> Option<u64> {
    let (_, metrics) = get(harness.private, "/metrics")?;
    let metrics = String::from_utf8(metrics).expect("text");
    let values = metrics.lines().filter(|line| line.starts_with("skerry_deliveries_queued{"));
    // They are counted some seconds after the start.
    let counted = metrics.contains("skerry_deliveries_counted_timestamp_seconds ");
    counted.then(|| values.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
}

/// An endpoint for webhooks: takes everything and remembers path and id.
struct Endpoint {
    port: u16,
    taken: Arc<Mutex<Vec<(String, String)>>>,
}

impl Endpoint {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || while take(&stream, &seen).is_some() {});
            }
        });
        Self { port, taken }
    }
}

/// Takes one request; `None` once the client has hung up.
fn take(stream: &TcpStream, taken: &Mutex<Vec<(String, String)>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then_some(())?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let incident = body["incident"]["name"].as_str()?.to_owned();
    taken.lock().ok()?.push((format!("{path} {incident}"), id));
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()
}

fn judge(server: &MailServer, endpoints: &[Endpoint], (mails, webhooks): (usize, usize), rounds: usize) {
    let heard = server.taken().into_iter().map(|mail| {
        let content = String::from_utf8_lossy(&mail.content).into_owned();
        let header = |name: &str| {
            let line = content.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {content}")).to_owned()
        };
        (format!("{} {}", mail.to, header("Subject: ")), header("Message-ID: "))
    });
    let by_mail = counted(heard);
    let by_hook = counted(endpoints.iter().flat_map(|one| one.taken.lock().expect("unpoisoned").clone()));
    for (kind, heard, expected, under_way) in [
        ("mail", &by_mail, mails * rounds, CONNECTIONS),
        ("webhook", &by_hook, webhooks * rounds, REQUESTS * ENDPOINTS),
    ] {
        assert_eq!(heard.len(), expected, "each subscriber hears each incident by {kind}");
        let repeated: usize = heard.values().map(|ids| ids.len() - 1).sum();
        say!("{expected} messages by {kind}, {rounds} kills: {repeated} of them arrived again");
        assert!(
            repeated <= under_way * rounds,
            "{repeated} repeated, at most {under_way} were under way at each kill"
        );
        for (what, ids) in heard {
            assert!(
                ids.iter().all(|id| *id == ids[0]),
                "the id of {what} is the same at each attempt: {ids:?}"
            );
        }
    }
}

fn counted(heard: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut by_message: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (message, id) in heard {
        by_message.entry(message).or_default().push(id);
    }
    by_message
}
