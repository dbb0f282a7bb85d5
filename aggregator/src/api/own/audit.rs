//! The audit log: who changed what, when and from where, with the values before and after.

use super::list::Part;
use crate::api::call::Call;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::rows::AuditRow;

/// `GET /api/v1/audit`: the newest first.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let part = Part::of(call)?;
    let before = part.after_number()?;
    let workspace = call.state.workspace.key;
    let rows = call.stored("the audit log", |reader| reader.audit(workspace, before, part.limit + 1))?;
    Ok(part.answer(&rows, object, |row| json!(row.number)))
}

fn object(row: &AuditRow) -> Value {
    let values = |text: &Option<String>| -> Value {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    json!({
        "number": row.number,
        "at": row.at_ms.to_string(),
        "actor": row.actor,
        "action": row.action,
        "object": row.object,
        "before": values(&row.before),
        "after": values(&row.after),
        "source": row.source,
        "request": row.request,
    })
}
