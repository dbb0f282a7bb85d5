//! What commands tell their operator: what follows of a change, what stays, and why something is refused.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, now, page, quick_check};
use serde_json::Value;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

fn asked(world: &World, words: &[&str]) -> Value {
    let text = run_ok(world, &[words, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// The output of a command that succeeds.
fn said(world: &World, words: &[&str]) -> String {
    let (succeeded, output) = run_cli(world, words);
    assert!(succeeded, "{words:?}: {output}");
    output
}

/// Why a command is refused.
fn refused(world: &World, words: &[&str]) -> String {
    let (succeeded, output) = run_cli(world, words);
    assert!(!succeeded, "{words:?}: {output}");
    output
}

fn opened(world: &World, words: &[&str]) -> String {
    let answer = asked(world, &[&["incident", "open"], words].concat());
    answer["incident"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

fn in_seconds(seconds: i64) -> String {
    jiff::Timestamp::from_second(now() / 1_000 + seconds).expect("a time").to_string()
}

/// "web" is up, "search" is down.
async fn half_down() -> (World, Nginx) {
    let nginx = Nginx::start(&Site::default()).await;
    let web = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let search = quick_check("search", &format!("http://127.0.0.1:{}/", free_port()));
    let local = "[local_agent]\nlocation = \"here\"\n\n[incidents]\ndraft_from = \"never\"\n\n";
    let mut world = World::new(&format!("{local}{web}{search}{}", page("demo", true, &["web", "search"])));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    world.shows("search", "major_outage", NOTICED).await;
    (world, nginx)
}

#[tokio::test]
async fn a_resolved_incident_leaves_nothing_unsaid() {
    let (mut world, _nginx) = half_down().await;
    // What it keeps ends with the word that all is well; what lasts is named with its remedy.
    let first = opened(&world, &["--title", "Slow", "--component", "web=major"]);
    let second = opened(&world, &["--title", "Slower", "--component", "web=partial"]);
    said(&world, &["incident", "resolve", &first, "--keep"]);
    let output = said(&world, &["component", "set", "web", "operational"]);
    assert!(output.contains("web is partial_outage now."), "{output}");
    assert!(output.contains(&format!("component release \"web\" --incident {second} ends that")), "{output}");
    assert!(!output.contains(&first), "{output}");
    let output = said(&world, &["incident", "resolve", &second, "--component", "web=operational"]);
    assert!(!output.contains("still"), "{output}");
    until("web is well", NOTICED, async || world.component("/", "web")["status"] == "operational").await;
    // What visitors go on reading.
    let down = opened(&world, &["--title", "No search", "--component", "search=partial"]);
    let output = refused(&world, &["incident", "resolve", &down]);
    assert!(output.contains("search (partial_outage; its checks say major_outage)"), "{output}");
    let output = said(&world, &["incident", "resolve", &down, "--release"]);
    let still = "search is still major_outage by its checks, and visitors read that";
    assert!(output.contains(still), "{output}");
    let output = said(&world, &["incident", "update", &down, "--status", "investigating"]);
    assert!(output.contains("It is reopened."), "{output}");
    said(&world, &["incident", "resolve", &down]);
    let early = ["incident", "edit", &down, "--at", "2026-01-02T03:04:05Z"];
    assert!(refused(&world, &early).contains("no other one precedes it"));
    let output = said(&world, &["incident", "postmortem", &down, "--message", "A cable."]);
    assert!(output.contains("Visitors do not see it; --publish shows it."), "{output}");
    let output = said(&world, &["incident", "postmortem", &down, "--publish"]);
    assert!(output.contains("Visitors read it on the page of the incident."), "{output}");
    let words = ["incident", "open", "--title", "Maybe", "--draft", "--message", "<div>In</div>\n\nText"];
    let draft = asked(&world, &words);
    assert!(
        draft["notes"].to_string().contains("<div>In</div>")
            && draft["notes"].to_string().contains("raw HTML")
    );
    let draft = draft["incident"].as_str().expect("an id").to_owned();
    let output = said(&world, &["incident", "resolve", &draft]);
    assert!(output.contains("It was a draft: no visitor saw it."), "{output}");
    assert_eq!(run_ok(&world, &["incident", "list"]), "No incident lasts, and there is no draft.");
    // Without an aggregator nobody sees it yet.
    world.stop().await;
    let output = said(&world, &["component", "set", "web", "degraded"]);
    assert!(output.contains("No aggregator runs: it is stored"), "{output}");
}

#[tokio::test]
async fn maintenance_says_what_becomes_of_its_times() {
    let (world, _nginx) = half_down().await;
    let plan =
        |words: &[&str]| said(&world, &[&["maintenance", "schedule", "--component", "web"], words].concat());
    let id_of = |output: &str| {
        let line = output.lines().find(|line| line.ends_with("is planned.")).expect("it is planned");
        line.split(' ').nth(1).expect("an id").to_owned()
    };
    let (yesterday, ago) = (in_seconds(-86_400), in_seconds(-3_600));
    let over = ["maintenance", "schedule", "--component", "web", "--from", &yesterday, "--to", &ago];
    assert!(refused(&world, &over).contains("must end in the future"));
    let output = plan(&["--from", &ago, "--to", &in_seconds(1_800)]);
    assert!(output.contains(&format!("{ago} has passed: it begins now.")), "{output}");
    said(&world, &["maintenance", "end", &id_of(&output)]);

    let soon = id_of(&plan(&["--from", &in_seconds(7_200), "--for", "2h"]));
    let later = in_seconds(10_800);
    said(&world, &["maintenance", "change", &soon, "--from", &later]);
    let moved = asked(&world, &["maintenance", "show", &soon]);
    assert_eq!(
        (&moved["from"], &moved["to"]),
        (&later.as_str().into(), &in_seconds_after(&later, 7_200).into())
    );
    said(&world, &["maintenance", "cancel", &soon, "--message", "No disks came."]);
    let cancelled = asked(&world, &["maintenance", "show", &soon]);
    let updates = cancelled["updates"].as_array().expect("a timeline");
    let bodies: Vec<&str> = updates.iter().filter_map(|one| one["body"].as_str()).collect();
    assert_eq!(bodies.last(), Some(&"No disks came."), "{cancelled}");
    assert!(
        bodies.iter().all(|body| !body.contains("automatic") && !body.contains("take place")),
        "{bodies:?}"
    );
    assert!(bodies.iter().any(|body| body.contains("is planned for")), "as visitors read it: {bodies:?}");

    let early = id_of(&plan(&["--from", &in_seconds(7_200), "--for", "1h"]));
    said(&world, &["maintenance", "start", &early]);
    let running = asked(&world, &["maintenance", "show", &early]);
    let end: jiff::Timestamp = running["to"].as_str().and_then(|to| to.parse().ok()).expect("a time");
    let planned: jiff::Timestamp = in_seconds(7_200).parse().expect("a time");
    assert!(end < planned, "an hour, as it was planned: {running}");

    let daily = ["--from", "now", "--for", "1h", "--repeat", "FREQ=DAILY"];
    let output = plan(&daily);
    assert!(output.contains(" begins now and runs until "), "{output}");
    let series = id_of(&output);
    let output = refused(&world, &["maintenance", "extend", &series, "1h"]);
    assert!(output.contains("name one of its occurrences") && !output.contains("--series"), "{output}");
    let yearly =
        ["--from", &in_seconds(86_400), "--for", "1h", "--repeat", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=3"];
    let output = plan(&yearly);
    assert!(output.contains("is no date of the rule; its first is "), "{output}");
    let long = ["--from", &in_seconds(86_400), "--for", "30h", "--repeat", "FREQ=DAILY"];
    let output = refused(&world, &[&["maintenance", "schedule", "--component", "web"], &long[..]].concat());
    assert!(output.contains("the occurrences overlap"), "{output}");
}

fn in_seconds_after(from: &str, seconds: i64) -> String {
    let from: jiff::Timestamp = from.parse().expect("a time");
    (from + jiff::SignedDuration::from_secs(seconds)).to_string()
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said_with_what_would_be_right() {
    let (world, _nginx) = half_down().await;
    for words in [
        &["problem", "list"][..],
        &["incident", "list"],
        &["component", "list"],
        &["check", "list"],
        &["agent", "list"],
        &["maintenance", "list"],
        &["announcement", "list"],
        &["template", "list"],
    ] {
        let output = refused(&world, &[words, &["--workspace", "nope"]].concat());
        assert!(output.contains("\"nope\"") && output.contains("there are: default"), "{words:?}: {output}");
    }
    let pages = run_ok(&world, &["page", "list"]);
    assert!(pages.starts_with("PAGE") && pages.contains("Page demo"), "{pages}");
    let output = refused(&world, &["component", "set", "web", "broken"]);
    assert!(output.contains("\"degraded\", \"partial\" or \"major\""), "{output}");
    let zone =
        ["maintenance", "schedule", "--component", "web", "--for", "1h", "--from", "2098-01-31T16:15:00"];
    assert!(refused(&world, &zone).contains("add Z, or such as +01:00"));
    let entered = ["incident", "open", "--title", "It was", "--began", &in_seconds(-60), "--ended", "now"];
    assert!(said(&world, &entered).contains("is entered."));
    let table = run_ok(&world, &["problem", "list"]);
    let id = table.lines().nth(1).and_then(|line| line.split(' ').next()).expect("a problem").to_owned();
    let incident = opened(&world, &["--title", "No search", "--problem", &id]);
    let table = run_ok(&world, &["problem", "list"]);
    assert!(table.contains(&format!("incident {incident} on page demo")), "{table}");
}

#[tokio::test]
async fn a_deleted_draft_says_that_its_problem_is_private() {
    let search = quick_check("search", &format!("http://127.0.0.1:{}/", free_port()));
    let local = "[local_agent]\nlocation = \"here\"\n\n[incidents]\ndraft_from = \"low\"\n\n";
    let mut world = World::new(&format!("{local}{search}{}", page("demo", true, &["search"])));
    world.start().await;
    let drafts = || asked(&world, &["incident", "list"])["incidents"].as_array().cloned().unwrap_or_default();
    until("there is a draft", NOTICED, async || !drafts().is_empty()).await;
    let draft = drafts().remove(0);
    let (id, problem) = (draft["id"].as_str().expect("an id"), draft["problems"][0]["id"].as_str());
    let problem = problem.expect("its problem");
    let output = said(&world, &["incident", "delete", id]);
    assert!(
        output.contains(&format!("Problem {problem} (search) lasts and is private from now on")),
        "{output}"
    );
    assert!(output.contains(&format!("skerry-aggregator problem public {problem}")), "{output}");
    said(&world, &["problem", "public", problem]);
    until("the draft is back", NOTICED, async || !drafts().is_empty()).await;
}
