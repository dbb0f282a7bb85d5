//! Announcements, as an operator makes them on the command line and visitors see them.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, now, page};
use serde_json::Value;
use skerry_tests::parts::until;
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

/// A time so many seconds from now, as an option takes it.
fn in_seconds(seconds: i64) -> String {
    jiff::Timestamp::from_second(now() / 1_000 + seconds).expect("a time").to_string()
}

/// Waits until a path answers so, with or without a text.
async fn shows(world: &World, path: &str, text: &str, shown: bool) {
    let seen = async || world.page(path).text().contains(text) == shown;
    until(&format!("{path} shows {text}: {shown}"), NOTICED, seen).await;
}

fn create(world: &World, words: &[&str]) -> (String, String) {
    let (succeeded, output) = run_cli(world, &[&["announcement", "create"], words].concat());
    assert!(succeeded, "{output}");
    let line = output.lines().find(|line| line.ends_with("is made.")).expect("a line");
    (line.split(' ').nth(1).expect("an id").to_owned(), output)
}

#[tokio::test]
async fn an_announcement_appears_and_disappears_by_itself_and_is_no_incident() {
    let component = "[[page.component]]\nkey = \"web\"\nname = \"Web\"\nmanual = true\n";
    let mut world = World::new(&format!("{}{component}", page("demo", true, &[])));
    world.start().await;
    let before = world.page("/api/v2/summary.json").json();
    let (from, to) = (in_seconds(4), in_seconds(12));
    let words =
        ["--title", "New addresses", "--message", "Both answer, **10.0.0.7** too.", "--level", "warning"];
    let (id, output) = create(&world, &[&words[..], &["--from", &from, "--to", &to, "--tell"]].concat());
    assert!(output.contains("removed from the message: \"10.0.0.7\" (IPv4 address)"), "{output}");
    assert!(output.contains(&format!("Visitors see it from {from} on, until {to}.")), "{output}");
    let own = format!("/announcements/{id}");
    assert_eq!(world.page(&own).status, 404, "it has not appeared");
    shows(&world, "/", "Important: ", true).await;
    shows(&world, &own, "Both answer, <strong>[redacted]</strong> too.", true).await;
    let after = world.page("/api/v2/summary.json").json();
    for key in ["incidents", "scheduled_maintenances", "status"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    shows(&world, "/", "New addresses", false).await;
    shows(&world, &own, "It was shown", true).await;
    let closed = world.page(&own);
    assert!(closed.head.to_lowercase().contains("cache-control: public, max-age=600,"), "{}", closed.head);
    let listed = run_ok(&world, &["announcement", "list", "--all", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let one = &listed["announcements"][0];
    assert_eq!((&one["state"], &one["tell_subscribers"]), (&"ended".into(), &true.into()), "{one}");
    assert!(run_ok(&world, &["announcement", "list"]).contains("Nothing is announced."));
}

#[tokio::test]
async fn an_announcement_is_changed_and_ended_by_people() {
    let component = "[[page.component]]\nkey = \"web\"\nname = \"Web\"\nmanual = true\n";
    let second = "[[page]]\nkey = \"other\"\nname = \"Other\"\nslug = \"other\"\npublic = true\n";
    let mut world = World::new(&format!("{}{component}{second}{component}", page("demo", true, &[])));
    world.start().await;
    let words = ["--title", "Holidays", "--message", "We are closed."];
    let (succeeded, output) = run_cli(&world, &[&["announcement", "create"], &words[..]].concat());
    assert!(!succeeded && output.contains("several pages: say --page, one of demo, other"), "{output}");
    let (id, _) = create(&world, &[&words[..], &["--page", "demo", "--page", "other"]].concat());
    let paths = ["/".to_owned(), format!("/announcements/{id}")];
    let others = paths.clone().map(|path| format!("/status/other{path}"));
    for path in paths.iter().chain(&others) {
        shows(&world, path, "We are closed.", true).await;
    }
    let shown: Value =
        serde_json::from_str(&run_ok(&world, &["announcement", "show", &id, "--json"])).expect("JSON");
    let version = shown["version"].as_str().expect("a version").to_owned();
    let change = ["announcement", "change", &id, "--message", "We are open."];
    run_ok(&world, &[&change[..], &["--page", "demo", "--if-version", &version]].concat());
    shows(&world, "/", "We are open.", true).await;
    shows(&world, &paths[1], "Edited ", true).await;
    let gone = async || world.page(&others[1]).status == 404;
    until("its page on the other page is gone", NOTICED, gone).await;
    shows(&world, &others[0], "We are", false).await;
    let (succeeded, output) = run_cli(&world, &[&change[..], &["--if-version", &version]].concat());
    assert!(!succeeded && output.contains("look at it again"), "{output}");
    let (succeeded, output) = run_cli(&world, &["announcement", "end", &id]);
    assert!(succeeded && output.contains("Visitors see it no more"), "{output}");
    shows(&world, "/", "We are open.", false).await;
    shows(&world, &paths[1], "It was shown", true).await;
    let (succeeded, output) = run_cli(&world, &["announcement", "end", &id]);
    assert!(!succeeded && output.contains("this announcement has ended"), "{output}");
}
