//! The result of one plugin run, whichever process ran it.

use super::output::PluginOutput;
use super::plugin::{Plugin, RawOutput};
use skerry_protocol::check::Exec;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The result of a run.
#[derive(Debug)]
pub(super) struct PluginRun {
    pub(super) ended: RunEnd,
    /// Time from its start to its exit or its deadline.
    pub(super) took: Duration,
    pub(super) code: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
    /// Standard output, as far as it was read.
    pub(super) output: Vec<u8>,
    /// Standard error, as far as it was read.
    pub(super) stderr: Vec<u8>,
    /// The plugin wrote more than is read.
    pub(super) cut: bool,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// The plugin exited.
    Exited,
    /// It was still running at its deadline.
    TimedOut,
    /// It could not be started.
    NotStarted(io::Error),
}

impl PluginRun {
    /// Runs a plugin as a child of this process.
    pub(super) async fn here(exec: &Exec, deadline: Instant) -> Self {
        let start = Instant::now();
        let mut plugin = match Plugin::start(exec) {
            Ok(plugin) => plugin,
            Err(error) => return Self::not_run(error),
        };
        let ended = timeout_at(deadline, plugin.ended()).await;
        let took = start.elapsed();
        let status = match &ended {
            Ok(_) => plugin.finish().await,
            Err(_) => plugin.kill().await,
        };
        let RawOutput { output, stderr, cut } = plugin.output();
        Self {
            ended: match ended {
                Ok(Ok(())) => RunEnd::Exited,
                Ok(Err(error)) => RunEnd::NotStarted(error),
                Err(_) => RunEnd::TimedOut,
            },
            took,
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            output: output.to_vec(),
            stderr: stderr.to_vec(),
            cut,
        }
    }

    fn not_run(error: io::Error) -> Self {
        let nothing = Vec::new;
        let (output, stderr) = (nothing(), nothing());
        let ended = RunEnd::NotStarted(error);
        Self { ended, took: Duration::ZERO, code: None, signal: None, output, stderr, cut: false }
    }

    pub(super) fn output(&self) -> PluginOutput {
        PluginOutput::read(RawOutput { output: &self.output, stderr: &self.stderr, cut: self.cut })
    }
}
