//! What a change that was carried out prints.

use skerry_aggregator::control::Done;

/// The output, and what the operator is to know beside it. `{}` in `output` is the id; in JSON it stands as `kind`.
pub(super) fn told(kind: &str, done: &Done, output: &str, json: bool) -> (String, Option<String>) {
    if json {
        return (serde_json::json!({ kind: done.id, "notes": done.notes }).to_string(), None);
    }
    let output = output.replace("{}", done.id.as_deref().unwrap_or_default());
    (output, (!done.notes.is_empty()).then(|| done.notes.join("\n")))
}
