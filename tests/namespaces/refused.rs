//! Errors of the agent's own kernel are its own fault; those of the network or the target are not.

use std::path::PathBuf;

use crate::hosts::{Hosts, TARGET, TARGET_V6};

const HTTP: &str = "type = \"http\"\nurl = \"http://{}/\"";
const TCP: &str = "type = \"tcp\"\nport = 81\nhost = \"{}\"";
const PING: &str = "type = \"ping\"\ncount = 1\nhost = \"{}\"";
const DNS: &str = "type = \"dns\"\nquery = \"a.test\"\nserver = \"{}\"";

/// Outcome and reason of a check of each kind for each host.
fn observe(hosts: &Hosts, checks: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut text = format!(
        "[agent]\nname = \"agent\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [aggregator]\nurl = \"http://127.0.0.1:9\"\n",
        hosts.path("spool.db").display()
    );
    for (place, (keys, host)) in checks.iter().enumerate() {
        let keys = keys.replace("{}", host);
        text.push_str(&format!("\n[[check]]\nname = \"{place}\"\ntimeout = \"1s\"\n{keys}\n"));
    }
    let config: PathBuf = hosts.write("agent.toml", &text);
    let answer = hosts.probe(&config, true);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    answer.as_array().into_iter().flatten().map(|one| (text(&one["outcome"]), text(&one["reason"]))).collect()
}

#[track_caller]
fn assert_seen(seen: &[(String, String)], outcome: &str, reason: &str) {
    for (place, seen) in seen.iter().enumerate() {
        assert_eq!((&*seen.0, &*seen.1), (outcome, reason), "{place}");
    }
}

#[test]
fn a_missing_address_family_is_a_fault_of_the_agents_host() {
    let mut hosts = Hosts::new();
    hosts.serve();
    let bracketed = format!("[{TARGET_V6}]");
    let seen =
        observe(&hosts, &[(HTTP, bracketed.as_str()), (TCP, TARGET_V6), (PING, TARGET_V6), (DNS, TARGET_V6)]);
    assert_seen(&seen, "inconclusive", "own_network");
    // The other family answers, or shows that the target fails.
    hosts.know("both.test", &[TARGET_V6, TARGET]);
    assert_seen(&observe(&hosts, &[(HTTP, "both.test"), (PING, "both.test")]), "up", "none");
    assert_seen(&observe(&hosts, &[(TCP, "both.test")]), "down", "connect_refused");
}

#[test]
fn a_local_firewall_is_a_fault_of_the_agents_host() {
    let mut hosts = Hosts::new();
    hosts.serve();
    // The kernel reports firewall drops for UDP and ICMP; for TCP it reports a prohibiting route.
    hosts.rule_of_agent("ip daddr 198.51.100.10 drop");
    assert_seen(&observe(&hosts, &[(PING, TARGET), (DNS, TARGET)]), "inconclusive", "own_permission");
    hosts.rule_of_agent("");
    hosts.route_of_agent("prohibit", TARGET);
    assert_seen(
        &observe(&hosts, &[(HTTP, TARGET), (TCP, TARGET), (PING, TARGET), (DNS, TARGET)]),
        "inconclusive",
        "own_permission",
    );
    hosts.route_of_agent("blackhole", TARGET);
    assert_seen(&observe(&hosts, &[(HTTP, TARGET), (TCP, TARGET)]), "inconclusive", "own_network");
}

#[test]
fn errors_from_the_network_and_the_target_are_outages() {
    let mut hosts = Hosts::new();
    hosts.serve();
    assert_seen(&observe(&hosts, &[(TCP, TARGET), (DNS, TARGET)]), "down", "connect_refused");
    // A router rejects it.
    hosts.refuse("198.51.100.99");
    assert_seen(&observe(&hosts, &[(HTTP, "198.51.100.99")]), "down", "unreachable");
    hosts.rule_beyond("tcp dport 80 drop");
    assert_seen(&observe(&hosts, &[(HTTP, TARGET)]), "down", "connect_timeout");
}
