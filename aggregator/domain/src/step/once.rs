//! A command that is carried out once, however often it is sent.

use super::{Answer, Changes, Command, Context, Rejected, apply};
use crate::credentials::TokenHash;
use crate::requests::{ANSWERS_KEPT, Answered, RequestKey};
use crate::state::State;

/// The greatest number of expired answers that one command removes.
const REMOVED_AT_ONCE: usize = 100;

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
    let answer = apply(state, &once.command, context, changes)?;
    let (request, digest) = (once.request.clone(), once.digest);
    changes.touched.answered(&request);
    state.insert_answered(request, Answered { digest, answer: answer.clone(), at: now });
    let expired = state.answers_by_age.iter().take_while(|(at, _)| *at + ANSWERS_KEPT <= now);
    let expired: Vec<RequestKey> =
        expired.take(REMOVED_AT_ONCE).map(|(_, request)| request.clone()).collect();
    for request in expired {
        state.remove_answered(&request);
        changes.touched.answered(&request);
    }
    Ok(answer)
}
