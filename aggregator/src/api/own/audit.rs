//! The audit log: who changed what, when and from where, with the values before and after.

use crate::api::call::Call;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::rows::AuditRow;

/// The default and the greatest number of entries.
const LIMIT: (u64, u64) = (50, 200);

/// `GET /api/v1/audit`: the newest first; `?after=` takes `next`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let (after, limit) = (query.number("after"), query.number("limit"));
    query.finish()?;
    let (default, greatest) = LIMIT;
    let limit = limit.unwrap_or(default).clamp(1, greatest) as usize;
    let before = after.map(|after| i64::try_from(after).unwrap_or(i64::MAX));
    let reader = call.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let read = reader.audit(call.state.workspace.key, before, limit + 1);
    let mut rows = read.map_err(|error| {
        tracing::error!(%error, "the audit log cannot be read");
        Refusal::new(500, "the audit log cannot be read: see the log of the aggregator")
    })?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| last.number);
    Ok(Reply::ok(json!({ "data": rows.iter().map(object).collect::<Vec<_>>(), "next": next })))
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
