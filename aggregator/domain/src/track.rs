//! What one agent saw of one check: spans of a hard state with the gaps between them. Append-only in the agent's own
//! order. Never guesses across a gap, never moves an edge without the evidence of a transition. Flapping is kept
//! separately; it does not change the spans.

use super::interval::Interval;
use super::shared_vec::SharedVec;
use super::spans::Spans;
use super::time::Timestamp;

/// The state of a check at one agent after hysteresis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HardState {
    /// The first run is not complete.
    Unknown,
    /// Up.
    Up,
    /// Degraded.
    Degraded,
    /// Down.
    Down,
}

impl HardState {
    /// The name in logs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// A stretch in which one agent's hard state held without a gap in its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// Newest evidence: `[from, last)` is known, and `last` itself was seen. Equal to `from` after a
    /// single observation. Where the next span continues this one, its `from`.
    pub last: Timestamp,
    /// The state; never [`HardState::Unknown`].
    pub state: HardState,
}

impl Span {
    /// Where the evidence ends. A single observation covers its own millisecond: a span without length would appear in
    /// no timeline, and its state would be lost.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.last.max(self.from + 1)
    }
}

/// One conclusive observation, placed on the aggregator's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackObservation {
    /// Start of the run.
    pub at: Timestamp,
    /// The hard state after it.
    pub hard: HardState,
    /// Set on a hard transition: the first observation of the run that confirmed it.
    pub since: Option<Timestamp>,
    /// The check flaps, from this observation on.
    pub flapping: bool,
}

/// Everything one agent saw of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// Oldest first, never overlapping.
    pub spans: Spans,
    /// When the agent reported flapping, oldest first; the last stretch is open while it does. Gaps in the evidence do
    /// not end it.
    pub flaps: SharedVec<Interval<()>>,
    /// Silence was declared since the newest evidence: nothing is known after it.
    pub silent: bool,
    /// Evidence newer than the newest span that carries no hard state yet.
    pub tentative: Option<Tentative>,
}

/// Conclusive observations without a gap between them, made before a first run was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tentative {
    /// Where the evidence without a gap begins.
    pub from: Timestamp,
    /// Newest evidence.
    pub last: Timestamp,
}

impl Track {
    /// A track read from the store.
    #[must_use]
    pub fn new(spans: Vec<Span>, silent: bool) -> Self {
        Self { spans: spans.into(), flaps: SharedVec::default(), silent, tentative: None }
    }

    /// Whether the check flaps, as last reported.
    #[must_use]
    pub fn flapping(&self) -> bool {
        self.flaps.last().is_some_and(|flap| flap.to == Timestamp::FAR)
    }

    /// Applies the flapping flag of an observation at `at`; returns `at` if the flag changed.
    fn flap(&mut self, flapping: bool, at: Timestamp) -> Option<Timestamp> {
        if flapping == self.flapping() {
            return None;
        }
        let flaps = self.flaps.edit();
        match flaps.last_mut().filter(|_| !flapping) {
            None => {
                // Evidence without a state does not survive a restart, so `at` may lie before the end of the last
                // stretch.
                let from = flaps.last().map_or(at, |former| former.to.max(at));
                flaps.push(Interval { from, to: Timestamp::FAR, value: () });
            }
            Some(open) if open.from < at => open.to = at,
            Some(_) => flaps.truncate(flaps.len() - 1),
        }
        Some(at)
    }

    /// The last state, whether or not it still holds.
    #[must_use]
    pub fn state(&self) -> HardState {
        self.spans.last().map_or(HardState::Unknown, |span| span.state)
    }

    /// Instant of the newest evidence that carries a hard state.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.spans.last().map(|span| span.last)
    }

    /// Declares the agent silent about this check. Returns the instant from which the meaning changed, if it did.
    pub fn fall_silent(&mut self) -> Option<Timestamp> {
        if std::mem::replace(&mut self.silent, true) { None } else { self.last() }
    }

    /// Takes the next observation in the agent's order; `silence` in ms (3 intervals + 10 s). An instant
    /// before what was already seen counts as the newest one seen. Ends a declared silence where a hard
    /// state is seen.
    ///
    /// Returns the earliest instant whose meaning changed, from which verdicts must be recomputed; `None` if the newest
    /// state simply continues.
    pub fn observe(&mut self, seen: TrackObservation, silence: i64) -> Option<Timestamp> {
        let evidence = self.tentative.map(|tentative| tentative.last).max(self.last());
        let at = evidence.map_or(seen.at, |evidence| evidence.max(seen.at));
        let flapped = self.flap(seen.flapping, at);
        let held = self.hold(seen, at, evidence, silence);
        held.into_iter().chain(flapped).min()
    }

    /// Applies the hard state; `evidence` is the newest evidence before `at`.
    fn hold(
        &mut self,
        seen: TrackObservation,
        at: Timestamp,
        evidence: Option<Timestamp>,
        silence: i64,
    ) -> Option<Timestamp> {
        let newest = self.spans.last().copied();
        let unbroken = evidence.is_some_and(|evidence| at - evidence <= silence);
        if seen.hard == HardState::Unknown {
            let from = match (self.tentative, newest) {
                (Some(tentative), _) if unbroken => tentative.from,
                (None, Some(newest)) if unbroken => newest.last,
                _ => at,
            };
            self.tentative = Some(Tentative { from, last: at });
            return None;
        }
        let since = seen.since.map(|since| since.min(at));
        let tentative = self.tentative.take();
        let silent = std::mem::replace(&mut self.silent, false);
        let Some(newest) = newest else {
            // Without recorded evidence the agent's claim is accepted; otherwise a gap in the evidence stays a gap.
            let earliest =
                if unbroken { tentative.map(|tentative| tentative.from) } else { evidence.map(|_| at) };
            let from = since.unwrap_or(at).max(earliest.unwrap_or(Timestamp(i64::MIN)));
            self.spans.push(Span { from, last: at, state: seen.hard });
            return Some(from);
        };
        let joined = unbroken && tentative.is_none_or(|tentative| tentative.from <= newest.last);
        if joined {
            self.join(newest, seen.hard, since, at, silent)
        } else {
            let earliest = tentative.filter(|_| unbroken).map_or(at, |tentative| tentative.from);
            let from = since.unwrap_or(at).max(earliest);
            let changed = match since {
                Some(since) if seen.hard != newest.state => self.rewrite(newest.state, seen.hard, since),
                _ => newest.last,
            };
            self.spans.push(Span { from, last: at, state: seen.hard });
            Some(changed.min(newest.last))
        }
    }

    /// Evidence without a gap since `newest`.
    fn join(
        &mut self,
        newest: Span,
        state: HardState,
        since: Option<Timestamp>,
        at: Timestamp,
        silent: bool,
    ) -> Option<Timestamp> {
        let changed = (state != newest.state).then(|| {
            let since = since.unwrap_or(at);
            if since < newest.last {
                self.rewrite(newest.state, state, since)
            } else {
                self.spans.pop();
                if newest.from < since {
                    self.spans.push(Span { last: since, ..newest });
                }
                self.push(Span { from: since, last: since, state });
                since
            }
        });
        if let Some(newest) = self.spans.last_mut() {
            newest.last = at;
        }
        if silent { Some(changed.map_or(newest.last, |changed| changed.min(newest.last))) } else { changed }
    }

    /// Changes `old` from `since` on into `new`, back to the last span of any other state; gaps stay gaps. Returns the
    /// earliest instant that changed, or `since`.
    fn rewrite(&mut self, old: HardState, new: HardState, since: Timestamp) -> Timestamp {
        let kept = self.spans.rposition(|span| span.state != old || span.end() <= since);
        let tail = self.spans.split_off(kept.map_or(0, |index| index + 1));
        let boundary = tail.first().map_or(since, |span| span.from.max(since));
        for span in tail {
            let from = span.from.max(since);
            if span.from < from {
                self.spans.push(Span { last: from, ..span });
            }
            self.push(Span { from, last: span.last, state: new });
        }
        boundary
    }

    /// Appends a span; one that continues the last in the same state extends it.
    fn push(&mut self, span: Span) {
        match self.spans.last_mut() {
            Some(last) if last.state == span.state && last.last == span.from => last.last = span.last,
            _ => self.spans.push(span),
        }
    }
}
