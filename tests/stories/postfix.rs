//! A real Postfix between the aggregator and receiving servers of all kinds: what it cannot deliver comes back as a real
//! delivery report over LMTP, and sets right what became of each message and of its address.

use crate::deliveries::{names, open, page_id};
use crate::enrolment::{run_cli, run_ok};
use crate::http::get;
use crate::rest::Client;
use crate::world::{World, page};
use serde_json::Value;
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::mail_server::{MailServer, Manner};
use skerry_tests::parts::postfix::Postfix;
use skerry_tests::parts::{free_port, skipped, until};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const CONSENT: [&str; 2] = ["--consent", "the contract of 2026"];

/// Each recipient: what becomes of the mail, and what its last answer says.
const EXPECTED: [(&str, &str, &str); 13] = [
    ("ann@cust.test", "delivered", "250 2.0.0 Ok: queued"),
    ("gone@cust.test", "hard_bounced", "5.1.1 550 5.1.1 User unknown"),
    ("full@cust.test", "soft_bounced", "5.2.2 552 5.2.2 Mailbox"),
    ("policy@cust.test", "hard_bounced", "5.7.1 554 5.7.1 Blocked by a list"),
    ("spam@cust.test", "hard_bounced", "5.7.1 554 5.7.1 Rejected as"),
    ("bare550@cust.test", "hard_bounced", "5.0.0 550 No"),
    ("421@cust.test", "soft_bounced", "4.3.2 421 4.3.2 Shutting down"),
    ("450@cust.test", "soft_bounced", "4.2.0 450 4.2.0 Mailbox busy"),
    ("451@cust.test", "soft_bounced", "4.7.1 451 4.7.1 Greylisted"),
    ("452@cust.test", "soft_bounced", "4.2.2 452 4.2.2 Mailbox full"),
    ("break@cust.test", "soft_bounced", "4.4.2 lost connection"),
    ("slow@cust.test", "soft_bounced", "4.4.2 conversation with"),
    ("wrong@wrong.test", "soft_bounced", "4.7.5 Server certificate not verified"),
];
/// Who does not exist.
const GONE: &str = "gone";

/// All that runs.
struct Scene {
    world: World,
    postfix: Postfix,
    receiver: MailServer,
    /// Its certificate is of an authority that Postfix does not know.
    wrong: MailServer,
    _authorities: [Authority; 2],
}

impl Scene {
    async fn new() -> Self {
        let (authority, other) = (Authority::new(), Authority::new());
        // Postfix reads it as its own user.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(authority.file().parent().expect("a folder"), readable).expect("permitted");
        let receiver = MailServer::start(Manner::default()).await;
        let certificate = Some(other.sign(&["localhost"], Validity::GOOD));
        let wrong = MailServer::start(Manner { certificate, ..Manner::default() }).await;
        let lmtp = free_port();
        let ours = authority.sign(&["localhost"], Validity::GOOD);
        let lines = lines(lmtp, (receiver.port(), wrong.port()), &authority.file());
        let postfix = Postfix::start_with(Some(&ours), &lines).await;
        let mut world = World::new(&format!(
            "[mail]\naddress = \"updates@status.test\"\nbounce_domain = \"bounces.test\"\n\n\
             [[mail.relay]]\nhost = \"localhost\"\nport = {}\nca_file = \"{}\"\n\n\
             [mail.bounces]\nlmtp = \"127.0.0.1:{lmtp}\"\n\n{}",
            postfix.port(),
            authority.file().display(),
            page("demo", true, &["web"])
        ));
        world.start().await;
        Self { world, postfix, receiver, wrong, _authorities: [authority, other] }
    }

    /// Subscribes everybody.
    fn subscribe(&self) {
        let (alone, others) = EXPECTED.split_first().expect("some");
        run_ok(&self.world, &[&["subscribers", "add", alone.0], &CONSENT[..]].concat());
        let lines: String = others.iter().map(|(address, ..)| format!("{address}\n")).collect();
        let file = self.world.write("list.csv", &format!("address\n{lines}"));
        let file = file.to_str().expect("UTF-8");
        run_ok(&self.world, &[&["subscribers", "import", file], &CONSENT[..]].concat());
    }

    /// How often the receiving server was asked to take a mail for this name.
    fn asked(&self, name: &str) -> usize {
        self.receiver.recipients().iter().filter(|to| local(to) == name).count()
    }

    fn findings(&self) -> Vec<String> {
        let output = self.world.command(&["doctor", "--json"]).output().expect("it starts");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let all = json["findings"].as_array().expect("a list").iter();
        all.map(|one| format!("{}: {}", text(&one["level"]), text(&one["says"]))).collect()
    }
}

/// Where Postfix sends mails: what comes back to the aggregator, and the rest to receiving servers. It gives up after seconds.
fn lines(lmtp: u16, (receiver, wrong): (u16, u16), authority: &Path) -> String {
    format!(
        "mynetworks = 127.0.0.0/8, [::1]/128\nrelay_domains = bounces.test\nrecipient_delimiter = +\n\
         transport_maps = inline:{{{{bounces.test=lmtp:inet:127.0.0.1:{lmtp}}},{{wrong.test=smtp:[127.0.0.1]:{wrong}}},\
         {{*=smtp:[127.0.0.1]:{receiver}}}}}\n\
         smtp_tls_policy_maps = inline:{{{{[127.0.0.1]:{wrong}=verify}}}}\nsmtp_tls_CAfile = {}\n\
         maximal_queue_lifetime = 6s\nbounce_queue_lifetime = 6s\ndelay_warning_time = 2s\n\
         minimal_backoff_time = 2s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\n\
         smtp_data_done_timeout = 2s\nsmtp_destination_concurrency_limit = 20\n\
         smtp_destination_concurrency_failed_cohort_limit = 0\n",
        authority.display()
    )
}

fn local(address: &str) -> &str {
    address.split('@').next().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The deliveries of an incident by the names of their recipients.
fn deliveries(
    client: &Client<'_>,
    incident: &str,
    names: &BTreeMap<String, String>,
) -> BTreeMap<String, Value> {
    let list = client.get(&format!("/api/v1/deliveries?incident={incident}&limit=200"));
    let named = list["data"].as_array().expect("a list").iter().map(|one| {
        // Who was removed has no name any more.
        let name = one["subscriber"].as_str().map_or(GONE, |id| names.get(id).map_or("", String::as_str));
        (name.to_owned(), one.clone())
    });
    named.collect()
}

/// Waits until each has what it is to have at the end. No state returns to a former one on the way.
async fn settled(client: &Client<'_>, incident: &str, names: &BTreeMap<String, String>) {
    let mut history = BTreeMap::<String, Vec<String>>::new();
    until("each has its state", BOUND, async || {
        let all = deliveries(client, incident, names);
        for (name, one) in &all {
            let states = history.entry(name.clone()).or_default();
            if states.last().map(String::as_str) != Some(text(&one["state"])) {
                states.push(text(&one["state"]).to_owned());
            }
        }
        let has = |(to, state, _): &(&str, &str, &str)| {
            all.get(local(to)).is_some_and(|one| one["state"] == *state)
        };
        all.len() == EXPECTED.len() && EXPECTED.iter().all(has)
    })
    .await;
    for (to, state, _) in EXPECTED {
        let seen = &history[local(to)];
        let way = ["queued", "delivered", state];
        let mut rest = way.iter();
        assert!(seen.iter().all(|one| rest.any(|step| step == one)), "{to}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_took_and_cannot_deliver_is_set_right_by_what_comes_back() {
    if !rustix::process::geteuid().is_root() {
        skipped("it needs root");
        return;
    }
    let scene = Scene::new().await;
    scene.subscribe();
    let world = &scene.world;
    let client = Client::new(world, &["mails", "--role", "admin"]);
    let page = page_id(world);
    let names = names(&client, &page);
    let gone = names.iter().find(|(_, name)| *name == GONE).map(|(id, _)| id.clone()).expect("subscribed");
    let incident = open(&client, &page, "Payments fail");
    settled(&client, &incident, &names).await;

    each_has_its_reason(&scene, &deliveries(&client, &incident, &names));
    assert!(scene.wrong.taken().is_empty() && scene.wrong.recipients().is_empty(), "it heard of no mail");
    what_the_team_sees(&scene, &client, (&incident, &gone));

    // The servers are well again: who is gone is never written to again, all others are.
    assert_eq!(scene.asked(GONE), 1);
    let before = scene.receiver.recipients().len();
    scene.receiver.take_all();
    let next = open(&client, &page, "Payments fail again");
    let others: BTreeSet<&str> = EXPECTED.iter().map(|(to, ..)| local(to)).filter(|to| *to != GONE).collect();
    let heard_from = |from: usize| -> BTreeSet<String> {
        scene.receiver.recipients()[from..].iter().map(|to| local(to).to_owned()).collect()
    };
    let served: BTreeSet<String> =
        others.iter().filter(|name| **name != "wrong").map(|name| (*name).to_owned()).collect();
    until("the others hear of it", BOUND, async || heard_from(before) == served).await;
    let told = deliveries(&client, &next, &names);
    assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), others);

    // What failed is sent again on request, and not to those who refused it.
    let before = scene.receiver.recipients().len();
    assert_eq!(run_ok(world, &["deliveries", "resend", "--incident", &incident]), "Sent again: 8.");
    let soft = ["421", "450", "451", "452", "break", "full", "slow"].map(str::to_owned);
    until("what failed arrives", BOUND, async || heard_from(before) == BTreeSet::from(soft.clone())).await;
    assert_eq!(scene.asked(GONE), 1, "{}", scene.postfix.log());
}

fn each_has_its_reason(scene: &Scene, deliveries: &BTreeMap<String, Value>) {
    for (to, state, answer) in EXPECTED {
        let one = &deliveries[local(to)];
        assert_eq!((text(&one["state"]), &one["attempts"]), (state, &1.into()), "{one}");
        let said = text(&one["answer"]);
        assert!(said.starts_with(answer), "{to}: {said}\n{}", scene.postfix.log());
        assert!(!said.contains('@') && !said.contains("cust.test"), "{said}");
        assert_eq!(
            one["subscriber"].is_null(),
            local(to) == GONE,
            "a mailbox that does not exist alone is removed: {one}"
        );
        assert!(one["next_at"].is_null(), "Postfix has it: {one}");
    }
    let delayed = scene.postfix.log().matches("sender delay notification").count();
    assert!(delayed > 0, "that a mail is late says nothing of it: {}", scene.postfix.log());
}

/// The list, a removed address, the log, the metrics and `doctor`.
fn what_the_team_sees(scene: &Scene, client: &Client<'_>, (incident, gone): (&str, &str)) {
    let world = &scene.world;
    let of_state = |state: &str| -> Vec<Value> {
        let words = ["deliveries", "list", "--incident", incident, "--state", state, "--json"];
        let listed: Value = serde_json::from_str(&run_ok(world, &words)).expect("JSON");
        listed["deliveries"].as_array().expect("a list").clone()
    };
    let counts = ["delivered", "hard_bounced", "soft_bounced"].map(|state| of_state(state).len());
    assert_eq!(counts, [1, 4, 8]);
    let removed = of_state("hard_bounced").into_iter().find(|one| one["subscriber"].is_null()).expect("one");
    let shown = run_ok(world, &["deliveries", "show", text(&removed["id"])]);
    assert!(shown.contains("removed") && shown.contains("5.1.1 550 5.1.1 User unknown"), "{shown}");
    let table = run_ok(world, &["deliveries", "list", "--incident", incident]);
    assert!(table.contains("…@cust.test") && table.contains("removed"), "{table}");
    let (succeeded, output) =
        run_cli(world, &[&["subscribers", "add", "GONE@cust.test"], &CONSENT[..]].concat());
    assert!(
        !succeeded && output.contains("refused messages or complained within the last 12 months"),
        "{output}"
    );
    let left = client.get(&format!("/v1/pages/{}/subscribers", page_id(world)));
    assert_eq!(left.as_array().map(Vec::len), Some(EXPECTED.len() - 1), "{left}");

    let log = world.running().log();
    let line =
        log.lines().find(|line| line.contains("a subscriber is removed")).unwrap_or_else(|| panic!("{log}"));
    for words in [format!("subscriber={gone}"), "refusal=final".to_owned(), "status=5.1.1".to_owned()] {
        assert!(line.contains(&words), "{words}: {line}");
    }
    assert!(!log.contains("cust.test"), "no address is logged: {log}");
    let metrics = get(world.private, "/metrics").expect("an answer").text();
    let taken =
        format!("skerry_delivery_attempts_total{{channel=\"email\",class=\"success\"}} {}\n", EXPECTED.len());
    assert!(metrics.contains(&taken), "the relay took each: {metrics}");
    let findings = scene.findings().join("\n");
    for words in [
        format!("ok: the relay localhost:{} greets", scene.postfix.port()),
        "takes bounces by LMTP".to_owned(),
        "ok: none waits for more than 15 min".to_owned(),
        "warning: of 13 deliveries within the last hour 12 failed: 8 soft_bounced, 4 hard_bounced".to_owned(),
    ] {
        assert!(findings.contains(&words), "{words}: {findings}");
    }
}
