//! An agent with several addresses: it switches to the next one if one is dead, and accepts no aggregator but
//! its own at any of them.

use crate::link::Link;
use crate::world::{World, page, quick_check};
use rusqlite::Connection;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(20);

/// An agent's file with two addresses.
fn two_addresses(world: &World, token: &str, check: &str, first: u16, second: u16) -> PathBuf {
    let file = world.agent_config("probe", first, token, check);
    let text = std::fs::read_to_string(&file).expect("written above");
    let further = format!("[aggregator]\nfurther_urls = [\"http://127.0.0.1:{second}\"]\n");
    world.write("probe/agent.toml", &text.replace("[aggregator]\n", &further))
}

fn acknowledged(world: &World, config: &Path) -> u64 {
    let status = world.agent_status(config).unwrap_or_default();
    status["acknowledged_through"].as_u64().unwrap_or(0)
}

async fn goes_on(world: &World, config: &Path, what: &str) {
    let before = acknowledged(world, config);
    until(what, NOTICED, async || acknowledged(world, config) > before + 2).await;
}

#[tokio::test]
async fn an_agent_switches_to_the_next_address_when_one_is_dead() {
    let nginx = Nginx::start(&Site::default()).await;
    let mut world = World::new(&page("demo", true, &["web"]));
    world.start().await;
    let token = world.enrol("probe", "there", None);
    let (first, second) = (Link::to(world.private).await, Link::to(world.private).await);
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = two_addresses(&world, &token, &check, first.port, second.port);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    for _ in 0..2 {
        first.cut();
        goes_on(&world, &config, "it delivers to the second address").await;
        first.mend();
        second.cut();
        goes_on(&world, &config, "it delivers to the first address").await;
        second.mend();
    }
    world.shows("web", "operational", NOTICED).await;
    let intervals = world.intervals("web");
    assert!(
        intervals.iter().all(|(.., status)| status == "operational" || status == "no_data"),
        "{intervals:?}"
    );
    agent.stop().await;
}

/// Another aggregator at the second address, which knows the agent's token or not.
async fn beside_a_stranger(knows: bool, words: &str) {
    let nginx = Nginx::start(&Site::default()).await;
    let (mut world, mut other) =
        (World::new(&page("demo", true, &["web"])), World::new(&page("demo", true, &[])));
    for one in [&mut world, &mut other] {
        one.start().await;
        one.stop().await;
    }
    let token = world.enrol("probe", "there", None);
    other.enrol("probe", "there", None);
    if knows {
        let ours = Connection::open(world.database()).expect("it opens");
        let hash: Vec<u8> =
            ours.query_row("SELECT token_hash FROM agent", [], |row| row.get(0)).expect("enrolled");
        let theirs = Connection::open(other.database()).expect("it opens");
        theirs.execute("UPDATE agent SET token_hash = ?1", [hash]).expect("written");
    }
    world.start().await;
    other.start().await;
    let link = Link::to(world.private).await;
    let check = quick_check("web", &nginx.url_at("127.0.0.1", "/"));
    let config = two_addresses(&world, &token, &check, link.port, other.private);
    let agent = world.start_agent("probe", &config);
    world.shows("web", "operational", NOTICED).await;
    link.cut();
    until(&format!("the agent says {words:?}"), NOTICED, async || agent.log().contains(words)).await;
    let before = acknowledged(&world, &config);
    let depth = || world.agent_status(&config).and_then(|status| status["depth"].as_u64()).unwrap_or(0);
    until("it keeps what it sees", NOTICED, async || depth() > 3).await;
    assert_eq!(acknowledged(&world, &config), before, "the stranger's word counts for nothing");
    link.mend();
    goes_on(&world, &config, "its own aggregator takes it all").await;
    world.shows("web", "operational", NOTICED).await;
    agent.stop().await;
}

#[tokio::test]
async fn another_aggregator_at_an_address_is_rejected_with_a_message() {
    beside_a_stranger(true, "is another aggregator (").await;
}

#[tokio::test]
async fn another_aggregator_that_rejects_the_token_does_not_stop_deliveries() {
    beside_a_stranger(false, "the aggregator did not accept a batch").await;
}
