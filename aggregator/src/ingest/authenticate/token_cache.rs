//! Caches which agent a token belongs to for some seconds, so that a revoked token stops working soon. An unknown token
//! costs a lookup in memory; only a bounded number per second costs one in the database, so that a flood of unknown
//! tokens never delays known agents.

use skerry_store::AgentIdentity;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a lookup in the database is cached.
const CACHE_TIME: Duration = Duration::from_secs(10);
/// Lookups cached at most.
const CACHED: usize = 10_000;
/// Lookups of unknown tokens in the database per second.
const UNKNOWN_TOKENS: u32 = 1_000;

type Hash = [u8; 32];

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenLookup {
    /// It belongs to this agent.
    Known(AgentIdentity),
    /// It belongs to nobody.
    Unknown,
    /// The database has to be asked.
    Ask,
    /// Too many unknown tokens at present.
    Later,
}

#[derive(Debug, Default)]
pub(super) struct TokenCache {
    cached: Mutex<CachedTokens>,
}

#[derive(Debug, Default)]
struct CachedTokens {
    /// `None`: it belongs to nobody.
    answers: HashMap<Hash, (Instant, Option<AgentIdentity>)>,
    /// The present second, and the lookups of unknown tokens in it.
    unknown_tokens: Option<(Instant, u32)>,
}

impl TokenCache {
    /// Looks a token up.
    pub(super) fn look_up(&self, hash: &Hash, now: Instant) -> TokenLookup {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = cached.answers.get(hash).cloned();
        match answer {
            Some((at, found)) if now.duration_since(at) < CACHE_TIME => {
                found.map_or(TokenLookup::Unknown, TokenLookup::Known)
            }
            Some((_, Some(_))) => TokenLookup::Ask,
            _ if cached.may_ask(now) => TokenLookup::Ask,
            _ => TokenLookup::Later,
        }
    }

    /// The agent that the last lookup found, however long ago.
    pub(super) fn former(&self, hash: &Hash) -> Option<AgentIdentity> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.answers.get(hash).and_then(|(_, found)| found.clone())
    }

    /// Whether the database may be asked for one more unknown token.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).may_ask(now)
    }

    /// Caches a lookup.
    pub(super) fn remember(&self, hash: Hash, found: Option<AgentIdentity>, now: Instant) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.answers.len() >= CACHED {
            cached.answers.retain(|_, (at, found)| found.is_some() && now.duration_since(*at) < CACHE_TIME);
        }
        cached.answers.insert(hash, (now, found));
    }
}

impl CachedTokens {
    fn may_ask(&mut self, now: Instant) -> bool {
        let present =
            self.unknown_tokens.filter(|(began, _)| now.duration_since(*began) < Duration::from_secs(1));
        let (began, asked) = present.unwrap_or((now, 0));
        self.unknown_tokens = Some((began, asked.saturating_add(1)));
        asked < UNKNOWN_TOKENS
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
    fn a_flood_of_unknown_tokens_asks_the_database_a_thousand_times_a_second_and_no_agent_waits_for_it() {
        let (tokens, begun) = (TokenCache::default(), Instant::now());
        let ours = [0xFF; 32];
        assert_eq!(tokens.look_up(&ours, begun), TokenLookup::Ask);
        tokens.remember(ours, Some(identity()), begun);
        let mut asked = 0;
        for number in 0..100_000_u32 {
            let now = begun + Duration::from_micros(100) * number;
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            match tokens.look_up(&hash, now) {
                TokenLookup::Ask => {
                    asked += 1;
                    tokens.remember(hash, None, now);
                    assert_eq!(
                        tokens.look_up(&hash, now),
                        TokenLookup::Unknown,
                        "the same again costs nothing"
                    );
                }
                other => assert_eq!(other, TokenLookup::Later),
            }
            if now < begun + CACHE_TIME {
                assert_eq!(tokens.look_up(&ours, now), TokenLookup::Known(identity()));
            }
        }
        assert!((UNKNOWN_TOKENS * 9..=UNKNOWN_TOKENS * 11).contains(&asked), "{asked} in ten seconds");
        // The answer of ours has grown old in the midst of the flood: it is asked for at once.
        assert_eq!(tokens.look_up(&ours, begun + CACHE_TIME), TokenLookup::Ask);
        assert_eq!(tokens.former(&ours), Some(identity()), "and the engine need not be told again");
        let cached = tokens.cached.lock().expect("nobody panicked").answers.len();
        assert!(cached <= CACHED + 1, "{cached}");
    }
}
