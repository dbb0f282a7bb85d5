//! "Is it me?": what the agent's own host loses is never its target's outage.

use std::path::{Path, PathBuf};
use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::{Hosts, REFERENCE_V6, REFERENCES, TARGET, TARGET_V6};

/// A few runs of the check, and the self-test's patience with each.
const BOUND: Duration = Duration::from_secs(45);

fn configure(hosts: &Hosts) -> PathBuf {
    let references = REFERENCES.map(|address| format!("\"{address}:80\"")).join(", ");
    configure_with(hosts, &references, TARGET)
}

fn configure_with(hosts: &Hosts, references: &str, target: &str) -> PathBuf {
    let text = format!(
        "[agent]\nname = \"eye\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [self_test]\nreferences = [{references}]\ninterval = \"1s\"\n\n\
         [aggregator]\nurl = \"http://127.0.0.1:9\"\n\n\
         [[check]]\nname = \"shop\"\ntype = \"http\"\nurl = \"http://{target}/\"\ninterval = \"500ms\"\n\
         timeout = \"400ms\"\nretry_interval = \"500ms\"\nfall = 2\nrise = 2\n",
        hosts.path("spool.db").display()
    );
    hosts.write("agent.toml", &text)
}

struct Eye<'h> {
    hosts: &'h Hosts,
    config: &'h Path,
}

impl Eye<'_> {
    fn status(&self) -> serde_json::Value {
        self.hosts.status(self.config).unwrap_or_default()
    }

    fn state(&self) -> String {
        self.status()["checks"][0]["state"].as_str().unwrap_or("none").to_owned()
    }

    async fn shows(&self, state: &str) {
        until(&format!("the check is {state}"), BOUND, async || self.state() == state).await;
    }

    /// Waits until the check has run so many times more.
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
async fn what_the_host_itself_loses_is_never_its_targets_outage() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let config = configure(&hosts);
    hosts.start_agent(&config);
    let eye = Eye { hosts: &hosts, config: &config };
    eye.shows("up").await;

    // One reference alone: nothing changes.
    hosts.take(REFERENCES[0]);
    eye.runs(5).await;
    assert_eq!((eye.state().as_str(), eye.lacks()), ("up", None));
    hosts.give(REFERENCES[0]);

    // The cable is out: nothing can be said.
    hosts.cable("down");
    until("the missing carrier is seen", BOUND, async || eye.lacks().as_deref() == Some("carrier")).await;
    eye.runs(5).await;
    assert_eq!(eye.state(), "up");
    hosts.cable("up");
    until("the network is back", BOUND, async || eye.lacks().is_none()).await;
    eye.runs(3).await;
    assert_eq!(eye.state(), "up");

    // The link is there, but the gateway is not: the references tell.
    hosts.take_gateway();
    until("the silence is seen", BOUND, async || eye.lacks().as_deref() == Some("reference")).await;
    eye.runs(4).await;
    assert_eq!(eye.state(), "up");
    hosts.give_gateway();
    until("the network is back", BOUND, async || eye.lacks().is_none()).await;
    eye.runs(3).await;
    assert!(!eye.ever_down(), "it was down for our own fault");

    // The target alone.
    hosts.take(TARGET);
    eye.shows("down").await;
    assert_eq!(eye.lacks(), None);
    assert!(eye.ever_down(), "the log was looked at");

    // What is down stays so while nothing can be said.
    hosts.give(TARGET);
    eye.shows("up").await;
}

#[tokio::test]
async fn without_references_the_gateway_is_asked() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let config = configure_with(&hosts, "", TARGET);
    hosts.start_agent(&config);
    let eye = Eye { hosts: &hosts, config: &config };
    eye.shows("up").await;
    hosts.take_gateway();
    eye.runs(8).await;
    assert!(!eye.ever_down(), "the gateway was gone: {}", hosts.log("agent"));
    hosts.give_gateway();
    eye.runs(3).await;
    assert!(!eye.ever_down(), "the gateway came back: {}", hosts.log("agent"));
    hosts.rule_beyond("ip daddr 198.51.100.10 drop");
    eye.shows("down").await;
    assert_eq!(eye.lacks(), None, "the gateway is there");
}

#[tokio::test]
async fn a_gateway_that_refuses_everything_is_no_outage() {
    for references in ["", "\"198.51.100.20:80\""] {
        let mut hosts = Hosts::new();
        hosts.serve();
        let config = configure_with(&hosts, references, TARGET);
        hosts.start_agent(&config);
        Eye { hosts: &hosts, config: &config }.shows("up").await;
        hosts.reset_everything(true);
        Eye { hosts: &hosts, config: &config }.runs(8).await;
        let eye = Eye { hosts: &hosts, config: &config };
        assert!(!eye.ever_down(), "{references}: everything is refused: {}", hosts.log("agent"));
        hosts.reset_everything(false);
        eye.runs(3).await;
        assert!(!eye.ever_down(), "{references}: nothing is: {}", hosts.log("agent"));
        // The target alone refuses.
        hosts.rule_beyond("ip daddr 198.51.100.10 tcp dport 80 reject with tcp reset");
        eye.shows("down").await;
    }
}

#[tokio::test]
async fn each_family_is_vouched_for_by_its_own_references() {
    let mut hosts = Hosts::new().with_ipv6();
    hosts.serve();
    let references = format!("\"{}:80\", \"[{REFERENCE_V6}]:80\"", REFERENCES[0]);
    let config = configure_with(&hosts, &references, &format!("[{TARGET_V6}]"));
    hosts.start_agent(&config);
    let eye = Eye { hosts: &hosts, config: &config };
    eye.shows("up").await;
    // IPv4 goes on.
    hosts.drop_ipv6(true);
    eye.runs(5).await;
    assert_eq!(eye.lacks(), None, "the host has a network");
    assert!(!eye.ever_down(), "IPv6 was dropped: {}", hosts.log("agent"));
    hosts.drop_ipv6(false);
    eye.runs(3).await;
    assert!(!eye.ever_down(), "IPv6 is back: {}", hosts.log("agent"));
    hosts.take_ipv6();
    eye.shows("down").await;
}
