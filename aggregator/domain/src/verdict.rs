//! The verdict of a check over all locations. Silence never counts as a fault or as health.

use super::absence::leaves;
use super::former::{Former, held_at};
use super::interval::{Interval, append, first_ending_after};
use super::time::Timestamp;
use super::track::{HardState, Span, Track};

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// At least one location is up and no quorum says otherwise.
    Up,
    /// A quorum says degraded or down.
    Degraded,
    /// A quorum says down.
    Down,
    /// There is no evidence, or too few locations report a fault and none reports up.
    Unknown,
}

impl Verdict {
    /// The name for operators and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// A verdict and whether it flaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Evaluation {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict depends on agents that report flapping: it would differ between all of them up and all of them down.
    pub flapping: bool,
}

/// How many locations of the denominator must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Quorum {
    /// More than half.
    #[default]
    Majority,
    /// One.
    Any,
    /// Every one.
    All,
    /// This many; 0 counts as 1.
    Number(u32),
}

impl Quorum {
    fn needed(self, locations: usize) -> usize {
        match self {
            Self::Majority => locations / 2 + 1,
            Self::Any => 1,
            Self::All => locations.max(1),
            Self::Number(number) => number.max(1) as usize,
        }
    }
}

/// A quorum over time.
#[derive(Clone, Copy, Debug)]
pub struct Quorums<'a> {
    /// The current quorum.
    pub now: Quorum,
    /// Former quorums.
    pub former: &'a [Former<Quorum>],
}

impl From<Quorum> for Quorums<'_> {
    fn from(now: Quorum) -> Self {
        Self { now, former: &[] }
    }
}

/// The vote of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationVote {
    /// At least one reporting agent says up.
    Up,
    /// All reporting agents say degraded or down.
    Degraded,
    /// All reporting agents say down.
    Down,
    /// No agent reports.
    Silent,
}

impl LocationVote {
    /// The name for operators and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Silent => "silent",
        }
    }
}

/// Agents of one location vote as one; `None` and [`HardState::Unknown`] do not report.
pub fn within_location(agents: impl Iterator<Item = Option<HardState>>) -> LocationVote {
    agents.fold(LocationVote::Silent, |location_votes, agent| {
        let agent = match agent {
            None | Some(HardState::Unknown) => return location_votes,
            Some(HardState::Up) => LocationVote::Up,
            Some(HardState::Degraded) => LocationVote::Degraded,
            Some(HardState::Down) => LocationVote::Down,
        };
        match (location_votes, agent) {
            (LocationVote::Silent, agent) => agent,
            (LocationVote::Up, _) | (_, LocationVote::Up) => LocationVote::Up,
            (LocationVote::Down, LocationVote::Down) => LocationVote::Down,
            _ => LocationVote::Degraded,
        }
    })
}

/// The verdict of the locations in the denominator: all of `location_votes`, silent ones included.
#[must_use]
pub fn decide(location_votes: &[LocationVote], quorum: Quorum) -> Verdict {
    let count = |wanted| location_votes.iter().filter(|&&location_votes| location_votes == wanted).count();
    let (down, needed) = (count(LocationVote::Down), quorum.needed(location_votes.len()));
    if down >= needed {
        Verdict::Down
    } else if down + count(LocationVote::Degraded) >= needed {
        Verdict::Degraded
    } else if count(LocationVote::Up) > 0 {
        Verdict::Up
    } else {
        Verdict::Unknown
    }
}

/// One agent's part in the verdict of one check.
#[derive(Clone, Copy, Debug)]
pub struct Reporter<'a> {
    /// Its location; agents of one location vote as one.
    pub location: u32,
    /// When the agent was at that location. An agent that moved is a reporter for each of its locations.
    pub within: Interval<()>,
    /// Its observations.
    pub track: &'a Track,
    /// When it declared the check, oldest first. It takes no part at other times.
    pub declared: &'a [Interval<()>],
    /// Declared silent: its state is known only up to its newest evidence. Otherwise its newest state still holds.
    pub silent: bool,
    /// The newest state from a snapshot, ahead of the track while history drains; the caller removes it once it is
    /// older than the silence limit. Affects [`now`] only, never history.
    pub live: Option<Live>,
    /// When the aggregator was away, oldest first.
    pub absences: &'a [Interval<()>],
}

/// All time.
pub const ALWAYS: Interval<()> = Interval { from: Timestamp(i64::MIN), to: Timestamp::FAR, value: () };

/// The state in a snapshot that is ahead of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// The present state.
    pub span: Span,
    /// The check flaps.
    pub flapping: bool,
}

/// What a reporter contributes at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// Not in the denominator: does not run the check, or was silent for 24 hours in which the aggregator listened.
    Absent,
    /// In the denominator, state unknown.
    Silent,
    /// In the denominator, state known.
    Known {
        /// The hard state.
        hard: HardState,
        /// The agent reports flapping.
        flapping: bool,
    },
}

impl Reporter<'_> {
    /// What the reporter contributes at `at`, and the instant until which that answer holds.
    fn vote(&self, at: Timestamp) -> (Vote, Timestamp) {
        if at < self.within.from {
            return (Vote::Absent, self.within.from);
        } else if at >= self.within.to {
            return (Vote::Absent, Timestamp::FAR);
        }
        let (vote, until) = self.vote_anywhere(at);
        (vote, until.min(self.within.to))
    }

    /// Until when the contribution at `now` holds, unless it reports something.
    #[must_use]
    pub fn stands_until(&self, now: Timestamp) -> Timestamp {
        self.vote(now).1
    }

    /// The same, regardless of its location.
    fn vote_anywhere(&self, at: Timestamp) -> (Vote, Timestamp) {
        let next = first_ending_after(self.declared, at);
        let Some(declared) = self.declared.get(next) else { return (Vote::Absent, Timestamp::FAR) };
        if !declared.contains(at) {
            return (Vote::Absent, declared.from);
        }
        let spans = &self.track.spans;
        let after = spans.partition_point(|span| span.from <= at);
        let current = spans.before(after);
        let until = spans.get(after).map_or(declared.to, |next| next.from.min(declared.to));
        if let Some(span) = current {
            let newest = after == spans.len() && !self.silent;
            if newest || at < span.end() {
                let until = if newest { until } else { until.min(span.end()) };
                let (flapping, turns) = self.flapping(at);
                return (Vote::Known { hard: span.state, flapping }, until.min(turns));
            }
        }
        let heard = current.map_or(declared.from, |span| span.last.max(declared.from));
        let leaves = leaves(self.absences, heard);
        if at < leaves { (Vote::Silent, until.min(leaves)) } else { (Vote::Absent, until) }
    }

    /// The newest instant before `at` at which its contribution may have changed.
    fn edge_before(&self, at: Timestamp) -> Option<Timestamp> {
        let spans = &self.track.spans;
        let left = |heard: Timestamp| leaves(self.absences, heard);
        let span = |edge: &dyn Fn(&Span) -> Timestamp| {
            spans.before(spans.partition_point(|one| edge(one) < at)).map(edge)
        };
        let stretch = |all: &[Interval<()>], edge: &dyn Fn(&Interval<()>) -> Timestamp| {
            all[..all.partition_point(|one| edge(one) < at)].last().map(edge)
        };
        let (declared, flaps) = (self.declared, &self.track.flaps);
        let edges = [
            span(&|one| one.from),
            span(&Span::end),
            span(&|one| left(one.last)),
            stretch(declared, &|one| one.from),
            stretch(declared, &|one| left(one.from)),
            stretch(declared, &|one| one.to),
            stretch(flaps, &|one| one.from),
            stretch(flaps, &|one| one.to),
            Some(self.within.from).filter(|from| *from < at),
            Some(self.within.to).filter(|to| *to < at),
        ];
        edges.into_iter().flatten().max()
    }

    /// Whether the agent reports flapping, and until when that answer holds.
    fn flapping(&self, at: Timestamp) -> (bool, Timestamp) {
        let flaps = &self.track.flaps;
        match flaps.get(first_ending_after(flaps, at)) {
            Some(flap) if flap.from <= at => (true, flap.to),
            Some(flap) => (false, flap.from),
            None => (false, Timestamp::FAR),
        }
    }

    /// The reporter's contribution to the current verdict.
    #[must_use]
    pub fn vote_now(&self, now: Timestamp) -> Vote {
        match (self.vote(now).0, self.live) {
            (vote, Some(Live { span, flapping }))
                if self.track.last().is_none_or(|last| last <= span.last) =>
            {
                if self.within.contains(now) && self.declared.iter().any(|declared| declared.contains(now)) {
                    Vote::Known { hard: span.state, flapping }
                } else {
                    vote
                }
            }
            (vote, _) => vote,
        }
    }
}

/// `votes` must be grouped by location.
fn judge(votes: &[(u32, Vote)], quorum: Quorum, location_votes: &mut Vec<LocationVote>) -> Evaluation {
    let mut with = |read: fn(HardState, bool) -> HardState| verdict(votes, quorum, location_votes, read);
    let said = with(|hard, _| hard);
    let flaps = votes.iter().any(|(_, vote)| matches!(vote, Vote::Known { flapping: true, .. }));
    let hangs = flaps && {
        let best = with(|hard, flapping| if flapping { HardState::Up } else { hard });
        let worst = with(|hard, flapping| if flapping { HardState::Down } else { hard });
        best != worst
    };
    Evaluation { verdict: said, flapping: hangs }
}

/// The verdict when `read` maps each vote to a hard state, given its hard state and whether it flaps.
fn verdict(
    votes: &[(u32, Vote)],
    quorum: Quorum,
    location_votes: &mut Vec<LocationVote>,
    read: impl Fn(HardState, bool) -> HardState,
) -> Verdict {
    location_votes.clear();
    location_votes.extend(votes.chunk_by(|one, other| one.0 == other.0).filter_map(|location| {
        let mut present = location.iter().filter(|(_, vote)| *vote != Vote::Absent).peekable();
        present.peek()?;
        Some(within_location(present.map(|(_, vote)| match vote {
            Vote::Known { hard, flapping } => Some(read(*hard, *flapping)),
            Vote::Absent | Vote::Silent => None,
        })))
    }));
    decide(location_votes, quorum)
}

fn by_location<'a, 'b>(reporters: &'b [Reporter<'a>]) -> Vec<&'b Reporter<'a>> {
    let mut sorted: Vec<_> = reporters.iter().collect();
    sorted.sort_by_key(|reporter| reporter.location);
    sorted
}

/// The current verdict.
#[must_use]
pub fn now<'q>(reporters: &[Reporter<'_>], quorum: impl Into<Quorums<'q>>, now: Timestamp) -> Evaluation {
    let quorum = quorum.into().now;
    let votes: Vec<_> = by_location(reporters).iter().map(|w| (w.location, w.vote_now(now))).collect();
    judge(&votes, quorum, &mut Vec::new())
}

/// The last known evaluation before `at`, and until when it held. `None`: nothing was ever known.
#[must_use]
pub fn last_known<'q>(
    reporters: &[Reporter<'_>],
    quorum: impl Into<Quorums<'q>>,
    at: Timestamp,
) -> Option<(Evaluation, Timestamp)> {
    last_known_stretch(reporters, quorum, at).map(|stretch| (stretch.value, stretch.to))
}

/// The same with the newest instant at which a contribution changed before it ended. What every reporter contributed
/// from then on, and within 24 hours of listening before, decides it.
#[must_use]
pub fn last_known_stretch<'q>(
    reporters: &[Reporter<'_>],
    quorum: impl Into<Quorums<'q>>,
    at: Timestamp,
) -> Option<Interval<Evaluation>> {
    let quorums = quorum.into();
    let reporters = by_location(reporters);
    let (mut location_votes, mut to) = (Vec::new(), at);
    loop {
        let changed = quorums.former.iter().map(|former| former.to).filter(|changed| *changed < to);
        let edges = reporters.iter().filter_map(|reporter| reporter.edge_before(to));
        let from = edges.chain(changed).max().filter(|edge| *edge > ALWAYS.from)?;
        let (quorum, _) = held_at(quorums.former, &quorums.now, from);
        let votes: Vec<_> = reporters.iter().map(|one| (one.location, one.vote(from).0)).collect();
        let value = judge(&votes, *quorum, &mut location_votes);
        if value.verdict != Verdict::Unknown {
            return Some(Interval { from, to, value });
        }
        to = from;
    }
}

/// The verdict over time: contiguous over `[from, FAR)`, neighbours differ.
#[must_use]
pub fn timeline<'q>(
    reporters: &[Reporter<'_>],
    quorum: impl Into<Quorums<'q>>,
    from: Timestamp,
) -> Vec<Interval<Evaluation>> {
    let quorums = quorum.into();
    let reporters = by_location(reporters);
    let mut votes: Vec<_> = reporters.iter().map(|reporter| (reporter.location, Vote::Absent)).collect();
    let mut until = vec![from; reporters.len()];
    let (mut timeline, mut location_votes, mut at) = (Vec::new(), Vec::new(), from);
    while at < Timestamp::FAR {
        for ((reporter, vote), until) in reporters.iter().zip(&mut votes).zip(&mut until) {
            if *until <= at {
                (vote.1, *until) = reporter.vote(at);
            }
        }
        let (quorum, changes) = held_at(quorums.former, &quorums.now, at);
        let to = until.iter().copied().min().unwrap_or(Timestamp::FAR).min(changes);
        append(&mut timeline, Interval { from: at, to, value: judge(&votes, *quorum, &mut location_votes) });
        at = to;
    }
    timeline
}
