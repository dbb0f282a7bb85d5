//! A component at the instant of a view, computed from its layers and its checks. Pure.

use super::view::Unseen;
use skerry_domain::component::{Automatic, Word, status_of};
use skerry_domain::interval::Interval;
use skerry_domain::layers::{overlay, splice};
use skerry_domain::state::{AgentCheck, Component, Link, State};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::reporters_of;
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::verdict::{self, Evaluation, Verdict};

/// The status of a component as Statuspage's interfaces say it, and when that last changed. Their list of statuses is
/// closed and has none for a component that was never observed: it is "under maintenance".
#[must_use]
pub fn component_status(state: &State, component: &Component, now: Timestamp) -> (Status, Timestamp) {
    let component_now = ComponentNow { state, component, now };
    let begin = now - DAY;
    let present = component_now.present(&component_now.intervals(begin), begin);
    let status = if present.waiting { Status::UnderMaintenance } else { present.status };
    (status, present.updated_at.max(component.created_at))
}

/// The same for a group: the status of its most degraded component with current data, of all that were ever observed
/// if none has any, and of all if none was.
#[must_use]
pub fn group_status<'a>(
    state: &State,
    components: impl Iterator<Item = &'a Component>,
    now: Timestamp,
) -> (Status, Option<Timestamp>) {
    let (mut seen, mut stale, mut waiting, mut updated_at) = (None, None, None, None);
    for component in components {
        let component_now = ComponentNow { state, component, now };
        let begin = now - DAY;
        let present = component_now.present(&component_now.intervals(begin), begin);
        updated_at = updated_at.max(Some(present.updated_at.max(component.created_at)));
        if present.waiting {
            waiting = Some(Status::UnderMaintenance);
        } else if present.stale_since.is_some() {
            stale = stale.max(Some(present.status));
        } else {
            seen = seen.max(Some(present.status));
        }
    }
    (seen.or(stale).or(waiting).unwrap_or(Status::Operational), updated_at)
}

/// Whether nothing is told of an interval: it was operational, or not watched.
pub(super) fn is_quiet(value: Effective) -> bool {
    matches!(value, Effective::Unwatched | Effective::Known(Status::Operational))
}

/// A component at one instant.
pub(super) struct ComponentNow<'a> {
    pub(super) state: &'a State,
    pub(super) component: &'a Component,
    pub(super) now: Timestamp,
}

/// The status of a component at the end of its intervals.
pub(super) struct CurrentStatus {
    /// The last known status.
    pub(super) status: Status,
    pub(super) since: Timestamp,
    /// When the status, or whether it is known, last changed.
    pub(super) updated_at: Timestamp,
    pub(super) stale_since: Option<Timestamp>,
    pub(super) waiting: bool,
    pub(super) partly: bool,
}

impl ComponentNow<'_> {
    /// The effective status from `begin` to `now`, also before the component was watched.
    pub(super) fn intervals(&self, begin: Timestamp) -> Vec<Interval<Effective>> {
        let mut intervals = overlay(&self.component.layers, begin, self.now + 1);
        self.apply_live_states(&mut intervals);
        intervals
    }

    /// The current status. If it began before `begin`, earlier intervals are read: its date must not depend on the days
    /// shown.
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
        let created_at = self.component.created_at;
        let (status, mut since) = known.next().unwrap_or((Status::Operational, created_at));
        // An interval without data, such as downtime of the aggregator, does not end a status.
        for (_, from) in known.take_while(|(earlier, _)| *earlier == status) {
            since = from;
        }
        let last = intervals.last();
        let no_data = last.filter(|last| last.value == Effective::NoData).map(|last| last.from);
        let first_known = self.first_known(intervals);
        let waiting = no_data.is_some() && first_known.is_none();
        let stale_since =
            no_data.filter(|_| !waiting).map(|from| first_known.map_or(from, |known| known.max(from)));
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

    /// When the component was first observed or set, in the intervals or before them.
    fn first_known(&self, intervals: &[Interval<Effective>]) -> Option<Timestamp> {
        let layers = &self.component.layers;
        let is_planned = |at: Timestamp| layers.planned.iter().any(|one| one.from <= at && at < one.to);
        let seen = |one: &&Interval<Effective>| one.value != Effective::NoData && !is_planned(one.from);
        let live = intervals.iter().find(seen).map(|one| one.from);
        // Former versions stored no layer for a check that was observed once and never again.
        let silent = self.tracks().filter(|one| one.track.silent);
        let observed_once = silent.filter_map(|one| self.state.evidence(one));
        let first = layers.first_known().into_iter().chain(live).min();
        first.or_else(|| observed_once.min())
    }

    /// Since when the component has been watched: never before its creation, whatever its start date. `None` as long as it
    /// was never observed or set.
    pub(super) fn watched_from(&self, intervals: &[Interval<Effective>]) -> Option<Timestamp> {
        self.first_known(intervals)?;
        Some(self.component.layers.start.max(self.component.created_at))
    }

    /// The status from `from` to `to`, and up to now at most; it was not watched before `watched`.
    pub(super) fn over(
        &self,
        watched: Option<Timestamp>,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Interval<Effective>> {
        let end = self.now + 1;
        let intervals =
            if to < end { overlay(&self.component.layers, from, to) } else { self.intervals(from) };
        skerry_domain::layers::watched_from(intervals, watched.unwrap_or(Timestamp::FAR))
    }

    /// The intervals since `watched` in which it was not known to be operational and that touch the time from `from` to
    /// `to`, each complete, with those that adjoin them.
    pub(super) fn past(
        &self,
        watched: Timestamp,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Interval<Effective>> {
        let end = self.now + 1;
        let (mut from, mut to, mut reach) = (from.max(watched), to.min(end), 30 * DAY);
        while from < to {
            let intervals =
                if to < end { overlay(&self.component.layers, from, to) } else { self.intervals(from) };
            let intervals = skerry_domain::layers::watched_from(intervals, watched);
            let cut = |one: Option<&Interval<Effective>>| one.is_some_and(|one| !is_quiet(one.value));
            let began_before = from > watched && cut(intervals.first());
            let goes_on = to < end && cut(intervals.last());
            if !began_before && !goes_on {
                return intervals.into_iter().filter(|one| !is_quiet(one.value)).collect();
            }
            // What is longer than that is rare.
            from = if began_before { watched.max(from - reach) } else { from };
            to = if goes_on { end.min(to + reach) } else { to };
            reach *= 8;
        }
        Vec::new()
    }

    /// The links to its present checks.
    pub(super) fn open_links(&self) -> impl Iterator<Item = &Link> {
        self.component.links.iter().filter(|link| link.to == Timestamp::FAR)
    }

    /// The agent checks of its present checks.
    pub(super) fn tracks(&self) -> impl Iterator<Item = &AgentCheck> {
        let tracks = self.open_links().flat_map(|link| &self.state.checks[&link.check].tracks);
        tracks.map(|track| &self.state.tracks[track])
    }

    /// Newest conclusive evidence.
    pub(super) fn evidence(&self) -> Option<Timestamp> {
        self.tracks().filter_map(|one| self.state.evidence(one)).max()
    }

    /// When the evidence of all its checks will be older than the silence limit.
    pub(super) fn fresh_until(&self) -> Option<Timestamp> {
        let until = |one| Some(self.state.evidence(one)? + AgentCheck::silence(one));
        self.tracks().filter_map(until).max()
    }

    /// The vote of a linked check, and since when it has had no data if it ever had any.
    fn word(&self, link: &Link) -> (Word, Option<Timestamp>) {
        let (reporters, quorum) = reporters_of(self.state, link.check);
        let now = verdict::now(&reporters, quorum, self.now);
        let unknown = now.verdict == Verdict::Unknown;
        let before = unknown.then(|| verdict::last_known(&reporters, quorum, self.now)).flatten();
        let last: Option<Evaluation> = before.map(|(evaluation, _)| evaluation);
        (Word::new(link.minor, now, last), before.map(|(_, until)| until))
    }

    /// How many of its checks have no data, and since when.
    pub(super) fn unseen(&self) -> Unseen {
        let words: Vec<_> = self.open_links().map(|link| self.word(link)).collect();
        let unseen = || words.iter().filter(|(word, _)| !word.seen).map(|(_, since)| *since);
        let since = unseen().flatten().min();
        Unseen { since, since_differs: unseen().any(|one| one != since), checks: unseen().count() }
    }

    /// Applies the live states that agents report while they still deliver older observations. A live state that equals
    /// the newest observation changes nothing.
    fn apply_live_states(&self, intervals: &mut Vec<Interval<Effective>>) {
        let changed = |one: &AgentCheck| {
            let known = one.track.spans.last().filter(|_| !one.track.silent).map(|span| span.state);
            let flaps = one.track.flapping();
            one.live.filter(|live| known != Some(live.span.state) || live.flapping != flaps)
        };
        let newest = self.tracks().filter_map(changed).map(|live| live.span.from).max();
        let Some(from) = newest else { return };
        let layers = &self.component.layers;
        let overridden = layers.manual.iter().any(|one| one.contains(self.now))
            || layers.planned.iter().any(|one| one.contains(self.now))
            || layers.corrected.iter().any(|one| one.contains(self.now));
        if overridden {
            return;
        }
        let value = match status_of(self.open_links().map(|link| self.word(link).0)) {
            Automatic::Known(status) => Effective::Known(status),
            Automatic::Partly(status) => Effective::Partly(status),
            Automatic::NoData => Effective::NoData,
        };
        splice(intervals, from, vec![Interval { from, to: self.now + 1, value }]);
    }
}
