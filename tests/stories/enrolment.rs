//! An agent on another host: enrolled with one line, pinned to a certificate, rejected with instructions, and
//! never duplicated.

use crate::process::{Process, run};
use crate::world::{World, page, quick_check};
use rusqlite::Connection;
use skerry_tests::parts::certificates::{Authority, Certificate, Validity};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);
/// How long it may take until an agent or a page shows what a command changed.
const FOLLOWED: Duration = Duration::from_secs(25);

/// A loopback address that does not look like one: agents there count as remote.
pub(crate) fn elsewhere() -> (String, String) {
    let address = format!("[::ffff:127.0.0.1]:{}", free_port());
    (format!("[[listen]]\naddress = \"{address}\"\nserves = [\"agents\"]\n\n"), format!("https://{address}"))
}

pub(crate) fn agent_config(world: &World, name: &str, url: &str, more: &str) -> PathBuf {
    let text = format!(
        "[agent]\nname = \"{name}\"\nlocation = \"there\"\nspool = \"{}\"\n\n\
         [aggregator]\nurl = \"{url}\"\ntoken_file = \"{}\"\n{more}",
        world.path(&format!("{name}/spool/spool.db")).display(),
        world.path(&format!("{name}/token")).display()
    );
    world.write(&format!("{name}/agent.toml"), &text)
}

/// Runs a command of the aggregator: whether it succeeded, and its output.
pub(crate) fn run_cli(world: &World, words: &[&str]) -> (bool, String) {
    let output = world.command(words).output().expect("it starts");
    let bytes = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&bytes).trim().to_owned())
}

pub(crate) fn run_ok(world: &World, words: &[&str]) -> String {
    let output = world.command(words).output().expect("it starts");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs the printed line.
pub(crate) fn enroll(line: &str, config: &Path) -> (bool, String) {
    let token =
        line.strip_prefix("skerry-agent enroll ").unwrap_or_else(|| panic!("{line:?} is no line to paste"));
    let words = ["enroll".as_ref(), token.as_ref(), "--config".as_ref(), config.as_os_str()];
    let output = run("skerry-agent", &words);
    let bytes = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn listed(world: &World, name: &str) -> serde_json::Value {
    let roll: serde_json::Value =
        serde_json::from_str(&run_ok(world, &["agent", "list", "--json"])).expect("JSON");
    let agents = roll["agents"].as_array().expect("a list");
    agents.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {roll}")).clone()
}

async fn says(agent: &Process, words: &str) {
    until(&format!("the agent says {words:?}"), NOTICED, async || agent.log().contains(words)).await;
}

#[tokio::test]
async fn one_command_enrols_an_agent_and_pins_the_certificate() {
    let nginx = Nginx::start(&Site::default()).await;
    let (listener, url) = elsewhere();
    let mut world = World::new(&format!("{listener}{}", page("demo", true, &["web"])));
    world.start().await;
    let config = agent_config(&world, "web-1", &url, &quick_check("web", &nginx.url_at("127.0.0.1", "/")));
    let line = run_ok(&world, &["agent", "add", "web-1", "--location", "there"]);
    assert!(!line.contains('\n'), "{line}");
    let other = agent_config(&world, "web-2", &url, "");
    let (succeeded, output) = enroll(&line, &other);
    assert!(!succeeded && output.contains("Set name = \"web-1\"") && output.contains("not used"), "{output}");

    let (succeeded, output) = enroll(&line, &config);
    assert!(succeeded && output.contains("Enrolled as web-1 in there"), "{output}");
    assert!(output.contains("certificate is pinned"), "{output}");
    let mode = std::fs::metadata(world.path("web-1/token")).expect("a token").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (succeeded, output) = enroll(&line, &config);
    assert!(
        !succeeded && output.contains("already used") && output.contains("agent revoke web-1"),
        "{output}"
    );

    let agent = world.start_agent("web-1", &config);
    world.shows("web", "operational", NOTICED).await;
    let row = listed(&world, "web-1");
    assert_eq!((&row["location"], &row["standing"]), (&"there".into(), &"active".into()), "{row}");
    assert_eq!(row["version"], env!("CARGO_PKG_VERSION"), "{row}");
    assert!(row["last_seen_age_ms"].as_i64() < Some(16_000) && row["spool"]["depth"].is_u64(), "{row}");
    agent.stop().await;

    // An attacker or another aggregator presents another certificate at that address.
    world.stop().await;
    std::fs::remove_file(world.path("data/agents-certificate.pem")).expect("it was kept beside the database");
    world.start().await;
    let agent = world.start_agent("web-1", &config);
    says(&agent, "another certificate than the pinned one").await;
    says(&agent, "skerry-aggregator agent rotate").await;
    agent.stop().await;
    let acknowledged =
        || world.agent_status(&config).and_then(|status| status["acknowledged_through"].as_u64());
    let before = acknowledged();
    let line = run_ok(&world, &["agent", "rotate", "web-1"]);
    assert!(enroll(&line, &config).0);
    let agent = world.start_agent("web-1", &config);
    until("it delivers again", NOTICED, async || acknowledged() > before).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_token_that_no_other_host_can_use_says_so() {
    let add = ["agent", "add", "web-1", "--location", "fra"];
    let note = |world: &World, words: &[&str]| {
        let output = world.command(words).output().expect("it starts");
        assert!(output.stdout.starts_with(b"skerry-agent enroll skj_"), "{words:?}: the line stands alone");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let output = note(&world, &add);
    assert!(output.contains("only agents on this host can reach http://127.0.0.1:"), "{output}");
    assert!(output.contains("--url"), "{output}");
    let again = ["agent", "rotate", "web-1", "--url", "https://status.example.com:8081"];
    assert_eq!(note(&world, &again), "");
}

#[tokio::test]
async fn an_expired_or_truncated_token_is_rejected() {
    let (listener, url) = elsewhere();
    let mut world = World::new(&format!("{listener}{}", page("demo", true, &["web"])));
    world.start().await;
    let config = agent_config(&world, "web-1", &url, "");
    let line = run_ok(&world, &["agent", "add", "web-1", "--location", "there"]);
    let (succeeded, output) = enroll(&line[..line.len() - 3], &config);
    assert!(!succeeded && output.contains("copy the whole line"), "{output}");
    // A quarter of an hour passes.
    world.stop().await;
    let database = Connection::open(world.database()).expect("opens");
    database.busy_timeout(Duration::from_secs(5)).expect("a pragma");
    database.execute("UPDATE enrolment SET until_ms = until_ms - 900001", []).expect("written");
    drop(database);
    world.start().await;
    let (succeeded, output) = enroll(&line, &config);
    assert!(!succeeded && output.contains("has expired") && output.contains("agent rotate"), "{output}");
    assert!(!world.path("web-1/token").exists(), "nothing is left behind");
}

#[tokio::test]
async fn an_agent_is_renamed_disabled_rotated_and_revoked_while_the_aggregator_runs() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let batch = skerry_protocol::wire::Batch {
        protocol: 1,
        agent: "probe".into(),
        epoch: vec![7; 16],
        boot_id: "boot".into(),
        boot_now_ms: 1_000,
        wall_now_ms: crate::world::now(),
        ..Default::default()
    };
    let body = skerry_protocol::wire::encode(&batch).expect("encodes");
    let answers = async |token: &str, status: u16, words: &str| {
        until(&format!("{status} {words}"), FOLLOWED, async || {
            let answer = world.deliver(token, &body);
            answer.status == status && answer.text().contains(words)
        })
        .await;
    };
    answers(&token, 200, "").await;
    run_ok(&world, &["agent", "rename", "probe", "eye"]);
    assert_eq!(listed(&world, "eye")["location"], "there");
    answers(&token, 200, "").await;
    run_ok(&world, &["agent", "disable", "eye"]);
    answers(&token, 403, "disabled: let it in again with skerry-aggregator agent enable eye").await;
    run_ok(&world, &["agent", "enable", "eye"]);
    answers(&token, 200, "").await;
    let rotated = run_ok(&world, &["agent", "rotate", "eye", "--token"]);
    answers(&rotated, 200, "").await;
    answers(&token, 401, "").await;
    run_ok(&world, &["agent", "revoke", "eye"]);
    answers(&rotated, 401, "revoked").await;
    let (succeeded, output) = run_cli(&world, &["agent", "enable", "eye"]);
    assert!(!succeeded && output.contains("agent rotate"), "{output}");
    let (succeeded, output) = run_cli(&world, &["agent", "disable", "nobody"]);
    assert!(!succeeded && output.contains("agent list"), "{output}");
}

#[tokio::test]
async fn a_copied_spool_is_rejected_as_a_clone() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("twin", "there", None);
    world.write("twin/token", &token);
    let url = format!("http://127.0.0.1:{}", world.private);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = agent_config(&world, "twin", &url, &check);
    let agent = world.start_agent("twin", &config);
    world.shows("web", "operational", NOTICED).await;
    agent.stop().await;
    let (from, to) = (world.path("twin/spool"), world.path("copy/spool"));
    std::fs::create_dir_all(&to).expect("a folder");
    for entry in std::fs::read_dir(&from).expect("a spool") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
    let text = std::fs::read_to_string(&config).expect("written above");
    let text = text.replace(&from.display().to_string(), &to.display().to_string());
    let copied = world.write("copy/agent.toml", &text);
    let first = world.start_agent("twin", &config);
    world.shows("web", "operational", NOTICED).await;
    let second = world.start_agent("copy", &copied);
    until("one of them is refused", Duration::from_secs(30), async || {
        [&first, &second].iter().any(|agent| agent.log().contains("one is a copy of the other"))
    })
    .await;
    // It is logged once it is committed, after the reply to the agent.
    until("an operator hears of it", NOTICED, async || {
        world.running().log().contains("two agents deliver under one name")
    })
    .await;
    assert!(listed(&world, "twin")["cloned_at"].is_string());
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_certificate_without_a_known_authority_is_rejected_with_a_message() {
    let authority = Authority::new();
    let name = ["127.0.0.1"];
    let ca = format!("ca_file = \"{}\"\n", authority.file().display());
    let good = authority.sign(&name, Validity::GOOD);
    let table: [(Certificate, &str, &str); 4] = [
        (authority.sign(&["other.example"], Validity::GOOD), &ca, "certificate for another name"),
        (authority.sign(&name, Validity::EXPIRED), &ca, "has expired"),
        (good.clone(), "", "authority that this host does not trust"),
        (good, &ca, "rejects this agent"),
    ];
    for (certificate, trust, words) in table {
        let port = free_port();
        let listener = format!(
            "[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"agents\"]\n\
             tls = {{ certificate = \"{}\", key = \"{}\" }}\n\n",
            certificate.certificate.display(),
            certificate.key.display()
        );
        let mut world = World::new(&format!("{listener}{}", page("demo", true, &["web"])));
        world.start().await;
        world.write("web-1/token", "ska_not-known-there");
        let config = agent_config(&world, "web-1", &format!("https://127.0.0.1:{port}"), trust);
        let agent = world.start_agent("web-1", &config);
        says(&agent, words).await;
        agent.stop().await;
    }
}
