//! The `dns` check against real BIND and Unbound, and against servers that violate the protocol.

mod answers;
mod failures;
mod transports;

use std::net::SocketAddr;
use std::time::Duration;

use skerry_agent::probe::{DnsFindings, Findings, Observed, Prober};
use skerry_protocol::check::{
    Answers, Check, Dns, DnsTransport, Handshake, IpVersion, Kind, NameServer, Rcode, Record,
};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::dns::LARGE;
use skerry_tests::parts::dns_peer::{DnsBehaviour, DnsPeer};
use skerry_tests::parts::named::Named;
use skerry_tests::parts::unbound::Unbound;
use skerry_tests::parts::{checks, free_port, until};
use tokio::time::Instant;
use url::Host;

use crate::observing::{assert_down, assert_seen, assert_up, run, run_half, run_out_of_descriptors};

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);

/// A name server on this host.
fn at(host: &str, port: u16) -> NameServer {
    let host = match host {
        "::1" => Host::Ipv6(std::net::Ipv6Addr::LOCALHOST),
        other => Host::parse(other).expect("a host"),
    };
    NameServer { host, port }
}

/// A check of `query` at `server` with all other keys at their defaults.
fn check(server: NameServer, query: &str, record: Record) -> Dns {
    let asked = format!("type = \"dns\"\nquery = \"{query}\"\nrecord = \"{}\"", record.name());
    let Kind::Dns(dns) = checks::read(&asked).kind else { panic!("a dns check") };
    Dns { server: Some(server), ..*dns }
}

/// A check of `www.example.test` at one of our own servers.
fn check_at(server: SocketAddr) -> Dns {
    check(at(&server.ip().to_string(), server.port()), "www.example.test", Record::A)
}

fn named(dns: Dns, timeout: Duration) -> Check {
    checks::of(Kind::Dns(Box::new(dns)), timeout)
}

async fn observe_within(dns: Dns, timeout: Duration) -> Observed {
    run(&Prober::new().expect("a prober"), &named(dns, timeout)).await
}

async fn observe(dns: Dns) -> Observed {
    observe_within(dns, TIMEOUT).await
}

/// The details of the answer; `None` without an answer.
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
