//! A `dns` check that names no server asks the system's first. Port 53 and `/etc/resolv.conf` belong to the
//! whole host, so the test runs its other half on a host of its own.

use std::process::Command;

use skerry_agent::probe::{Findings, Prober};
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::checks;
use skerry_tests::parts::dns_peer::{DnsManner, DnsPeer};
use tokio::time::Instant;

/// Runs `half` on a host of its own, whose name servers are `127.0.0.1` and `127.0.0.2`.
fn with_its_own_name_servers(half: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("resolv.conf");
    std::fs::write(&settings, "nameserver 127.0.0.1\nnameserver 127.0.0.2\n").expect("written");
    let script = "ip link set lo up && mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let said = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .arg(&settings)
        .arg(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", &format!("name_server::{half}")])
        .env("OWN_HOST", "yes")
        .output()
        .expect("runs");
    let said_out = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{said_out}{}", String::from_utf8_lossy(&said.stderr));
    assert!(said_out.contains("1 passed"), "{said_out}");
}

#[test]
fn without_a_server_the_systems_first_is_asked() {
    with_its_own_name_servers("half_with_its_own_name_server");
}

#[test]
fn a_resolver_that_fails_or_is_silent_is_told_from_a_name_that_is_not_there() {
    with_its_own_name_servers("half_with_a_resolver_that_fails");
    with_its_own_name_servers("half_with_a_silent_resolver");
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_with_a_resolver_that_fails() {
    resolver_fails(DnsManner::Servfail, "somewhere.test: error response: Server Failure").await;
}

#[tokio::test]
#[ignore = "the half of another test that needs its own host"]
async fn half_with_a_silent_resolver() {
    resolver_fails(DnsManner::Silent, "no answer from the resolver within the timeout").await;
}

#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn resolver_fails(manner: DnsManner, words: &str) {
    if std::env::var("OWN_HOST").is_err() {
        return;
    }
    let _first = DnsPeer::start_at("127.0.0.1:53", manner).await;
    let _second = DnsPeer::start_at("127.0.0.2:53", manner).await;
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
    let first = DnsPeer::start_at("127.0.0.1:53", DnsManner::Right).await;
    let second = DnsPeer::start_at("127.0.0.2:53", DnsManner::Right).await;
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
