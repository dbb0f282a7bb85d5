//! `probe`: checks run once, now, with what each phase took and what its kind found. What a new variant of
//! `Findings` looks like stands in `findings.rs`, and nowhere else here.

mod chart;
mod findings;
mod json;
mod words;

use super::{Common, load};
use anyhow::{Context, bail};
use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::Check;
use skerry_protocol::wire::Outcome;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
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

pub(super) fn probe(common: &Common, names: &[String]) -> anyhow::Result<ExitCode> {
    let config = load(common)?.config;
    let known = config.checks;
    let unknown: Vec<&str> = names
        .iter()
        .filter(|name| !known.iter().any(|check| check.name == **name))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        bail!("no check is named {}", unknown.join(", "));
    }
    let chosen = known.into_iter().filter(|check| names.is_empty() || names.contains(&check.name)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let results = runtime.block_on(observe_all(chosen, config.agent.max_in_flight))?;
    runtime.shutdown_background();
    let (now, mut out) = (now(), io::stdout().lock());
    if common.json {
        writeln!(out, "{}", json::array(&results, now))?;
    } else {
        let colour = out.is_terminal();
        write!(out, "{}", words::of(&results, now, colour))?;
    }
    let all_up = results.iter().all(|probed| probed.observed.outcome == Outcome::Up);
    Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::from(1) })
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
        results.push(task.await.context("a probe failed inside")?);
    }
    Ok(results)
}

/// RFC 3339, to the second.
pub(super) fn instant(ms: i64) -> String {
    let instant = jiff::Timestamp::from_second(ms.div_euclid(1000));
    instant.map_or_else(|_| format!("{ms} ms"), |instant| instant.to_string())
}
