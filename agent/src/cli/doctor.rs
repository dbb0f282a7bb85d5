//! `doctor`: checks everything this agent needs.

use super::Common;
use skerry_agent::doctor::examine;
use skerry_host::doctor::{all_well, json, nothing_to_do, plain};
use std::io::{self, Write};
use std::process::ExitCode;

/// `strict`: a warning fails the command, too.
pub(super) fn doctor(common: &Common, strict: bool) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(examine(&common.config));
    // A resolver that hangs must not delay the exit.
    runtime.shutdown_background();
    let answer = if common.json { json(&findings) } else { plain(&findings) };
    writeln!(io::stdout().lock(), "{answer}")?;
    let well = if strict { nothing_to_do(&findings) } else { all_well(&findings) };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
