//! Requests with an idempotency key: what was answered is kept, so that a request that is sent again takes effect once.

use super::credentials::TokenHash;
use super::keys::ApiTokenKey;
use super::state::State;
use super::step::Answer;
use super::time::{DAY, Timestamp};

/// How long an answer is kept, ms.
pub const ANSWERS_KEPT: i64 = DAY;
/// The greatest number of answers that are kept for a token.
pub const MAX_ANSWERS: usize = 10_000;

/// A request of a client that may send it again: the token and the `Idempotency-Key`.
pub type RequestKey = (ApiTokenKey, String);

/// The answer to a request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Digest of the request. Another request with the same key is refused.
    pub digest: TokenHash,
    /// The answer.
    pub answer: Answer,
    /// When it was carried out.
    pub at: Timestamp,
}

impl State {
    /// The answer to that request, if it was carried out in the last [`ANSWERS_KEPT`].
    #[must_use]
    pub fn answered(&self, request: &RequestKey, now: Timestamp) -> Option<&Answered> {
        self.answers.get(request).filter(|one| now < one.at + ANSWERS_KEPT)
    }

    /// Whether as many answers are kept for a token as may be. Those that have expired do not count.
    pub(crate) fn answers_are_full(&self, token: ApiTokenKey, now: Timestamp) -> bool {
        if self.answers.len() < MAX_ANSWERS {
            return false;
        }
        let of_token = self.answers.range((token, String::new())..).take_while(|((of, _), _)| *of == token);
        of_token.filter(|(_, one)| now < one.at + ANSWERS_KEPT).nth(MAX_ANSWERS - 1).is_some()
    }

    /// Keeps an answer.
    pub(crate) fn insert_answered(&mut self, request: RequestKey, answered: Answered) {
        self.remove_answered(&request);
        self.answers_by_age.insert((answered.at, request.clone()));
        self.answers.insert(request, answered);
    }

    /// Forgets an answer.
    pub(crate) fn remove_answered(&mut self, request: &RequestKey) {
        if let Some(former) = self.answers.remove(request) {
            self.answers_by_age.remove(&(former.at, request.clone()));
        }
    }
}
