//! Reloading the configuration by SIGHUP: all of it or nothing, and the log says what happened.

use crate::http::get;
use crate::process::Process;
use crate::world::{World, page, quick_check};
use skerry_protocol::wire::{Batch, encode};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(10);
const AGAIN: &str = "configuration reloaded";

/// Sends SIGHUP and waits for the outcome; returns the new log lines.
async fn read_again(process: &Process) -> String {
    let before = process.log().len();
    process.hang_up();
    let new_log = || process.log().split_off(before);
    until("the configuration is read again", NOTICED, async || {
        new_log().contains(AGAIN) || new_log().contains("not reloaded")
    })
    .await;
    new_log()
}

/// The messages of this level, without their prefix.
fn lines(log: &str, level: &str) -> Vec<String> {
    let of = log.lines().filter_map(|line| Some(line.split_once(level)?.1.trim().to_owned()));
    of.collect()
}

#[tokio::test]
async fn renaming_a_workspace_during_agent_add_keeps_the_program_ready() {
    let target = Nginx::start(&Site::default()).await;
    let red = format!(
        "workspace = \"red\"\n---\n[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("web", &target.url_at("127.0.0.1", "/")),
        page("red", true, &["web"])
    );
    let mut world = World::new(&red);
    let second = |name: &str| format!("workspace = \"{name}\"\n{}", page("second", true, &["shop"]));
    world.declare_workspace("second.toml", &second("blue"));
    world.start().await;
    until("it is ready", NOTICED, async || {
        get(world.private, "/readyz").is_some_and(|one| one.status == 200)
    })
    .await;

    world.write("second.toml", &second("green"));
    let token = world.enrol("probe", "there", Some("green"));
    let log = read_again(world.running()).await;
    assert!(log.contains("all of it has taken effect"), "{log}");
    assert!(!world.running().log().contains("the database cannot be written"), "{}", world.running().log());
    let answer = get(world.private, "/readyz").expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    until("its page is shown", NOTICED, async || world.page("/status/second/").status == 200).await;
    let batch = Batch {
        protocol: 1,
        agent: "probe".to_owned(),
        epoch: vec![9; 16],
        boot_id: "boot".into(),
        ..Batch::default()
    };
    let taken = world.deliver(&token, &encode(&batch).expect("encodes"));
    assert_eq!(taken.status, 200, "the agent that was enrolled beside it is known: {}", taken.text());
}

#[tokio::test]
async fn an_invalid_second_file_changes_nothing_in_the_first() {
    let mut world = World::new(&format!("workspace = \"red\"\n---\n{}", page("red", true, &["web"])));
    world.declare_workspace("blue.toml", &format!("workspace = \"blue\"\n{}", page("blue", true, &["web"])));
    world.start().await;
    world.declare(&format!("workspace = \"red\"\n---\n{}", page("red", true, &["web", "shop"])));
    world.write("blue.toml", "workspace = \"blue\"\npages = 1\n");
    let log = read_again(world.running()).await;
    assert!(
        log.contains("previous configuration kept") && log.contains("blue.toml:2:1: unknown key pages"),
        "{log}"
    );
    assert!(!world.page("/status/red/api/v2/components.json").text().contains("shop"));
    assert_eq!(world.page("/status/blue/").status, 200);
}

#[tokio::test]
async fn a_reload_logs_the_same_warnings_as_a_start() {
    let doubtful =
        format!("{}{}", page("demo", false, &["web"]), "[[page.component]]\nkey = \"a\"\nname = \"A\"\n");
    let mut world = World::new(&doubtful);
    world.start().await;
    let at_start = lines(&world.running().log(), " WARN ");
    assert!(at_start.len() >= 2, "{at_start:?}");
    let again = lines(&read_again(world.running()).await, " WARN ");
    for warning in &at_start {
        assert!(again.contains(warning), "{warning} is not among {again:#?}");
    }
}

#[tokio::test]
async fn a_built_in_agent_is_removed_added_and_moved_by_a_reload() {
    let target = Nginx::start(&Site::default()).await;
    let check = quick_check("web", &target.url_at("127.0.0.1", "/"));
    let rest = format!("{check}{}", page("demo", true, &["web"]));
    let at = |location: &str| format!("[local_agent]\nlocation = \"{location}\"\n\n{rest}");
    let mut world = World::new(&at("here"));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    let before = world.component("/", "web")["id"].clone();

    world.declare(&rest);
    let log = read_again(world.running()).await;
    assert!(log.contains("the built-in agent \"local\" of workspace \"default\" has ended"), "{log}");
    assert!(log.contains("it no longer runs its 1 check"), "{log}");
    assert!(log.contains("all of it has taken effect"), "{log}");
    until("nobody sees it any more", NOTICED, async || !world.component("/", "web")["stale_since"].is_null())
        .await;

    for location in ["here", "there"] {
        world.declare(&at(location));
        let log = read_again(world.running()).await;
        assert!(log.contains("all of it has taken effect"), "{log}");
        world.shows("web", "operational", NOTICED).await;
        let list = world.command(&["agent", "list", "--json"]).output().expect("it starts");
        let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
        let agents = list["agents"].as_array().expect("a list");
        let local: Vec<_> = agents.iter().filter(|one| one["name"] == "local").collect();
        assert_eq!(local.len(), 1, "{list}");
        assert_eq!(local[0]["location"], location, "{list}");
    }
    assert_eq!(world.component("/", "web")["id"], before, "its history goes on");
    world.stop().await;
}

/// Another name is another agent, so nothing is missing that was acknowledged to the former one.
#[tokio::test]
async fn renaming_a_built_in_agent_reports_no_loss() {
    let target = Nginx::start(&Site::default()).await;
    let check = quick_check("web", &target.url_at("127.0.0.1", "/"));
    let rest = format!("{check}{}", page("demo", true, &["web"]));
    let named = |name: &str| format!("[local_agent]\nlocation = \"here\"\nname = \"{name}\"\n\n{rest}");
    let counts = async |world: &World, name: &str| {
        until("its reports count", NOTICED, async || {
            let list = world.command(&["check", "list"]).output().expect("it starts");
            String::from_utf8_lossy(&list.stdout).contains(&format!("here/{name} up"))
        })
        .await;
        let list = world.command(&["agent", "list", "--json"]).output().expect("it starts");
        let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
        let agents = list["agents"].as_array().expect("a list");
        let one =
            agents.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {list}"));
        assert_eq!(one["lost"]["records"], 0, "{list}");
        let log = world.running().log();
        assert!(!log.contains(" ERROR "), "{log}");
    };
    let mut world = World::new(&named("local"));
    world.start().await;
    counts(&world, "local").await;
    // Back to the first name, whose former spool is gone.
    for name in ["home", "local"] {
        world.declare(&named(name));
        read_again(world.running()).await;
        counts(&world, name).await;
    }
    world.declare(&named("third"));
    world.stop().await;
    world.start().await;
    counts(&world, "third").await;
    world.stop().await;
}

#[tokio::test]
async fn exactly_the_changes_that_need_a_restart_are_named() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let log = read_again(world.running()).await;
    assert!(log.contains("all of it has taken effect") && !log.contains("started again"), "{log}");

    let port = free_port();
    let listen = format!("[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"admin\"]\n\n");
    let public = "[public]\nbase_url = \"https://status.example.com\"\n\n";
    world.declare(&format!("{listen}{public}{}", page("demo", true, &["web", "shop"])));
    for _ in 0..2 {
        let log = read_again(world.running()).await;
        assert!(
            log.contains(
                "[[listen]], [public] base_url changed, which takes effect when the program is started again"
            ),
            "{log}"
        );
    }
    let rest = async || world.page("/api/v2/components.json").text().contains("shop");
    until("the rest holds", NOTICED, rest).await;
    assert!(get(port, "/healthz").is_none());
    world.stop().await;
    world.start().await;
    assert!(get(port, "/healthz").is_some());
}

#[tokio::test]
async fn an_agent_with_a_new_location_runs_its_former_checks_until_a_restart() {
    let target = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "probe", None);
    let check = |name: &str, location: &str| {
        let check = quick_check(name, &target.url_at("127.0.0.1", "/"));
        format!("{}locations = [\"{location}\"]\n\n", check.trim_end().to_owned() + "\n")
    };
    let checks = format!("{}{}", check("web", "probe"), check("shop", "moved"));
    let config = world.agent_config("probe", world.private, &token, &checks);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    let text = std::fs::read_to_string(&config).expect("written");
    world.write("probe/agent.toml", &text.replace("location = \"probe\"", "location = \"moved\""));
    let log = read_again(&agent).await;
    assert!(
        log.contains("[agent] location changed, which takes effect when the agent is started again"),
        "{log}"
    );
    let taken = || world.agent_status(&config).and_then(|status| status["acknowledged_through"].as_u64());
    let before = taken().expect("it has delivered") + 3;
    until("it runs on, where it stood", NOTICED, async || taken() > Some(before)).await;
    assert_eq!(world.agent_state(&config, "shop"), None, "that of another place is not run");
    agent.stop().await;
}
