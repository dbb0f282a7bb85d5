//! `doctor`: examines everything that this aggregator needs.

use skerry_aggregator::doctor::examine;
use skerry_host::doctor::{all_well, json, nothing_to_do, plain};
use std::path::PathBuf;

/// Returns the output, and whether there are no problems; with `strict`, whether there are also no warnings.
pub(crate) fn doctor(paths: &[PathBuf], as_json: bool, strict: bool) -> anyhow::Result<(String, bool)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let findings = runtime.block_on(examine(paths));
    // A resolver that hangs must not delay the exit.
    runtime.shutdown_background();
    let answer = if as_json { json(&findings) } else { plain(&findings) };
    let well = if strict { nothing_to_do(&findings) } else { all_well(&findings) };
    Ok((answer, well))
}
