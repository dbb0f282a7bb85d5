//! `doctor`: all that this agent needs, looked at once.

use super::Common;
use skerry_agent::doctor::examine;
use skerry_host::doctor::{all_well, json, nothing_to_do, plain};
use std::io::{self, Write};
use std::process::ExitCode;

/// `strict`: what may not last is a fault too.
pub(super) fn doctor(common: &Common, strict: bool) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(examine(&common.config));
    // A resolver that hangs must not hold up the end.
    runtime.shutdown_background();
    let answer = if common.json { json(&findings) } else { plain(&findings) };
    writeln!(io::stdout().lock(), "{answer}")?;
    let well = if strict { nothing_to_do(&findings) } else { all_well(&findings) };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
