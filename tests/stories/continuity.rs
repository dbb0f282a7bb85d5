//! No data is lost while one side is down, and late data corrects the past.

use crate::link::Link;
use crate::world::{World, now, page, quick_check};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::path::Path;
use std::time::Duration;

const INTERVAL: i64 = 1_000;
const SLACK: i64 = 300;
/// How late a probe may begin, ms, while more stories run than there are processors; the simulation knows the edges of outages to
/// the millisecond, on clocks of its own.
const LATE: i64 = 1_000;
const NOTICED: Duration = Duration::from_secs(10);
/// From a commit to the served bytes, on a busy machine.
const PUBLISHED: Duration = Duration::from_secs(1);
/// An agent that could not deliver for half a minute retries within this time.
const DRAINED: Duration = Duration::from_secs(60);

/// The target of `web` dies and returns, and the agent with this configuration notices both; returns the
/// times.
async fn outage_noticed(world: &World, nginx: &mut Nginx, config: &Path) -> (i64, i64) {
    let holds = async |state: &str| {
        until(&format!("the agent holds web to be {state}"), NOTICED, async || {
            world.agent_state(config, "web").as_deref() == Some(state)
        })
        .await;
    };
    let died = now();
    nginx.kill().await;
    holds("down").await;
    let returned = now();
    nginx.restart().await;
    holds("up").await;
    (died, returned)
}

/// The only closed outage of `web`, whose edges fit the story.
pub(crate) async fn only_outage(world: &World, died: i64, returned: i64) {
    let intervals = world.intervals("web");
    let outages: Vec<_> = intervals.iter().filter(|(.., status)| status == "major_outage").collect();
    assert_eq!(outages.len(), 1, "{intervals:?}");
    let (from, to, _) = outages[0];
    assert!((-SLACK..=INTERVAL + LATE).contains(&(from - died)), "begins {} ms after the death", from - died);
    assert!(
        (-SLACK..=INTERVAL + LATE).contains(&(to - returned)),
        "ends {} ms after the return",
        to - returned
    );
    // A commit is published a moment later.
    until("the page says the same", PUBLISHED, async || {
        let shown = world.uptime_seconds("web", "major_outage_seconds");
        (shown * 1e3 - (to - from) as f64).abs() < 1.0
    })
    .await;
}

#[tokio::test]
async fn an_outage_while_the_aggregator_was_down_is_in_the_bars() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("away", "away", None);
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("away", world.private, &token, &checks);
    let agent = world.start_agent("away", &config);
    world.shows("web", "operational", NOTICED).await;
    let before = world.intervals("web");

    world.kill();
    let (died, returned) = outage_noticed(&world, &mut nginx, &config).await;
    let waiting = world.agent_status(&config).expect("a status")["depth"].as_u64().expect("a number");
    assert!(waiting >= 4, "{waiting} records wait in the spool");

    world.start().await;
    until("the outage is in the bars", DRAINED, async || {
        world.intervals("web").iter().any(|(.., status)| status == "major_outage")
            && world.agent_status(&config).is_some_and(|status| status["depth"].as_u64() <= Some(2))
    })
    .await;
    world.shows("web", "operational", NOTICED).await;
    only_outage(&world, died, returned).await;
    let after = world.intervals("web");
    assert_eq!(after[0].0, before[0].0, "what was before stays");
    let unseen: Vec<_> = after.iter().filter(|(.., status)| status == "no_data").collect();
    assert!(unseen.iter().all(|(_, to, _)| *to <= died), "our own downtime is not a hole: {after:?}");
    let status = world.agent_status(&config).expect("a status");
    assert_eq!((&status["lost"], &status["set_aside"]), (&0.into(), &0.into()), "{status}");
    agent.stop().await;
}

#[tokio::test]
async fn late_data_repairs_the_past() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let link = Link::to(world.private).await;
    let token = world.enrol("far", "far", None);
    let checks = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = world.agent_config("far", link.port, &token, &checks);
    let agent = world.start_agent("far", &config);
    world.shows("web", "operational", NOTICED).await;

    link.cut();
    let cut = now();
    // Silence is three intervals and ten seconds; after that no page may show that everything is operational.
    until("the page says that it sees nothing", Duration::from_secs(20), async || {
        world.component("/", "web")["stale_since"].is_string()
    })
    .await;
    let status = world.page("/api/v2/status.json").json();
    assert_eq!(status["status"]["description"], "No current data for 1 component");
    assert!(!world.page("/").text().contains("All systems operational"));
    let holes = |world: &World| -> Vec<_> {
        let after_the_cut =
            |(from, to, status): &(i64, i64, String)| status == "no_data" && *to > cut && to > from;
        world.intervals("web").into_iter().filter(after_the_cut).collect()
    };
    assert_eq!(holes(&world).len(), 1, "{:?}", world.intervals("web"));
    let (died, returned) = outage_noticed(&world, &mut nginx, &config).await;

    link.mend();
    until("the past is repaired", DRAINED, async || {
        holes(&world).is_empty() && world.intervals("web").iter().any(|(.., status)| status == "major_outage")
    })
    .await;
    world.shows("web", "operational", NOTICED).await;
    only_outage(&world, died, returned).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_the_state() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&format!(
        "[local_agent]\nlocation = \"here\"\n\n{}{}",
        quick_check("web", &nginx.url_at("127.0.0.1", "/")),
        page("demo", true, &["web"])
    ));
    world.start().await;
    world.shows("web", "operational", NOTICED).await;
    nginx.kill().await;
    world.shows("web", "major_outage", NOTICED).await;
    let before = world.component("/", "web");
    let page_before = world.page("/api/v2/status.json").json()["page"].clone();
    let outage =
        |world: &World| world.intervals("web").into_iter().find(|(.., status)| status == "major_outage");
    let began = outage(&world).expect("an outage").0;

    world.stop().await;
    world.start().await;
    let first = world.component("/", "web");
    assert_eq!(first, before, "the first answer after an orderly stop");
    world.kill();
    world.start().await;
    let first = world.component("/", "web");
    assert_eq!(first, before, "the first answer after a kill");
    let page_after = world.page("/api/v2/status.json").json()["page"].clone();
    assert_eq!(page_after["id"], page_before["id"]);
    nginx.restart().await;
    world.shows("web", "operational", NOTICED).await;
    let outages: Vec<_> =
        world.intervals("web").into_iter().filter(|(.., status)| status == "major_outage").collect();
    assert_eq!(outages.len(), 1, "one outage, over both restarts: {outages:?}");
    assert_eq!(outages[0].0, began, "it began when it began");
}
