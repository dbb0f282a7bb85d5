//! Invalid input of every kind is refused with instructions and destroys nothing.

use crate::process::program;
use crate::sender::{batch, observation, records};
use crate::world::{World, now, page, quick_check};
use rusqlite::Connection;
use skerry_protocol::wire::{Batch, MAX_BODY_BYTES, State, encode, record::Kind};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_error_names_a_port_in_use() {
    let world = World::new(&page("demo", true, &["web"]));
    let taken = TcpListener::bind(("127.0.0.1", world.public)).expect("it is free");
    let message = world.refused();
    let address = taken.local_addr().expect("bound").to_string();
    assert!(message.contains(&address) && message.contains("use"), "{message}");
    assert!(!world.database().exists() || std::fs::metadata(world.database()).is_ok());
}

#[tokio::test]
async fn the_error_names_a_folder_that_cannot_be_written() {
    let world = World::new(&page("demo", true, &["web"]));
    let folder = world.path("data");
    std::fs::create_dir(&folder).expect("a folder");
    let root = rustix::process::geteuid().is_root();
    let message = if root {
        // Root can write everything, so another user tries.
        let copy = tempfile::tempdir().expect("a directory");
        for path in [copy.path(), &world.path("")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        }
        let config = world.path("aggregator.toml");
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o644)).expect("ours");
        let binary = copy.path().join("skerry-aggregator");
        std::fs::copy(program("skerry-aggregator"), &binary).expect("copied");
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&binary)
            .args(["serve", "--config"])
            .arg(&config)
            .current_dir("/")
            .output()
            .expect("setpriv is installed");
        assert!(!output.status.success(), "it started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    } else {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).expect("ours");
        world.refused()
    };
    assert!(
        message.contains("data/skerry.db") && message.contains("Make it writable for the user"),
        "{message}"
    );
}

#[tokio::test]
async fn a_newer_database_is_rejected_and_unchanged() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    world.stop().await;
    let database = Connection::open(world.database()).expect("opens");
    database.pragma_update(None, "user_version", 4_711).expect("set");
    drop(database);
    let before = std::fs::read(world.database()).expect("readable");
    let message = world.refused();
    assert!(message.contains("4711") && message.contains("newer Skerry"), "{message}");
    assert_eq!(std::fs::read(world.database()).expect("readable"), before, "nothing was changed");
}

#[tokio::test]
async fn a_damaged_database_is_rejected_and_unchanged() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    world.stop().await;
    // The log could repair the file. If several processes close at once, none of them checkpoints it.
    let database = Connection::open(world.database()).expect("opens");
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("folded in");
    drop(database);
    let mut bytes = std::fs::read(world.database()).expect("readable");
    let middle = bytes.len() / 3;
    bytes[middle..middle * 2].fill(0x5a);
    std::fs::write(world.database(), &bytes).expect("written");
    let message = world.refused();
    assert!(message.contains("damaged") && message.contains("restore the last backup"), "{message}");
    std::fs::write(
        world.database(),
        b"not a database at all, but long enough to be read as one, or so it hopes",
    )
    .expect("written");
    let message = world.refused();
    assert!(message.contains("damaged"), "{message}");
}

#[tokio::test]
async fn a_wrong_token_is_rejected_and_the_agent_keeps_its_spool() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let right = world.enrol("probe", "there", None);
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("probe", world.private, "ska_wrong", &checks);
    let agent = world.start_agent("probe", &config);
    until("the agent says that it is refused", NOTICED, async || agent.log().contains("rejects this agent"))
        .await;
    assert!(agent.log().contains("nothing is lost"), "{}", agent.log());
    until("the spool fills", NOTICED, async || {
        world.agent_status(&config).is_some_and(|status| status["depth"].as_u64() >= Some(3))
    })
    .await;
    assert_eq!(world.component("/", "web")["waiting"], true);
    let kept = world.agent_status(&config).expect("a status")["depth"].as_u64();
    agent.stop().await;
    world.write("probe/token", &right);
    let began = now();
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    let first =
        world.intervals("web").into_iter().find(|(.., status)| status == "operational").expect("seen");
    assert!(
        first.0 < began,
        "what {kept:?} kept records say is there, from before the right token: {first:?}"
    );
    agent.stop().await;
}

#[tokio::test]
async fn hostile_batches_are_rejected_and_leave_nothing_behind() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let batch = batch("probe", 7, &["web"]);
    let good = encode(&batch).expect("encodes");
    let foreign = Kind::Observation(observation(99, 0, State::Up));
    let outside = encode(&Batch { records: records(1, [foreign]), ..batch.clone() }).expect("encodes");
    let newer = encode(&Batch { protocol: 99, ..batch.clone() }).expect("encodes");
    let bomb = zstd_of_zeros();
    assert!(bomb.len() < MAX_BODY_BYTES);

    let wrong = world.deliver("ska_never-given", &good);
    assert_eq!(wrong.status, 401, "{}", wrong.text());
    assert!(wrong.head.to_ascii_lowercase().contains("www-authenticate: bearer"), "{}", wrong.head);
    let table: [(&str, &[u8], u16, &str); 6] = [
        ("oversized", &vec![0; MAX_BODY_BYTES + 1], 413, "send fewer records"),
        ("truncated", &good[..good.len() - 3], 400, "zstd"),
        ("not a batch", b"<html>captive portal</html>", 400, "zstd"),
        ("a check outside the list", &outside, 400, "outside the list"),
        ("a newer protocol", &newer, 400, "upgrade the older"),
        ("a bomb", &bomb, 400, "larger than"),
    ];
    for (what, body, status, words) in table {
        let answer = world.deliver(&token, body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.text().contains(words), "{what}: {}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{what} is a problem detail (RFC 9457): {problem}");
    }
    assert_eq!(world.component("/", "web")["waiting"], true, "none of it was taken");
    assert_eq!(world.deliver(&token, &good).status, 200, "a good one still is");
}

/// 256 MiB of zeros in a few kilobytes, which decode like a batch with one unknown field.
fn zstd_of_zeros() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 256 << 20], 3).expect("compresses")
}
