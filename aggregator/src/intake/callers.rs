//! Whose token it is, remembered for seconds: a revoked token opens nothing after them. Tokens that nobody was
//! given cost a look in memory, and only so many a second a look in the database, however many are brought;
//! the agents that are known never wait for those.

use skerry_store::AgentIdentity;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer of the database is remembered.
const REMEMBER: Duration = Duration::from_secs(10);
/// Answers remembered at once.
const REMEMBERED: usize = 10_000;
/// Strangers of one second for whom the database is asked.
const STRANGERS: u32 = 1_000;

type Hash = [u8; 32];

/// Where a caller stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The token is of this agent.
    Known(AgentIdentity),
    /// It is of nobody.
    Unknown,
    /// The database has to be asked.
    Ask,
    /// Too many strangers call: later.
    Later,
}

#[derive(Debug, Default)]
pub(super) struct Callers {
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// `None`: of nobody.
    answers: HashMap<Hash, (Instant, Option<AgentIdentity>)>,
    /// The present second, and for how many strangers the database was asked in it.
    strangers: Option<(Instant, u32)>,
}

impl Callers {
    /// Looks a token up.
    pub(super) fn meet(&self, hash: &Hash, now: Instant) -> Caller {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = remembered.answers.get(hash).cloned();
        match answer {
            Some((at, found)) if now.duration_since(at) < REMEMBER => {
                found.map_or(Caller::Unknown, Caller::Known)
            }
            Some((_, Some(_))) => Caller::Ask,
            _ if remembered.may_ask(now) => Caller::Ask,
            _ => Caller::Later,
        }
    }

    /// Whose the token was when it was last looked up, however long ago.
    pub(super) fn former(&self, hash: &Hash) -> Option<AgentIdentity> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.answers.get(hash).and_then(|(_, found)| found.clone())
    }

    /// Whether the database may be asked for one more stranger.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).may_ask(now)
    }

    /// Notes what the database said.
    pub(super) fn remember(&self, hash: Hash, found: Option<AgentIdentity>, now: Instant) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.answers.len() >= REMEMBERED {
            remembered.answers.retain(|_, (at, found)| found.is_some() && now.duration_since(*at) < REMEMBER);
        }
        remembered.answers.insert(hash, (now, found));
    }
}

impl Remembered {
    fn may_ask(&mut self, now: Instant) -> bool {
        let present = self.strangers.filter(|(began, _)| now.duration_since(*began) < Duration::from_secs(1));
        let (began, asked) = present.unwrap_or((now, 0));
        self.strangers = Some((began, asked.saturating_add(1)));
        asked < STRANGERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_domain::reporters::Permit;
    use skerry_domain::state::{AgentKey, WorkspaceKey};
    use skerry_store::Standing;

    fn identity() -> AgentIdentity {
        AgentIdentity {
            agent: AgentKey(1),
            workspace: WorkspaceKey(1),
            name: "probe".to_owned(),
            former_name: None,
            location: "there".to_owned(),
            former_location: None,
            standing: Standing::Active,
            permit: Permit::default(),
        }
    }

    #[test]
    fn a_flood_of_strangers_asks_the_database_a_thousand_times_a_second_and_no_agent_waits_for_it() {
        let (callers, begun) = (Callers::default(), Instant::now());
        let ours = [0xFF; 32];
        assert_eq!(callers.meet(&ours, begun), Caller::Ask);
        callers.remember(ours, Some(identity()), begun);
        let mut asked = 0;
        for number in 0..100_000_u32 {
            let now = begun + Duration::from_micros(100) * number;
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            match callers.meet(&hash, now) {
                Caller::Ask => {
                    asked += 1;
                    callers.remember(hash, None, now);
                    assert_eq!(callers.meet(&hash, now), Caller::Unknown, "the same again costs nothing");
                }
                other => assert_eq!(other, Caller::Later),
            }
            if now < begun + REMEMBER {
                assert_eq!(callers.meet(&ours, now), Caller::Known(identity()));
            }
        }
        assert!((STRANGERS * 9..=STRANGERS * 11).contains(&asked), "{asked} in ten seconds");
        // The answer of ours has grown old in the midst of the flood: it is asked for at once.
        assert_eq!(callers.meet(&ours, begun + REMEMBER), Caller::Ask);
        assert_eq!(callers.former(&ours), Some(identity()), "and the engine need not be told again");
        let remembered = callers.remembered.lock().expect("nobody panicked").answers.len();
        assert!(remembered <= REMEMBERED + 1, "{remembered}");
    }
}
