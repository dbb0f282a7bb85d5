//! `mail-check`: sends a test mail and says what receivers will think of ours.

use anyhow::Context as _;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::mail_check::check;
use skerry_host::doctor::{all_well, json, plain};

/// Returns the output, and whether there are no problems.
pub(crate) fn mail_check(loaded: &Loaded, address: &str, as_json: bool) -> anyhow::Result<(String, bool)> {
    let config = loaded.configs.first().context("no configuration")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let findings = runtime.block_on(check(config, address));
    // A resolver that hangs must not delay the exit.
    runtime.shutdown_background();
    let findings = findings?;
    Ok((if as_json { json(&findings) } else { plain(&findings) }, all_well(&findings)))
}
