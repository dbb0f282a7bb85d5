//! What visitors see of maintenance: the page, its history and Statuspage's API.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, now, page, quick_check};
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

const ALL: &str = "/api/v2/scheduled-maintenances.json";
const UPCOMING: &str = "/api/v2/scheduled-maintenances/upcoming.json";
const ACTIVE: &str = "/api/v2/scheduled-maintenances/active.json";
const SUMMARY: &str = "/api/v2/summary.json";

/// Waits until the paths show a text, or no longer do.
async fn all_show(world: &World, paths: &[&str], text: &str, shown: bool) {
    for path in paths {
        let seen = async || world.page(path).text().contains(text) == shown;
        until(&format!("{path} shows {text}: {shown}"), NOTICED, seen).await;
    }
}

/// Plans maintenance of two hours that begins after so many hours: its id.
fn plan(world: &World, hours: i64, more: &[&str]) -> String {
    let from = jiff::Timestamp::from_second(now() / 1_000 + hours * 3_600).expect("a time").to_string();
    let words = ["maintenance", "schedule", "--from", &from, "--for", "2h", "--json"];
    let planned = run_ok(world, &[&words[..], more].concat());
    let planned: serde_json::Value = serde_json::from_str(&planned).expect("JSON");
    planned["maintenance"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn maintenance_is_on_the_page_from_its_announcement_on() {
    let component = "[[page.component]]\nkey = \"web\"\nname = \"Web\"\nmanual = true\n";
    let check = quick_check("secret-check", &format!("http://127.0.0.1:{}/", free_port()));
    let local = "[local_agent]\nlocation = \"here\"\n\n";
    let mut world = World::new(&format!("{local}{check}{}{component}", page("demo", true, &[])));
    world.start().await;
    let words = ["--title", "New disks", "--message", "Shops are **slow**.", "--component", "web"];
    let later = plan(&world, 48, &words);
    let private = plan(&world, 1, &["--title", "Nobody is told", "--check", "secret-check"]);
    let id = plan(&world, 3, &[&words[..], &["--check", "secret-check"]].concat());

    let own = format!("/maintenance/{id}");
    all_show(&world, &["/", ALL, UPCOMING, SUMMARY], "New disks", true).await;
    all_show(&world, &[&own], "Shops are <strong>slow</strong>.", true).await;
    all_show(&world, &[ACTIVE, "/history"], "New disks", false).await;
    let upcoming = world.page(UPCOMING).json();
    let listed = upcoming["scheduled_maintenances"].as_array().expect("a list");
    assert_eq!(listed.len(), 1, "one is announced later, and one is private: {upcoming}");
    assert_eq!((&listed[0]["id"], &listed[0]["impact"]), (&id.clone().into(), &"maintenance".into()));
    for unknown in [&later, &private] {
        assert_eq!(world.page(&format!("/maintenance/{unknown}")).status, 404);
    }

    run_ok(&world, &["maintenance", "start", &id]);
    all_show(&world, &[ACTIVE, "/history"], "New disks", true).await;
    all_show(&world, &["/"], "Maintenance in progress: <bdi>Web</bdi>", true).await;
    all_show(&world, &[&own], "<b class=st>In progress</b>", true).await;
    run_ok(&world, &["maintenance", "end", &id, "--message", "All disks are new."]);
    all_show(&world, &[ACTIVE, UPCOMING, SUMMARY], "New disks", false).await;
    all_show(&world, &[&own], "<b class=st>Completed</b>", true).await;
    let closed = world.page(&own);
    assert!(closed.head.to_lowercase().contains("cache-control: public, max-age=600,"), "{}", closed.head);
    all_show(&world, &["/", "/history", ALL], "New disks", true).await;
    for path in ["/", "/history", &own, ALL] {
        let text = world.page(path).text();
        assert!(!text.contains("secret-check") && !text.contains("Nobody is told"), "{path}: {text}");
    }
}

#[tokio::test]
async fn cancelled_maintenance_that_visitors_knew_of_keeps_its_page() {
    let component = "[[page.component]]\nkey = \"web\"\nname = \"Web\"\nmanual = true\n";
    let mut world = World::new(&format!("{}{component}", page("demo", true, &[])));
    world.start().await;
    let id = plan(&world, 3, &["--title", "New disks", "--component", "web"]);
    let own = format!("/maintenance/{id}");
    all_show(&world, &["/", &own, ALL], "New disks", true).await;
    run_ok(&world, &["maintenance", "cancel", &id, "--message", "No disks came."]);
    all_show(&world, &["/", "/history", ALL, UPCOMING, SUMMARY], "New disks", false).await;
    all_show(&world, &[&own], "<b class=st>Cancelled</b>", true).await;
    all_show(&world, &[&own], "No disks came.", true).await;
}

#[tokio::test]
async fn maintenance_of_private_components_alone_is_seen_by_nobody() {
    let component = |key: &str, public: bool| {
        format!("[[page.component]]\nkey = \"{key}\"\nname = \"{key}\"\nmanual = true\npublic = {public}\n")
    };
    let components = component("web", true) + &component("ledger", false);
    let mut world = World::new(&format!("{}{components}", page("demo", true, &[])));
    world.start().await;
    let from = jiff::Timestamp::from_second(now() / 1_000 + 3_600).expect("a time").to_string();
    let words = ["maintenance", "schedule", "--title", "Other disks", "--from", &from, "--for", "2h"];
    let (succeeded, told) = run_cli(&world, &[&words[..], &["--component", "ledger"]].concat());
    assert!(succeeded && told.contains("No visitor sees it: none of its components is public."), "{told}");
    plan(&world, 1, &["--title", "New disks", "--component", "web"]);
    all_show(&world, &["/", ALL], "New disks", true).await;
    all_show(&world, &["/", "/history", ALL], "Other disks", false).await;
}
