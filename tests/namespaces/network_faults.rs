//! What a visitor sees while links, agents, gateways and locations fail. The page is red if the locations
//! report an outage, and never because our own network fails.

use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::TARGET;
use crate::net::{AGENTS, Far, Net, PageSnapshot};

/// Time to notice a change, on a busy machine.
const NOTICED: Duration = Duration::from_secs(20);
/// The silence limit of three intervals and ten seconds, and a margin.
const SILENT: Duration = Duration::from_secs(35);
const FAST_CHECK: &str =
    "interval = \"1s\"\ntimeout = \"500ms\"\nretry_interval = \"500ms\"\nfall = 3\nrise = 2\n";
/// A run is longer than the first retransmissions of a lost packet.
const SLOW_CHECK: &str = "interval = \"4s\"\ntimeout = \"4s\"\nretry_interval = \"2s\"\nfall = 3\nrise = 2\n";
/// One second for the current run, three failures with 500 ms of timeout and half a second of self-test each,
/// and the time until the page shows it.
const DOWN_WITHIN: Duration = Duration::from_secs(8);

const ALL_GONE: [Far; 2] = [Far::Aggregator, Far::World];
/// A slow link: rate, burst in bytes, maximum queueing time. The packets of a run and of the self-test get
/// through, one after the other.
const SLOW: [&str; 3] = ["6kbit", "300", "2s"];
/// Less than the self-test alone needs: the queue is full, and every packet is seconds old.
const SATURATED: [&str; 3] = ["1kbit", "300", "8s"];
const DROPPED_AT_TARGET: &str = "ip daddr 198.51.100.10 drop";

impl Net {
    async fn shows(&self, what: &str, bound: Duration, fits: impl Fn(&PageSnapshot) -> bool) -> PageSnapshot {
        let mut last = None;
        until(what, bound, async || {
            last = self.shown();
            last.as_ref().is_some_and(&fits)
        })
        .await;
        last.expect("it fitted")
    }

    /// HTML and JSON: everything is operational, with current data.
    async fn is_green(&self, why: &str) {
        let fits = |shown: &PageSnapshot| shown.status == "operational" && shown.stale_since.is_none();
        let shown = self.shows(why, NOTICED, fits).await;
        assert_eq!((&*shown.indicator, &*shown.description), ("none", "All Systems Operational"), "{why}");
        assert!(shown.html.contains("All systems operational"), "{why}: {}", shown.html);
        assert!(!shown.html.contains("No data since"), "{why}: {}", shown.html);
    }

    /// Every agent has reported that all is well: an agent that never reported cannot fall silent.
    async fn all_have_reported(&self) {
        until("every agent is heard", NOTICED, async || {
            let check = self.check();
            let agents = check["agents"].as_array().map(Vec::as_slice).unwrap_or_default();
            agents.iter().filter(|agent| agent["says"] == "up").count() == AGENTS.len()
        })
        .await;
    }

    /// HTML and JSON: there is no current data, and the last status is kept.
    async fn shows_no_data(&self, why: &str) {
        let shown = self.shows(why, SILENT, |shown| shown.stale_since.is_some()).await;
        assert_eq!(shown.status, "operational", "{why}: what was seen last is kept");
        assert_eq!((&*shown.indicator, &*shown.description), ("minor", "No current data for 1 component"));
        assert!(shown.html.contains("No data for Shop"), "{why}: {}", shown.html);
        assert!(shown.html.contains("No data since <time"), "{why}: {}", shown.html);
        assert!(shown.html.contains("This does not mean that they are down."), "{why}: {}", shown.html);
        assert!(!shown.html.to_lowercase().contains("all systems operational"), "{why}: {}", shown.html);
    }

    /// No outage was ever seen or shown.
    fn was_never_red(&self) {
        let history = self.history();
        let calm = |status: &String| status == "operational" || status == "no_data";
        assert!(!history.is_empty() && history.iter().all(calm), "{history:?}");
    }

    async fn is_silent(&self, agent: &str) {
        let silent = async || self.listed(agent)["silent_checks"][0] == "shop";
        until(&format!("{agent} is silent"), SILENT, silent).await;
    }

    /// Waits until an agent has run its check so many times, counted by records waiting in its spool or taken
    /// from it.
    async fn runs(&self, agent: &str, times: u64) {
        let issued = || {
            let status = self.status(agent);
            status["acknowledged_through"].as_u64().unwrap_or(0) + status["depth"].as_u64().unwrap_or(0)
        };
        let before = issued();
        until(&format!("{agent} runs {times} times"), Duration::from_secs(100), async || {
            issued() >= before + times
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn silent_agents_cause_no_outage() {
    let mut net = Net::new("silent", FAST_CHECK);
    net.start().await;
    net.all_have_reported().await;
    net.is_green("nothing is wrong").await;

    // One of the two agents of a location is dead: the other one covers it.
    net.kill("four");
    net.is_silent("four").await;
    net.is_green("one agent of two is dead").await;
    assert!(net.log("aggregator").contains("stopped reporting"), "an operator hears of it");

    // One location of three is dead.
    for far in ALL_GONE {
        net.cable("two", far, "down");
    }
    net.is_silent("two").await;
    net.is_green("one location of three is dead").await;
    assert_eq!(net.check()["verdict"], "up");

    // Two locations are silent, and the third cannot reach the target: the status is unknown.
    net.cable("one", Far::Aggregator, "down");
    net.is_silent("one").await;
    net.is_green("one location of three still sees").await;
    net.arriving("three", Far::World, DROPPED_AT_TARGET);
    net.shows_no_data("two are silent and one has a bad route").await;
    let check = net.check();
    assert_eq!(check["verdict"], "unknown", "{check}");
    assert_eq!(check["minority"], serde_json::json!(["gamma"]), "{check}");

    net.heal();
    for far in ALL_GONE {
        net.cable("two", far, "up");
    }
    net.cable("one", Far::Aggregator, "up");
    net.start_agent_host("four");
    net.is_green("all of them see again").await;
    let told = async || net.log("aggregator").contains("that stopped reporting shop reports again");
    until("the end is logged too", NOTICED, told).await;
    net.was_never_red();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_outage_at_all_locations_is_public_and_one_at_a_minority_is_for_operators() {
    let mut net = Net::new("down", FAST_CHECK);
    net.start().await;
    net.all_have_reported().await;
    net.is_green("nothing is wrong").await;

    // The built-in agent uses the self-test settings of the file. Its host has no route to the references.
    assert_eq!(net.listed("local")["own_network_gone"], false);
    net.refer("10.99.0.1:80");

    // A minority changes nothing in public and is shown to operators.
    net.arriving("one", Far::World, DROPPED_AT_TARGET);
    until("operators see it", NOTICED, async || net.check()["minority"] == serde_json::json!(["alpha"]))
        .await;
    let check = net.check();
    assert_eq!(check["verdict"], "up", "{check}");
    let says: Vec<_> = check["agents"].as_array().expect("a list").iter().map(|one| &one["says"]).collect();
    assert_eq!(says, ["down", "up", "up", "up"], "by location: {check}");
    let series = "skerry_minority_reports{workspace=\"default\",check=\"shop\",location=\"alpha\"} 1";
    until("it is measured", NOTICED, async || net.metrics().contains(series)).await;
    net.is_green("one location of three says down").await;
    net.heal();
    until("the minority is gone", NOTICED, async || net.check()["minority"] == serde_json::json!([])).await;
    net.was_never_red();

    // An agent without a gateway is inconclusive, although the aggregator receives its batches.
    net.gateway("one", false);
    until("it knows", NOTICED, async || net.status("one")["own_network_lacks"] == "reference").await;
    until("operators know", NOTICED, async || net.listed("one")["own_network_gone"] == true).await;
    net.is_silent("one").await;
    assert!(net.listed("one")["last_seen_age_ms"].as_i64() < Some(20_000), "it is heard all the same");
    net.is_green("one agent has no gateway").await;

    // All of them lose the target.
    for agent in ["two", "three", "four"] {
        net.gateway(agent, false);
    }
    net.shows_no_data("no agent has a gateway").await;
    net.was_never_red();
    for (agent, _) in AGENTS {
        net.gateway(agent, true);
    }
    net.is_green("the gateways are back").await;

    // The target itself fails.
    net.take(TARGET);
    let shown = net.shows("it is down", DOWN_WITHIN, |shown| shown.status == "major_outage").await;
    assert_eq!((&*shown.indicator, &*shown.description), ("critical", "Major System Outage"));
    assert!(shown.html.contains("Major outage") && shown.stale_since.is_none(), "{}", shown.html);
    net.give(TARGET);
    net.is_green("the target is back").await;
    assert_eq!(net.history().iter().filter(|status| *status == "major_outage").count(), 1);
    until("the built-in agent knows", NOTICED, async || net.listed("local")["own_network_gone"] == true)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_lossy_link_is_no_outage() {
    let mut net = Net::new("bad", SLOW_CHECK);
    net.start().await;
    net.all_have_reported().await;
    net.is_green("nothing is wrong").await;

    // Every link loses one packet in five, both ways.
    for (agent, _) in AGENTS {
        for far in ALL_GONE {
            net.arriving(agent, far, "numgen random mod 5 == 0 drop");
            net.leaving(agent, far, "numgen random mod 5 == 0 drop");
        }
    }
    for (agent, _) in AGENTS {
        net.runs(agent, 5).await;
    }
    net.is_green("a packet of five is lost").await;
    net.heal();
    net.was_never_red();

    // Batches are lost; then replies are.
    for one_way in [Net::arriving, Net::leaving] {
        for (agent, _) in AGENTS {
            one_way(&net, agent, Far::Aggregator, "drop");
        }
        net.shows_no_data("the link works one way").await;
        net.was_never_red();
        net.heal();
        net.is_green("the link works both ways").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_slow_link_is_no_outage() {
    let mut net = Net::new("slow", SLOW_CHECK);
    net.start().await;
    net.all_have_reported().await;
    net.is_green("nothing is wrong").await;

    // The path to the target is slow, but no run times out.
    for (agent, _) in AGENTS {
        net.narrow(agent, Far::World, SLOW);
    }
    let slow = async || net.takes("one") > Duration::from_millis(150);
    until("a request takes its time", NOTICED, slow).await;
    for (agent, _) in AGENTS {
        net.runs(agent, 3).await;
    }
    net.is_green("the way to the target is slow").await;
    net.was_never_red();

    // It is so slow that every run times out; the references are as slow, so nothing is certain.
    for (agent, _) in AGENTS {
        net.narrow(agent, Far::World, SATURATED);
    }
    for (agent, _) in AGENTS {
        let knows = async || net.status(agent)["own_network_lacks"] == "reference";
        until(&format!("{agent} knows that it is its own network"), NOTICED, knows).await;
    }
    net.shows_no_data("the way to the target is choked").await;
    net.was_never_red();
    for (agent, _) in AGENTS {
        net.widen(agent, Far::World);
    }
    net.is_green("the way to the target is as it was").await;

    // Batches and replies are delayed by seconds.
    for (agent, _) in AGENTS {
        net.narrow(agent, Far::Aggregator, ["12kbit", "1600", "4s"]);
    }
    for (agent, _) in AGENTS {
        net.runs(agent, 3).await;
    }
    net.is_green("the links to the aggregator are slow").await;
    net.was_never_red();
}
