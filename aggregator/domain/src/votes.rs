//! The current verdict of a check, the vote of each agent behind it, and the locations that it overrules. For operators
//! only: nothing here reaches the public side.

use super::check_verdict::since_ever;
use super::labels::Labels;
use super::reporters::{Held, differ};
use super::state::{AgentCheck, AgentKey, CheckKey, LastRun, State};
use super::step::reporters_of;
use super::time::Timestamp;
use super::track::HardState;
use super::verdict::{self, LocationVote, Verdict, Vote, within_location};
use skerry_protocol::wire::Outcome;
use std::collections::BTreeMap;

/// One agent's part in the verdict of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentVote<'a> {
    /// The agent's location: its failure domain.
    pub location: &'a str,
    /// The agent's name.
    pub agent: &'a str,
    /// What the agent contributes; [`Vote::Absent`] after 24 hours of silence.
    pub vote: Vote,
    /// The agent's newest conclusive evidence.
    pub evidence: Option<Timestamp>,
    /// Why the vote does not count; `None`: it counts.
    pub held: Option<Held>,
    /// When the vote began; for an agent that is silent, when the silence began.
    pub since: Option<Timestamp>,
    /// The agent's last run.
    pub last_run: Option<&'a LastRun>,
    /// The expiry of the last certificate that the agent saw.
    pub certificate_ends: Option<Timestamp>,
    /// The labels that the agent gives the check.
    pub labels: &'a Labels,
    /// They choose no component until an operator allows it.
    pub labels_wait: bool,
}

impl AgentVote<'_> {
    /// Why the vote is not "up": the last run, unless that run succeeded.
    #[must_use]
    pub fn why(&self) -> Option<&LastRun> {
        self.last_run.filter(|run| run.outcome != Outcome::Up)
    }
}

/// The verdict of a check and the votes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckVotes<'a> {
    /// The verdict over all locations.
    pub verdict: Verdict,
    /// Every agent that runs the check, ordered by location and name.
    pub agents: Vec<AgentVote<'a>>,
}

impl CheckVotes<'_> {
    /// The reason for the verdict: the last run of an agent that counts and agrees with it.
    #[must_use]
    pub fn why(&self) -> Option<&LastRun> {
        let agrees = |run: &&LastRun| match self.verdict {
            Verdict::Up => false,
            Verdict::Degraded => matches!(run.outcome, Outcome::Degraded | Outcome::Down),
            Verdict::Down => run.outcome == Outcome::Down,
            Verdict::Unknown => true,
        };
        self.agents.iter().filter(|one| one.held.is_none()).filter_map(AgentVote::why).find(agrees)
    }

    /// The longest last run among the agents that count, µs.
    #[must_use]
    pub fn latency_us(&self) -> Option<u64> {
        let counting = self.agents.iter().filter(|one| one.held.is_none());
        counting.filter_map(|one| one.last_run?.total_us).max()
    }

    /// The vote of each location, by name.
    #[must_use]
    pub fn locations(&self) -> Vec<(&str, LocationVote)> {
        let mut locations: BTreeMap<&str, Vec<Option<HardState>>> = BTreeMap::new();
        for one in self.agents.iter().filter(|one| one.held.is_none()) {
            let says = match one.vote {
                Vote::Absent => continue,
                Vote::Silent => None,
                Vote::Known { hard, .. } => Some(hard),
            };
            locations.entry(one.location).or_default().push(says);
        }
        let says = locations.into_iter();
        says.map(|(location, says)| (location, within_location(says.into_iter()))).collect()
    }

    /// Locations whose vote is worse than the verdict, by name.
    #[must_use]
    pub fn minority(&self) -> Vec<&str> {
        let overruled = |says: LocationVote| match says {
            LocationVote::Down => self.verdict != Verdict::Down,
            LocationVote::Degraded => matches!(self.verdict, Verdict::Up | Verdict::Unknown),
            LocationVote::Up | LocationVote::Silent => false,
        };
        let worse = self.locations().into_iter().filter(|(_, says)| overruled(*says));
        worse.map(|(location, _)| location).collect()
    }
}

/// The current verdict and votes of a check.
#[must_use]
pub fn of_check(state: &State, check: CheckKey, now: Timestamp) -> CheckVotes<'_> {
    let (reporters, quorum) = reporters_of(state, check);
    let agents = state.checks[&check].tracks.iter().map(|track| &state.tracks[track]).zip(&reporters);
    let mut agents: Vec<AgentVote<'_>> = agents
        .filter(|(agent_check, _)| agent_check.is_run())
        .map(|(agent_check, reporter)| {
            let agent = &state.agents[&agent_check.agent];
            AgentVote {
                location: &agent.location,
                agent: &agent.name,
                vote: if agent_check.held.is_some() { said(agent_check) } else { reporter.vote_now(now) },
                evidence: state.said_at(agent_check),
                held: agent_check.held,
                since: since_of(agent_check),
                last_run: agent_check.last_run.as_ref(),
                certificate_ends: agent_check.certificate_ends,
                labels: &agent_check.labels,
                labels_wait: state.labels_wait(agent_check),
            }
        })
        .collect();
    agents.sort_unstable_by_key(|one| (one.location, one.agent));
    CheckVotes { verdict: verdict::now(&reporters, quorum, now).verdict, agents }
}

/// When the current verdict of a check began; `None`: there was never any evidence. A state that only a snapshot
/// reports, ahead of the history, begins when the snapshot says.
#[must_use]
pub fn verdict_since(state: &State, check: CheckKey, now: Timestamp) -> Option<Timestamp> {
    let (reporters, quorum) = reporters_of(state, check);
    let verdict = verdict::now(&reporters, quorum, now).verdict;
    since_ever(&reporters, quorum, verdict, now)
}

fn since_of(agent_check: &AgentCheck) -> Option<Timestamp> {
    if let Some(live) = &agent_check.live {
        return Some(live.span.from);
    }
    let newest = agent_check.track.spans.last()?;
    Some(if agent_check.track.silent { newest.last } else { newest.from })
}

/// The state that an agent reports although it does not count.
fn said(agent_check: &AgentCheck) -> Vote {
    let newest = agent_check.track.spans.last().filter(|_| !agent_check.track.silent);
    newest.map_or(Vote::Silent, |span| Vote::Known { hard: span.state, flapping: false })
}

/// Checks with at least one location whose vote is worse than the verdict, with those locations.
#[must_use]
pub fn minorities(state: &State, now: Timestamp) -> Vec<(CheckKey, Vec<String>)> {
    let bad = |hard: HardState| matches!(hard, HardState::Down | HardState::Degraded);
    // Almost every check is up everywhere; those need no work.
    let accused = |agent_check: &AgentCheck| {
        let live = agent_check.live.as_ref().map(|live| &live.span);
        let newest = agent_check.track.spans.last().into_iter().chain(live);
        agent_check.is_declared() && newest.into_iter().any(|span| bad(span.state))
    };
    let doubted = state
        .checks
        .iter()
        .filter(|(_, check)| check.tracks.iter().any(|track| accused(&state.tracks[track])));
    doubted
        .map(|(key, _)| {
            let votes = of_check(state, *key, now);
            (*key, votes.minority().into_iter().map(ToOwned::to_owned).collect::<Vec<_>>())
        })
        .filter(|(_, locations)| !locations.is_empty())
        .collect()
}

/// How many checks of one agent have each kind of problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Checks about which the agent reports nothing conclusive.
    pub silent: usize,
    /// Checks for which the agent no longer counts, after 24 hours of silence.
    pub excluded: usize,
    /// Checks that another agent or the file defines differently.
    pub conflicting: usize,
    /// Checks that the agent runs without counting for them.
    pub held: usize,
}

/// The problems of each agent; agents without any are left out.
#[must_use]
pub fn lacking(state: &State) -> BTreeMap<AgentKey, Lacking> {
    let mut all: BTreeMap<AgentKey, Lacking> = BTreeMap::new();
    for check in state.checks.values() {
        let running = || check.tracks.iter().map(|track| &state.tracks[track]).filter(|one| one.is_run());
        let conflict = differ(running().map(|one| &one.definition[..]).filter(|one| !one.is_empty()));
        let lacks = |one: &&AgentCheck| conflict || one.held.is_some() || one.track.silent || one.excluded;
        for one in running().filter(lacks) {
            let agent = all.entry(one.agent).or_default();
            let counts = one.held.is_none();
            agent.silent += usize::from(one.track.silent && counts);
            agent.excluded += usize::from(one.excluded && counts);
            agent.conflicting += usize::from(conflict);
            agent.held += usize::from(one.held.is_some());
        }
    }
    all
}
