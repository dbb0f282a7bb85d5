//! `status`: what the spool of an agent on this host says, whether the agent runs or not.

use super::{Common, instant, load, not_enrolled};
use anyhow::ensure;
use skerry_agent::clock::Clock;
use skerry_agent::config::awaiting_enrolment;
use skerry_agent::self_test::{Lack, SelfTest};
use skerry_agent::spool::{Peek, peek};
use skerry_protocol::words::{count, duration};
use std::io::{self, Write};
use std::process::ExitCode;

pub(super) fn status(common: &Common) -> anyhow::Result<ExitCode> {
    ensure!(awaiting_enrolment(&common.config).is_none(), not_enrolled());
    let config = load(common)?.config;
    let peek = peek(&config.agent.spool, Clock::open()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lack = runtime.block_on(SelfTest::new(config.self_test).look());
    if common.json {
        print_json(&config.agent.name, &peek, lack)?;
    } else {
        print_plain(&config.agent.name, &peek, lack)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_plain(agent: &str, peek: &Peek, lack: Option<Lack>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let status = &peek.status;
    writeln!(out, "agent {agent}")?;
    let network = lack.map_or_else(|| "up".to_owned(), |lack| format!("down: {}", lack.words()));
    writeln!(out, "network               {network}")?;
    let acknowledged = status.acknowledged_wall_ms.map_or_else(|| "never".to_owned(), instant);
    writeln!(out, "last acknowledgement  {acknowledged} (through {})", status.acknowledged)?;
    let waiting = count(status.depth, "record");
    let oldest = match status.depth {
        0 => String::new(),
        _ => format!(", the oldest {} old", duration(i64::try_from(status.oldest_ms).unwrap_or(i64::MAX))),
    };
    writeln!(out, "waiting in the spool  {waiting}{oldest}")?;
    writeln!(out, "lost, set aside       {}, {}", status.lost, status.set_aside)?;
    if let Some(trouble) = &status.trouble {
        writeln!(out, "spool                 cannot be written: {trouble}")?;
    }
    let width = peek.states.iter().map(|state| state.check.chars().count()).max().unwrap_or(0);
    for state in &peek.states {
        let (name, hard) = (&state.check, state.hysteresis.hard.name());
        let since = instant(state.hysteresis.since.wall_ms);
        let flapping = if state.hysteresis.flapping { ", flapping" } else { "" };
        let unconfirmed = if state.hysteresis.unconfirmed() { ", change not confirmed yet" } else { "" };
        match state.hysteresis.hard {
            skerry_protocol::wire::State::Unknown => writeln!(out, "{name:<width$}  {hard}")?,
            _ => {
                writeln!(
                    out,
                    "{name:<width$}  {hard} since {since} ({}){flapping}{unconfirmed}",
                    state.reason.name()
                )?;
            }
        }
    }
    Ok(())
}

fn print_json(agent: &str, peek: &Peek, lack: Option<Lack>) -> io::Result<()> {
    let status = &peek.status;
    let states: Vec<serde_json::Value> = peek
        .states
        .iter()
        .map(|state| {
            serde_json::json!({
                "check": &*state.check,
                "state": state.hysteresis.hard.name(),
                "since": instant(state.hysteresis.since.wall_ms),
                "reason": state.reason.name(),
                "flapping": state.hysteresis.flapping,
                "unconfirmed": state.hysteresis.unconfirmed(),
            })
        })
        .collect();
    let answer = serde_json::json!({
        "agent": agent,
        "own_network_gone": lack.is_some(),
        "own_network_lacks": lack.map(Lack::name),
        "acknowledged_through": status.acknowledged,
        "acknowledged_at": status.acknowledged_wall_ms.map(instant),
        "depth": status.depth,
        "oldest_ms": status.oldest_ms,
        "lost": status.lost,
        "set_aside": status.set_aside,
        "trouble": status.trouble,
        "checks": states,
    });
    writeln!(io::stdout().lock(), "{answer}")
}
