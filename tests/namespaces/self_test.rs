//! A fault of the agent's own host is never its target's outage.

use std::path::{Path, PathBuf};
use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::{Hosts, REFERENCE_V6, REFERENCES, TARGET, TARGET_V6};

/// A few runs of the check, each with a self-test.
const BOUND: Duration = Duration::from_secs(45);

fn configure(hosts: &Hosts) -> PathBuf {
    let references = REFERENCES.map(|address| format!("\"{address}:80\"")).join(", ");
    configure_with(hosts, &references, TARGET)
}

fn configure_with(hosts: &Hosts, references: &str, target: &str) -> PathBuf {
    let text = format!(
        "[agent]\nname = \"agent\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [self_test]\nreferences = [{references}]\ninterval = \"1s\"\n\n\
         [aggregator]\nurl = \"http://127.0.0.1:9\"\n\n\
         [[check]]\nname = \"shop\"\ntype = \"http\"\nurl = \"http://{target}/\"\ninterval = \"500ms\"\n\
         timeout = \"400ms\"\nretry_interval = \"500ms\"\nfall = 2\nrise = 2\n",
        hosts.path("spool.db").display()
    );
    hosts.write("agent.toml", &text)
}

struct RunningAgent<'h> {
    hosts: &'h Hosts,
    config: &'h Path,
}

impl RunningAgent<'_> {
    fn status(&self) -> serde_json::Value {
        self.hosts.status(self.config).unwrap_or_default()
    }

    fn state(&self) -> String {
        self.status()["checks"][0]["state"].as_str().unwrap_or("none").to_owned()
    }

    async fn shows(&self, state: &str) {
        until(&format!("the check is {state}"), BOUND, async || self.state() == state).await;
    }

    /// Waits until the check has run so many more times.
    async fn runs(&self, times: u64) {
        let depth = || self.status()["depth"].as_u64().unwrap_or(0);
        let before = depth();
        until(&format!("{times} more runs"), BOUND, async || depth() >= before + times).await;
    }

    fn lacks(&self) -> Option<String> {
        self.status()["own_network_lacks"].as_str().map(ToOwned::to_owned)
    }

    fn ever_down(&self) -> bool {
        self.hosts.log("agent").contains(" to=down")
    }
}

#[tokio::test]
async fn a_fault_of_the_agents_host_is_never_its_targets_outage() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let config = configure(&hosts);
    hosts.start_agent(&config);
    let agent = RunningAgent { hosts: &hosts, config: &config };
    agent.shows("up").await;

    // One reference alone fails: nothing changes.
    hosts.take(REFERENCES[0]);
    agent.runs(5).await;
    assert_eq!((agent.state().as_str(), agent.lacks()), ("up", None));
    hosts.give(REFERENCES[0]);

    // The link is down: every run is inconclusive.
    hosts.cable("down");
    until("the missing carrier is seen", BOUND, async || agent.lacks().as_deref() == Some("carrier")).await;
    agent.runs(5).await;
    assert_eq!(agent.state(), "up");
    hosts.cable("up");
    until("the network is back", BOUND, async || agent.lacks().is_none()).await;
    agent.runs(3).await;
    assert_eq!(agent.state(), "up");

    // The link is up, but the gateway is gone: the references show it.
    hosts.take_gateway();
    until("the silence is seen", BOUND, async || agent.lacks().as_deref() == Some("reference")).await;
    agent.runs(4).await;
    assert_eq!(agent.state(), "up");
    hosts.give_gateway();
    until("the network is back", BOUND, async || agent.lacks().is_none()).await;
    agent.runs(3).await;
    assert!(!agent.ever_down(), "it was down for our own fault");

    // Only the target fails.
    hosts.take(TARGET);
    agent.shows("down").await;
    assert_eq!(agent.lacks(), None);
    assert!(agent.ever_down(), "the log was looked at");

    // A check that is down stays down while runs are inconclusive.
    hosts.give(TARGET);
    agent.shows("up").await;
}

#[tokio::test]
async fn without_references_the_gateway_is_tested() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let config = configure_with(&hosts, "", TARGET);
    hosts.start_agent(&config);
    let agent = RunningAgent { hosts: &hosts, config: &config };
    agent.shows("up").await;
    hosts.take_gateway();
    agent.runs(8).await;
    assert!(!agent.ever_down(), "the gateway was gone: {}", hosts.log("agent"));
    hosts.give_gateway();
    agent.runs(3).await;
    assert!(!agent.ever_down(), "the gateway came back: {}", hosts.log("agent"));
    hosts.rule_beyond("ip daddr 198.51.100.10 drop");
    agent.shows("down").await;
    assert_eq!(agent.lacks(), None, "the gateway is there");
}

#[tokio::test]
async fn a_gateway_that_rejects_everything_is_no_outage() {
    for references in ["", "\"198.51.100.20:80\""] {
        let mut hosts = Hosts::new();
        hosts.serve();
        let config = configure_with(&hosts, references, TARGET);
        hosts.start_agent(&config);
        RunningAgent { hosts: &hosts, config: &config }.shows("up").await;
        hosts.reset_everything(true);
        RunningAgent { hosts: &hosts, config: &config }.runs(8).await;
        let agent = RunningAgent { hosts: &hosts, config: &config };
        assert!(!agent.ever_down(), "{references}: everything is refused: {}", hosts.log("agent"));
        hosts.reset_everything(false);
        agent.runs(3).await;
        assert!(!agent.ever_down(), "{references}: nothing is: {}", hosts.log("agent"));
        // Only the target refuses.
        hosts.rule_beyond("ip daddr 198.51.100.10 tcp dport 80 reject with tcp reset");
        agent.shows("down").await;
    }
}

#[tokio::test]
async fn each_address_family_is_tested_by_its_own_references() {
    let mut hosts = Hosts::new().with_ipv6();
    hosts.serve();
    let references = format!("\"{}:80\", \"[{REFERENCE_V6}]:80\"", REFERENCES[0]);
    let config = configure_with(&hosts, &references, &format!("[{TARGET_V6}]"));
    hosts.start_agent(&config);
    let agent = RunningAgent { hosts: &hosts, config: &config };
    agent.shows("up").await;
    // IPv4 continues.
    hosts.drop_ipv6(true);
    agent.runs(5).await;
    assert_eq!(agent.lacks(), None, "the host has a network");
    assert!(!agent.ever_down(), "IPv6 was dropped: {}", hosts.log("agent"));
    hosts.drop_ipv6(false);
    agent.runs(3).await;
    assert!(!agent.ever_down(), "IPv6 is back: {}", hosts.log("agent"));
    hosts.take_ipv6();
    agent.shows("down").await;
}
