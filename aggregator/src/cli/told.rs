//! Changes that the aggregator carries out, and what is printed of them.

use super::agents::of_workspace;
use anyhow::Context;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::{Done, Request, carry_out};

/// Has the aggregator carry out what is asked in a workspace, by default that of the first configuration file. Without one
/// that runs, this process does.
pub(super) fn ask(
    loaded: &Loaded,
    workspace: Option<&str>,
    request: impl FnOnce(String) -> Request,
) -> anyhow::Result<Done> {
    let workspace = of_workspace(loaded, workspace)?.workspace.clone();
    let process = loaded.configs.first().context("no configuration")?;
    carry_out(&process.store.path, request(workspace))
}

/// The output, and what the operator is to know beside it. `{}` in `output` is the id, or else what is `known` of it; in
/// JSON it stands as `kind`.
pub(super) fn told(
    kind: &str,
    known: Option<String>,
    done: Done,
    output: &str,
    json: bool,
) -> (String, Option<String>) {
    let id = done.id.or(known);
    if json {
        return (serde_json::json!({ kind: id, "notes": done.notes }).to_string(), None);
    }
    let output = output.replace("{}", id.as_deref().unwrap_or_default());
    (output, (!done.notes.is_empty()).then(|| done.notes.join("\n")))
}
