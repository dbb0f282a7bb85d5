//! The `http` check against real nginx, and against servers that break HTTP.

mod certificates;
mod exchange;
mod failures;
mod phases;

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use regex::Regex;
use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::{
    Auth, Check, Http, HttpVersion, IpVersion, JsonAssertion, JsonExpectation, Kind, Pattern, Scalar,
    Severity, StatusRange,
};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::misbehaving::{FullBacklog, Manner, Misbehaving};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);

/// A check of `url` as the configuration makes it when nothing else is given.
fn check(url: &str) -> Http {
    Http {
        url: url::Url::parse(url).expect("a URL"),
        method: Method::GET,
        headers: Vec::new(),
        body: None,
        auth: None,
        status: vec![StatusRange { from: 200, to: 299 }],
        redirects: 5,
        body_contains: Vec::new(),
        body_matches: Vec::new(),
        json: Vec::new(),
        response_headers: Vec::new(),
        certificate_days: None,
        verify: true,
        ca_file: None,
        max_body: 1 << 20,
        version: HttpVersion::Auto,
        ip: IpVersion::Any,
        reuse_connection: false,
    }
}

fn named(http: Http, timeout: Duration) -> Check {
    Check {
        name: "target".into(),
        kind: Kind::Http(Box::new(http)),
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

async fn run(prober: &Prober, check: &Check) -> Observed {
    prober.observe(check, Instant::now() + check.timeout).await
}

async fn observe_within(http: Http, timeout: Duration) -> Observed {
    run(&Prober::new().expect("a prober"), &named(http, timeout)).await
}

async fn observe(http: Http) -> Observed {
    observe_within(http, TIMEOUT).await
}

#[track_caller]
fn assert_up(seen: &Observed) {
    assert_eq!((seen.outcome, seen.reason, seen.detail.as_str()), (Outcome::Up, Reason::None, ""));
}

#[track_caller]
fn assert_down(seen: &Observed, reason: Reason) {
    assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{}", seen.detail);
    assert!(!seen.detail.is_empty() && seen.detail.len() <= 200);
}

fn plain(server: &str) -> Site {
    Site { server: server.to_owned(), ..Site::default() }
}

fn micros(phase: Option<u32>) -> Duration {
    Duration::from_micros(phase.expect("the phase happened").into())
}
