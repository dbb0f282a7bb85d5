//! `doctor`: all that this agent needs, looked at once.

use super::Common;
use skerry_agent::doctor::{all_well, examine, json, plain};
use std::io::{self, Write};
use std::process::ExitCode;

pub(super) fn doctor(common: &Common) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(examine(&common.config));
    // A resolver that hangs must not hold up the end.
    runtime.shutdown_background();
    let answer = if common.json { json(&findings) } else { plain(&findings) };
    writeln!(io::stdout().lock(), "{answer}")?;
    Ok(if all_well(&findings) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
