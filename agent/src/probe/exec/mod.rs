//! The `exec` check: runs a local program that follows the Nagios plugin convention.
//!
//! The plugin's exit code alone decides between up and down. A plugin that cannot be run, dies from a signal
//! or exits with an undefined code is inconclusive. One that exceeds the timeout is down, like any target
//! that does not answer. Its child processes end with it.
//!
//! The latency is the plugin's running time. Performance data is the latency only if the check names its
//! label, since an age and a TTL are seconds, too.

pub(super) mod hostile;
mod output;
mod perfdata;
mod plugin;
mod plugin_run;
mod runner;

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use skerry_protocol::check::{Check, Exec};
use skerry_protocol::wire::{Outcome, Reason};
use tokio::time::Instant;

use super::fault::{Fault, is_own};
use super::run::{Run, Stage};
use super::{Findings, Observed};
use output::PluginOutput;
pub use perfdata::Measure;
use plugin_run::{PluginRun, RunEnd};
pub use runner::serve;

const RUN: Stage = Stage::Target(Reason::Timeout, "the plugin did not end within the timeout");

/// Exit code and output of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginResult {
    /// Exit code; `None` if a signal ended it.
    pub exit: Option<i32>,
    /// Lines of text without performance data and without control characters.
    pub text: Vec<String>,
    /// Performance data in the plugin's order.
    pub performance: Vec<Measure>,
}

pub(super) async fn observe(check: &Check, exec: &Exec, deadline: Instant) -> Observed {
    let mut run = Run::start(deadline);
    run.stage = RUN;
    let start = Instant::now();
    let plugin = match &exec.runner {
        None => Ok(PluginRun::here(exec, deadline).await),
        Some(socket) => runner::ask(socket, exec, deadline).await,
    };
    let plugin = match plugin {
        Ok(plugin) => plugin,
        Err(fault) => return run.finish(check, None, Ok(Err(fault))),
    };
    run.end = Some(start + plugin.took);
    let output = plugin.output();
    let latency = exec.latency_from.as_deref().map(|label| latency(label, &output)).transpose();
    let judged = match &plugin.ended {
        RunEnd::TimedOut => Err(run.cut_off()),
        RunEnd::NotStarted(error) => Err(not_run(&exec.command[0], error)),
        // A plugin that found a problem need not report its measurement.
        RunEnd::Exited => judge(&plugin, &output).and(latency.clone().map(drop)),
    };
    run.latency = latency.unwrap_or_default();
    let exit = plugin.code.filter(|_| matches!(plugin.ended, RunEnd::Exited));
    run.findings =
        Findings::Plugin(Box::new(PluginResult { exit, text: output.text, performance: output.performance }));
    run.finish(check, None, Ok(judged))
}

fn judge(run: &PluginRun, output: &PluginOutput) -> Result<(), Fault> {
    let line = output.line();
    if output.cut {
        // The exit code may be that of a program whose pipe was closed.
        let words = format!("it wrote more than {} bytes; the rest was not read: {line}", plugin::MAX_STDOUT);
        return Err(inconclusive(Reason::PluginFailed, words));
    }
    match run.code {
        Some(0) => Ok(()),
        Some(1) => Err(Fault::degraded(Reason::PluginWarning, line)),
        Some(2) => Err(Fault::down(Reason::PluginCritical, line)),
        Some(3) => Err(inconclusive(Reason::PluginUnknown, line)),
        Some(code) => {
            let words = format!("exit code {code}, which is none of a plugin's (0 to 3): {line}");
            Err(inconclusive(Reason::PluginFailed, words))
        }
        None => match run.signal {
            Some(signal) => {
                Err(inconclusive(Reason::PluginFailed, format!("ended by signal {signal}: {line}")))
            }
            None => Err(Fault::own("cannot tell how the plugin ended")),
        },
    }
}

/// Returns the performance datum with this label, which `latency_from` names. A missing one is an error,
/// because any other value would be mistaken for it.
fn latency(label: &str, output: &PluginOutput) -> Result<Duration, Fault> {
    let wrong = |why: String| {
        inconclusive(
            Reason::PluginFailed,
            format!("latency_from names \"{label}\", {why}: {}", output.line()),
        )
    };
    let Some(measure) = output.performance.iter().find(|one| one.label == label) else {
        let labels: Vec<&str> = output.performance.iter().map(|one| one.label.as_str()).collect();
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

/// Why the plugin could not be started.
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
