//! Tokens of the REST API and answers to their requests, as rows and back.

use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Lines, Misread, Value};
use super::{AnsweredRequestRow, ApiTokenRow, Write};
use crate::access::{ApiToken, Scope};
use crate::keys::ApiTokenKey;
use crate::requests::{Answered, RequestKey};
use crate::state::State;
use crate::step::Answer;
use crate::time::Timestamp;

/// The row of a token; `None`: the state has none with that key.
pub(super) fn token_row(state: &State, key: ApiTokenKey) -> Option<ApiTokenRow> {
    let token = state.api_tokens.get(&key)?.clone();
    let lines = |lines: Vec<String>| (!lines.is_empty()).then_some(Lines(lines));
    Some(ApiTokenRow {
        workspace: state.workspace.key,
        key,
        id: token.id,
        name: token.name,
        token_hash: token.hash,
        role: token.role,
        scopes: lines(token.scopes.iter().map(Scope::to_string).collect()),
        pages: lines(token.pages),
        created_ms: token.created_at,
        expires_ms: (token.expires_at != Timestamp::FAR).then_some(token.expires_at),
        used_ms: token.last_used_at,
    })
}

/// Writes the row of a token, or deletes it if the state no longer has it.
pub(super) fn write_token(state: &State, key: ApiTokenKey, writes: &mut Vec<Write>) {
    writes.push(match token_row(state, key) {
        Some(row) => Write::Put(row.into()),
        None => {
            let values = [state.workspace.key.value(), key.value()].map(Value::into_owned);
            Write::Delete(Key::of::<ApiTokenRow>(values))
        }
    });
}

/// Writes the row of an answer, or deletes it if the state no longer has it.
pub(super) fn write_answered(state: &State, request: &RequestKey, writes: &mut Vec<Write>) {
    let (token, idempotency_key) = request;
    let workspace = state.workspace.key;
    writes.push(match state.answers.get(request) {
        Some(one) => {
            let (kind, subject) = one.answer.stored();
            let row = AnsweredRequestRow {
                workspace,
                token: *token,
                idempotency_key: idempotency_key.clone(),
                digest: one.digest,
                kind: kind.to_owned(),
                subject,
                at_ms: one.at,
            };
            Write::Put(row.into())
        }
        None => {
            let values = [workspace.value(), token.value(), idempotency_key.value()].map(Value::into_owned);
            Write::Delete(Key::of::<AnsweredRequestRow>(values))
        }
    });
}

impl Restore for ApiTokenRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let scopes = self.scopes.unwrap_or_default().0;
        let read = |text: &String| {
            let wrong = || Misread { column: "api_token.scopes".to_owned(), found: format!("{text:?}") };
            Scope::parse(text).ok_or_else(wrong)
        };
        let token = ApiToken {
            id: self.id,
            name: self.name,
            hash: self.token_hash,
            role: self.role,
            scopes: scopes.iter().map(read).collect::<Result<_, _>>()?,
            pages: self.pages.unwrap_or_default().0,
            created_at: self.created_ms,
            expires_at: self.expires_ms.unwrap_or(Timestamp::FAR),
            last_used_at: self.used_ms,
        };
        state.token_hashes.insert(token.hash, self.key);
        state.api_tokens.insert(self.key, token);
        Ok(())
    }
}

impl Restore for AnsweredRequestRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let answer = Answer::restored(&self.kind, self.subject).ok_or_else(|| {
            let found = format!("{:?} of {:?}", self.kind, self.subject);
            Misread { column: "answered_request.kind".to_owned(), found }
        })?;
        let answered = Answered { digest: self.digest, answer, at: self.at_ms };
        state.insert_answered((self.token, self.idempotency_key), answered);
        Ok(())
    }
}
