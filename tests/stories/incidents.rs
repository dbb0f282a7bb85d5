//! Incidents, problems and statuses set by hand, as an operator does it on the command line.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, page, quick_check};
use rusqlite::Connection;
use serde_json::Value;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

/// The words of a command and `--json`: its output.
fn asked(world: &World, words: &[&str]) -> Value {
    let text = run_ok(world, &[words, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// Opens an incident and returns its id.
fn opened(world: &World, words: &[&str]) -> String {
    let answer = asked(world, &[&["incident", "open"], words].concat());
    answer["incident"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
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

async fn status_is(world: &World, name: &str, status: &str) {
    until(&format!("{name} is {status}"), NOTICED, async || world.component("/", name)["status"] == status)
        .await;
}

#[tokio::test]
async fn an_incident_is_opened_updated_and_resolved_and_what_is_private_is_removed() {
    let (mut world, _nginx) = well(&["web", "search"]).await;
    world.enrol("fra-agent-7", "there", None);
    let words =
        ["incident", "open", "--title", "Web is down (fra-agent-7)", "--message", "No answer from 10.0.0.7"];
    let (succeeded, output) = run_cli(&world, &[&words[..], &["--component", "web=major"]].concat());
    assert!(succeeded && output.contains(" is open."), "{output}");
    for removed in
        ["from the title: \"fra-agent-7\" (private name)", "from the message: \"10.0.0.7\" (IPv4 address)"]
    {
        assert!(output.contains(&format!("removed {removed}")), "{output}");
    }
    let id = output.split(' ').nth(1).expect("an id").to_owned();
    status_is(&world, "web", "major_outage").await;

    let table = run_ok(&world, &["incident", "list"]);
    assert!(table.starts_with("INCIDENT") && table.contains("Web is down ([redacted])"), "{table}");
    let shown = asked(&world, &["incident", "show", &id]);
    assert_eq!(
        (&shown["status"], &shown["impact"]),
        (&"investigating".into(), &"critical".into()),
        "{shown}"
    );
    let first = &shown["updates"][0];
    assert!(first["by"].as_str().is_some_and(|by| by.starts_with("cli:")), "{shown}");
    assert!(first["body"].as_str().is_some_and(|body| body.contains("from [redacted]")), "{shown}");
    assert!(!shown.to_string().contains("10.0.0.7") && !shown.to_string().contains("fra-agent-7"), "{shown}");
    let original = run_ok(&world, &["incident", "show", &id, "--original"]);
    assert!(original.contains("as written: No answer from 10.0.0.7"), "{original}");

    // An update through standard input, for whoever read this version.
    let version = shown["version"].as_str().expect("a version");
    let words =
        ["incident", "update", &id, "--status", "identified", "--message", "-", "--if-version", version];
    let mut command = world.command(&words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"A cable was **cut**.\n\nIt is being repaired.\n").expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = ["incident", "update", &id, "--message", "Again", "--if-version", version];
    let (succeeded, output) = run_cli(&world, &again);
    assert!(!succeeded && output.contains("look at it again"), "{output}");
    let (succeeded, output) = run_cli(&world, &["incident", "update", &id, "--message", "From 10.0.**0**.7"]);
    assert!(
        !succeeded && output.contains("nothing was changed") && output.contains("IPv4 address"),
        "{output}"
    );
    let shown = run_ok(&world, &["incident", "show", &id]);
    assert!(shown.contains("identified") && shown.contains("A cable was cut."), "{shown}");

    let (succeeded, output) = run_cli(&world, &["incident", "resolve", &id, "--message", "Repaired."]);
    assert!(!succeeded && output.contains("holds the status of web (major_outage)"), "{output}");
    assert!(output.contains("--release") && output.contains("--keep"), "{output}");
    run_ok(&world, &["incident", "resolve", &id, "--message", "Repaired.", "--release"]);
    status_is(&world, "web", "operational").await;
    assert_eq!(run_ok(&world, &["incident", "list"]), "No incident lasts, and there is no draft.");
    assert!(asked(&world, &["incident", "show", &id])["resolved_at"].is_string());
    let (succeeded, output) = run_cli(&world, &["incident", "resolve", &id, "--keep"]);
    assert!(!succeeded && output.contains("is resolved already"), "{output}");

    run_ok(&world, &["incident", "edit", &id, "--message", "Repaired at last: spare-4 is in."]);
    let edited = asked(&world, &["incident", "show", &id]);
    let last = edited["updates"].as_array().and_then(|all| all.last()).expect("an update");
    assert!(
        last["edited_at"].is_string() && last["body"].as_str().is_some_and(|body| body.contains("at last"))
    );
    let (succeeded, output) = run_cli(&world, &["incident", "postmortem", &id, "--publish"]);
    assert!(!succeeded && output.contains("has no postmortem"), "{output}");
    let words = ["incident", "postmortem", &id, "--message", "It was fra-agent-7's cable.", "--publish"];
    let (succeeded, output) = run_cli(&world, &words);
    assert!(succeeded && output.contains("removed from the message: \"fra-agent-7\""), "{output}");
    let shown = asked(&world, &["incident", "show", &id]);
    assert_eq!(shown["postmortem"]["body"], "It was [redacted]'s cable.", "{shown}");
    assert!(shown["postmortem"]["published_at"].is_string(), "{shown}");
    // A name that became private since.
    world.enrol("spare-4", "there", None);
    let table = run_ok(&world, &["incident", "list", "--all"]);
    assert!(table.contains("by today's rules, \"spare-4\" (private name): incident edit"), "{table}");
    // The same while no aggregator runs.
    world.stop().await;
    run_ok(&world, &["incident", "delete", &id]);
    assert_eq!(run_ok(&world, &["incident", "list", "--all"]), "There are no incidents.");
    let (succeeded, output) = run_cli(&world, &["incident", "approve", &id]);
    assert!(!succeeded && output.contains("incident list --all"), "{output}");
}

#[tokio::test]
async fn an_incident_can_be_entered_afterwards() {
    let (world, _nginx) = well(&["web"]).await;
    let times = ["--began", "2026-01-02T03:04:05Z", "--ended", "2026-01-02T04:00:00Z"];
    let id = opened(&world, &[&["--title", "Web was down", "--component", "web=major"], &times[..]].concat());
    let shown = asked(&world, &["incident", "show", &id]);
    assert_eq!((&shown["began_at"], &shown["resolved_at"]), (&times[1].into(), &times[3].into()), "{shown}");
    assert_ne!(world.component("/", "web")["status"], "major_outage", "the present is not changed");
    for (words, message) in [
        (&["--began", "2026-01-02T03:04:05Z"][..], "--ended"),
        (&["--began", "yesterday", "--ended", "2026-01-02T04:00:00Z"], "such as 2026-01-31T16:15:00Z"),
        (&["--began", times[3], "--ended", times[1]], "must end after it begins"),
    ] {
        let (succeeded, output) = run_cli(&world, &[&["incident", "open", "--title", "A"], words].concat());
        assert!(!succeeded && output.contains(message), "{words:?}: {output}");
    }
}

#[tokio::test]
async fn an_address_is_shown_where_its_author_releases_it_and_an_update_gets_another_time() {
    let (world, _nginx) = well(&["web"]).await;
    let words = ["incident", "open", "--title", "DNS of 192.0.2.53 fails", "--release-hit", "192.0.2.53"];
    let (succeeded, output) = run_cli(&world, &[&words[..], &["--message", "Use 192.0.2.54."]].concat());
    assert!(succeeded && output.contains("left in the title: \"192.0.2.53\" (IPv4 address)"), "{output}");
    assert!(output.contains("removed from the message: \"192.0.2.54\" (IPv4 address)"), "{output}");
    let line = output.lines().find(|line| line.ends_with("is open.")).expect("a line");
    let id = line.split(' ').nth(1).expect("an id");
    let shown = asked(&world, &["incident", "show", id]);
    assert_eq!(shown["title"], "DNS of 192.0.2.53 fails", "{shown}");
    assert_eq!(shown["updates"][0]["body"], "Use [redacted].", "{shown}");
    let page = || world.page("/").text();
    until("visitors see it", NOTICED, async || page().contains("DNS of 192.0.2.53 fails")).await;
    assert!(!page().contains("192.0.2.54"), "it was not released");

    let edit = ["incident", "edit", id, "--message", "Use 192.0.2.54.", "--release-hit", "192.0.2.54"];
    run_ok(&world, &[&edit[..], &["--at", "2026-01-02T03:04:05Z"]].concat());
    let edited = asked(&world, &["incident", "show", id]);
    let first = &edited["updates"][0];
    assert_eq!((&first["body"], &first["at"]), (&"Use 192.0.2.54.".into(), &"2026-01-02T03:04:05Z".into()));
    let (succeeded, output) = run_cli(&world, &["incident", "edit", id]);
    assert!(!succeeded && output.contains("say --message or --at"), "{output}");
    let (succeeded, output) = run_cli(&world, &["incident", "edit", id, "--at", "2999-01-02T03:04:05Z"]);
    assert!(!succeeded && output.contains("not shown as later than now"), "{output}");
    // Who let it pass stands in the audit, with what visitors read.
    let database = Connection::open(world.database()).expect("a database");
    let sql = "SELECT after FROM audit WHERE action = ?1 AND object = ?2 AND actor LIKE 'cli:%'";
    for (action, object, column, hit) in [
        ("open_incident", "incident", "title", "DNS of 192.0.2.53 fails"),
        ("edit_update", "incident_update", "body", "Use 192.0.2.54."),
    ] {
        let after = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let row = database.query_row(sql, [action, object], after).expect("a row");
        let row: Value = serde_json::from_str(&row).expect("JSON");
        assert!(row[column].to_string().contains(hit), "{action}: {row}");
    }
}

#[tokio::test]
async fn what_an_incident_keeps_is_named_and_released_by_hand() {
    let (world, _nginx) = well(&["web", "search"]).await;
    let id =
        opened(&world, &["--title", "Slow", "--component", "web=degraded", "--component", "search=partial"]);
    status_is(&world, "search", "partial_outage").await;
    let words = ["incident", "resolve", &id, "--component", "web=operational", "--keep"];
    let (succeeded, output) = run_cli(&world, &words);
    let remedy = format!("skerry-aggregator component release \"search\" --incident {id}");
    assert!(
        succeeded && output.contains("search stays partial_outage") && output.contains(&remedy),
        "{output}"
    );
    let (succeeded, output) = run_cli(&world, &["component", "release", "search"]);
    assert!(!succeeded && output.contains(&format!("--incident {id}")), "{output}");
    run_ok(&world, &["component", "release", "search", "--incident", &id]);
    status_is(&world, "search", "operational").await;
}

#[tokio::test]
async fn a_status_set_by_hand_lasts_until_it_is_released() {
    let (world, _nginx) = well(&["web"]).await;
    let output = run_ok(&world, &["component", "set", "web", "partial", "--until", "2h"]);
    assert!(output.starts_with("web is partial_outage now."), "{output}");
    status_is(&world, "web", "partial_outage").await;
    let listed = asked(&world, &["component", "list"]);
    let hold = &listed["components"][0]["holds"][0];
    assert_eq!((&hold["source"], &hold["status"]), (&"person".into(), &"partial_outage".into()), "{listed}");
    assert!(hold["until"].is_string(), "{listed}");
    let table = run_ok(&world, &["component", "list"]);
    assert!(table.contains("person: partial_outage until 20"), "{table}");
    run_ok(&world, &["component", "release", "web"]);
    status_is(&world, "web", "operational").await;
    for (words, message) in [
        (&["component", "release", "web"][..], "nobody set the status of web by hand"),
        (&["component", "set", "wbe", "partial"], "did you mean \"web\"?"),
        (
            &["component", "set", "web", "broken"],
            "\"broken\" is no status of a component: write \"operational\"",
        ),
        (&["component", "set", "web", "partial", "--until", "soon"], "such as 30m or 2h"),
        (&["component", "list", "--page", "dmeo"], "did you mean \"demo\"?"),
        (&["incident", "open", "--title", " "], "a title needs a text"),
        (&["incident", "open", "--title", "A", "--page", "other"], "there are: demo"),
        (&["incident", "update", "abcdefghijkl"], "has no incident \"abcdefghijkl\""),
        (&["problem", "ack", "abcdefghijkl"], "has no problem \"abcdefghijkl\""),
    ] {
        let (succeeded, output) = run_cli(&world, words);
        assert!(!succeeded && output.contains(message), "{words:?}: {output}");
    }
}

#[tokio::test]
async fn a_failing_check_has_a_problem_and_a_draft_that_an_operator_approves() {
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let rest = format!(
        "{local}{}{}",
        quick_check("search", &format!("http://127.0.0.1:{}/", free_port())),
        page("demo", true, &["search"])
    );
    let mut world = World::new(&format!("[incidents]\ndraft_from = \"never\"\n\n{rest}"));
    world.start().await;
    let problems = || asked(&world, &["problem", "list"])["problems"].as_array().cloned().unwrap_or_default();
    until("there is a problem", NOTICED, async || !problems().is_empty()).await;
    let problem = problems().remove(0);
    let id = problem["id"].as_str().expect("an id");
    assert_eq!((&problem["subject"], &problem["level"]), (&"search".into(), &"down".into()), "{problem}");
    assert_eq!((&problem["severity"], &problem["reason"]), (&"high".into(), &"connect_refused".into()));
    assert_eq!(run_ok(&world, &["incident", "list", "--all"]), "There are no incidents.");

    run_ok(&world, &["problem", "ack", id]);
    run_ok(&world, &["problem", "note", id, "The cable at 10.0.0.7, says Ida"]);
    run_ok(&world, &["problem", "severity", id, "critical"]);
    let shown = run_ok(&world, &["problem", "show", id]);
    for words in ["search is down", "critical", "note", "The cable at 10.0.0.7, says Ida", "connect_refused"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let table = run_ok(&world, &["problem", "list"]);
    assert!(table.contains("acknowledged") && table.contains("search"), "{table}");

    // The new rules take effect when the file is read again: the problem that lasts gets its draft.
    world.declare(&format!("[incidents]\ndraft_from = \"critical\"\n\n{rest}"));
    world.running().hang_up();
    let drafts = || asked(&world, &["incident", "list"])["incidents"].as_array().cloned().unwrap_or_default();
    until("there is a draft", NOTICED, async || !drafts().is_empty()).await;
    let draft = drafts().remove(0);
    assert_eq!((&draft["draft"], &draft["automatic"]), (&true.into(), &true.into()), "{draft}");
    assert_eq!(draft["problems"][0]["id"], id, "{draft}");
    let incident = draft["id"].as_str().expect("an id");
    let log = world.running().log();
    assert!(log.contains("a problem began") && log.contains("of=search"), "{log}");
    assert!(log.contains(&format!("skerry-aggregator incident approve {incident} publishes it")), "{log}");
    let table = run_ok(&world, &["incident", "list"]);
    assert!(table.contains("draft: incident approve publishes it") && table.contains(" search "), "{table}");
    run_ok(&world, &["incident", "approve", incident]);
    let approved = asked(&world, &["incident", "show", incident]);
    assert!(approved["published_at"].is_string(), "{approved}");
    let (succeeded, output) = run_cli(&world, &["incident", "approve", incident]);
    assert!(!succeeded && output.contains("is published already"), "{output}");
    let (succeeded, output) =
        run_cli(&world, &["incident", "update", incident, "--message", "We are on it."]);
    assert!(succeeded && output.contains("no longer follows its problems by itself"), "{output}");
}
