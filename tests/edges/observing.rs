//! Runs a check once and asserts on its observation.

use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::{Check, IpVersion, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_protocol::words::is_unfit_to_show;
use skerry_tests::parts::checks;
use tokio::time::Instant;

/// Runs a check with these keys.
pub(crate) async fn observe(keys: &str) -> Observed {
    run(&Prober::new().expect("a prober"), &checks::read(keys)).await
}

/// Like [`observe`], over this address family. A configuration with an IPv6 address cannot ask for IPv4, but
/// a redirect may lead there.
pub(crate) async fn observe_over(ip: IpVersion, keys: &str) -> Observed {
    let mut check = checks::read(keys);
    match &mut check.kind {
        Kind::Http(http) => http.ip = ip,
        Kind::Tcp(tcp) => tcp.ip = ip,
        Kind::Tls(tls) => tls.ip = ip,
        _ => panic!("a check of another type"),
    }
    run(&Prober::new().expect("a prober"), &check).await
}

pub(crate) async fn run(prober: &Prober, check: &Check) -> Observed {
    prober.observe(check, Instant::now() + check.timeout).await
}

#[track_caller]
pub(crate) fn assert_up(seen: &Observed) {
    assert_eq!((seen.outcome, seen.reason, seen.detail.as_str()), (Outcome::Up, Reason::None, ""));
}

#[track_caller]
pub(crate) fn assert_seen(seen: &Observed, outcome: Outcome, reason: Reason, words: &str) {
    assert_eq!((seen.outcome, seen.reason), (outcome, reason), "{}", seen.detail);
    assert!(seen.detail.contains(words), "{:?} lacks {words:?}", seen.detail);
    assert!(seen.detail.len() <= 200 && !seen.detail.contains(is_unfit_to_show), "{:?}", seen.detail);
}

#[track_caller]
pub(crate) fn assert_down(seen: &Observed, reason: Reason, words: &str) {
    assert_seen(seen, Outcome::Down, reason, words);
}

/// Runs the ignored test of that name in its own process and passes it a target.
pub(crate) async fn run_half(name: &str, target: String) {
    let child = tokio::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", name])
        .env("TARGET", target)
        .output()
        .await
        .expect("runs");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

/// Uses up all descriptors of this process.
pub(crate) fn run_out_of_descriptors() {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = Some(3);
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("a lower limit is allowed");
}
