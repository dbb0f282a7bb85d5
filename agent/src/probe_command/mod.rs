//! `probe` of both programs: checks run once, now, with what each phase took and what its kind found. What a new variant of
//! `Findings` looks like stands in `findings.rs`, and nowhere else here.

mod chart;
mod findings;
mod json;
mod words;

use crate::probe::{Observed, Prober};
use anyhow::{Context, bail};
use skerry_protocol::check::Check;
use skerry_protocol::strict::{nearest, one_of};
use skerry_protocol::wire::Outcome;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// One check, run once.
struct Probed {
    name: String,
    /// Its type, as in the configuration.
    kind: &'static str,
    observed: Observed,
}

/// Runs those of `known` that are named, all where none is, at most so many at once, and prints what they saw. Whether
/// all are up.
///
/// # Errors
/// A name that no check has; the probes cannot be prepared.
pub fn probe(known: Vec<Check>, names: &[String], at_once: usize, json: bool) -> anyhow::Result<bool> {
    let unknown: Vec<&str> = names
        .iter()
        .filter(|name| !known.iter().any(|check| check.name == **name))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let hint = nearest(unknown[0], known.iter().map(|check| check.name.as_str()));
        let hint = hint.map(|near| format!(". Did you mean {near:?}?")).unwrap_or_default();
        bail!("no check here is named {}{hint}", one_of(unknown));
    }
    let chosen = known.into_iter().filter(|check| names.is_empty() || names.contains(&check.name)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let results = runtime.block_on(observe_all(chosen, at_once))?;
    runtime.shutdown_background();
    let (now, mut out) = (now(), io::stdout().lock());
    if json {
        writeln!(out, "{}", json::array(&results, now))?;
    } else {
        let colour = out.is_terminal();
        write!(out, "{}", words::of(&results, now, colour))?;
    }
    Ok(results.iter().all(|probed| probed.observed.outcome == Outcome::Up))
}

#[expect(clippy::disallowed_methods, reason = "a certificate's days are counted by the wall clock")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn observe_all(checks: Vec<Check>, at_once: usize) -> anyhow::Result<Vec<Probed>> {
    let prober = Arc::new(Prober::new().context("cannot prepare the probes")?);
    let room = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
    let mut running = Vec::new();
    for check in checks {
        let (prober, room) = (Arc::clone(&prober), Arc::clone(&room));
        running.push(tokio::spawn(async move {
            let _place = room.acquire_owned().await;
            let observed = prober.observe(&check, Instant::now() + check.timeout).await;
            Probed { name: check.name, kind: check.kind.name(), observed }
        }));
    }
    let mut results = Vec::new();
    for task in running {
        results.push(task.await.context("a probe crashed")?);
    }
    Ok(results)
}
