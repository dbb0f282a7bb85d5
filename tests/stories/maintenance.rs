//! Maintenance and corrections of the past, as an operator does it on the command line.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, now, page, quick_check};
use serde_json::Value;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

/// The words of a command and `--json`: its output.
fn asked(world: &World, words: &[&str]) -> Value {
    let text = run_ok(world, &[words, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// A time so many seconds from now, as an option takes it.
fn in_seconds(seconds: i64) -> String {
    jiff::Timestamp::from_second(now() / 1_000 + seconds).expect("a time").to_string()
}

/// An aggregator with a page, whose components have checks that are up.
async fn well(checks: &[&str]) -> (World, Nginx) {
    let nginx = Nginx::start(&Site::default()).await;
    let url = nginx.url_at("127.0.0.1", "/");
    let all: String = checks.iter().map(|name| quick_check(name, &url)).collect();
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let mut world = World::new(&format!("{local}{all}{}", page("demo", true, checks)));
    world.start().await;
    for name in checks {
        world.shows(name, "operational", NOTICED).await;
    }
    (world, nginx)
}

#[tokio::test]
async fn maintenance_is_planned_without_what_is_private_and_begun_and_ended_by_hand() {
    let (world, _nginx) = well(&["web", "search"]).await;
    let (from, to) = (in_seconds(50 * 3_600), in_seconds(52 * 3_600));
    let words = ["maintenance", "schedule", "--title", "New disks", "--message", "In the rack of 10.0.0.7"];
    let times = ["--from", &from, "--to", &to, "--component", "web", "--lead", "2d"];
    let (succeeded, output) = run_cli(&world, &[&words[..], &times].concat());
    assert!(succeeded && output.contains(" is planned."), "{output}");
    assert!(output.contains("removed from the message: \"10.0.0.7\" (IPv4 address)"), "{output}");
    assert!(output.contains("Visitors see it from 20"), "{output}");
    let line = output.lines().find(|line| line.ends_with("is planned.")).expect("a line");
    let id = line.split(' ').nth(1).expect("an id");

    let table = run_ok(&world, &["maintenance", "list"]);
    assert!(table.starts_with("MAINTENANCE") && table.contains("New disks"), "{table}");
    assert!(table.contains(&from) && table.contains("visitors see it from"), "{table}");
    let shown = run_ok(&world, &["maintenance", "show", id]);
    assert!(
        shown.contains("In the rack of [redacted]") && shown.contains("2 days before it begins"),
        "{shown}"
    );
    assert!(!shown.contains("10.0.0.7"), "{shown}");
    let original = run_ok(&world, &["maintenance", "show", id, "--original"]);
    assert!(original.contains("as written: In the rack of 10.0.0.7"), "{original}");
    let planned = asked(&world, &["maintenance", "show", id]);
    assert_eq!((&planned["status"], &planned["announced_at"]), (&"scheduled".into(), &Value::Null));
    let version = planned["version"].as_str().expect("a version");

    let (succeeded, output) = run_cli(&world, &["maintenance", "end", id]);
    assert!(!succeeded && output.contains("has not begun"), "{output}");
    let (succeeded, output) =
        run_cli(&world, &["maintenance", "start", id, "--for", "1h", "--if-version", version]);
    assert!(succeeded && output.contains("is in progress.") && output.contains("It runs until"), "{output}");
    assert!(output.contains("Visitors see it."), "{output}");
    world.shows("web", "under_maintenance", NOTICED).await;
    assert_eq!(world.component("/", "search")["status"], "operational");
    let components = run_ok(&world, &["component", "list"]);
    assert!(components.contains(&format!("under_maintenance  maintenance {id}")), "{components}");
    let running = asked(&world, &["maintenance", "show", id]);
    assert!(running["to"].as_str().is_some_and(|to| to < from.as_str()), "it ends in an hour: {running}");
    let (succeeded, output) =
        run_cli(&world, &["maintenance", "update", id, "--message", "A", "--if-version", version]);
    assert!(!succeeded && output.contains("look at it again"), "{output}");
    let (succeeded, output) = run_cli(&world, &["maintenance", "start", id]);
    assert!(!succeeded && output.contains("is in progress already"), "{output}");

    let (succeeded, output) = run_cli(&world, &["maintenance", "extend", id, "30m"]);
    assert!(succeeded && output.contains("Visitors are told of the other times."), "{output}");
    run_ok(&world, &["maintenance", "update", id, "--message", "Half of the disks are new."]);
    run_ok(&world, &["maintenance", "verify", id]);
    let (succeeded, output) = run_cli(&world, &["maintenance", "end", id, "--message", "All disks are new."]);
    assert!(succeeded && output.contains("is completed."), "{output}");
    world.shows("web", "operational", NOTICED).await;
    assert_eq!(run_ok(&world, &["maintenance", "list"]), "No maintenance is planned or runs.");
    let ended = asked(&world, &["maintenance", "show", id]);
    assert_eq!(ended["status"], "completed", "{ended}");
    let updates = ended["updates"].as_array().expect("a timeline");
    let of = |one: &Value| one["status"].as_str().unwrap_or_default().to_owned();
    let states: Vec<String> = updates.iter().map(of).collect();
    let expected = ["scheduled", "in_progress", "in_progress", "in_progress", "verifying", "completed"];
    assert_eq!(states, expected, "{ended}");
    assert!(updates[5]["by"].as_str().is_some_and(|by| by.starts_with("cli:")), "{ended}");
    run_ok(&world, &["maintenance", "edit", id, "--message", "All disks are new and tested."]);
    let shown = run_ok(&world, &["maintenance", "show", id]);
    assert!(shown.contains("and tested.") && shown.contains("edited 20"), "{shown}");
}

#[tokio::test]
async fn cancelled_maintenance_is_removed_unless_visitors_know_of_it() {
    let (mut world, _nginx) = well(&["web", "search"]).await;
    let plan = |hours: i64, more: &[&str]| {
        let from = in_seconds(hours * 3_600);
        let words = ["maintenance", "schedule", "--from", &from, "--for", "2h"];
        let planned = asked(&world, &[&words[..], more].concat());
        planned["maintenance"].as_str().unwrap_or_else(|| panic!("no id in {planned}")).to_owned()
    };
    let (later, soon) = (plan(48, &["--component", "web"]), plan(3, &["--component", "web"]));
    let private = plan(1, &["--check", "search"]);
    let table = run_ok(&world, &["maintenance", "list"]);
    assert!(table.contains("private; holds back problems of search"), "{table}");
    let (succeeded, output) = run_cli(&world, &["maintenance", "cancel", &later, "--message", "No disks"]);
    assert!(!succeeded && output.contains("cancel it without a message"), "{output}");
    let (succeeded, output) = run_cli(&world, &["maintenance", "cancel", &later]);
    assert!(succeeded && output.contains("No visitor knew of it: it is removed."), "{output}");
    let (succeeded, output) = run_cli(&world, &["maintenance", "show", &later]);
    assert!(!succeeded && output.contains("there is no maintenance"), "{output}");
    let (succeeded, output) =
        run_cli(&world, &["maintenance", "cancel", &soon, "--message", "No disks came."]);
    assert!(succeeded && output.contains("Visitors are told that it is cancelled."), "{output}");
    let shown = run_ok(&world, &["maintenance", "show", &soon]);
    assert!(shown.contains("No disks came.") && shown.contains("cancelled 20"), "{shown}");

    // The same while no aggregator runs.
    world.stop().await;
    let words = ["maintenance", "change", &private, "--title", "Tests", "--for", "3h", "--check", "web"];
    run_ok(&world, &words);
    let changed = asked(&world, &["maintenance", "show", &private]);
    assert_eq!((&changed["title"], &changed["checks"][0]), (&"Tests".into(), &"web".into()), "{changed}");
    let (from, wrong) = (in_seconds(3_600), in_seconds(60));
    for (words, message) in [
        (&["schedule", "--from", &from, "--for", "2h"][..], "--component"),
        (&["schedule", "--from", &from, "--component", "web"], "--to"),
        (&["schedule", "--from", &from, "--to", &wrong, "--component", "web"], "must end after it begins"),
        (
            &["schedule", "--from", "soon", "--for", "2h", "--component", "web"],
            "such as 2026-01-31T16:15:00Z",
        ),
        (&["schedule", "--from", &from, "--for", "2h", "--component", "wbe"], "did you mean \"web\"?"),
        (&["schedule", "--from", &from, "--for", "2h", "--check", "serach"], "did you mean \"search\"?"),
        (&["update", &private, "--message", "A"], "a private window tells nobody anything"),
        (&["change", &private], "there is nothing to change"),
        (&["start", "abcdefghijkl"], "has no maintenance \"abcdefghijkl\""),
    ] {
        let (succeeded, output) = run_cli(&world, &[&["maintenance"], words].concat());
        assert!(!succeeded && output.contains(message), "{words:?}: {output}");
    }
}

#[tokio::test]
async fn a_corrected_outage_leaves_uptime_and_outages_until_the_correction_is_undone() {
    let (world, _nginx) = well(&["web"]).await;
    let from = in_seconds(-3_600);
    run_ok(&world, &["component", "set", "web", "major"]);
    world.shows("web", "major_outage", NOTICED).await;
    run_ok(&world, &["component", "release", "web"]);
    world.shows("web", "operational", NOTICED).await;
    let outages = || asked(&world, &["outages"])["outages"].as_array().cloned().unwrap_or_default();
    let down = || {
        let file = world.page("/uptime.csv").text();
        let mut rows = file.lines().map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>());
        let column = rows.next()?.iter().position(|name| name == "major_outage_seconds")?;
        rows.next()?.get(column)?.parse::<f64>().ok()
    };
    let (before, seconds) = (outages(), down().expect("a figure"));
    assert!(seconds > 0.0, "{seconds}");
    assert_eq!((before.len(), &before[0]["status"]), (1, &"major_outage".into()), "{before:?}");

    let words =
        ["correct", "web", "--from", &from, "--status", "operational", "--reason", "A drill, says Ida"];
    let made = asked(&world, &words);
    let id = made["correction"].as_str().unwrap_or_else(|| panic!("no id in {made}"));
    assert!(
        made["notes"][0].as_str().is_some_and(|note| note.contains("web was operational from")),
        "{made}"
    );
    assert!(outages().is_empty(), "{:?}", outages());
    until("uptime follows", NOTICED, async || down() == Some(0.0)).await;
    let listed = asked(&world, &["correct", "--list", "web"]);
    let one = &listed["corrections"][0];
    assert_eq!((&one["reason"], &one["undone_at"]), (&"A drill, says Ida".into(), &Value::Null), "{listed}");
    assert!(one["made_by"].as_str().is_some_and(|by| by.starts_with("cli:")), "{listed}");
    let observed = one["observed"].as_array().expect("what was observed");
    assert!(observed.iter().any(|stretch| stretch["status"] == "major_outage"), "{listed}");
    let table = run_ok(&world, &["correct", "--list"]);
    assert!(table.starts_with("CORRECTION") && table.contains("A drill, says Ida"), "{table}");

    let (succeeded, output) = run_cli(&world, &["correct", "--undo", id]);
    assert!(succeeded && output.contains("shows again what was observed"), "{output}");
    assert_eq!(outages(), before);
    until("uptime is that of before", NOTICED, async || down() == Some(seconds)).await;
    assert!(asked(&world, &["correct", "--list"])["corrections"][0]["undone_by"].is_string());
    for (words, message) in [
        (&["--undo", id][..], "was undone at 20"),
        (&["--undo", "abcdefghijkl"], "has no correction \"abcdefghijkl\""),
        (&["web", "--from", &from, "--status", "operational"], "--reason"),
        (&["web", "--from", &from, "--status", "operational", "--reason", " "], "needs a reason"),
        (
            &["web", "--from", &from, "--to", &in_seconds(60), "--status", "partial", "--reason", "A"],
            "now at the latest",
        ),
        (&["wbe", "--from", &from, "--status", "partial", "--reason", "A"], "did you mean \"web\"?"),
        (&["--list", "wbe"], "did you mean \"web\"?"),
    ] {
        let (succeeded, output) = run_cli(&world, &[&["correct"], words].concat());
        assert!(!succeeded && output.contains(message), "{words:?}: {output}");
    }
}

#[tokio::test]
async fn maintenance_that_recurs_is_planned_changed_and_cancelled() {
    let (world, _nginx) = well(&["web"]).await;
    let from = in_seconds(50 * 3_600);
    let words = [
        "maintenance",
        "schedule",
        "--title",
        "Restart",
        "--component",
        "web",
        "--from",
        &from,
        "--for",
        "1h",
    ];
    let (succeeded, output) = run_cli(&world, &[&words[..], &["--repeat", "FREQ=HOURLY"]].concat());
    assert!(!succeeded && output.contains("FREQ=HOURLY: maintenance recurs daily or less often"), "{output}");
    let (succeeded, output) = run_cli(&world, &[&words[..], &["--repeat", "FREQ=DAILY;COUNT=9"]].concat());
    assert!(succeeded && output.contains("The next dates in Etc/UTC: "), "{output}");
    let line = output.lines().find(|line| line.ends_with("is planned.")).expect("a line");
    let id = line.split(' ').nth(1).expect("an id");

    let listed = asked(&world, &["maintenance", "list"]);
    assert_eq!(listed["maintenance"].as_array().map(Vec::len), Some(1), "the next stands for all: {listed}");
    assert_eq!(
        (&listed["maintenance"][0]["series"], &listed["series"][0]["id"]),
        (&Value::from(id), &Value::from(id))
    );
    let first = listed["maintenance"][0]["id"].as_str().expect("an id");
    let shown = run_ok(&world, &["maintenance", "show", id]);
    assert!(shown.contains("FREQ=DAILY;COUNT=9") && shown.contains(first), "{shown}");

    run_ok(&world, &["maintenance", "cancel", first]);
    let next = asked(&world, &["maintenance", "list"])["maintenance"][0]["id"].clone();
    assert_ne!(next, Value::from(first));
    let (succeeded, output) = run_cli(&world, &["maintenance", "cancel", id]);
    assert!(!succeeded && output.contains("is a series: say --series"), "{output}");
    run_ok(&world, &["maintenance", "change", id, "--series", "--repeat", "FREQ=WEEKLY", "--for", "2h"]);
    let changed = asked(&world, &["maintenance", "show", id]);
    assert_eq!(
        (&changed["rule"], &changed["length_seconds"]),
        (&Value::from("FREQ=WEEKLY"), &Value::from(7_200))
    );
    let (succeeded, output) =
        run_cli(&world, &["maintenance", "cancel", id, "--series", "--message", "No more"]);
    assert!(!succeeded && output.contains("no visitor knows of an occurrence"), "{output}");
    run_ok(&world, &["maintenance", "cancel", id, "--series"]);
    assert_eq!(run_ok(&world, &["maintenance", "list"]), "No maintenance is planned or runs.");
}
