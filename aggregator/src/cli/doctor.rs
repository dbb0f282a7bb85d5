//! `doctor`: all that this aggregator needs, looked at once.

use skerry_agent::doctor::{all_well, json, plain};
use skerry_aggregator::doctor::examine;
use std::path::PathBuf;

/// Looks, and returns what to say and whether all is well.
pub(crate) fn doctor(paths: &[PathBuf], as_json: bool) -> anyhow::Result<(String, bool)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let findings = runtime.block_on(examine(paths));
    // A resolver that hangs must not hold up the end.
    runtime.shutdown_background();
    let answer = if as_json { json(&findings) } else { plain(&findings) };
    Ok((answer, all_well(&findings)))
}
