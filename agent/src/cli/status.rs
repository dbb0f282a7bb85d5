//! `status`: reads an agent's spool on this host, whether the agent runs or not.

use super::{Common, instant, load, not_enrolled};
use anyhow::ensure;
use skerry_agent::clock::Clock;
use skerry_agent::config::awaiting_enrolment;
use skerry_agent::self_test::{NetworkFault, SelfTest};
use skerry_agent::spool::{SpoolContents, inspect};
use skerry_protocol::words::{count, duration};
use std::io::{self, Write};
use std::process::ExitCode;

pub(super) fn status(common: &Common) -> anyhow::Result<ExitCode> {
    ensure!(awaiting_enrolment(&common.config).is_none(), not_enrolled());
    let config = load(common)?.config;
    let contents = inspect(&config.agent.spool, Clock::open()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fault = runtime.block_on(SelfTest::new(config.self_test).test());
    if common.json {
        print_json(&config.agent.name, &contents, fault)?;
    } else {
        print_plain(&config.agent.name, &contents, fault)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_plain(agent: &str, contents: &SpoolContents, fault: Option<NetworkFault>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let status = &contents.status;
    writeln!(out, "agent {agent}")?;
    let network = fault.map_or_else(|| "up".to_owned(), |fault| format!("down: {}", fault.description()));
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
    let width = contents.states.iter().map(|state| state.check.chars().count()).max().unwrap_or(0);
    for state in &contents.states {
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

fn print_json(agent: &str, contents: &SpoolContents, fault: Option<NetworkFault>) -> io::Result<()> {
    let status = &contents.status;
    let states: Vec<serde_json::Value> = contents
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
        "own_network_gone": fault.is_some(),
        "own_network_lacks": fault.map(NetworkFault::name),
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
