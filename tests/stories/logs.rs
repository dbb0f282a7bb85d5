//! The log output of the programs to a file and to the journal.

use crate::http::{get, request};
use crate::process::{Process, program};
use crate::sender::{batch, observation, records};
use crate::world::{World, page, quick_check};
use skerry_protocol::wire::{Batch, Observation, State, encode, record::Kind};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(15);

/// The value of `JOURNAL_STREAM` for this stream.
fn stream(file: &File) -> String {
    let about = file.metadata().expect("a file");
    format!("{}:{}", about.dev(), about.ino())
}

#[tokio::test]
async fn a_log_file_has_times_without_colours_and_the_journal_has_priorities() {
    let checks = quick_check("web", &format!("http://127.0.0.1:{}/", free_port()));
    let mut world = World::new(&format!(
        "[local_agent]\nlocation = \"here\"\n\n{checks}{}",
        page("demo", true, &["web"])
    ));
    let serve = |world: &World, name: &str, journal: Option<&str>| {
        let mut command = world.command(&["serve"]);
        if let Some(stream) = journal {
            command.env("JOURNAL_STREAM", stream);
        }
        Process::start(name, command, &world.path(""))
    };
    let up = async |world: &World| {
        until("the page answers", BOUND, async || get(world.public, "/").is_some()).await;
    };

    let process = serve(&world, "to-a-file", Some("1:1"));
    up(&world).await;
    let log = process.log();
    assert!(!log.contains('\u{1b}'), "colours for nobody: {log}");
    assert!(log.lines().all(|line| line.starts_with("20")), "each line has its time: {log}");
    let doors = log.lines().filter_map(|line| Some(line.split_once(" serves=")?.1)).collect::<Vec<_>>();
    assert_eq!(doors, ["public", "\"agents, hooks, admin\""], "as the configuration writes them");
    process.stop().await;

    let file = File::create(world.path("to-the-journal.log")).expect("a log");
    let process = serve(&world, "to-the-journal", Some(&stream(&file)));
    up(&world).await;
    world.declare("nonsense = 1\n");
    process.hang_up();
    until("the reload is refused", BOUND, async || process.log().contains("nonsense")).await;
    let log = process.log();
    assert!(log.lines().any(|line| line.starts_with("<6> INFO listening")), "{log}");
    assert!(
        log.lines().filter(|line| line.contains("nonsense")).all(|line| line.starts_with("<3>")),
        "{log}"
    );
    assert!(log.lines().all(|line| line.starts_with('<') && !line.contains('\u{1b}')), "{log}");
    process.stop().await;
}

#[tokio::test]
async fn the_agent_logs_to_the_journal_with_priorities() {
    let world = World::new("");
    let file = File::create(world.path("agent.log")).expect("a log");
    let mut command = Command::new(program("skerry-agent"));
    command.arg("run").arg("--config").arg(world.path("agent.toml")).env("JOURNAL_STREAM", stream(&file));
    std::fs::write(world.path("agent.toml"), "").expect("written");
    let process = Process::start("agent", command, &world.path(""));
    until("it waits", BOUND, async || process.log().contains("not enrolled yet")).await;
    assert!(process.log().starts_with("<4> WARN "), "{}", process.log());
    process.stop().await;
}

/// A check that goes down is logged as a warning, with unambiguous values.
#[tokio::test]
async fn a_check_that_goes_down_is_a_warning_with_quoted_values_and_readable_times() {
    let checks = quick_check("My shop", &format!("http://127.0.0.1:{}/", free_port()));
    let mut world = World::new(&format!("[local_agent]\nlocation = \"here\"\n\n{checks}"));
    let transition =
        |log: String| log.lines().find(|line| line.contains("hard transition")).map(str::to_owned);
    world.start().await;
    until("it is down", BOUND, async || transition(world.running().log()).is_some()).await;
    let line = transition(world.running().log()).expect("it is logged");
    assert!(line.contains(" WARN hard transition check=\"My shop\" agent="), "{line}");
    assert!(line.contains(" from=unknown to=down reason=connect_refused detail=\""), "{line}");
    let since =
        line.split(" since=").nth(1).and_then(|rest| rest.split(' ').next()).expect("it says since when");
    assert!(since.starts_with("20") && since.ends_with('Z') && since.contains('T'), "{line}");
    assert_eq!(world.running().log().matches("hard transition").count(), 1, "it is logged once");
    world.stop().await;
}

/// Empty fields of a check that is up are omitted.
#[tokio::test]
async fn empty_values_are_left_out() {
    let nginx = Nginx::start(&Site::default()).await;
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let mut world = World::new(&format!("[local_agent]\nlocation = \"here\"\n\n{checks}"));
    world.start().await;
    until("it is up", BOUND, async || world.running().log().contains("hard transition")).await;
    let log = world.running().log();
    let line = log.lines().find(|line| line.contains("hard transition")).expect("it is logged");
    assert!(
        line.contains(" INFO hard transition check=web agent=") && line.contains(" to=up since="),
        "{line}"
    );
    assert!(!log.lines().any(|line| line.contains("= ") || line.ends_with('=')), "{log}");
    world.stop().await;
}

#[tokio::test]
async fn a_flood_of_malformed_requests_is_one_warning_with_count_and_client() {
    let mut world = World::new(&page("demo", true, &["web"]));
    let mut command = world.command(&["serve"]);
    command.args(["--log-level", "error"]);
    let flood = |world: &World| {
        for _ in 0..20 {
            for port in [world.public, world.private] {
                let answer = request(port, "\u{1}nonsense / HTTP/9.9", b"").expect("an answer");
                assert_eq!(answer.status, 400);
            }
        }
    };
    world.start_as(command).await;
    flood(&world);
    assert!(!world.running().log().contains("stream error"), "{}", world.running().log());
    assert!(!world.running().log().contains("ERROR"), "{}", world.running().log());
    world.stop().await;

    world.start().await;
    flood(&world);
    let log = world.running().log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("malformed requests")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("WARN") && warnings[0].contains("127.0.0.1:"), "{}", warnings[0]);
    world.stop().await;
}

#[tokio::test]
async fn direction_marks_are_escaped_wherever_they_are_shown() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let strange = "we\u{202e}b\u{2028}x";
    let seen = observation(0, 100, State::Down);
    let detail = "bad\u{202e}\u{2066}".into();
    let seen = Observation { detail, since_boot_ms: Some(seen.boot_ms), ..seen };
    let seen = records(1, [Kind::Observation(seen)]);
    let batch = Batch { records: seen, ..batch("probe", 7, &[strange]) };
    assert_eq!(world.deliver(&token, &encode(&batch).expect("encodes")).status, 200);
    until("it is logged", BOUND, async || world.running().log().contains("hard transition")).await;
    let log = world.running().log();
    assert!(!log.contains(['\u{202e}', '\u{2028}', '\u{2066}']), "{log:?}");
    assert!(log.contains("we\\u202eb\\u2028x"), "{log}");
    world.stop().await;
}
