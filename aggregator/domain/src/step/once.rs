//! A command that is carried out once, however often it is sent.

use super::{Answer, Changes, Command, Context, Rejected, apply};
use crate::credentials::TokenHash;
use crate::keys::ApiTokenKey;
use crate::requests::{ANSWERS_KEPT, Answered, MAX_ANSWERS, RequestKey};
use crate::state::State;
use crate::time::Timestamp;

/// The greatest number of expired answers that a request removes.
const REMOVED_WITH_ONE: usize = 100;
/// The greatest number that one turn of the housekeeping removes.
const REMOVED_AT_ONCE: usize = 1_000;

/// A command with the key of its request.
#[derive(Clone, Debug)]
pub struct Once {
    /// The request.
    pub request: RequestKey,
    /// Digest of what it asks for.
    pub digest: TokenHash,
    /// The command.
    pub command: Command,
}

/// Whether the command was carried out before and is only answered again.
pub(super) fn is_repeated(state: &State, command: &Command, context: Context) -> bool {
    match command {
        Command::Once(once) => {
            let answered = state.answered(&once.request, context.now);
            answered.is_some_and(|answered| answered.digest == once.digest)
        }
        _ => false,
    }
}

pub(super) fn once(
    state: &mut State,
    once: &Once,
    context: Context,
    changes: &mut Changes,
) -> Result<Answer, Rejected> {
    let now = context.now;
    if let Some(answered) = state.answered(&once.request, now) {
        if answered.digest == once.digest {
            return Ok(answered.answer.clone());
        }
        let reason = "this Idempotency-Key was used for another request: use a new key for each request";
        return Err(Rejected::conflict("Idempotency-Key", reason));
    }
    if state.answers_are_full(once.request.0, now) {
        let reason = format!(
            "this token has sent {MAX_ANSWERS} requests with an Idempotency-Key within 24 hours, and no more answers are \
             kept: send this one without the key, or use another token"
        );
        return Err(Rejected::conflict("Idempotency-Key", reason));
    }
    let answer = apply(state, &once.command, context, changes)?;
    let (request, digest) = (once.request.clone(), once.digest);
    changes.touched.answered(&request);
    state.insert_answered(request, Answered { digest, answer: answer.clone(), at: now });
    remove_expired(state, REMOVED_WITH_ONE, now, changes);
    Ok(answer)
}

/// Removes expired answers, a limited number at once; returns how many.
pub(super) fn forget_expired(state: &mut State, now: Timestamp, changes: &mut Changes) -> usize {
    remove_expired(state, REMOVED_AT_ONCE, now, changes)
}

fn remove_expired(state: &mut State, limit: usize, now: Timestamp, changes: &mut Changes) -> usize {
    let expired = state.answers_by_age.iter().take_while(|(at, _)| *at + ANSWERS_KEPT <= now);
    let expired: Vec<RequestKey> = expired.take(limit).map(|(_, request)| request.clone()).collect();
    expired.iter().for_each(|request| remove(state, request, changes));
    expired.len()
}

/// Removes the answers to a token that is removed.
pub(super) fn forget_token(state: &mut State, token: ApiTokenKey, changes: &mut Changes) {
    let all = state.answers.range((token, String::new())..).take_while(|((of, _), _)| *of == token);
    let requests: Vec<RequestKey> = all.map(|(request, _)| request.clone()).collect();
    requests.iter().for_each(|request| remove(state, request, changes));
}

fn remove(state: &mut State, request: &RequestKey, changes: &mut Changes) {
    state.remove_answered(request);
    changes.touched.answered(request);
}
