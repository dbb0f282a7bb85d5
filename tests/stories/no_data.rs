//! Components without current data are never shown as operational: a failing check whose agent dies, and an
//! aggregator that restarts again and again beside a dead agent.

use crate::http::get;
use crate::world::{START, World, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use std::time::{Duration, Instant};

const NOTICED: Duration = Duration::from_secs(30);
/// The silence limit of a check with an interval of one second.
const SILENCE: Duration = Duration::from_secs(13);

#[tokio::test]
async fn a_failing_check_does_not_turn_green_when_its_agent_dies() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(
        "[[page]]\nkey = \"demo\"\nname = \"Demo\"\npublic = true\n\n\
         [[page.component]]\nkey = \"store\"\nname = \"Store\"\nchecks = [\"redis\", \"disk\"]\n",
    );
    world.start().await;
    let agent = |name: &str, check: &str, url: &str| {
        let token = world.enrol(name, name, None);
        let config = world.agent_config(name, world.private, &token, &quick_check(check, url));
        world.start_agent(name, &config)
    };
    let one = agent("one", "redis", &nginx.url_at("127.0.0.1", "/"));
    let two = agent("two", "disk", &format!("http://127.0.0.1:{}/", free_port()));
    world.shows("Store", "partial_outage", NOTICED).await;
    let whole = world.component("/", "Store");
    assert_eq!((&whole["unseen_since"], &whole["checks"]), (&serde_json::Value::Null, &2.into()), "{whole}");

    two.kill();
    until("the page says that a part is out of sight", NOTICED, async || {
        let component = world.component("/", "Store");
        assert_eq!(component["status"], "partial_outage", "{component}");
        component["unseen_since"].is_string()
    })
    .await;
    let component = world.component("/", "Store");
    assert_eq!(
        (&component["unseen_checks"], &component["stale_since"]),
        (&1.into(), &serde_json::Value::Null)
    );
    let status = world.page("/api/v2/status.json").json();
    assert_eq!(status["status"]["description"], "Partial System Outage");
    let index = world.page("/").text();
    assert!(index.contains("Partial outage: ") && index.contains("1 of 2 checks not seen since"), "{index}");
    one.stop().await;
}

#[tokio::test]
async fn restarts_do_not_renew_old_evidence() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("far", "far", None);
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("far", world.private, &token, &checks);
    let agent = world.start_agent("far", &config);
    world.shows("web", "operational", NOTICED).await;
    agent.kill();
    let died = Instant::now();
    let mut verified = Vec::new();
    loop {
        world.kill();
        let status = first_answer(&mut world).await;
        verified.push(status["verified_at"].as_str().expect("it was seen").to_owned());
        if status["status"]["description"] == "No current data for 1 component" {
            break;
        }
        assert_eq!(status["status"]["description"], "All Systems Operational", "{status}");
        assert!(died.elapsed() < 2 * SILENCE + START, "still green after {:?}", died.elapsed());
    }
    verified.dedup();
    assert!(verified.len() <= 2, "no start moves it: {verified:?}");
    // Old evidence is stale in the first response after a start, and stays so.
    world.kill();
    let status = first_answer(&mut world).await;
    assert_eq!(status["status"]["description"], "No current data for 1 component");
    assert!(!world.page("/").text().contains("All systems operational"));
}

/// The page's status for the first visitor after a start.
async fn first_answer(world: &mut World) -> serde_json::Value {
    world.start().await;
    let public = world.public;
    let mut first = None;
    until("the page answers", START, async || {
        let answer = get(public, "/api/v2/status.json").filter(|answer| answer.status == 200);
        first = answer.map(|answer| answer.json());
        first.is_some()
    })
    .await;
    first.expect("waited for")
}
