//! Checks as their owner writes them, run once.

use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::{self, Check};
use skerry_protocol::strict::Document;
use skerry_protocol::wire::{Outcome, Reason};
use tokio::time::Instant;

/// A check with these keys.
pub(crate) fn check(keys: &str) -> Check {
    let text = format!("[[check]]\nname = \"target\"\n{keys}\n");
    let document = Document::parse("edges.toml", &text).expect("TOML");
    let check = document.root().tables("check", &["name"]).iter().find_map(check::read);
    let (problems, _) = document.finish();
    assert!(problems.is_empty(), "{problems:?}");
    check.expect("a check without a problem")
}

pub(crate) async fn observe(keys: &str) -> Observed {
    let check = check(keys);
    let prober = Prober::new().expect("a prober");
    prober.observe(&check, Instant::now() + check.timeout).await
}

#[track_caller]
pub(crate) fn assert_up(seen: &Observed) {
    assert_eq!((seen.outcome, seen.reason, seen.detail.as_str()), (Outcome::Up, Reason::None, ""));
}

#[track_caller]
pub(crate) fn assert_seen(seen: &Observed, outcome: Outcome, reason: Reason, words: &str) {
    assert_eq!((seen.outcome, seen.reason), (outcome, reason), "{}", seen.detail);
    assert!(seen.detail.contains(words) && seen.detail.len() <= 200, "{}", seen.detail);
}

#[track_caller]
pub(crate) fn assert_down(seen: &Observed, reason: Reason, words: &str) {
    assert_seen(seen, Outcome::Down, reason, words);
}
