//! The `exec` check: a local program that keeps the convention of the Nagios plugins.
//!
//! The plugin alone says what is up and what is down. A plugin that could not be run, was ended by a signal or
//! gives a code outside of the convention has judged nothing: that is inconclusive. One that is still running
//! when its time is over is down, as everything else that does not answer. What it leaves behind is ended
//! with it.

pub(super) mod hostile;
mod output;
mod perfdata;
mod plugin;

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::io::Errno;
use skerry_protocol::check::{Check, Exec};
use skerry_protocol::wire::{Outcome, Reason};
use tokio::time::{Instant, timeout_at};

use super::fault::{Fault, is_own};
use super::run::{Doing, Run};
use super::{Findings, Observed};
use output::Said;
pub use perfdata::Measure;
use plugin::Plugin;

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
    let mut plugin = match Plugin::start(exec) {
        Ok(plugin) => plugin,
        Err(error) => return run.finish(check, None, Ok(Err(not_run(&exec.command[0], &error)))),
    };
    let ended = timeout_at(deadline, plugin.ended()).await;
    run.end = Some(Instant::now());
    let status = match &ended {
        Ok(_) => plugin.leave().await,
        Err(_) => plugin.end().await,
    };
    let said = Said::read(plugin.output());
    run.latency = said.performance.iter().find_map(Measure::duration);
    let judged = ended.map(|ended| match (ended, status) {
        (Ok(()), Some(status)) => judge(status, &said),
        (Err(error), _) => Err(not_run(&exec.command[0], &error)),
        (Ok(()), None) => Err(Fault::own("how the plugin ended was not to be learnt")),
    });
    let exit = status.and_then(|status| status.code()).filter(|_| judged.is_ok());
    run.findings =
        Findings::Plugin(Box::new(PluginSeen { exit, text: said.text, performance: said.performance }));
    run.finish(check, None, judged)
}

fn judge(status: ExitStatus, said: &Said) -> Result<(), Fault> {
    let line = said.line();
    if said.cut {
        // Its code may be that of a program whose pipe was closed.
        let words = format!("it wrote more than {} bytes and was cut off: {line}", plugin::MOST_OUTPUT);
        return Err(inconclusive(Reason::PluginFailed, words));
    }
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => Err(Fault::degraded(Reason::PluginWarning, line)),
        Some(2) => Err(Fault::down(Reason::PluginCritical, line)),
        Some(3) => Err(inconclusive(Reason::PluginUnknown, line)),
        Some(code) => {
            let words = format!("exit code {code}, which is none of a plugin's (0 to 3): {line}");
            Err(inconclusive(Reason::PluginFailed, words))
        }
        None => {
            let words = format!("ended by signal {}: {line}", status.signal().unwrap_or_default());
            Err(inconclusive(Reason::PluginFailed, words))
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
