//! When tokens are used: noted by the engine at most once an hour for each, and beside the request, which waits for
//! nothing. A request that only reads is answered from the snapshot whether or not this can be written.

use super::authenticate::Caller;
use crate::engine::{Actor, Engine, Envelope};
use skerry_domain::state::{ApiTokenKey, WorkspaceKey};
use skerry_domain::step::Command;
use skerry_domain::time::{MINUTE, Timestamp};
use skerry_domain::workspaces::Target;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long after one attempt the next is made, if the snapshot does not show the use by then, ms.
const AGAIN: i64 = MINUTE;

/// When the use of a token was last sent to the engine; attempts that are older than [`AGAIN`] are forgotten.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<BTreeMap<(WorkspaceKey, ApiTokenKey), Timestamp>>);

impl Uses {
    /// Notes that a token is used at `now`, if that is due.
    pub(super) fn note(&self, engine: &Engine, caller: &Caller, now: Timestamp) {
        let (workspace, token) = (caller.workspace, caller.key);
        if !caller.token.use_is_due(now) || !self.begins((workspace, token), now) {
            return;
        }
        let command = Command::NoteTokenUse(token);
        let envelope = Envelope::by(Actor::Scheduler, Target::Key(workspace), command);
        let engine = engine.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.command(envelope).await {
                tracing::debug!(%error, "the use of a token is not noted");
            }
        });
    }

    /// Whether nobody sent the use of this token a moment ago.
    fn begins(&self, token: (WorkspaceKey, ApiTokenKey), now: Timestamp) -> bool {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock may have been set back.
        sent.retain(|_, at| (now - *at).abs() < AGAIN);
        let begins = !sent.contains_key(&token);
        if begins {
            sent.insert(token, now);
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::time::HOUR;

    #[test]
    fn one_attempt_is_made_a_minute() {
        let uses = Uses::default();
        let (one, other) = ((WorkspaceKey(1), ApiTokenKey(1)), (WorkspaceKey(2), ApiTokenKey(1)));
        let begins = |token, at: i64| uses.begins(token, Timestamp(at));
        assert!(begins(one, 0) && begins(other, 1), "each by itself");
        assert!(!begins(one, MINUTE - 1), "it is on its way");
        assert!(begins(one, MINUTE) && !begins(one, MINUTE + 1), "it did not arrive");
        assert!(begins(one, -HOUR), "the clock was set back");
    }
}
