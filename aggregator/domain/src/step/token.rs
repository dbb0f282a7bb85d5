//! Tokens of the REST API.

use super::{Changes, Context, Rejected, once};
use crate::access::{ApiToken, Role, Scope};
use crate::credentials::TokenHash;
use crate::keys::ApiTokenKey;
use crate::state::State;
use crate::time::{DAY, Timestamp};

/// The greatest number of tokens of a workspace.
pub const MAX_API_TOKENS: usize = 1_000;

/// The longest validity of a token that expires, ms.
const LONGEST_LIFE: i64 = 3_653 * DAY;

/// A token to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    /// Its name, unique in the workspace.
    pub name: String,
    /// Hash of the secret.
    pub hash: TokenHash,
    /// Its role.
    pub role: Role,
    /// What it may reach; empty: everything that its role may.
    pub scopes: Vec<Scope>,
    /// Ids of the pages that it may reach; empty: all.
    pub pages: Vec<String>,
    /// The end of its validity; `None`: none.
    pub expires_at: Option<Timestamp>,
}

pub(super) fn add(
    state: &mut State,
    new: &NewApiToken,
    context: Context,
    changes: &mut Changes,
) -> Result<ApiTokenKey, Rejected> {
    let now = context.now;
    if state.api_tokens.values().any(|token| token.name == new.name) {
        let reason =
            format!("there is a token {:?} already: choose another name, or remove it first", new.name);
        return Err(Rejected::conflict("name", reason));
    }
    if state.token_hashes.contains_key(&new.hash) {
        return Err(Rejected::conflict("token", "this token is in use"));
    }
    if state.api_tokens.len() >= MAX_API_TOKENS {
        let reason =
            format!("a workspace has at most {MAX_API_TOKENS} tokens: remove some that are not used");
        return Err(Rejected::conflict("token", reason));
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Rejected::invalid("expires", "a token must expire after it is made"));
    }
    if new.expires_at.is_some_and(|end| end - now > LONGEST_LIFE) {
        let reason = "a token expires within ten years; without an expiry it works until it is removed";
        return Err(Rejected::invalid("expires", reason));
    }
    let is_page = |id: &String| state.pages.values().any(|page| page.id == *id && !page.archived);
    if let Some(unknown) = new.pages.iter().find(|id| !is_page(id)) {
        return Err(Rejected::not_found("page", format!("there is no page {unknown:?}")));
    }
    let key = ApiTokenKey::next(&mut state.counters.api_tokens);
    let NewApiToken { name, hash, role, scopes, pages, expires_at } = new.clone();
    let token = ApiToken {
        id: context.ids.id("api_token", key.0),
        name,
        hash,
        role,
        scopes,
        pages,
        created_at: now,
        expires_at: expires_at.unwrap_or(Timestamp::FAR),
        last_used_at: None,
    };
    state.token_hashes.insert(token.hash, key);
    state.api_tokens.insert(key, token);
    changes.touched.api_token(key);
    Ok(key)
}

/// Notes that a token is used now, unless that is known nearly enough or it was removed meanwhile.
pub(super) fn note_use(state: &mut State, key: ApiTokenKey, now: Timestamp, changes: &mut Changes) {
    if let Some(token) = state.api_tokens.get_mut(&key).filter(|token| token.use_is_due(now)) {
        token.last_used_at = Some(now);
        changes.touched.api_token(key);
    }
}

/// Removes a token, with the answers that are kept for its requests.
pub(super) fn remove(state: &mut State, name: &str, changes: &mut Changes) -> Result<(), Rejected> {
    let found = state.api_tokens.iter().find(|(_, token)| token.name == name).map(|(key, _)| *key);
    let none = || Rejected::not_found("token", format!("there is no token {name:?}"));
    let key = found.ok_or_else(none)?;
    if let Some(token) = state.api_tokens.remove(&key) {
        state.token_hashes.remove(&token.hash);
    }
    once::forget_token(state, key, changes);
    changes.touched.api_token(key);
    Ok(())
}
