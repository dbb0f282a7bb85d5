//! What the programs log, as a file and the journal get it.

use crate::http::get;
use crate::process::{Process, program};
use crate::world::{World, page, quick_check};
use skerry_tests::parts::{free_port, until};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(15);

/// As systemd says it of the stream that it gives.
fn stream(file: &File) -> String {
    let about = file.metadata().expect("a file");
    format!("{}:{}", about.dev(), about.ino())
}

#[tokio::test]
async fn a_file_gets_times_and_no_colours_the_journal_priorities_and_no_times() {
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
async fn the_agent_says_to_the_journal_what_matters() {
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
