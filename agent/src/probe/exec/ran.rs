//! What became of one run of a plugin, whoever ran it.

use super::output::Said;
use super::plugin::{Output, Plugin};
use skerry_protocol::check::Exec;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// One run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ended: Ended,
    /// From its start to its end, or to its deadline.
    pub(super) took: Duration,
    /// Its exit code.
    pub(super) code: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
    /// What it wrote, as far as it was read.
    pub(super) output: Vec<u8>,
    /// What it complained.
    pub(super) complaint: Vec<u8>,
    /// It wrote more than is read.
    pub(super) cut: bool,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself.
    InTime,
    /// It was still running at its deadline.
    Late,
    /// It could not be run.
    NotRun(io::Error),
}

impl Ran {
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
            Ok(_) => plugin.leave().await,
            Err(_) => plugin.end().await,
        };
        let Output { output, complaint, cut } = plugin.output();
        Self {
            ended: match ended {
                Ok(Ok(())) => Ended::InTime,
                Ok(Err(error)) => Ended::NotRun(error),
                Err(_) => Ended::Late,
            },
            took,
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            output: output.to_vec(),
            complaint: complaint.to_vec(),
            cut,
        }
    }

    fn not_run(error: io::Error) -> Self {
        let nothing = Vec::new;
        let (output, complaint) = (nothing(), nothing());
        let ended = Ended::NotRun(error);
        Self { ended, took: Duration::ZERO, code: None, signal: None, output, complaint, cut: false }
    }

    pub(super) fn said(&self) -> Said {
        Said::read(Output { output: &self.output, complaint: &self.complaint, cut: self.cut })
    }
}
