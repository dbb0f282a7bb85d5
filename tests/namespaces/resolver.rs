//! A failing resolver of the agent's own is nobody's outage, and a name that fails alone is. Both name
//! servers are real: one on the agent's gateway, and its upstream.

use std::path::{Path, PathBuf};
use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::{GATEWAY, Hosts, TARGET};

const BOUND: Duration = Duration::from_secs(60);
const WORLD: &str = "198.51.100.53";
const SHOP: &str = "local-data: 'www.shop.example. 1 IN A 198.51.100.10'\n";
/// Stays in the resolver's cache when the upstream fails.
const OTHER: &str = "local-data: 'www.other.example. 3600 IN A 198.51.100.10'\n";

fn unbound(hosts: &Hosts, name: &str, address: &str, text: &str) -> PathBuf {
    let folder = hosts.path("");
    let text = format!(
        "server:\ndirectory: \"{}\"\npidfile: \"\"\nchroot: \"\"\nusername: \"\"\nuse-syslog: no\n\
         interface: {address}@53\naccess-control: 0.0.0.0/0 allow\nmodule-config: \"iterator\"\n\
         infra-host-ttl: 1\ncache-max-negative-ttl: 1\n{text}\nremote-control:\ncontrol-enable: no\n",
        folder.display()
    );
    hosts.write(&format!("{name}.conf"), &text)
}

/// The upstream name servers have these records only; `also` adds settings.
fn start_world(hosts: &mut Hosts, records: &str, also: &str) {
    let text = format!("local-zone: \".\" static\n{records}{also}");
    let config = unbound(hosts, "world", WORLD, &text);
    hosts.start_beyond("world", Path::new("unbound"), &["-d", "-p", "-c", &config.display().to_string()]);
}

fn start_resolver(hosts: &mut Hosts) {
    let forward = format!("forward-zone:\nname: \".\"\nforward-addr: {WORLD}@53");
    let config =
        unbound(hosts, "resolver", GATEWAY, &format!("local-zone: \"example.\" nodefault\n{forward}"));
    hosts.start_beyond("resolver", Path::new("unbound"), &["-d", "-p", "-c", &config.display().to_string()]);
}

fn configure(hosts: &Hosts) -> PathBuf {
    let check = |name: &str| {
        format!(
            "[[check]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"http://www.{name}.example/\"\n\
             interval = \"1s\"\ntimeout = \"1s\"\nretry_interval = \"500ms\"\nfall = 2\nrise = 1\n"
        )
    };
    let text = format!(
        "[agent]\nname = \"agent\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [self_test]\nreferences = [\"{TARGET}:80\"]\n\n[aggregator]\nurl = \"http://127.0.0.1:9\"\n\n{}{}",
        hosts.path("spool.db").display(),
        check("shop"),
        check("other")
    );
    hosts.write("agent.toml", &text)
}

struct RunningAgent<'h> {
    hosts: &'h Hosts,
    config: &'h Path,
}

impl RunningAgent<'_> {
    fn of(&self, check: &str) -> (String, String) {
        let status = self.hosts.status(self.config).unwrap_or_default();
        let checks = status["checks"].as_array().cloned().unwrap_or_default();
        let one = checks.into_iter().find(|one| one["check"] == check).unwrap_or_default();
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("reason"))
    }

    async fn shows(&self, check: &str, state: &str) {
        until(&format!("{check} is {state}"), BOUND, async || self.of(check).0 == state).await;
    }

    async fn runs(&self, times: u64) {
        let depth = || self.hosts.status(self.config).unwrap_or_default()["depth"].as_u64().unwrap_or(0);
        let before = depth();
        until(&format!("{times} more runs"), BOUND, async || depth() >= before + times).await;
    }
}

#[tokio::test]
async fn a_failing_resolver_is_no_outage_and_a_single_failing_name_is() {
    let mut hosts = Hosts::new();
    hosts.give(WORLD);
    hosts.ask_names_of(GATEWAY);
    hosts.serve();
    start_world(&mut hosts, &format!("{SHOP}{OTHER}"), "");
    start_resolver(&mut hosts);
    let config = configure(&hosts);
    hosts.start_agent(&config);
    let never_down = |hosts: &Hosts, what: &str| {
        assert!(!hosts.log("agent").contains(" to=down"), "{what}: {}", hosts.log("agent"));
    };
    RunningAgent { hosts: &hosts, config: &config }.shows("shop", "up").await;
    RunningAgent { hosts: &hosts, config: &config }.shows("other", "up").await;

    // The resolver has lost its upstream: it answers SERVFAIL for everything that is not in its cache.
    hosts.end("world");
    let told = async || hosts.log("agent").contains("own resolver does not answer");
    until("the resolver failure is logged", BOUND, told).await;
    RunningAgent { hosts: &hosts, config: &config }.runs(12).await;
    never_down(&hosts, "the resolver says SERVFAIL");
    assert_eq!(RunningAgent { hosts: &hosts, config: &config }.of("other").0, "up");
    start_world(&mut hosts, &format!("{SHOP}{OTHER}"), "");
    RunningAgent { hosts: &hosts, config: &config }.runs(8).await;
    never_down(&hosts, "it answers again");

    // The resolver itself does not answer.
    hosts.rule_beyond("udp dport 53 drop");
    RunningAgent { hosts: &hosts, config: &config }.runs(8).await;
    never_down(&hosts, "the resolver is silent");
    hosts.rule_beyond("");
    RunningAgent { hosts: &hosts, config: &config }.runs(4).await;
    never_down(&hosts, "all is well");

    // Only the target's own name servers fail.
    hosts.end("world");
    start_world(&mut hosts, OTHER, "local-zone: \"shop.example.\" always_refuse\n");
    RunningAgent { hosts: &hosts, config: &config }.shows("shop", "down").await;
    assert_eq!(RunningAgent { hosts: &hosts, config: &config }.of("other").0, "up");
    hosts.end("world");
    start_world(&mut hosts, &format!("{SHOP}{OTHER}"), "");
    RunningAgent { hosts: &hosts, config: &config }.shows("shop", "up").await;

    // The target's name is removed.
    hosts.end("world");
    start_world(&mut hosts, OTHER, "");
    RunningAgent { hosts: &hosts, config: &config }.shows("shop", "down").await;
    assert_eq!(RunningAgent { hosts: &hosts, config: &config }.of("other").0, "up");
}
