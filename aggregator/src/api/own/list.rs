//! A part of a list: `?limit=` entries, those behind the entry `?after=`.

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

    /// The id of the last entry that the client has.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
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
        let entries = self.entries(all, wanted, &id)?;
        Ok(self.answer(&entries, shown, |one| json!(id(one))))
    }

    /// The entries of the part, and one more if there are more.
    ///
    /// # Errors
    /// 422: there is no entry `after`.
    pub(super) fn entries<T>(
        &self,
        all: impl Iterator<Item = T>,
        wanted: impl Fn(&T) -> bool,
        id: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, Refusal> {
        let mut all = all;
        if let Some(after) = &self.after
            && !all.by_ref().any(|one| id(&one) == after)
        {
            return Err(no_entry(after));
        }
        Ok(all.filter(|one| wanted(one)).take(self.limit + 1).collect())
    }

    /// Answers with the first `limit` of these entries, and with what `after` takes if there are more.
    pub(super) fn answer<T>(
        &self,
        entries: &[T],
        shown: impl Fn(&T) -> Value,
        id: impl Fn(&T) -> Value,
    ) -> Reply {
        let part = &entries[..entries.len().min(self.limit)];
        let next = part.last().filter(|_| entries.len() > part.len()).map(id);
        Reply::ok(json!({ "data": part.iter().map(shown).collect::<Vec<_>>(), "next": next }))
    }

    /// The number of the last entry that the client has, where entries have numbers.
    ///
    /// # Errors
    /// 422: it is no number.
    pub(super) fn after_number(&self) -> Result<Option<i64>, Refusal> {
        self.after.as_deref().map(|after| after.parse().map_err(|_| no_entry(after))).transpose()
    }
}

pub(super) fn no_entry(after: &str) -> Refusal {
    Refusal::invalid(format!("after: there is no entry {after:?}"))
}
