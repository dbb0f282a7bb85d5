//! A job that reports, is late, fails and reports again; crontab lines are run as printed.

use crate::http::{get, request};
use crate::world::{START, World, page};
use skerry_tests::parts::until;
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(20);

fn world() -> World {
    let beat = "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"3s\"\ngrace = \"1s\"\n\n";
    World::new(&format!("{beat}{}", page("demo", true, &["backup"])))
}

/// The address that the command line creates.
fn address(world: &World, words: &[&str]) -> String {
    let output = world.command(&[&["heartbeat"], words].concat()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn path_of(world: &World, address: &str) -> String {
    let begin = format!("http://127.0.0.1:{}", world.private);
    address.strip_prefix(&begin).unwrap_or_else(|| panic!("{address} is not at {begin}")).to_owned()
}

/// Runs a crontab line as cron does.
fn cron(line: &str) {
    let output = Command::new("/bin/sh").args(["-c", line]).output().expect("a shell");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_page_is_red_after_a_missed_call_and_green_after_the_next() {
    let mut world = world();
    world.start().await;
    world.stop().await;
    let address = address(&world, &["add", "backup"]);
    let path = path_of(&world, &address);
    world.start().await;
    assert_eq!(world.component("/", "backup")["waiting"], true);

    cron(&format!("true && curl -fsS -m 10 --retry 5 -o /dev/null {address}"));
    world.shows("backup", "operational", BOUND).await;
    assert!(world.page("/").text().contains("All systems operational"));
    world.shows("backup", "major_outage", BOUND).await;
    cron(&format!("wget -q -O /dev/null {address}"));
    world.shows("backup", "operational", BOUND).await;

    cron(&format!("curl -fsS -o /dev/null {address}/start"));
    cron(&format!("echo 'disk full' | curl -fsS -o /dev/null --data-binary @- {address}/$((1 + 1))"));
    world.shows("backup", "major_outage", BOUND).await;
    cron(&format!("curl -fsS -I -o /dev/null '{address}?rid=0b1e2f30-0000-4000-8000-000000000000'"));
    world.shows("backup", "operational", BOUND).await;
    cron(&format!("curl -fsS -o /dev/null '{address}?status=down&msg=disk+full&ping='"));
    world.shows("backup", "major_outage", BOUND).await;
    cron(&format!("curl -fsS -o /dev/null '{address}?status=up&msg=OK&ping=12'"));
    world.shows("backup", "operational", BOUND).await;
    cron(&format!("echo 'a word' | curl -fsS -o /dev/null --data-binary @- {address}/log"));
    for code in ["256", "-1", "3221225786"] {
        cron(&format!("curl -fsS -o /dev/null {address}/{code}"));
        world.shows("backup", "major_outage", BOUND).await;
        cron(&format!("curl -fsS -o /dev/null {address}/0"));
        world.shows("backup", "operational", BOUND).await;
    }
    assert!(!world.page("/").text().contains("disk full"), "what a job says is private");

    // A restart keeps the calls, and our own downtime counts against nobody.
    world.stop().await;
    world.start().await;
    assert_eq!(get(world.private, &path).map(|answer| answer.status), Some(200));
    world.shows("backup", "operational", BOUND).await;
    world.shows("backup", "major_outage", BOUND).await;
}

#[tokio::test]
async fn an_unknown_heartbeat_address_is_a_404() {
    let mut world = world();
    world.start().await;
    let nothing = get(world.private, "/no-such-path").expect("an answer");
    for path in ["/heartbeat/", "/heartbeat/skh_1", "/heartbeat/skh_1/start", "/heartbeat/skh_1/what"] {
        assert_eq!(get(world.private, path).as_ref(), Some(&nothing), "{path}");
    }
    let posted = request(world.private, "POST /heartbeat/skh_1 HTTP/1.1\r\nContent-Length: 2", b"hi");
    assert_eq!(posted.map(|answer| answer.status), Some(404));

    // A new address beside a running aggregator works within seconds, and the one it replaces stops working.
    let first = path_of(&world, &address(&world, &["add", "backup"]));
    let answers = |path: &str| get(world.private, path).map(|answer| answer.status);
    until("the address is known", START, async || answers(&first) == Some(200)).await;
    assert_eq!(answers(&format!("{first}/no-such-word")), Some(404));
    let deleted = request(world.private, &format!("DELETE {first} HTTP/1.1"), b"").expect("an answer");
    assert_eq!(deleted.status, 405);
    let second = path_of(&world, &address(&world, &["rotate", "backup"]));
    until("the former one is forgotten", START, async || answers(&first) == Some(404)).await;
    assert_eq!(answers(&second), Some(200));
    assert_eq!(
        get(world.public, &second).map(|answer| answer.status),
        Some(404),
        "the public has no such door"
    );

    let list = address(&world, &["list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!((&list[0]["check"], &list[0]["has_address"]), (&"backup".into(), &true.into()));
    let refused = world.command(&["heartbeat", "add", "no-such"]).output().expect("it starts");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("declares no check \"no-such\" of type \"heartbeat\": add it"), "{message}");
    let refused = world.command(&["heartbeat", "add", "bakcup"]).output().expect("it starts");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("of type \"heartbeat\": did you mean \"backup\"?"), "{message}");
}
