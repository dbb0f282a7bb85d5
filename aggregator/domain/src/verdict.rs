//! What is held to be true of a check over all locations. Never turns silence into a fault or into health.

use super::former::{Former, held_at};
use super::interval::{Interval, append, first_ending_after};
use super::time::{DAY, Timestamp};
use super::track::{Hard, Span, Track};

/// What is held to be true of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Some location says so and no quorum says otherwise.
    Up,
    /// A quorum says degraded or down.
    Degraded,
    /// A quorum says down.
    Down,
    /// Nobody can say, or too few say that it is bad and none that it is well.
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

/// A verdict with the flag beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ruling {
    /// What is held to be true.
    pub verdict: Verdict,
    /// It hangs on agents that say that the check flaps: with them up it would be another than with them down.
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
    /// What must agree now.
    pub now: Quorum,
    /// What must agree before.
    pub former: &'a [Former<Quorum>],
}

impl From<Quorum> for Quorums<'_> {
    fn from(now: Quorum) -> Self {
        Self { now, former: &[] }
    }
}

/// The one vote of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationSays {
    /// At least one agent that reports says up.
    Up,
    /// All that report say degraded or down.
    Degraded,
    /// All that report say down.
    Down,
    /// None reports.
    Silent,
}

impl LocationSays {
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

/// Agents of one location vote as one; `None` and [`Hard::Unknown`] do not report.
pub fn within_location(agents: impl Iterator<Item = Option<Hard>>) -> LocationSays {
    agents.fold(LocationSays::Silent, |says, agent| {
        let agent = match agent {
            None | Some(Hard::Unknown) => return says,
            Some(Hard::Up) => LocationSays::Up,
            Some(Hard::Degraded) => LocationSays::Degraded,
            Some(Hard::Down) => LocationSays::Down,
        };
        match (says, agent) {
            (LocationSays::Silent, agent) => agent,
            (LocationSays::Up, _) | (_, LocationSays::Up) => LocationSays::Up,
            (LocationSays::Down, LocationSays::Down) => LocationSays::Down,
            _ => LocationSays::Degraded,
        }
    })
}

/// The verdict of the locations in the denominator, which is all of `says`, the silent ones too.
#[must_use]
pub fn decide(says: &[LocationSays], quorum: Quorum) -> Verdict {
    let count = |wanted| says.iter().filter(|&&says| says == wanted).count();
    let (down, needed) = (count(LocationSays::Down), quorum.needed(says.len()));
    if down >= needed {
        Verdict::Down
    } else if down + count(LocationSays::Degraded) >= needed {
        Verdict::Degraded
    } else if count(LocationSays::Up) > 0 {
        Verdict::Up
    } else {
        Verdict::Unknown
    }
}

/// One agent's part in the verdict of one check.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// Its location; agents of one location vote as one.
    pub location: u32,
    /// When it stood there. One that moved is a witness for each of its locations.
    pub within: Interval<()>,
    /// What it saw.
    pub track: &'a Track,
    /// When it declared the check; oldest first. Outside it has no part.
    pub declared: &'a [Interval<()>],
    /// Declared silent: known only up to its newest evidence. Otherwise its newest state is believed.
    pub silent: bool,
    /// Newest state from a snapshot, ahead of the track while history drains; taken away by the caller
    /// once it is older than the silence limit. Moves [`now`] only, never history.
    pub live: Option<Live>,
}

/// At any time.
pub const ALWAYS: Interval<()> = Interval { from: Timestamp(i64::MIN), to: Timestamp::FAR, value: () };

/// What a snapshot says ahead of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// The present state.
    pub span: Span,
    /// The check flaps.
    pub flapping: bool,
}

/// What a witness contributes at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Not in the denominator: does not run the check, or was silent for 24 hours.
    Absent,
    /// In the denominator, nothing known.
    Silent,
    /// Known.
    Says {
        /// The hard state.
        hard: Hard,
        /// The agent says that the check flaps.
        flapping: bool,
    },
}

impl Witness<'_> {
    /// What it contributes at `at`, and the instant until which that answer stands.
    fn voice(&self, at: Timestamp) -> (Voice, Timestamp) {
        if at < self.within.from {
            return (Voice::Absent, self.within.from);
        } else if at >= self.within.to {
            return (Voice::Absent, Timestamp::FAR);
        }
        let (voice, until) = self.voice_anywhere(at);
        (voice, until.min(self.within.to))
    }

    /// Until when what it contributes at `now` stands, unless it says something.
    #[must_use]
    pub fn stands_until(&self, now: Timestamp) -> Timestamp {
        self.voice(now).1
    }

    /// The same, wherever it stands.
    fn voice_anywhere(&self, at: Timestamp) -> (Voice, Timestamp) {
        let next = first_ending_after(self.declared, at);
        let Some(declared) = self.declared.get(next) else { return (Voice::Absent, Timestamp::FAR) };
        if !declared.contains(at) {
            return (Voice::Absent, declared.from);
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
                return (Voice::Says { hard: span.state, flapping }, until.min(turns));
            }
        }
        let heard = current.map_or(declared.from, |span| span.last.max(declared.from));
        let leaves = heard + DAY;
        if at < leaves { (Voice::Silent, until.min(leaves)) } else { (Voice::Absent, until) }
    }

    /// The newest instant before `at` at which what it contributes may have changed.
    fn edge_before(&self, at: Timestamp) -> Option<Timestamp> {
        let spans = &self.track.spans;
        let span = |edge: fn(&Span) -> Timestamp| {
            spans.before(spans.partition_point(|one| edge(one) < at)).map(edge)
        };
        let stretch = |all: &[Interval<()>], edge: fn(&Interval<()>) -> Timestamp| {
            all[..all.partition_point(|one| edge(one) < at)].last().map(edge)
        };
        let (declared, flaps) = (self.declared, &self.track.flaps);
        let edges = [
            span(|one| one.from),
            span(Span::end),
            span(|one| one.last + DAY),
            stretch(declared, |one| one.from),
            stretch(declared, |one| one.from + DAY),
            stretch(declared, |one| one.to),
            stretch(flaps, |one| one.from),
            stretch(flaps, |one| one.to),
            Some(self.within.from).filter(|from| *from < at),
            Some(self.within.to).filter(|to| *to < at),
        ];
        edges.into_iter().flatten().max()
    }

    /// Does the agent say that the check flaps, and until when does that answer stand?
    fn flapping(&self, at: Timestamp) -> (bool, Timestamp) {
        let flaps = &self.track.flaps;
        match flaps.get(first_ending_after(flaps, at)) {
            Some(flap) if flap.from <= at => (true, flap.to),
            Some(flap) => (false, flap.from),
            None => (false, Timestamp::FAR),
        }
    }

    /// What it contributes to the live verdict.
    #[must_use]
    pub fn voice_now(&self, now: Timestamp) -> Voice {
        match (self.voice(now).0, self.live) {
            (voice, Some(Live { span, flapping }))
                if self.track.last().is_none_or(|last| last <= span.last) =>
            {
                if self.within.contains(now) && self.declared.iter().any(|declared| declared.contains(now)) {
                    Voice::Says { hard: span.state, flapping }
                } else {
                    voice
                }
            }
            (voice, _) => voice,
        }
    }
}

/// `voices` stand with those of one location beside each other.
fn rule(voices: &[(u32, Voice)], quorum: Quorum, says: &mut Vec<LocationSays>) -> Ruling {
    let mut with = |read: fn(Hard, bool) -> Hard| verdict(voices, quorum, says, read);
    let said = with(|hard, _| hard);
    let flaps = voices.iter().any(|(_, voice)| matches!(voice, Voice::Says { flapping: true, .. }));
    let hangs = flaps && {
        let best = with(|hard, flapping| if flapping { Hard::Up } else { hard });
        let worst = with(|hard, flapping| if flapping { Hard::Down } else { hard });
        best != worst
    };
    Ruling { verdict: said, flapping: hangs }
}

/// The verdict where `read` says what a voice counts for: its hard state, and whether it flaps.
fn verdict(
    voices: &[(u32, Voice)],
    quorum: Quorum,
    says: &mut Vec<LocationSays>,
    read: impl Fn(Hard, bool) -> Hard,
) -> Verdict {
    says.clear();
    says.extend(voices.chunk_by(|one, other| one.0 == other.0).filter_map(|location| {
        let mut present = location.iter().filter(|(_, voice)| *voice != Voice::Absent).peekable();
        present.peek()?;
        Some(within_location(present.map(|(_, voice)| match voice {
            Voice::Says { hard, flapping } => Some(read(*hard, *flapping)),
            Voice::Absent | Voice::Silent => None,
        })))
    }));
    decide(says, quorum)
}

fn by_location<'a, 'b>(witnesses: &'b [Witness<'a>]) -> Vec<&'b Witness<'a>> {
    let mut sorted: Vec<_> = witnesses.iter().collect();
    sorted.sort_by_key(|witness| witness.location);
    sorted
}

/// The live verdict.
#[must_use]
pub fn now<'q>(witnesses: &[Witness<'_>], quorum: impl Into<Quorums<'q>>, now: Timestamp) -> Ruling {
    let quorum = quorum.into().now;
    let voices: Vec<_> = by_location(witnesses).iter().map(|w| (w.location, w.voice_now(now))).collect();
    rule(&voices, quorum, &mut Vec::new())
}

/// What was last known before `at`, and until when it was. `None`: nothing was ever known.
#[must_use]
pub fn said_before<'q>(
    witnesses: &[Witness<'_>],
    quorum: impl Into<Quorums<'q>>,
    at: Timestamp,
) -> Option<(Ruling, Timestamp)> {
    let quorums = quorum.into();
    let witnesses = by_location(witnesses);
    let (mut says, mut until) = (Vec::new(), at);
    loop {
        let changed = quorums.former.iter().map(|former| former.to).filter(|to| *to < until);
        let edges = witnesses.iter().filter_map(|witness| witness.edge_before(until));
        let edge = edges.chain(changed).max().filter(|edge| *edge > ALWAYS.from)?;
        let (quorum, _) = held_at(quorums.former, &quorums.now, edge);
        let voices: Vec<_> = witnesses.iter().map(|one| (one.location, one.voice(edge).0)).collect();
        let ruling = rule(&voices, *quorum, &mut says);
        if ruling.verdict != Verdict::Unknown {
            return Some((ruling, until));
        }
        until = edge;
    }
}

/// The verdict over time: contiguous over `[from, FAR)`, neighbours differ.
#[must_use]
pub fn timeline<'q>(
    witnesses: &[Witness<'_>],
    quorum: impl Into<Quorums<'q>>,
    from: Timestamp,
) -> Vec<Interval<Ruling>> {
    let quorums = quorum.into();
    let witnesses = by_location(witnesses);
    let mut voices: Vec<_> = witnesses.iter().map(|witness| (witness.location, Voice::Absent)).collect();
    let mut until = vec![from; witnesses.len()];
    let (mut timeline, mut says, mut at) = (Vec::new(), Vec::new(), from);
    while at < Timestamp::FAR {
        for ((witness, voice), until) in witnesses.iter().zip(&mut voices).zip(&mut until) {
            if *until <= at {
                (voice.1, *until) = witness.voice(at);
            }
        }
        let (quorum, changes) = held_at(quorums.former, &quorums.now, at);
        let to = until.iter().copied().min().unwrap_or(Timestamp::FAR).min(changes);
        append(&mut timeline, Interval { from: at, to, value: rule(&voices, *quorum, &mut says) });
        at = to;
    }
    timeline
}
