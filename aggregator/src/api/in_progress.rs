//! How much the API does at a time: requests in progress, and how many of those work at once. The rest of the program
//! has the processors meanwhile.

use super::refusal::Refusal;
use skerry_domain::state::{ApiTokenKey, WorkspaceKey};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The most requests in progress, of all tokens and of one.
const MOST: usize = 64;
const MOST_OF_TOKEN: usize = 16;
/// When to try again, s.
const RETRY_AFTER: u64 = 1;

type Token = (WorkspaceKey, ApiTokenKey);

/// Counts requests in progress, and lets a few of them work at once.
pub(super) struct InProgress {
    counted: Mutex<HashMap<Token, usize>>,
    idle: Mutex<usize>,
    freed: Condvar,
}

impl InProgress {
    /// As many work at once as there are processors beside the one for everything else.
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            counted: Mutex::default(),
            idle: Mutex::new(processors.saturating_sub(1).max(1)),
            freed: Condvar::new(),
        }
    }

    /// Counts a request until what it returns is dropped.
    ///
    /// # Errors
    /// 429 if its token has too many in progress, 503 if all tokens together have.
    pub(super) fn begin(self: &Arc<Self>, token: Token) -> Result<Begun, Refusal> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.get(&token).is_some_and(|of_token| *of_token >= MOST_OF_TOKEN) {
            let reason =
                format!("this token has {MOST_OF_TOKEN} requests in progress: wait for their answers");
            return Err(Refusal { retry_after: Some(RETRY_AFTER), ..Refusal::new(429, reason) });
        }
        if counted.values().sum::<usize>() >= MOST {
            let reason = "too many requests are in progress: try again later";
            return Err(Refusal { retry_after: Some(RETRY_AFTER), ..Refusal::new(503, reason) });
        }
        *counted.entry(token).or_default() += 1;
        Ok(Begun { of: Arc::clone(self), token })
    }

    /// Waits for a turn to work, which ends when what it returns is dropped. Only threads that may wait call it.
    pub(super) fn turn(&self) -> Turn<'_> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while *idle == 0 {
            idle = self.freed.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
        *idle -= 1;
        Turn(self)
    }
}

/// A request in progress.
pub(super) struct Begun {
    of: Arc<InProgress>,
    token: Token,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut counted = self.of.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_token) = counted.get_mut(&self.token) {
            *of_token -= 1;
            if *of_token == 0 {
                counted.remove(&self.token);
            }
        }
    }
}

/// A turn to work.
pub(super) struct Turn<'a>(&'a InProgress);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.idle.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: i64) -> Token {
        (WorkspaceKey(1), ApiTokenKey(key))
    }

    #[test]
    fn a_token_has_its_share_and_all_have_theirs() {
        let in_progress = Arc::new(InProgress::new());
        let begin =
            |key| in_progress.begin(token(key)).map_err(|refusal| (refusal.status, refusal.retry_after));
        let mut begun: Vec<Begun> = (0..MOST_OF_TOKEN).map(|_| begin(1).expect("its share")).collect();
        assert_eq!(begin(1).err(), Some((429, Some(1))));
        for key in 2..=4 {
            begun.extend((0..MOST_OF_TOKEN).map(|_| begin(key).expect("each has its share")));
        }
        assert_eq!(begin(5).err(), Some((503, Some(1))));
        begun.clear();
        assert!(begin(1).is_ok() && begin(5).is_ok());
        assert!(in_progress.counted.lock().expect("not poisoned").is_empty(), "nothing stays of a token");
    }

    #[test]
    fn a_turn_is_free_again_when_it_ends() {
        let in_progress = InProgress::new();
        let all = *in_progress.idle.lock().expect("not poisoned");
        for _ in 0..3 {
            let turns: Vec<Turn<'_>> = (0..all).map(|_| in_progress.turn()).collect();
            assert_eq!(*in_progress.idle.lock().expect("not poisoned"), 0);
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| drop(in_progress.turn()));
                drop(turns);
                waiting.join().expect("it gets its turn");
            });
        }
    }
}
