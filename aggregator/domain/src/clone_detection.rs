//! Clone detection: which sessions deliver as one agent. One spool is active at a time. Another is accepted once the
//! former was silent for some minutes, with proof of it (its epoch, which nobody else knows), or with a new credential.
//! A restarted process is one session after another; two sessions that alternate are an agent and its copy, and both
//! are rejected.

use super::time::{MINUTE, SECOND, Timestamp};

/// Two sessions within this time of each other are active at the same time, ms. Longer than a refused agent waits.
const LIVE_WINDOW: i64 = 7 * MINUTE;
/// How often deliveries may return to an earlier session before both are refused. A delayed batch of the former process
/// causes two returns.
const MAX_RETURNS: u32 = 3;
/// How many sessions are remembered; the oldest is forgotten.
const MAX_SESSIONS: usize = 8;

/// After a start or a pause of the aggregator, active agents return within this time, ms; until then nobody counts as
/// silent.
const RETURN_GRACE: i64 = 15 * SECOND;
/// Refused batches of one agent are reported at most once in this time, ms.
const LOG_EVERY: i64 = MINUTE;

/// One process with one spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which spool.
    pub epoch: [u8; 16],
    /// Which process, on which boot; empty: not known after a restart of the aggregator.
    pub process: Vec<u8>,
    /// Which credential it used; 0: not known, or none.
    pub credential: u64,
}

/// What a batch proves about a spool that was never seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spool {
    /// Whether the spool was seen before.
    pub known: bool,
    /// The spool that it replaces, according to the agent.
    pub former: Option<[u8; 16]>,
}

/// Why a batch is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Two sessions alternate: both are refused.
    TwoTakeTurns,
    /// Another spool is active, and this one gives no proof of it.
    AnotherLives,
    /// Another may be active: it has had no time to deliver since the aggregator started.
    TooEarly,
    /// Its credential was replaced a moment ago.
    Replaced,
    /// The agent was disabled, revoked or removed since the batch arrived.
    Dismissed,
}

/// The sessions of one agent in the order in which they first delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    received: Vec<(Session, Timestamp)>,
    /// The session that delivered last.
    last: Option<Session>,
    returns: u32,
    cloned: bool,
    /// The previous credential.
    replaced: Option<u64>,
    refused_at: Option<Timestamp>,
    logged_at: Option<Timestamp>,
}

impl Sessions {
    /// The sessions after a start of the aggregator: the spool that delivered last, and when.
    #[must_use]
    pub fn of_spool(epoch: [u8; 16], seen: Timestamp) -> Self {
        let session = Session { epoch, process: Vec::new(), credential: 0 };
        Self { received: vec![(session.clone(), seen)], last: Some(session), ..Self::default() }
    }

    /// Records a batch. The aggregator has been reachable since `ready_at`.
    ///
    /// # Errors
    /// [`Refusal`]: nothing of the batch may be accepted.
    pub fn receive(
        &mut self,
        session: Session,
        spool: Spool,
        ready_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let lives = |at: Timestamp| now - at.max(ready_at + (RETURN_GRACE - LIVE_WINDOW)) <= LIVE_WINDOW;
        self.received.retain(|(_, at)| lives(*at));
        if self.replaced.is_some_and(|replaced| replaced == session.credential) {
            return Err(Refusal::Replaced);
        }
        self.exchange_credential(&session);
        let last = self.last.clone().filter(|last| self.received.iter().any(|(session, _)| session == last));
        if let Some(last) = &last {
            let proved = spool.known || spool.former == Some(last.epoch);
            if last.epoch != session.epoch && !proved {
                let received = self.received.iter().any(|(session, at)| session == last && *at >= ready_at);
                let may_come = !received && now - ready_at <= RETURN_GRACE;
                return Err(if may_come { Refusal::TooEarly } else { Refusal::AnotherLives });
            }
            // The process of the session was not known yet: it is this one.
            if last.epoch == session.epoch && last.process.is_empty() {
                self.received.retain(|(session, _)| session != last);
            }
        }
        self.take_turn(session, last, now)
    }

    /// A new credential ends the former one and every session that used it.
    fn exchange_credential(&mut self, session: &Session) {
        let Some(former) = self.last.as_ref().map(|last| last.credential) else { return };
        if former != 0 && session.credential != 0 && former != session.credential {
            *self = Self { replaced: Some(former), ..Self::default() };
        }
    }

    fn take_turn(&mut self, session: Session, last: Option<Session>, now: Timestamp) -> Result<(), Refusal> {
        let known = self.received.iter().position(|(other, _)| *other == session);
        let returned = known.is_some() && last.is_some_and(|last| last != session);
        match known {
            Some(place) => self.received[place].1 = now,
            None => {
                if self.received.len() == MAX_SESSIONS {
                    self.received.remove(0);
                }
                self.received.push((session.clone(), now));
            }
        }
        if self.received.len() == 1 {
            (self.returns, self.cloned) = (0, false);
        } else if returned {
            self.returns = self.returns.saturating_add(1);
            self.cloned |= self.returns >= MAX_RETURNS;
        }
        self.last = Some(session);
        if self.cloned { Err(Refusal::TwoTakeTurns) } else { Ok(()) }
    }

    /// Records a refused batch; returns whether to report it to operators now.
    pub fn note_refused(&mut self, now: Timestamp) -> bool {
        self.refused_at = Some(now);
        let tell = self.logged_at.is_none_or(|logged| now - logged >= LOG_EVERY);
        if tell {
            self.logged_at = Some(now);
        }
        tell
    }

    /// Whether a delivery by another session in the agent's name was refused recently.
    #[must_use]
    pub fn contested(&self, now: Timestamp) -> bool {
        self.refused_at.is_some_and(|at| now - at <= LIVE_WINDOW)
    }

    /// Two sessions delivered; both are refused until one of them is silent for some minutes.
    #[must_use]
    pub fn cloned(&self) -> bool {
        self.cloned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    /// Each word is one batch: the session (a letter), `+` with proof of the former spool, seconds after the start; `!`
    /// if it is refused. `b` and `t` have spools of their own, the others share one.
    fn check(script: &str) {
        let mut sessions = Sessions::default();
        let mut known = std::collections::BTreeSet::new();
        let mut former = None;
        for word in script.split_whitespace() {
            let refused = word.ends_with('!');
            let (who, second) = word.trim_end_matches('!').split_at(1);
            let (proof, second) = second.strip_prefix('+').map_or((false, second), |second| (true, second));
            let epoch = match who {
                "b" => [2; 16],
                "t" => [3; 16],
                _ => [1; 16],
            };
            let session = Session { epoch, process: who.as_bytes().to_vec(), credential: 0 };
            let now = Timestamp(DAY + second.parse::<i64>().expect("a number") * 1_000);
            let spool = Spool { known: known.contains(&epoch), former: former.filter(|_| proof) };
            let received = sessions.receive(session, spool, Timestamp(0), now);
            assert_eq!(received.is_err(), refused, "{word} in {script:?}");
            if received.is_ok() {
                known.insert(epoch);
                former = Some(epoch);
            }
        }
    }

    #[test]
    fn one_voice_after_another_is_one_agent() {
        check("a1 a2 a3 a600 a4000");
        // Its spool was damaged: a new epoch, and the old one never delivers again.
        check("a1 a2 b+3 b4 b5 b6");
        // It was started again and again.
        check("a1 c2 d3 e4 f5 g6 h7 i8 j9 k10");
        // A batch of the former process was delayed.
        check("a1 c2 a3 c4 c5 c6 c7");
        check("a1 c2 a2 c3 d9 d10 d11");
        // A host that is restored from a backup within the hour, and its end.
        check("a1 b600 a1200 b1800");
    }

    #[test]
    fn two_voices_that_take_turns_are_an_agent_and_its_copy() {
        // A copy that replaced the spool, the same spool copied.
        check("a1 b+2 a3 b4 a5! b6! a7!");
        check("a1 c2 a3 c4 a5! c6!");
        // They may deliver in bursts.
        check("a1 a2 a3 b+4 b5 b6 a7 a8 b9 b10 a11! a12! b13!");
    }

    #[test]
    fn once_one_of_them_is_still_the_other_is_taken_again() {
        check("a1 c2 a3 c4 a5! a100! a425 a426 a430");
        // A refused agent asks every five minutes: both are still there.
        check("a1 c2 a3 c4 a5! a300! c301! a600! c601!");
    }

    #[test]
    fn a_spool_that_nobody_knows_waits_until_the_one_that_lives_is_silent() {
        check("a1 t2! a3 t4! t5! a6 t300! a301 t302! a600 t1019! t1021");
        // A refused session does not block another: a lost spool is replaced within minutes.
        check("a1 b2! b300! b420! b422 b430");
        // With proof of an earlier spool, but not of the active one.
        check("a1 b+2 b3 t4! b5");
    }

    fn received(
        sessions: &mut Sessions,
        epoch: u8,
        credential: u64,
        ready_at: i64,
        now: i64,
    ) -> Result<(), Refusal> {
        let session = Session { epoch: [epoch; 16], process: vec![epoch], credential };
        let spool = Spool { known: epoch == 1, former: None };
        sessions.receive(session, spool, Timestamp(ready_at), Timestamp(now))
    }

    #[test]
    fn a_start_of_ours_opens_no_gap_for_another_spool() {
        let start = 10 * DAY;
        let mut sessions = Sessions::of_spool([1; 16], Timestamp(start - DAY));
        assert_eq!(received(&mut sessions, 2, 0, start, start + SECOND), Err(Refusal::TooEarly));
        assert_eq!(received(&mut sessions, 1, 0, start, start + 5 * SECOND), Ok(()));
        assert_eq!(received(&mut sessions, 2, 0, start, start + 6 * SECOND), Err(Refusal::AnotherLives));
        assert_eq!(
            received(&mut sessions, 2, 0, start, start + RETURN_GRACE + MINUTE),
            Err(Refusal::AnotherLives)
        );
        // An agent that does not return within seconds was silent for the whole day.
        let mut sessions = Sessions::of_spool([1; 16], Timestamp(start - DAY));
        assert_eq!(received(&mut sessions, 2, 0, start, start + RETURN_GRACE), Err(Refusal::TooEarly));
        assert_eq!(received(&mut sessions, 2, 0, start, start + RETURN_GRACE + SECOND), Ok(()));
        // One that delivered minutes before stays active until its silence limit has passed.
        let mut sessions = Sessions::of_spool([1; 16], Timestamp(start - MINUTE));
        assert_eq!(received(&mut sessions, 2, 0, start, start + SECOND), Err(Refusal::TooEarly));
        assert_eq!(
            received(&mut sessions, 2, 0, start, start + RETURN_GRACE + SECOND),
            Err(Refusal::AnotherLives)
        );
    }

    #[test]
    fn a_new_credential_is_taken_at_once_and_ends_the_former() {
        let mut sessions = Sessions::default();
        assert_eq!(received(&mut sessions, 1, 7, 0, DAY), Ok(()));
        assert_eq!(received(&mut sessions, 2, 8, 0, DAY + 1), Ok(()));
        assert_eq!(received(&mut sessions, 1, 7, 0, DAY + 2), Err(Refusal::Replaced));
        assert_eq!(received(&mut sessions, 2, 8, 0, DAY + 3), Ok(()));
    }

    #[test]
    fn refusals_are_told_once_a_minute_and_the_agent_hears_of_them() {
        let mut sessions = Sessions::default();
        assert!(!sessions.contested(Timestamp(DAY)));
        assert!(sessions.note_refused(Timestamp(DAY)));
        assert!(!sessions.note_refused(Timestamp(DAY + SECOND)));
        assert!(sessions.contested(Timestamp(DAY + SECOND)));
        assert!(sessions.note_refused(Timestamp(DAY + MINUTE)));
        assert!(!sessions.contested(Timestamp(DAY + MINUTE + LIVE_WINDOW + 1)));
    }
}
