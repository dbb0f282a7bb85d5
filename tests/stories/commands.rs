//! The command line beside a running aggregator: checks and their reasons, outages, known, moved and removed
//! agents, heartbeat addresses, single runs of checks.

use crate::enrolment::{agent_config, elsewhere, enroll, listed, run_cli, run_ok};
use crate::http::get;
use crate::process::program;
use crate::sender::{batch, inventory, observation, records, state};
use crate::world::{World, page, quick_check};
use skerry_protocol::wire::{Batch, State, encode, record::Kind};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::process::Command;
use std::time::Duration;

/// How long it may take until an agent or a page shows what a command changed.
const FOLLOWED: Duration = Duration::from_secs(25);
const NOTICED: Duration = Duration::from_secs(15);

/// A row of `check list --json`.
fn check(world: &World, name: &str) -> serde_json::Value {
    let all: serde_json::Value =
        serde_json::from_str(&run_ok(world, &["check", "list", "--json"])).expect("JSON");
    let rows = all["checks"].as_array().expect("a list");
    rows.iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
}

fn line_of(text: &str, name: &str) -> String {
    text.lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("no {name} in\n{text}"))
        .to_owned()
}

#[tokio::test]
async fn check_list_shows_reason_time_latency_and_the_state_at_each_location() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web", "search", "admin"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let web = nginx.url_at("127.0.0.1", "/");
    let missing = world.path("no-such-password");
    let checks = [
        quick_check("web", &web),
        quick_check("search", &format!("http://127.0.0.1:{}/", free_port())),
        // Reports problems of the agent's own file, too.
        quick_check("admin", &web)
            + &format!("auth = {{ user = \"me\", password_file = \"{}\" }}\n", missing.display()),
        quick_check("patient", &format!("http://127.0.0.1:{}/", free_port()))
            .replace("fall = 3", "fall = 1000"),
    ]
    .concat();
    let config = world.agent_config("probe", world.private, &token, &checks);
    let agent = world.start_agent("probe", &config);
    until("all are known", NOTICED, async || {
        check(&world, "web")["verdict"] == "up"
            && check(&world, "search")["verdict"] == "down"
            && !check(&world, "admin")["reason"].is_null()
            && !check(&world, "patient")["reason"].is_null()
    })
    .await;

    let search = check(&world, "search");
    assert_eq!(search["reason"], "connect_refused", "{search}");
    assert!(search["detail"].as_str().is_some_and(|detail| detail.contains("refused")), "{search}");
    assert!(search["since"].as_str().is_some_and(|since| since.starts_with("20")), "{search}");
    assert_eq!(search["locations"], serde_json::json!([{ "location": "there", "says": "down" }]), "{search}");
    let run = &search["agents"][0]["last_run"];
    assert_eq!((&run["outcome"], &run["reason"]), (&"down".into(), &"connect_refused".into()), "{search}");
    let web = check(&world, "web");
    assert!(web["latency_us"].as_u64().is_some_and(|us| us > 0 && us < 5_000_000), "{web}");
    assert!(web["reason"].is_null() && web["agents"][0]["since"].is_string(), "{web}");
    let admin = check(&world, "admin");
    assert_eq!((&admin["verdict"], &admin["agents"][0]["says"]), (&"unknown".into(), &"inconclusive".into()));
    assert!(
        admin["detail"].as_str().is_some_and(|detail| detail.contains("no-such-password")),
        "the file is named: {admin}"
    );

    let table = run_ok(&world, &["check", "list"]);
    let head = line_of(&table, "CHECK");
    for column in ["STATUS", "SINCE", "LATENCY", "DISSENTING", "REPORTED"] {
        assert!(head.contains(column), "{head}");
    }
    let search = line_of(&table, "search");
    assert!(search.contains(" s ago") && search.contains("there/probe down: connect_refused, "), "{search}");
    let web = line_of(&table, "web");
    assert!(web.contains(" ms ") && web.ends_with("there/probe up"), "{web}");
    let admin = line_of(&table, "admin");
    assert!(admin.contains("there/probe inconclusive: ") && admin.contains("no-such-password"), "{admin}");
    // A check that failed fewer times than `fall` is not inconclusive.
    let patient = line_of(&table, "patient");
    assert!(patient.contains("there/probe unconfirmed: connect_refused"), "{patient}");
    assert_eq!(check(&world, "patient")["agents"][0]["says"], "unconfirmed");

    // A restart of the aggregator keeps all of it.
    let before = check(&world, "search");
    agent.stop().await;
    world.stop().await;
    let after = check(&world, "search");
    assert_eq!((&after["since"], &after["reason"]), (&before["since"], &before["reason"]), "{after}");
}

#[tokio::test]
async fn outages_are_listed_with_their_checks_and_as_csv() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut search = Nginx::start(&Site::default()).await;
    search.kill().await;
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let mut world = World::new(&format!(
        "{local}{}{}{}",
        quick_check("web", &nginx.url_at("127.0.0.1", "/")),
        quick_check("search", &search.url_at("127.0.0.1", "/")),
        page("demo", true, &["web", "search"])
    ));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    world.shows("search", "major_outage", NOTICED).await;
    let outages = |words: &[&str]| -> Vec<serde_json::Value> {
        let text = run_ok(&world, &[&["outages", "--json"], words].concat());
        let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        all["outages"].as_array().expect("a list").clone()
    };
    let lasts = outages(&[]);
    assert_eq!(lasts.len(), 1, "{lasts:?}");
    assert_eq!((&lasts[0]["component"], &lasts[0]["status"]), (&"search".into(), &"major_outage".into()));
    assert_eq!(lasts[0]["checks"], serde_json::json!(["search"]), "{lasts:?}");
    assert!(lasts[0]["to"].is_null() && lasts[0]["from"].is_string(), "it lasts: {lasts:?}");
    let table = run_ok(&world, &["outages"]);
    assert!(line_of(&table, "COMPONENT").contains("DURATION"), "{table}");
    let line = line_of(&table, "search");
    assert!(line.contains(" ongoing ") && line.ends_with(" search"), "{line}");

    search.restart().await;
    world.shows("search", "operational", NOTICED).await;
    let over = outages(&["search"]);
    let (from, to) = (over[0]["from"].as_str(), over[0]["to"].as_str());
    assert!(from.is_some() && to.is_some() && from < to, "{over:?}");
    assert_eq!(over[0]["from"], lasts[0]["from"], "it began when it began");
    assert_eq!(run_ok(&world, &["outages", "web"]), "There were no outages.");
    let (succeeded, output) = run_cli(&world, &["outages", "no-such"]);
    assert!(
        !succeeded && output.contains("no-such") && output.contains("its name, its key or its id"),
        "{output}"
    );

    let table = run_ok(&world, &["outages", "--csv"]);
    let mut lines = table.lines();
    let header = "workspace,page,component,component_id,from,to,seconds,status,checks";
    assert_eq!(lines.next(), Some(header));
    let row: Vec<&str> = lines.next().expect("a row").split(',').collect();
    assert_eq!(
        (row[2], Some(row[4]), Some(row[5]), row[7], row[8]),
        ("search", from, to, "major_outage", "search")
    );
}

/// Sends a batch of an agent with a location.
fn says(world: &World, token: &str, name: &str, location: &str, sequence: u64) -> (u16, String) {
    let delivery = Batch {
        inventory: inventory(&[("web", vec![1; 16])]),
        records: records(sequence, [Kind::Observation(observation(0, 0, State::Up))]),
        snapshot: vec![state(0, State::Up)],
        location: location.to_owned(),
        ..batch(name, 7, &["web"])
    };
    let answer = world.deliver(token, &encode(&delivery).expect("encodes"));
    (answer.status, answer.text())
}

#[tokio::test]
async fn a_name_in_use_is_rejected_and_agent_move_changes_the_location() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("web-1", "ams", None);
    assert_eq!(says(&world, &token, "web-1", "ams", 1).0, 200);
    for more in [&["--token"][..], &[]] {
        let (succeeded, output) =
            run_cli(&world, &[&["agent", "add", "web-1", "--location", "fra"], more].concat());
        assert!(
            !succeeded && output.contains("agent \"web-1\" already, in \"ams\"; nothing was changed"),
            "{output}"
        );
        for remedy in ["agent rotate", "agent move", "agent remove"] {
            assert!(output.contains(remedy), "{output}");
        }
    }
    assert_eq!(listed(&world, "web-1")["location"], "ams");
    assert_eq!(says(&world, &token, "web-1", "ams", 2).0, 200, "its token opens what it opened");

    // Its file names another location than its enrolment.
    let (status, why) = says(&world, &token, "web-1", "fra", 3);
    assert_eq!(status, 403, "{why}");
    assert!(why.contains("\\\"fra\\\"") && why.contains("enrolled in \\\"ams\\\""), "{why}");
    assert!(why.contains("agent move"), "{why}");

    assert!(run_ok(&world, &["agent", "move", "web-1", "fra"]).contains("web-1 is in fra now"));
    assert_eq!(listed(&world, "web-1")["location"], "fra");
    until("the aggregator follows", FOLLOWED, async || says(&world, &token, "web-1", "fra", 3).0 == 200)
        .await;
    assert_eq!(says(&world, &token, "web-1", "ams", 4).0, 200, "its file may be set at leisure");
    until("the check is seen from there", FOLLOWED, async || {
        check(&world, "web")["agents"][0]["location"] == "fra"
    })
    .await;
    let (succeeded, output) = run_cli(&world, &["agent", "move", "web-1", "fra"]);
    assert!(!succeeded && output.contains("already"), "{output}");
    let (succeeded, output) = run_cli(&world, &["agent", "move", "nobody", "fra"]);
    assert!(!succeeded && output.contains("agent list"), "{output}");
}

#[tokio::test]
async fn a_removed_agent_is_not_listed_and_its_name_is_free() {
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("web-1", "ams", None);
    assert_eq!(says(&world, &token, "web-1", "ams", 1).0, 200);
    world.shows("web", "operational", NOTICED).await;
    let metrics = |world: &World| get(world.private, "/metrics").expect("an answer").text();
    until("it is measured", NOTICED, async || metrics(&world).contains("agent=\"web-1\"")).await;

    assert!(run_ok(&world, &["agent", "remove", "web-1"]).contains("web-1 is removed"));
    assert_eq!(run_ok(&world, &["agent", "list", "--json"]), "{\"agents\":[]}");
    until("its token opens nothing", FOLLOWED, async || says(&world, &token, "web-1", "ams", 2).0 == 401)
        .await;
    until("nobody runs its check", FOLLOWED, async || {
        check(&world, "web")["agents"] == serde_json::json!([])
    })
    .await;
    until("it is measured no more", NOTICED, async || !metrics(&world).contains("web-1")).await;
    // Its observations stay, also after a restart.
    let before = world.intervals("web");
    world.stop().await;
    world.start().await;
    assert_eq!(world.intervals("web"), before);
    assert!(!metrics(&world).contains("web-1"));

    let another = world.enrol("web-1", "fra", None);
    assert_eq!(says(&world, &another, "web-1", "fra", 1).0, 200);
    assert_eq!(listed(&world, "web-1")["location"], "fra");
    assert_eq!(says(&world, &token, "web-1", "ams", 2).0, 401);
    let (succeeded, output) = run_cli(&world, &["agent", "remove", "nobody"]);
    assert!(!succeeded && output.contains("agent list"), "{output}");
}

#[tokio::test]
async fn an_agent_with_another_location_in_its_file_is_not_enrolled() {
    let (listener, url) = elsewhere();
    let mut world = World::new(&format!("{listener}{}", page("demo", true, &["web"])));
    world.start().await;
    let config = agent_config(&world, "web-1", &url, "");
    let line = run_ok(&world, &["agent", "add", "web-1", "--location", "fra"]);
    let (succeeded, output) = enroll(&line, &config);
    assert!(!succeeded && output.contains("agent in \"fra\"") && output.contains("not used"), "{output}");
    assert!(output.contains("Set location = \"fra\" under [agent]"), "{output}");
    let text = std::fs::read_to_string(&config).expect("written above");
    world.write("web-1/agent.toml", &text.replace("location = \"there\"", "location = \"fra\""));
    let (succeeded, output) = enroll(&line, &config);
    assert!(succeeded, "the token was not used: {output}");
}

#[tokio::test]
async fn a_heartbeat_address_works_at_once_and_its_command_is_printed() {
    let (listener, url) = elsewhere();
    let beat = "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"1h\"\ngrace = \"1h\"\n\n";
    let mut world = World::new(&format!("{listener}{beat}{}", page("demo", true, &["backup"])));
    world.start().await;
    let run = |words: &[&str]| {
        let output = world.command(words).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        [output.stdout, output.stderr].map(|output| String::from_utf8_lossy(&output).trim().to_owned())
    };
    let curl = |line: &str| {
        let output = Command::new("/bin/sh").args(["-c", line]).output().expect("a shell");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let [address, note] = run(&["heartbeat", "add", "backup"]);
    assert!(address.starts_with(&format!("{url}/heartbeat/skh_")) && !address.contains('\n'), "{address}");
    let line = note.lines().map(str::trim).find(|line| line.starts_with("curl ")).expect("a line to paste");
    assert!(line.contains("--pinnedpubkey") && line.ends_with(&address), "{note}");
    // As printed, without waiting.
    let (succeeded, output) = curl(line);
    assert!(succeeded, "{line}: {output}");
    world.shows("backup", "operational", NOTICED).await;
    let other = line.replace("sha256//", "sha256//A");
    assert!(!curl(&other.replace("--retry 5", "")).0, "another key is not believed");

    let [answer, note] = run(&["heartbeat", "rotate", "backup", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let second = answer["address"].as_str().expect("an address").to_owned();
    assert!(
        answer["pin"].as_str().is_some_and(|pin| line.contains(pin)) && note.is_empty(),
        "{answer} {note}"
    );
    // The certificate of another server.
    let elsewhere = ["heartbeat", "rotate", "backup", "--url", "https://status.example.com"];
    assert_eq!(run(&elsewhere)[1], "");
    assert!(
        !curl(&line.replace(&address, &second).replace("--retry 5", "")).0,
        "the former one is forgotten"
    );
}

#[tokio::test]
async fn a_removed_heartbeat_address_is_rejected() {
    let beat = "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"1h\"\ngrace = \"1h\"\n\n";
    let page = page("demo", true, &["backup"]);
    let mut world = World::new(&format!("{beat}{page}"));
    world.start().await;
    let address = run_ok(&world, &["heartbeat", "add", "backup"]);
    let path =
        address.split_once("/heartbeat/").map(|(_, token)| format!("/heartbeat/{token}")).expect("a path");
    let status = || get(world.private, &path).map(|answer| answer.status);
    assert_eq!(status(), Some(200), "at once");
    let output = run_ok(&world, &["heartbeat", "remove", "backup"]);
    assert!(output.contains("still declares the check"), "{output}");
    until("it is forgotten", FOLLOWED, async || status() == Some(404)).await;
    let (succeeded, output) = run_cli(&world, &["heartbeat", "remove", "backup"]);
    assert!(!succeeded && output.contains("has no address"), "{output}");

    // An address stays when the file drops its check, and is listed until it is removed.
    run_ok(&world, &["heartbeat", "add", "backup"]);
    world.declare(&page);
    assert!(run_ok(&world, &["heartbeat", "list"]).contains("backup  "), "it is shown");
    assert!(run_ok(&world, &["heartbeat", "list"]).contains("no longer declared"));
    assert!(!run_ok(&world, &["heartbeat", "remove", "backup"]).contains("still declares"));
    assert_eq!(run_ok(&world, &["heartbeat", "list"]), "");
}

#[tokio::test]
async fn the_aggregator_runs_its_checks_once_as_an_agent_does() {
    let nginx = Nginx::start(&Site::default()).await;
    let beat = "[[check]]\nname = \"backup\"\ntype = \"heartbeat\"\nperiod = \"1h\"\ngrace = \"1h\"\n\n";
    let world = World::new(&format!(
        "{beat}[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("web", &nginx.url_at("127.0.0.1", "/")),
        quick_check("search", &format!("http://127.0.0.1:{}/", free_port())),
    ));
    let all = world.command(&["probe", "--json"]).output().expect("it starts");
    assert_eq!(all.status.code(), Some(1), "not all are up");
    let seen: serde_json::Value = serde_json::from_slice(&all.stdout).expect("JSON");
    let outcomes: Vec<_> =
        seen.as_array().expect("a list").iter().map(|one| (&one["check"], &one["outcome"])).collect();
    assert_eq!(outcomes, [(&"web".into(), &"up".into()), (&"search".into(), &"down".into())]);
    let one = run_ok(&world, &["probe", "web"]);
    assert!(line_of(&one, "CHECK").contains("OUTCOME") && line_of(&one, "web").contains(" up "), "{one}");
    let refused = [
        ("no-such", "no check here is named \"no-such\""),
        ("serch", "no check here is named \"serch\". Did you mean \"search\"?"),
        ("backup", "it waits for a call"),
    ];
    for (name, why) in refused {
        let (succeeded, output) = run_cli(&world, &["probe", name]);
        assert!(!succeeded && output.contains(why), "{output}");
    }
    assert!(!world.database().exists(), "nothing is made by it");
}

/// As the README says: a file with nothing but checks is enough to try them.
#[tokio::test]
async fn checks_can_be_probed_without_an_aggregator() {
    let nginx = Nginx::start(&Site::default()).await;
    let world = World::new("");
    let check = |name: &str| quick_check(name, &nginx.url_at("127.0.0.1", "/"));
    let config = world.write(
        "alone/agent.toml",
        &format!("{}{}locations = [\"there\"]\n", check("web"), check("elsewhere")),
    );
    let run = |words: &[&str]| {
        Command::new(program("skerry-agent"))
            .args(words)
            .arg("--config")
            .arg(&config)
            .output()
            .expect("it starts")
    };
    let probed = run(&["probe"]);
    let output = String::from_utf8_lossy(&probed.stdout).into_owned();
    assert_eq!(probed.status.code(), Some(0), "{output}{}", String::from_utf8_lossy(&probed.stderr));
    assert!(
        line_of(&output, "web").contains(" up ") && line_of(&output, "elsewhere").contains(" up "),
        "{output}"
    );

    let status = run(&["status"]);
    let output = String::from_utf8_lossy(&status.stderr).into_owned();
    assert_eq!(status.status.code(), Some(2));
    assert!(output.contains("this agent is not enrolled yet. ") && !output.contains("not valid"), "{output}");
}
