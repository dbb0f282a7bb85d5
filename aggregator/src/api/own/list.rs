//! A part of a list.

use crate::api::call::Call;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};

/// The default and the greatest number of entries.
const LIMIT: (u64, u64) = (50, 200);

/// Which part a request asks for.
pub(super) struct Part {
    /// The last entry that the client has.
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

impl Part {
    /// # Errors
    /// 422.
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let mut query = call.query.fields();
        let (after, limit) = (query.words("after"), query.number("limit"));
        query.finish()?;
        let (default, greatest) = LIMIT;
        Ok(Self { after, limit: limit.unwrap_or(default).clamp(1, greatest) as usize })
    }

    /// The part of the entries that are wanted, each with its id. The last one that the client has may no longer be.
    ///
    /// # Errors
    /// 422: there is no entry `after`.
    pub(super) fn take<T>(
        self,
        all: impl Iterator<Item = T>,
        wanted: impl Fn(&T) -> bool,
        id: impl Fn(&T) -> &str,
        shown: impl Fn(&T) -> Value,
    ) -> Result<Reply, Refusal> {
        let mut all = all;
        if let Some(after) = &self.after
            && !all.by_ref().any(|one| id(&one) == after)
        {
            return Err(Refusal::invalid(format!("after: there is no entry {after:?}")));
        }
        let mut all = all.filter(|one| wanted(one));
        let part: Vec<T> = all.by_ref().take(self.limit).collect();
        let next = all.next().and(part.last()).map(|last| id(last).to_owned());
        Ok(Reply::ok(json!({ "data": part.iter().map(shown).collect::<Vec<_>>(), "next": next })))
    }
}
