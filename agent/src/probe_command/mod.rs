//! The command `probe` of both programs: runs checks once and prints phases and details. Only `findings.rs`
//! has to change for a new variant of `Findings`.

mod chart;
mod findings;
mod json;
mod table;

use crate::probe::{Observed, Prober};
use anyhow::{Context, bail};
use skerry_protocol::check::Check;
use skerry_protocol::strict::{nearest, one_of};
use skerry_protocol::wire::Outcome;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// A check that was run once.
struct Probed {
    name: String,
    /// Type as in the configuration.
    kind: &'static str,
    observed: Observed,
}

/// Runs the checks of `known` that `names` lists, or all, at most `at_once` at the same time, and prints the
/// results. Returns whether all are up.
///
/// # Errors
/// A name is unknown, or the probes cannot be prepared.
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
        write!(out, "{}", table::of(&results, now, colour))?;
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
