//! The status of a component from its linked checks. Never invents one where nothing is known, and never lets a
//! check that falls out of sight change it.

use super::interval::{Interval, append};
use super::status::Status;
use super::time::Timestamp;
use super::verdict::{Evaluation, Verdict};

/// What the linked checks make of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Automatic {
    /// Every linked check is known. Never [`Status::UnderMaintenance`].
    Known(Status),
    /// Some are known and some are not: what those were when they were last seen counts, those that never were
    /// seen do not.
    Partly(Status),
    /// None is known, or none is linked.
    NoData,
}

/// A link of a component to a check, with the check's verdicts.
#[derive(Clone, Copy, Debug)]
pub struct LinkedCheck<'a> {
    /// Its outage only degrades.
    pub minor: bool,
    /// The link holds from here.
    pub from: Timestamp,
    /// The link holds up to here; [`Timestamp::FAR`] while it still does.
    pub to: Timestamp,
    /// What was last known before the first of `verdict`; `None`: nothing ever.
    pub before: Option<Evaluation>,
    /// Oldest first, never overlapping; unknown where it says nothing.
    pub verdict: &'a [Interval<Evaluation>],
}

/// What a linked check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its outage only degrades.
    pub minor: bool,
    /// It says so now; otherwise nothing is known now, and this was last known.
    pub seen: bool,
    /// What; `None`: nothing was ever known.
    pub evaluation: Option<Evaluation>,
}

impl Word {
    /// What a check says whose present verdict is `now` and whose last known one before it was `before`.
    #[must_use]
    pub fn new(minor: bool, now: Evaluation, before: Option<Evaluation>) -> Self {
        let seen = now.verdict != Verdict::Unknown;
        Self { minor, seen, evaluation: if seen { Some(now) } else { before } }
    }
}

/// The status that the linked checks make together. All or some down is judged over those that are not minor and
/// ever said anything. One that flaps leaves it no better than degraded, which is up: what was down meanwhile
/// counts as it was.
pub fn status_of(words: impl Iterator<Item = Word>) -> Automatic {
    let (mut seen, mut unseen, mut major, mut down, mut degraded) = (false, false, 0_u32, 0_u32, false);
    for word in words {
        seen |= word.seen;
        unseen |= !word.seen;
        let Some(evaluation) = word.evaluation else { continue };
        major += u32::from(!word.minor);
        degraded |= evaluation.flapping;
        match (word.minor, evaluation.verdict) {
            (false, Verdict::Down) => down += 1,
            (true, Verdict::Down) | (_, Verdict::Degraded) => degraded = true,
            (_, Verdict::Up | Verdict::Unknown) => {}
        }
    }
    let status = if down > 0 && down == major {
        Status::MajorOutage
    } else if down > 0 {
        Status::PartialOutage
    } else if degraded {
        Status::DegradedPerformance
    } else {
        Status::Operational
    };
    match (seen, unseen) {
        (false, _) => Automatic::NoData,
        (true, true) => Automatic::Partly(status),
        (true, false) => Automatic::Known(status),
    }
}

/// The automatic layer: contiguous over `[from, FAR)`, neighbours differ; no data where no link holds.
#[must_use]
pub fn automatic(links: &[LinkedCheck<'_>], from: Timestamp) -> Vec<Interval<Automatic>> {
    let mut listeners: Vec<_> =
        links.iter().map(|link| Listener { rest: link.verdict, last: link.before }).collect();
    let (mut layer, mut at) = (Vec::new(), from);
    while at < Timestamp::FAR {
        let mut to = Timestamp::FAR;
        let value = status_of(links.iter().zip(&mut listeners).filter_map(|(link, listener)| {
            if at >= link.to || link.from >= link.to {
                return None;
            }
            if at < link.from {
                to = to.min(link.from);
                return None;
            }
            let (now, until) = listener.at(at);
            to = to.min(until).min(link.to);
            Some(Word::new(link.minor, now, listener.last))
        }));
        append(&mut layer, Interval { from: at, to, value });
        at = to;
    }
    layer
}

/// Walks the verdicts of a check forward, once, and remembers what was last known.
struct Listener<'a> {
    rest: &'a [Interval<Evaluation>],
    last: Option<Evaluation>,
}

impl Listener<'_> {
    /// What holds at `at`, and the instant until which that answer stands. `at` never goes back.
    fn at(&mut self, at: Timestamp) -> (Evaluation, Timestamp) {
        const UNKNOWN: Evaluation = Evaluation { verdict: Verdict::Unknown, flapping: false };
        while let [first, rest @ ..] = self.rest
            && first.to <= at
        {
            if first.value.verdict != Verdict::Unknown {
                self.last = Some(first.value);
            }
            self.rest = rest;
        }
        match self.rest.first() {
            Some(first) if first.from <= at => (first.value, first.to),
            Some(first) => (UNKNOWN, first.from),
            None => (UNKNOWN, Timestamp::FAR),
        }
    }
}
