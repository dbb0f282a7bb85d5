//! Many eyes: what a visitor reads while links, agents, gateways and locations fail. The page is red when the
//! locations say so and never because we ourselves see badly.

use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::TARGET;
use crate::net::{EYES, Far, Net, Shown};

/// Seen at once, on a machine that has other things to do.
const NOTICED: Duration = Duration::from_secs(20);
/// Three intervals and ten seconds of silence, and a look.
const SILENT: Duration = Duration::from_secs(35);
const QUICK: &str =
    "interval = \"1s\"\ntimeout = \"500ms\"\nretry_interval = \"500ms\"\nfall = 3\nrise = 2\n";
/// A run outlives the first repeats of a lost packet.
const PATIENT: &str = "interval = \"4s\"\ntimeout = \"4s\"\nretry_interval = \"2s\"\nfall = 3\nrise = 2\n";
/// A second for the run that is on its way, three failures at 500 ms of timeout and half a second of self-test
/// each, the way to the page and a look at it.
const DOWN_WITHIN: Duration = Duration::from_secs(8);

const ALL_GONE: [Far; 2] = [Far::Aggregator, Far::World];
/// What a narrow link to the world carries: its rate, the bytes that go at once, and how long packets queue. The
/// packets of a run and of the self-test pass, each after the others.
const SLOW: [&str; 3] = ["6kbit", "300", "2s"];
/// Less than the self-test alone asks for: the queue is full, and all that comes out is seconds old.
const CHOKED: [&str; 3] = ["1kbit", "300", "8s"];
const DROPPED_AT_TARGET: &str = "ip daddr 198.51.100.10 drop";

impl Net {
    async fn shows(&self, what: &str, bound: Duration, fits: impl Fn(&Shown) -> bool) -> Shown {
        let mut last = None;
        until(what, bound, async || {
            last = self.shown();
            last.as_ref().is_some_and(&fits)
        })
        .await;
        last.expect("it fitted")
    }

    /// In words and as JSON: all is well, and seen.
    async fn is_green(&self, why: &str) {
        let fits = |shown: &Shown| shown.status == "operational" && shown.stale_since.is_none();
        let shown = self.shows(why, NOTICED, fits).await;
        assert_eq!((&*shown.indicator, &*shown.description), ("none", "All Systems Operational"), "{why}");
        assert!(shown.html.contains("All systems operational"), "{why}: {}", shown.html);
        assert!(!shown.html.contains("No data since"), "{why}: {}", shown.html);
    }

    /// Every agent has reported that all is well: who was never heard cannot fall silent.
    async fn all_are_heard(&self) {
        until("every agent is heard", NOTICED, async || {
            let check = self.check();
            let agents = check["agents"].as_array().map(Vec::as_slice).unwrap_or_default();
            agents.iter().filter(|agent| agent["says"] == "up").count() == EYES.len()
        })
        .await;
    }

    /// In words and as JSON: nothing is seen, and nothing is claimed but what was seen last.
    async fn is_blind(&self, why: &str) {
        let shown = self.shows(why, SILENT, |shown| shown.stale_since.is_some()).await;
        assert_eq!(shown.status, "operational", "{why}: what was seen last is kept");
        assert_eq!((&*shown.indicator, &*shown.description), ("minor", "No current data for 1 component"));
        assert!(shown.html.contains("No data for Shop"), "{why}: {}", shown.html);
        assert!(shown.html.contains("No data since <time"), "{why}: {}", shown.html);
        assert!(shown.html.contains("This does not mean that they are down."), "{why}: {}", shown.html);
        assert!(!shown.html.to_lowercase().contains("all systems operational"), "{why}: {}", shown.html);
    }

    /// Whatever happened, no outage was ever seen or shown.
    fn was_never_red(&self) {
        let history = self.history();
        let calm = |status: &String| status == "operational" || status == "no_data";
        assert!(!history.is_empty() && history.iter().all(calm), "{history:?}");
    }

    async fn is_silent(&self, eye: &str) {
        let silent = async || self.listed(eye)["silent_checks"][0] == "shop";
        until(&format!("{eye} is silent"), SILENT, silent).await;
    }

    /// Waits until an agent has run its check so often, by what waits in its spool or was taken from it.
    async fn runs(&self, eye: &str, times: u64) {
        let issued = || {
            let status = self.status(eye);
            status["acknowledged_through"].as_u64().unwrap_or(0) + status["depth"].as_u64().unwrap_or(0)
        };
        let before = issued();
        until(&format!("{eye} runs {times} times"), Duration::from_secs(100), async || {
            issued() >= before + times
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_is_silent_accuses_nobody() {
    let mut net = Net::new("silent", QUICK);
    net.start().await;
    net.all_are_heard().await;
    net.is_green("nothing is wrong").await;

    // One of the two agents of one location is dead: the other sees for both.
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

    // Two locations are silent, and the third cannot reach the target: nobody knows.
    net.cable("one", Far::Aggregator, "down");
    net.is_silent("one").await;
    net.is_green("one location of three still sees").await;
    net.arriving("three", Far::World, DROPPED_AT_TARGET);
    net.is_blind("two are silent and one has a bad route").await;
    let check = net.check();
    assert_eq!(check["verdict"], "unknown", "{check}");
    assert_eq!(check["minority"], serde_json::json!(["gamma"]), "{check}");

    net.heal();
    for far in ALL_GONE {
        net.cable("two", far, "up");
    }
    net.cable("one", Far::Aggregator, "up");
    net.start_eye("four");
    net.is_green("all of them see again").await;
    let told = async || net.log("aggregator").contains("that stopped reporting shop reports again");
    until("an operator hears of the end too", NOTICED, told).await;
    net.was_never_red();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_all_see_is_down_and_what_one_sees_is_kept_for_operators() {
    let mut net = Net::new("down", QUICK);
    net.start().await;
    net.all_are_heard().await;
    net.is_green("nothing is wrong").await;

    // The built-in agent tests itself by what the file says now. No route leads there from its host.
    assert_eq!(net.listed("local")["own_network_gone"], false);
    net.refer("10.99.0.1:80");

    // A minority: no public word, and a private one.
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

    // An agent whose gateway is gone says nothing, though the aggregator hears it.
    net.gateway("one", false);
    until("it knows", NOTICED, async || net.status("one")["own_network_lacks"] == "reference").await;
    until("operators know", NOTICED, async || net.listed("one")["own_network_gone"] == true).await;
    net.is_silent("one").await;
    assert!(net.listed("one")["last_seen_age_ms"].as_i64() < Some(20_000), "it is heard all the same");
    net.is_green("one agent has no gateway").await;

    // All of them lose it.
    for eye in ["two", "three", "four"] {
        net.gateway(eye, false);
    }
    net.is_blind("no agent has a gateway").await;
    net.was_never_red();
    for (eye, _) in EYES {
        net.gateway(eye, true);
    }
    net.is_green("the gateways are back").await;

    // The target itself.
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
async fn a_link_that_loses_is_no_outage() {
    let mut net = Net::new("bad", PATIENT);
    net.start().await;
    net.all_are_heard().await;
    net.is_green("nothing is wrong").await;

    // One packet of five is lost on every link, both ways.
    for (eye, _) in EYES {
        for far in ALL_GONE {
            net.arriving(eye, far, "numgen random mod 5 == 0 drop");
            net.leaving(eye, far, "numgen random mod 5 == 0 drop");
        }
    }
    for (eye, _) in EYES {
        net.runs(eye, 5).await;
    }
    net.is_green("a packet of five is lost").await;
    net.heal();
    net.was_never_red();

    // What the agents say does not arrive; then what they are answered does not.
    for one_way in [Net::arriving, Net::leaving] {
        for (eye, _) in EYES {
            one_way(&net, eye, Far::Aggregator, "drop");
        }
        net.is_blind("the link works one way").await;
        net.was_never_red();
        net.heal();
        net.is_green("the link works both ways").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_slow_link_is_no_outage() {
    let mut net = Net::new("slow", PATIENT);
    net.start().await;
    net.all_are_heard().await;
    net.is_green("nothing is wrong").await;

    // The way to the target is slow, and no run is too late for it.
    for (eye, _) in EYES {
        net.narrow(eye, Far::World, SLOW);
    }
    let slow = async || net.takes("one") > Duration::from_millis(150);
    until("a request takes its time", NOTICED, slow).await;
    for (eye, _) in EYES {
        net.runs(eye, 3).await;
    }
    net.is_green("the way to the target is slow").await;
    net.was_never_red();

    // It is so slow that every run is too late; the references are as late, so that nobody can tell.
    for (eye, _) in EYES {
        net.narrow(eye, Far::World, CHOKED);
    }
    for (eye, _) in EYES {
        let knows = async || net.status(eye)["own_network_lacks"] == "reference";
        until(&format!("{eye} knows that it is its own network"), NOTICED, knows).await;
    }
    net.is_blind("the way to the target is choked").await;
    net.was_never_red();
    for (eye, _) in EYES {
        net.widen(eye, Far::World);
    }
    net.is_green("the way to the target is as it was").await;

    // What the agents say waits for seconds before it goes, and so does what they are answered.
    for (eye, _) in EYES {
        net.narrow(eye, Far::Aggregator, ["12kbit", "1600", "4s"]);
    }
    for (eye, _) in EYES {
        net.runs(eye, 3).await;
    }
    net.is_green("the links to the aggregator are slow").await;
    net.was_never_red();
}
