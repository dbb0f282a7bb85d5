//! The `exec` check: a local program that keeps the convention of the Nagios plugins.
//!
//! The plugin alone says what is up and what is down. A plugin that could not be run, was ended by a signal or
//! gives a code outside of the convention has judged nothing: that is inconclusive. One that is still running
//! when its time is over is down, as everything else that does not answer. What it leaves behind is ended
//! with it.
//!
//! The latency is the time it ran. A datum of its performance data is the latency only where the check names it: an
//! age and a time to live are seconds too.

pub(super) mod hostile;
mod output;
mod perfdata;
mod plugin;
mod ran;
mod runner;

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use skerry_protocol::check::{Check, Exec};
use skerry_protocol::wire::{Outcome, Reason};
use tokio::time::Instant;

use super::fault::{Fault, is_own};
use super::run::{Doing, Run};
use super::{Findings, Observed};
use output::Said;
pub use perfdata::Measure;
use ran::{Ended, Ran};
pub use runner::serve;

const RUN: Doing = Doing::Target(Reason::Timeout, "the plugin did not end within the timeout");

/// What a plugin ended with and what it printed.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSeen {
    /// Its exit code; none where a signal ended it.
    pub exit: Option<i32>,
    /// Its text without performance data, line by line, no control characters.
    pub text: Vec<String>,
    /// Its performance data, in its order.
    pub performance: Vec<Measure>,
}

pub(super) async fn observe(check: &Check, exec: &Exec, deadline: Instant) -> Observed {
    let mut run = Run::start(deadline);
    run.doing = RUN;
    let start = Instant::now();
    let ran = match &exec.runner {
        None => Ok(Ran::here(exec, deadline).await),
        Some(socket) => runner::ask(socket, exec, deadline).await,
    };
    let ran = match ran {
        Ok(ran) => ran,
        Err(fault) => return run.finish(check, None, Ok(Err(fault))),
    };
    run.end = Some(start + ran.took);
    let said = ran.said();
    let latency = exec.latency_from.as_deref().map(|label| latency(label, &said)).transpose();
    let judged = match &ran.ended {
        Ended::Late => Err(run.cut_off()),
        Ended::NotRun(error) => Err(not_run(&exec.command[0], error)),
        // One that found something wrong need not have measured.
        Ended::InTime => judge(&ran, &said).and(latency.clone().map(drop)),
    };
    run.latency = latency.unwrap_or_default();
    let exit = ran.code.filter(|_| matches!(ran.ended, Ended::InTime));
    run.findings =
        Findings::Plugin(Box::new(PluginSeen { exit, text: said.text, performance: said.performance }));
    run.finish(check, None, Ok(judged))
}

fn judge(ran: &Ran, said: &Said) -> Result<(), Fault> {
    let line = said.line();
    if said.cut {
        // Its code may be that of a program whose pipe was closed.
        let words =
            format!("it wrote more than {} bytes; the rest was not read: {line}", plugin::MOST_OUTPUT);
        return Err(inconclusive(Reason::PluginFailed, words));
    }
    match ran.code {
        Some(0) => Ok(()),
        Some(1) => Err(Fault::degraded(Reason::PluginWarning, line)),
        Some(2) => Err(Fault::down(Reason::PluginCritical, line)),
        Some(3) => Err(inconclusive(Reason::PluginUnknown, line)),
        Some(code) => {
            let words = format!("exit code {code}, which is none of a plugin's (0 to 3): {line}");
            Err(inconclusive(Reason::PluginFailed, words))
        }
        None => match ran.signal {
            Some(signal) => {
                Err(inconclusive(Reason::PluginFailed, format!("ended by signal {signal}: {line}")))
            }
            None => Err(Fault::own("cannot tell how the plugin ended")),
        },
    }
}

/// The datum of that label, which `latency_from` names. Whoever asks for it is told where it is not there: what is
/// measured instead would pass for it.
fn latency(label: &str, said: &Said) -> Result<Duration, Fault> {
    let wrong = |why: String| {
        inconclusive(Reason::PluginFailed, format!("latency_from names \"{label}\", {why}: {}", said.line()))
    };
    let Some(measure) = said.performance.iter().find(|one| one.label == label) else {
        let labels: Vec<&str> = said.performance.iter().map(|one| one.label.as_str()).collect();
        let printed = if labels.is_empty() { "no performance data".to_owned() } else { labels.join(", ") };
        return Err(wrong(format!("but the plugin printed {printed}")));
    };
    match measure.value {
        None => Err(wrong("of which the plugin knew no value".to_owned())),
        Some(value) => {
            let unit = &measure.unit;
            measure.duration().ok_or_else(|| wrong(format!("which is no time but {value}{unit}")))
        }
    }
}

/// Why there is no plugin to be heard.
fn not_run(program: &str, error: &io::Error) -> Fault {
    let words = format!("{program} cannot be run: {error}");
    if is_own(error) || Errno::from_io_error(error) == Some(Errno::AGAIN) {
        return Fault::own(words);
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => inconclusive(Reason::OwnPermission, words),
        _ => inconclusive(Reason::PluginFailed, words),
    }
}

fn inconclusive(reason: Reason, detail: String) -> Fault {
    Fault { outcome: Outcome::Inconclusive, reason, detail }
}
