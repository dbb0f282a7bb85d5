//! A component at the moment of a view, from its layers and the checks that feed them. Pure.

use super::view::Unseen;
use skerry_domain::component::{Automatic, Word, status_of};
use skerry_domain::interval::Interval;
use skerry_domain::layers::{overlay, splice};
use skerry_domain::state::{AgentCheck, Component, Link, State};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::reporters_of;
use skerry_domain::time::Timestamp;
use skerry_domain::verdict::{self, Evaluation, Verdict};

/// One component at one moment.
pub(super) struct ComponentNow<'a> {
    pub(super) state: &'a State,
    pub(super) component: &'a Component,
    pub(super) now: Timestamp,
}

/// The status of a component at the end of its intervals.
pub(super) struct CurrentStatus {
    /// The last one that was known.
    pub(super) status: Status,
    pub(super) since: Timestamp,
    /// When status or sight last changed.
    pub(super) updated_at: Timestamp,
    pub(super) stale_since: Option<Timestamp>,
    pub(super) waiting: bool,
    pub(super) partly: bool,
}

impl ComponentNow<'_> {
    /// What was true from `begin` to this moment, whenever the component is watched from.
    pub(super) fn intervals(&self, begin: Timestamp) -> Vec<Interval<Effective>> {
        let mut intervals = overlay(&self.component.layers, begin, self.now + 1);
        self.put_live(&mut intervals);
        intervals
    }

    /// The date of a status does not move with the days shown: one that began before them is looked up.
    pub(super) fn present(&self, intervals: &[Interval<Effective>], begin: Timestamp) -> CurrentStatus {
        let present = self.present_of(intervals);
        let layers = &self.component.layers;
        let first = layers.automatic.first().map_or(layers.start, |first| first.from.min(layers.start));
        if present.since > begin && present.updated_at > begin || first >= begin {
            return present;
        }
        self.present_of(&self.intervals(first))
    }

    fn present_of(&self, intervals: &[Interval<Effective>]) -> CurrentStatus {
        // The window before a time without data is over: it is not the last known status.
        let is_over = |status| {
            let ended = intervals.last().is_some_and(|last| last.value == Effective::NoData);
            ended && status == Status::UnderMaintenance
        };
        let mut known = intervals.iter().rev().filter_map(|one| match one.value {
            Effective::Known(status) | Effective::Partly(status) if is_over(status) => None,
            Effective::Known(status) | Effective::Partly(status) => Some((status, one.from)),
            Effective::NoData | Effective::Unwatched => None,
        });
        let made = self.component.created_at;
        let (status, mut since) = known.next().unwrap_or((Status::Operational, made));
        // Time in which nobody saw it, a stop of ours among it, ends nothing.
        for (_, from) in known.take_while(|(earlier, _)| *earlier == status) {
            since = from;
        }
        let last = intervals.last();
        let blind = last.filter(|last| last.value == Effective::NoData).map(|last| last.from);
        let said = self.first_said(intervals);
        let waiting = blind.is_some() && said.is_none();
        let stale_since = blind.filter(|_| !waiting).map(|from| said.map_or(from, |said| said.max(from)));
        let updated_at = stale_since.or(last.filter(|_| !waiting).map(|last| last.from)).unwrap_or(since);
        let partly = last.is_some_and(|last| matches!(last.value, Effective::Partly(_)));
        CurrentStatus {
            status,
            since: stale_since.unwrap_or(since),
            updated_at,
            stale_since,
            waiting,
            partly,
        }
    }

    /// When anything was first seen or set, in the intervals or before them.
    fn first_said(&self, intervals: &[Interval<Effective>]) -> Option<Timestamp> {
        let seen = |one: &&Interval<Effective>| one.value != Effective::NoData;
        let live = intervals.iter().find(seen).map(|one| one.from);
        // What was seen once and never again stands in no layer that a former version stored.
        let silent = self.tracks().filter(|one| one.track.silent);
        let once = silent.filter_map(|one| self.state.evidence(one));
        let said = self.component.layers.first_said().into_iter().chain(live).min();
        said.or_else(|| once.min())
    }

    /// From when on it is watched: not before it was made, whatever its start date. `None`: not yet, as nothing was
    /// ever seen or set.
    pub(super) fn watched_from(&self, intervals: &[Interval<Effective>]) -> Option<Timestamp> {
        self.first_said(intervals)?;
        Some(self.component.layers.start.max(self.component.created_at))
    }

    /// What was not plainly operational since it is watched, each stretch whole; `intervals` begin at `begin`, and
    /// `all` of what lies before it is asked for or not.
    pub(super) fn past(
        &self,
        intervals: &[Interval<Effective>],
        begin: Timestamp,
        watched: Timestamp,
        all: bool,
    ) -> Vec<Interval<Effective>> {
        let quiet = |value| matches!(value, Effective::Unwatched | Effective::Known(Status::Operational));
        // A stretch that the beginning cuts through is looked up.
        let cut = intervals.first().is_some_and(|first| !quiet(first.value));
        let whole = (watched < begin && (cut || all))
            .then(|| skerry_domain::layers::watched_from(self.intervals(watched), watched));
        let told = whole.as_deref().unwrap_or(intervals).iter();
        told.filter(|one| !quiet(one.value)).copied().collect()
    }

    /// The checks that feed it now.
    pub(super) fn open(&self) -> impl Iterator<Item = &Link> {
        self.component.links.iter().filter(|link| link.to == Timestamp::FAR)
    }

    /// What the agents see that run its checks.
    pub(super) fn tracks(&self) -> impl Iterator<Item = &AgentCheck> {
        let tracks = self.open().flat_map(|link| &self.state.checks[&link.check].tracks);
        tracks.map(|track| &self.state.tracks[track])
    }

    /// Newest conclusive evidence.
    pub(super) fn evidence(&self) -> Option<Timestamp> {
        self.tracks().filter_map(|one| self.state.evidence(one)).max()
    }

    /// When what all of its checks say is older than the silence limit.
    pub(super) fn fresh_until(&self) -> Option<Timestamp> {
        let until = |one| Some(self.state.evidence(one)? + AgentCheck::silence(one));
        self.tracks().filter_map(until).max()
    }

    /// What a linked check says now, and since when it is out of sight if it ever was seen.
    fn word(&self, link: &Link) -> (Word, Option<Timestamp>) {
        let (reporters, quorum) = reporters_of(self.state, link.check);
        let now = verdict::now(&reporters, quorum, self.now);
        let unknown = now.verdict == Verdict::Unknown;
        let before = unknown.then(|| verdict::last_known(&reporters, quorum, self.now)).flatten();
        let last: Option<Evaluation> = before.map(|(evaluation, _)| evaluation);
        (Word::new(link.minor, now, last), before.map(|(_, until)| until))
    }

    /// How many of its checks are out of sight, and since when.
    pub(super) fn unseen(&self) -> Unseen {
        let words: Vec<_> = self.open().map(|link| self.word(link)).collect();
        let unseen = || words.iter().filter(|(word, _)| !word.seen).map(|(_, since)| *since);
        let since = unseen().flatten().min();
        Unseen { since, since_differs: unseen().any(|one| one != since), checks: unseen().count() }
    }

    /// While history drains after an outage of a link, the snapshot says what is true now. One that only says the
    /// same as the history takes nothing from the layers.
    fn put_live(&self, intervals: &mut Vec<Interval<Effective>>) {
        let news = |one: &AgentCheck| {
            let known = one.track.spans.last().filter(|_| !one.track.silent).map(|span| span.state);
            let flaps = one.track.flapping();
            one.live.filter(|live| known != Some(live.span.state) || live.flapping != flaps)
        };
        let ahead = self.tracks().filter_map(news).map(|live| live.span.from).max();
        let Some(from) = ahead else { return };
        let layers = &self.component.layers;
        let overridden = layers.manual.iter().any(|one| one.contains(self.now))
            || layers.planned.iter().any(|one| one.contains(self.now))
            || layers.corrected.iter().any(|one| one.contains(self.now));
        if overridden {
            return;
        }
        let value = match status_of(self.open().map(|link| self.word(link).0)) {
            Automatic::Known(status) => Effective::Known(status),
            Automatic::Partly(status) => Effective::Partly(status),
            Automatic::NoData => Effective::NoData,
        };
        splice(intervals, from, vec![Interval { from, to: self.now + 1, value }]);
    }
}
