//! The `http` check against real nginx, and against servers that violate HTTP.

mod assertions;
mod bodies;
mod certificates;
mod cookies;
mod exchange;
mod failures;
mod heads;
mod phases;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use regex::Regex;
use skerry_agent::clock::{Clock, CorrectedClock};
use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::{
    Auth, Check, Http, HttpVersion, IpVersion, JsonAssertion, JsonExpectation, Kind, Pattern, Scalar,
    SentHeader, StatusRange,
};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::misbehaving::{FullBacklog, Misbehaving, Misbehaviour};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{checks, free_port, until};

use crate::observing::{self, assert_seen, assert_up, run, run_half, run_out_of_descriptors};

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);

/// A check of `url` with all other keys at their defaults.
fn check(url: &str) -> Http {
    let Kind::Http(http) = checks::read(&format!("type = \"http\"\nurl = \"{url}\"")).kind else {
        panic!("an http check")
    };
    *http
}

fn named(http: Http, timeout: Duration) -> Check {
    checks::of(Kind::Http(Box::new(http)), timeout)
}

async fn observe_within(http: Http, timeout: Duration) -> Observed {
    run(&Prober::new().expect("a prober"), &named(http, timeout)).await
}

async fn observe(http: Http) -> Observed {
    observe_within(http, TIMEOUT).await
}

#[track_caller]
fn assert_down(seen: &Observed, reason: Reason) {
    observing::assert_down(seen, reason, "");
    assert!(!seen.detail.is_empty(), "{reason:?} without a word");
}

fn plain(server: &str) -> Site {
    Site { server: server.to_owned(), ..Site::default() }
}

fn micros(phase: Option<u32>) -> Duration {
    Duration::from_micros(phase.expect("the phase happened").into())
}
