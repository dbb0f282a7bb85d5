//! The status of a component from its linked checks. Without data there is no status, and a check whose state becomes
//! unknown does not change it.

use super::interval::{Interval, append};
use super::status::Status;
use super::time::Timestamp;
use super::verdict::{Evaluation, Verdict};

/// The status of a component as derived from its linked checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Automatic {
    /// Every linked check is known. Never [`Status::UnderMaintenance`].
    Known(Status),
    /// Some are known and some are not: an unknown check counts with its last known state, and not at all if there is
    /// none.
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
    /// The last known evaluation before the first of `verdict`; `None`: none.
    pub before: Option<Evaluation>,
    /// Oldest first, never overlapping; gaps are unknown.
    pub verdict: &'a [Interval<Evaluation>],
}

/// The state of a linked check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its outage only degrades.
    pub minor: bool,
    /// The evaluation is current; otherwise it is the last known one.
    pub seen: bool,
    /// The evaluation; `None`: nothing was ever known.
    pub evaluation: Option<Evaluation>,
}

impl Word {
    /// The state of a check whose current evaluation is `now` and whose last known one before it was `before`.
    #[must_use]
    pub fn new(minor: bool, now: Evaluation, before: Option<Evaluation>) -> Self {
        let seen = now.verdict != Verdict::Unknown;
        Self { minor, seen, evaluation: if seen { Some(now) } else { before } }
    }
}

/// The combined status of the linked checks. Whether all or some are down is decided over those that are not minor and
/// were ever known. A flapping check makes the component at best degraded.
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

/// Walks the verdicts of a check forward, once, and remembers the last known one.
struct Listener<'a> {
    rest: &'a [Interval<Evaluation>],
    last: Option<Evaluation>,
}

impl Listener<'_> {
    /// The state at `at`, and the instant until which it holds. `at` never goes back.
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
