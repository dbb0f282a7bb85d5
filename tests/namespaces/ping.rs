//! The `ping` check over a link that loses, delays and rejects packets, with and without the permission to
//! ping.

use std::path::PathBuf;
use std::time::Duration;

use skerry_tests::parts::until;

use crate::hosts::{Hosts, TARGET, TARGET_V6};

/// No host has this address, and nothing reports that.
const NOBODY: &str = "192.0.2.99";
const REFUSED: &str = "198.51.100.99";

/// A configuration with ping checks, each with its host and further keys, named by index.
fn configure(hosts: &Hosts, checks: &[(&str, &str)]) -> PathBuf {
    let mut text = format!(
        "[agent]\nname = \"agent\"\nlocation = \"here\"\nspool = \"{}\"\n\n\
         [aggregator]\nurl = \"http://127.0.0.1:9\"\n",
        hosts.path("spool.db").display()
    );
    for (place, (host, keys)) in checks.iter().enumerate() {
        text.push_str(&format!(
            "\n[[check]]\nname = \"{place}\"\ntype = \"ping\"\nhost = \"{host}\"\nspacing = \"10ms\"\n{keys}\n"
        ));
    }
    hosts.write("agent.toml", &text)
}

/// Outcome, reason and detail of each.
fn observe(hosts: &Hosts, checks: &[(&str, &str)], powerful: bool) -> Vec<(String, String, String)> {
    let answer = hosts.probe(&configure(hosts, checks), powerful);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let seen = answer.as_array().into_iter().flatten();
    seen.map(|one| (text(&one["outcome"]), text(&one["reason"]), text(&one["detail"]))).collect()
}

#[track_caller]
fn assert_seen(seen: &[(String, String, String)], expected: &[(&str, &str, &str)]) {
    assert_eq!(seen.len(), expected.len());
    for (seen, (outcome, reason, words)) in seen.iter().zip(expected) {
        let fits = seen.0 == *outcome && seen.1 == *reason && seen.2.contains(words);
        assert!(fits, "{seen:?}, not {outcome} {reason} {words}");
    }
}

const UP: (&str, &str, &str) = ("up", "none", "");

#[test]
fn both_families_answer_a_raw_and_an_unprivileged_socket() {
    let hosts = Hosts::new().with_ipv6();
    let checks = [
        (TARGET, ""),
        (TARGET_V6, ""),
        ("127.0.0.1", "count = 100"),
        ("::1", "ip_version = \"6\""),
        (TARGET, "size = 0"),
        (TARGET_V6, "size = 4000"),
        ("localhost", "ip_version = \"4\"\ncount = 1"),
    ];
    assert_seen(&observe(&hosts, &checks, true), &[UP; 7]);
    // Without any permission, only the ping checks report it.
    let denied = ("inconclusive", "own_permission", "CAP_NET_RAW, or its group in net.ipv4.ping_group_range");
    assert_seen(&observe(&hosts, &checks, false), &[denied; 7]);
    hosts.let_groups_ping();
    assert_seen(&observe(&hosts, &checks, false), &[UP; 7]);
}

#[test]
fn losses_are_counted_and_compared_with_their_limits() {
    let hosts = Hosts::new().with_ipv6();
    hosts.drop_every(4);
    let lossy = "count = 20\nwait = \"400ms\"\n";
    for host in [TARGET, TARGET_V6] {
        for (limits, expected) in [
            ("", UP),
            ("degraded_loss = 26", UP),
            ("degraded_loss = 25", ("degraded", "packets_lost", "5 of 20 packets lost; degraded_loss is 25")),
            ("down_loss = 25", ("down", "packets_lost", "5 of 20 packets lost; down_loss is 25")),
        ] {
            // One at a time, because the rule counts all packets.
            assert_seen(&observe(&hosts, &[(host, &format!("{lossy}{limits}"))], true), &[expected]);
        }
    }
    hosts.drop_every(1);
    let silent = ("down", "no_reply", "none of 3 packets came back");
    let patience = "wait = \"300ms\"";
    let both = [(TARGET, patience), (TARGET_V6, patience)];
    assert_seen(&observe(&hosts, &both, true), &[silent, silent]);
    hosts.let_groups_ping();
    assert_seen(&observe(&hosts, &both, false), &[silent, silent]);
    // What timeout leaves is enough to report it.
    let hurried = (TARGET, "timeout = \"300ms\"");
    assert_seen(&observe(&hosts, &[hurried], true), &[silent]);
}

#[test]
fn a_growing_queue_causes_jitter_and_a_slow_result() {
    let hosts = Hosts::new();
    hosts.slow_link("8kbit");
    for (limit, expected) in [
        ("", UP),
        ("max_jitter = \"1900ms\"", UP),
        ("max_jitter = \"20ms\"", ("degraded", "jitter_too_high", "more than 20 ms")),
        ("degraded_above = \"1800ms\"", UP),
        ("degraded_above = \"30ms\"", ("degraded", "slow", "more than 30 ms")),
        // The last packet waits longest, behind all the others.
        (
            "count = 10\nwait = \"600ms\"\ndegraded_loss = 10",
            ("degraded", "packets_lost", "degraded_loss is 10"),
        ),
    ] {
        assert_seen(&observe(&hosts, &[(TARGET, limit)], true), &[expected]);
    }
}

#[test]
fn a_target_without_a_route_is_unreachable() {
    let hosts = Hosts::new();
    hosts.refuse(REFUSED);
    let patience = "wait = \"300ms\"";
    let checks = [(REFUSED, patience), (NOBODY, patience), (TARGET_V6, patience)];
    let sent_back = ("down", "unreachable", "192.0.2.1 sent the packet back (ICMP type 3, code");
    let silent = ("down", "no_reply", "");
    let no_route = ("inconclusive", "own_network", "this host has no way there");
    assert_seen(&observe(&hosts, &checks, true), &[sent_back, silent, no_route]);
    // Errors from hosts on the path do not reach an unprivileged socket.
    hosts.let_groups_ping();
    assert_seen(&observe(&hosts, &checks, false), &[silent, silent, no_route]);
    hosts.take_routes();
    assert_seen(
        &observe(&hosts, &[(TARGET, "")], true),
        &[("inconclusive", "own_network", "Network is unreachable")],
    );
}

#[test]
fn the_other_family_is_the_fallback() {
    let hosts = Hosts::new().with_ipv6();
    hosts.know("both.test", &[TARGET, TARGET_V6]);
    let checks =
        [("both.test", ""), ("both.test", "ip_version = \"4\""), ("both.test", "ip_version = \"6\"")];
    assert_seen(&observe(&hosts, &checks, true), &[UP; 3]);
    hosts.take_routes();
    let unreachable = ("inconclusive", "own_network", "Network is unreachable");
    assert_seen(&observe(&hosts, &checks, true), &[UP, unreachable, UP]);
}

#[tokio::test]
async fn an_agent_without_permission_to_ping_says_so_once_and_continues() {
    let mut hosts = Hosts::new();
    let config = configure(&hosts, &[(TARGET, "interval = \"1s\"\ntimeout = \"1s\"\nrise = 1")]);
    let web = "\n[[check]]\nname = \"shop\"\ntype = \"tcp\"\nhost = \"127.0.0.1\"\nport = 9\ninterval = \"1s\"\n\
               timeout = \"1s\"\nfall = 1\n";
    let text = std::fs::read_to_string(&config).expect("written") + web;
    hosts.write("agent.toml", &text);
    hosts.start_powerless_agent(&config);
    let state = |place: usize| {
        let status = hosts.status(&config).unwrap_or_default();
        let states = status["checks"].as_array().cloned().unwrap_or_default();
        let named = |one: &&serde_json::Value| one["check"] == ["0", "shop"][place];
        states.iter().find(named).map(|one| one["state"].as_str().unwrap_or_default().to_owned())
    };
    let bound = Duration::from_secs(20);
    until("the other check is judged", bound, async || state(1).as_deref() == Some("down")).await;
    assert_ne!(state(0).as_deref(), Some("down"));
    let log = hosts.log("agent");
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("may not send pings")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    for remedy in ["setcap cap_net_raw+ep /", "net.ipv4.ping_group_range="] {
        assert!(warnings[0].contains(remedy), "{}", warnings[0]);
    }
    // It gets the permission while it runs.
    hosts.let_groups_ping();
    until("the pings are judged", bound, async || state(0).as_deref() == Some("up")).await;
}
