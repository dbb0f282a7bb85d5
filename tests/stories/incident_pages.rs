//! What visitors see of incidents: the page, its history and Statuspage's API.

use crate::enrolment::run_ok;
use crate::world::{World, page, quick_check};
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

/// The paths that list an incident that lasts.
const LISTS: [&str; 5] =
    ["/", "/history", "/api/v2/summary.json", "/api/v2/incidents.json", "/api/v2/incidents/unresolved.json"];

async fn all_show(world: &World, paths: &[&str], text: &str, shown: bool) {
    for path in paths {
        let seen = async || world.page(path).text().contains(text) == shown;
        until(&format!("{path} shows {text}: {shown}"), NOTICED, seen).await;
    }
}

#[tokio::test]
async fn an_incident_is_on_the_page_while_it_is_published() {
    let component = "[[page.component]]\nkey = \"web\"\nname = \"Web\"\nmanual = true\n";
    let mut world = World::new(&format!("{}{component}", page("demo", true, &[])));
    world.start().await;
    let message = "Cards are **declined**.";
    let words = ["--title", "Cards fail", "--message", message, "--component", "web=major", "--draft"];
    let opened = run_ok(&world, &[&["incident", "open"], &words[..], &["--json"]].concat());
    let opened: serde_json::Value = serde_json::from_str(&opened).expect("JSON");
    let id = opened["incident"].as_str().expect("an id").to_owned();
    let own = format!("/incidents/{id}");
    assert_eq!(world.page(&own).status, 404, "nobody sees a draft");

    run_ok(&world, &["incident", "approve", &id]);
    all_show(&world, &LISTS, "Cards fail", true).await;
    all_show(&world, &[&own], "Cards are <strong>declined</strong>.", true).await;
    let live = world.page(&own);
    assert!(live.head.to_lowercase().contains("cache-control: public, max-age=10,"), "{}", live.head);
    let unresolved = world.page("/api/v2/incidents/unresolved.json").json();
    let incident = &unresolved["incidents"][0];
    assert_eq!((&incident["impact"], &incident["status"]), (&"critical".into(), &"investigating".into()));
    assert_eq!(incident["components"][0]["name"], "Web", "{incident}");
    let shortlink = incident["shortlink"].as_str().expect("a link");
    assert!(shortlink.ends_with(&own), "{shortlink}");
    all_show(&world, &["/"], "Major outage: Web", true).await;

    run_ok(&world, &["incident", "resolve", &id, "--message", "They work.", "--release"]);
    all_show(&world, &["/", "/api/v2/incidents/unresolved.json"], "Happening now", false).await;
    all_show(&world, &[&own], "<b class=st>Resolved.</b>", true).await;
    let closed = world.page(&own);
    assert!(closed.head.to_lowercase().contains("cache-control: public, max-age=600,"), "{}", closed.head);

    run_ok(&world, &["incident", "delete", &id]);
    until("its page vanishes", NOTICED, async || world.page(&own).status == 404).await;
    all_show(&world, &LISTS, "Cards fail", false).await;
}

#[tokio::test]
async fn an_automatic_incident_names_components_and_no_check() {
    let port = free_port();
    let rest = format!(
        "[incidents]\npublish_from = \"high\"\n\n[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("secret-check", &format!("http://127.0.0.1:{port}/")),
        "[[page]]\nkey = \"demo\"\nname = \"Demo\"\npublic = true\n\n[[page.component]]\nkey = \"web\"\n\
         name = \"Web\"\nchecks = [\"secret-check\"]\n"
    );
    let mut world = World::new(&rest);
    world.start().await;
    all_show(&world, &LISTS, "Major outage: Web", true).await;
    let incident = world.page("/api/v2/incidents.json").json()["incidents"][0].clone();
    let body = incident["incident_updates"][0]["body"].as_str().expect("a text");
    assert!(body.starts_with("A problem has affected Web since "), "{body}");
    assert!(body.ends_with(" Our checks get no answer. We are looking into it."), "{body}");
    for path in LISTS {
        let text = world.page(path).text();
        assert!(!text.contains("secret-check") && !text.contains(&format!(":{port}")), "{path}: {text}");
    }
}
