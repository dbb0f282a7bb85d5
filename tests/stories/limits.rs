//! A low soft limit of open files, as set by shells and service managers, affects neither program.

use crate::http::get;
use crate::process::{Process, program};
use crate::world::{START, World, page};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(30);
const SOFT: u32 = 64;
/// More files than either program may open with [`SOFT`].
const MANY: usize = 200;

/// Runs `plain` in a shell that sets this limit.
fn limited(ulimit: &str, plain: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {ulimit} {SOFT}; exec \"$@\""), "sh"]);
    command.arg(plain.get_program()).args(plain.get_args());
    command
}

/// Checks that all run at once and end one after another.
fn checks(nginx: &Nginx) -> String {
    let url = nginx.url_at("127.0.0.1", "/");
    let check = |number| {
        format!(
            "[[check]]\nname = \"shop{number}\"\ntype = \"http\"\nurl = \"{url}\"\ninterval = \"5s\"\ntimeout = \"2s\"\n\n"
        )
    };
    (0..MANY).map(check).collect()
}

fn agent_within(ulimit: &str, world: &World, nginx: &Nginx) -> Process {
    let config = world.agent_config("probe", world.private, "ska_1", &checks(nginx));
    let mut plain = Command::new(program("skerry-agent"));
    plain.arg("run").arg("--config").arg(&config);
    Process::start("probe", limited(ulimit, &plain), &world.path(""))
}

#[tokio::test]
async fn a_low_soft_limit_of_open_files_rejects_no_visitor() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start_as(limited("-Sn", &world.command(&["serve"]))).await;
    // Visitors who keep their connections open.
    let visit = |_| TcpStream::connect(("127.0.0.1", world.public)).expect("it listens");
    let visitors: Vec<TcpStream> = (0..MANY).map(visit).collect();
    until("another is served", START, async || get(world.public, "/").is_some()).await;
    drop(visitors);
    world.stop().await;
}

#[tokio::test]
async fn a_low_soft_limit_of_open_files_delays_no_check() {
    let nginx = Nginx::start(&Site::default()).await;
    let world = World::new("");
    let agent = agent_within("-Sn", &world, &nginx);
    until("every check is up", NOTICED, async || agent.log().matches(" to=up").count() == MANY).await;
    assert!(!agent.log().contains("limit of open files"), "{}", agent.log());
    agent.stop().await;
}

#[tokio::test]
async fn a_hard_limit_that_is_too_low_is_logged() {
    let nginx = Nginx::start(&Site::default()).await;
    let world = World::new("");
    let agent = agent_within("-n", &world, &nginx);
    until("it says what to raise", START, async || agent.log().contains("raise LimitNOFILE= in its unit"))
        .await;
    agent.stop().await;
}
