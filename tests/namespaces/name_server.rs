//! Name resolution as the host does it: which name server is queried, when, and for what. Port 53 and
//! `/etc/resolv.conf` belong to the whole host, so the test runs its other half in a namespace.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use skerry_agent::probe::{Findings, Prober};
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::checks;
use skerry_tests::parts::dns_peer::{DnsBehaviour, DnsPeer};
use tokio::time::Instant;

const TWO_SERVERS: &str = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n";

/// Runs `half` on a host with the name servers `127.0.0.1` and `127.0.0.2`.
fn with_its_own_name_servers(half: &str) {
    with_settings(TWO_SERVERS, half);
}

/// Runs `half` on a host with this `/etc/resolv.conf`.
fn with_settings(text: &str, half: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("resolv.conf");
    std::fs::write(&settings, text).expect("written");
    let script = "ip link set lo up && mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .arg(&settings)
        .arg(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", &format!("name_server::{half}")])
        .env("OWN_HOST", "yes")
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn without_a_server_the_systems_first_one_is_queried() {
    with_its_own_name_servers("half_with_its_own_name_server");
}

#[test]
fn a_failing_or_silent_resolver_is_distinguished_from_a_missing_name() {
    with_its_own_name_servers("half_with_a_resolver_that_fails");
    with_its_own_name_servers("half_with_a_silent_resolver");
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_with_a_resolver_that_fails() {
    resolver_fails(DnsBehaviour::Servfail, "somewhere.test: the resolver 127.0.0.2 says Server Failure")
        .await;
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_with_a_silent_resolver() {
    resolver_fails(DnsBehaviour::Silent, "no answer from the resolver within the timeout").await;
}

#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn resolver_fails(behaviour: DnsBehaviour, words: &str) {
    if std::env::var("OWN_HOST").is_err() {
        return;
    }
    let _first = DnsPeer::start_at("127.0.0.1:53", behaviour).await;
    let _second = DnsPeer::start_at("127.0.0.2:53", behaviour).await;
    let (web, tls) = ("http\"\nurl = \"http://somewhere.test/", "tls\"\nhost = \"somewhere.test");
    for asked in [web, tls] {
        let check = checks::read(&format!("type = \"{asked}\"\ntimeout = \"1s\""));
        let prober = Prober::new().expect("a prober");
        let seen = prober.observe(&check, Instant::now() + check.timeout).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Down, Reason::DnsFailed), "{}", seen.detail);
        assert!(seen.detail.contains(words), "{}", seen.detail);
    }
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_with_its_own_name_server() {
    if std::env::var("OWN_HOST").is_err() {
        return;
    }
    let first = DnsPeer::start_at("127.0.0.1:53", DnsBehaviour::Right).await;
    let second = DnsPeer::start_at("127.0.0.2:53", DnsBehaviour::Right).await;
    let prober = Prober::new().expect("a prober");
    let observe = async |ip| {
        let keys =
            format!("type = \"dns\"\nquery = \"www.example.test\"\nip_version = \"{}\"", IpVersion::name(ip));
        let check = checks::read(&keys);
        prober.observe(&check, Instant::now() + check.timeout).await
    };
    for ip in [IpVersion::Any, IpVersion::V4] {
        let seen = observe(ip).await;
        assert_eq!(seen.outcome, Outcome::Up, "{}", seen.detail);
        let Findings::Dns(dns) = seen.findings else { panic!("no answer") };
        assert_eq!(dns.server, first.address());
    }
    assert_eq!((first.seen().len(), second.seen().len()), (2, 0));
    let seen = observe(IpVersion::V6).await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources));
    assert!(seen.detail.contains("no name server of the IP version"), "{}", seen.detail);
}

#[test]
fn servers_are_queried_in_order_and_not_at_the_same_time() {
    with_its_own_name_servers("half_whose_first_server_answers");
    with_its_own_name_servers("half_whose_first_server_fails");
    with_its_own_name_servers("half_whose_first_server_is_silent");
}

#[test]
fn names_are_resolved_as_the_host_resolves_them() {
    with_settings("nameserver 127.0.0.1\nsearch corp.test\noptions ndots:2\n", "half_with_a_search_domain");
}

/// Looks `name` up with a `tcp` check and returns the result: the host has no route to the address.
async fn look_up(prober: &Prober, name: &str, timeout: &str) -> (Outcome, String) {
    let check =
        checks::read(&format!("type = \"tcp\"\nhost = \"{name}\"\nport = 9\ntimeout = \"{timeout}\""));
    let seen = prober.observe(&check, Instant::now() + check.timeout).await;
    (seen.outcome, seen.detail)
}

const FOUND: &str = "192.0.2.1:9: this host has no way there";

/// The queried names, each once.
fn asked(peer: &DnsPeer) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (query, _) in peer.seen() {
        let (mut name, mut at) = (String::new(), 12);
        while query[at] != 0 {
            let end = at + 1 + usize::from(query[at]);
            name += &String::from_utf8_lossy(&query[at + 1..end]);
            name.push('.');
            at = end;
        }
        if names.last() != Some(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
fn is_on_its_own_host() -> bool {
    std::env::var("OWN_HOST").is_ok()
}

async fn two_servers(first: DnsBehaviour) -> (DnsPeer, DnsPeer) {
    let first = DnsPeer::start_at("127.0.0.1:53", first).await;
    (first, DnsPeer::start_at("127.0.0.2:53", DnsBehaviour::Right).await)
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_whose_first_server_answers() {
    if !is_on_its_own_host() {
        return;
    }
    let (first, second) = two_servers(DnsBehaviour::Slow).await;
    let prober = Prober::new().expect("a prober");
    for _ in 0..5 {
        let (_, detail) = look_up(&prober, "shop.test", "5s").await;
        assert!(detail.contains(FOUND), "{detail}");
    }
    assert_eq!(first.seen().len(), 10, "both families, each time");
    assert_eq!(second.seen().len(), 0, "it was never its turn");
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_whose_first_server_fails() {
    if !is_on_its_own_host() {
        return;
    }
    let (first, second) = two_servers(DnsBehaviour::Servfail).await;
    let (_, detail) = look_up(&Prober::new().expect("a prober"), "shop.test", "5s").await;
    assert!(detail.contains(FOUND), "{detail}");
    assert_eq!((first.seen().len(), second.seen().len()), (2, 2));
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_whose_first_server_is_silent() {
    if !is_on_its_own_host() {
        return;
    }
    let (first, second) = two_servers(DnsBehaviour::Silent).await;
    let prober = Prober::new().expect("a prober");
    let began = Instant::now();
    let (_, detail) = look_up(&prober, "shop.test", "9s").await;
    assert!(detail.contains(FOUND), "the second had time to answer: {detail}");
    assert!(began.elapsed() >= Duration::from_secs(3), "and was not asked before: {:?}", began.elapsed());
    assert!(first.seen().len() >= 4, "a lost packet is no silence: {}", first.seen().len());
    // The delay does not persist: the silent server is asked last from now on.
    let ports = |peer: &DnsPeer| peer.seen().into_iter().map(|(_, port)| port).collect::<BTreeSet<_>>();
    let (before, answered) = (ports(&first), second.seen().len());
    let (_, detail) = look_up(&prober, "shop.test", "9s").await;
    assert!(detail.contains(FOUND), "{detail}");
    assert_eq!(ports(&first), before, "the silent one was asked again before the other");
    assert!(second.seen().len() >= answered + 2, "both families");
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_with_a_search_domain() {
    if !is_on_its_own_host() {
        return;
    }
    let peer = DnsPeer::start_at("127.0.0.1:53", DnsBehaviour::Right).await;
    let prober = Prober::new().expect("a prober");
    for name in ["db", "web.shop", "a.b.test", "_shop_1.b.test", "db."] {
        let (_, detail) = look_up(&prober, name, "5s").await;
        assert!(detail.contains(FOUND), "{name}: {detail}");
    }
    assert_eq!(asked(&peer), ["db.corp.test.", "web.shop.corp.test.", "a.b.test.", "_shop_1.b.test.", "db."]);
}
