//! `probe`: checks run once, now, with what each phase took.

use super::{Common, load};
use anyhow::{Context, bail};
use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::Check;
use skerry_protocol::wire::Outcome;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

const COLUMNS: [&str; 9] =
    ["CHECK", "OUTCOME", "REASON", "TOTAL", "DNS", "CONNECT", "TLS", "FIRST BYTE", "TRANSFER"];

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
    if common.json {
        print_json(&results)?;
    } else {
        print_table(&results)?;
    }
    let all_up = results.iter().all(|(_, observed)| observed.outcome == Outcome::Up);
    Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn observe_all(checks: Vec<Check>, at_once: usize) -> anyhow::Result<Vec<(Check, Observed)>> {
    let prober = Arc::new(Prober::new().context("cannot prepare the probes")?);
    let room = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
    let mut running = Vec::new();
    for check in checks {
        let (prober, room) = (Arc::clone(&prober), Arc::clone(&room));
        running.push(tokio::spawn(async move {
            let _place = room.acquire_owned().await;
            let observed = prober.observe(&check, Instant::now() + check.timeout).await;
            (check, observed)
        }));
    }
    let mut results = Vec::new();
    for task in running {
        results.push(task.await.context("a probe failed inside")?);
    }
    Ok(results)
}

/// Total, then the phases in their order, µs.
fn timings(observed: &Observed) -> [Option<u64>; 6] {
    let phases = observed.phases.unwrap_or_default();
    [
        Some(observed.total.as_micros() as u64),
        phases.dns_us.map(u64::from),
        phases.connect_us.map(u64::from),
        phases.tls_us.map(u64::from),
        phases.first_byte_us.map(u64::from),
        phases.transfer_us.map(u64::from),
    ]
}

fn print_table(results: &[(Check, Observed)]) -> io::Result<()> {
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    for (check, observed) in results {
        let mut row =
            vec![check.name.clone(), observed.outcome.name().to_owned(), observed.reason.name().to_owned()];
        row.extend(timings(observed).map(|timing| {
            timing.map_or_else(
                || "-".to_owned(),
                |us| format!("{:.1} ms", Duration::from_micros(us).as_secs_f64() * 1e3),
            )
        }));
        rows.push(row);
    }
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = io::stdout().lock();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0..=2 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
        let Some((_, observed)) = number.checked_sub(1).and_then(|place| results.get(place)) else {
            continue;
        };
        if !observed.detail.is_empty() {
            writeln!(out, "  {}", observed.detail)?;
        }
        if let Some(certificate) = &observed.certificate {
            writeln!(
                out,
                "  certificate for {} by {}, ends {}",
                certificate.subject, certificate.issuer, certificate.not_after
            )?;
        }
    }
    Ok(())
}

fn print_json(results: &[(Check, Observed)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let all: Vec<serde_json::Value> = results
        .iter()
        .map(|(check, observed)| {
            let [total, dns, connect, tls, first_byte, transfer] = timings(observed);
            let certificate = observed.certificate.as_ref().map(|seen| {
                serde_json::json!({
                    "subject": seen.subject, "issuer": seen.issuer, "not_after": seen.not_after.to_string(),
                })
            });
            serde_json::json!({
                "check": check.name, "outcome": observed.outcome.name(), "reason": observed.reason.name(),
                "detail": observed.detail, "total_us": total, "dns_us": dns, "connect_us": connect,
                "tls_us": tls, "first_byte_us": first_byte, "transfer_us": transfer, "certificate": certificate,
            })
        })
        .collect();
    writeln!(out, "{}", serde_json::Value::from(all))
}

/// RFC 3339, to the second.
pub(super) fn instant(ms: i64) -> String {
    let instant = jiff::Timestamp::from_second(ms.div_euclid(1000));
    instant.map_or_else(|_| format!("{ms} ms"), |instant| instant.to_string())
}
