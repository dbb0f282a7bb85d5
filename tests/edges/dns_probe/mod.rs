//! The `dns` check against real BIND and Unbound, and against servers that break the protocol.

mod answers;
mod failures;
mod transports;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use skerry_agent::probe::{DnsFindings, Findings, Observed, Prober};
use skerry_protocol::check::{
    Answers, Check, Dns, DnsTransport, Handshake, IpVersion, Kind, NameServer, Rcode, Record, Severity,
};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::dns::LARGE;
use skerry_tests::parts::dns_peer::{DnsManner, DnsPeer};
use skerry_tests::parts::named::Named;
use skerry_tests::parts::unbound::Unbound;
use skerry_tests::parts::{free_port, until};
use tokio::time::Instant;
use url::Host;

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);

/// A server on this host, by an address or a name of it.
fn at(host: &str, port: u16) -> NameServer {
    let host = match host {
        "::1" => Host::Ipv6(std::net::Ipv6Addr::LOCALHOST),
        other => Host::parse(other).expect("a host"),
    };
    NameServer { host, port }
}

/// A check of a record of `query` at `server`, as the configuration makes it when nothing else is given.
fn check(server: NameServer, query: &str, record: Record) -> Dns {
    Dns {
        query: query.to_owned(),
        record,
        server: Some(server),
        transport: DnsTransport::Udp,
        rcode: Rcode::NOERROR,
        answers: None,
        min_ttl: None,
        recursion: true,
        ip: IpVersion::Any,
    }
}

/// A check of `www.example.test` at one of our own servers.
fn check_at(server: SocketAddr) -> Dns {
    check(at(&server.ip().to_string(), server.port()), "www.example.test", Record::A)
}

fn named(dns: Dns, timeout: Duration) -> Check {
    Check {
        name: "names".into(),
        kind: Kind::Dns(Box::new(dns)),
        interval: Duration::from_secs(30),
        timeout,
        retry_interval: Duration::from_secs(10),
        fall: 3,
        rise: 2,
        degraded_above: None,
        severity: Severity::High,
        labels: BTreeMap::new(),
        locations: Vec::new(),
    }
}

async fn run(check: &Check) -> Observed {
    let prober = Prober::new().expect("a prober");
    prober.observe(check, Instant::now() + check.timeout).await
}

async fn observe_within(dns: Dns, timeout: Duration) -> Observed {
    run(&named(dns, timeout)).await
}

async fn observe(dns: Dns) -> Observed {
    observe_within(dns, TIMEOUT).await
}

/// What was found; `None` where no answer came.
fn found(seen: &Observed) -> Option<&DnsFindings> {
    match &seen.findings {
        Findings::Dns(dns) => Some(dns),
        _ => None,
    }
}

fn texts(seen: &Observed) -> Vec<&str> {
    let answers = &found(seen).expect("an answer").answers;
    let mut texts: Vec<_> = answers.iter().map(|answer| answer.text.as_str()).collect();
    texts.sort_unstable();
    texts
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[track_caller]
fn assert_up(seen: &Observed) {
    assert_eq!((seen.outcome, seen.reason, seen.detail.as_str()), (Outcome::Up, Reason::None, ""));
}

#[track_caller]
fn assert_down(seen: &Observed, reason: Reason, words: &str) {
    assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{}", seen.detail);
    assert!(seen.detail.contains(words) && seen.detail.len() <= 200, "{}", seen.detail);
}
