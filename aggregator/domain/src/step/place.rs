//! Places observations on the aggregator's clock and limits what they may change. No observation reaches back further
//! than a spool keeps records, and none changes what the agent reported earlier about the same time.

use super::recompute::RecomputeFrom;
use super::report::open_state;
use super::reported::{Observed, Report, When};
use super::{Change, Changes, RawObservation};
use crate::state::{AgentCheck, LastRun, TrackKey};
use crate::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use crate::track::TrackObservation;
use skerry_protocol::wire::Outcome;

/// The age up to which observations are accepted, ms: the seven days that a spool keeps them, and an hour because
/// clocks differ.
const OLDEST: i64 = 7 * DAY + HOUR;
/// How far apart two batches of one spool may place the same moment, ms.
const UNSURE: i64 = MINUTE;
/// The same for records of a former spool that a new spool sends again, ms.
const AGAIN: i64 = 5 * SECOND;

/// An observation to be placed into its track.
pub(super) struct Placed<'a> {
    pub(super) report: &'a Report,
    /// Offset of the wall clock of earlier boots, ms.
    pub(super) offset: i64,
    pub(super) observed: &'a Observed,
    pub(super) count: u32,
    pub(super) spread: i64,
}

impl Placed<'_> {
    /// Returns how many are too old to be accepted.
    pub(super) fn take(
        &self,
        key: TrackKey,
        agent_check: &mut AgentCheck,
        changes: &mut Changes,
        recompute_from: &mut RecomputeFrom,
    ) -> u64 {
        let Observed { outcome, reason, hard, flapping, .. } = *self.observed;
        let first = self.place(self.observed.when);
        let before = open_state(agent_check);
        let since = self.since(agent_check);
        let counts = agent_check.held.is_none();
        let (mut began, mut too_old, mut newest) = (Timestamp(0), 0, None);
        for n in 0..self.number() {
            let at = self.nth(first, n);
            if at < self.oldest() {
                too_old += 1;
                continue;
            }
            if agent_check.settled.is_some_and(|settled| at < settled + -AGAIN) {
                continue;
            }
            newest = Some(at);
            if counts {
                changes.push(self.raw(key, at));
            }
            if outcome == Outcome::Inconclusive {
                continue;
            }
            agent_check.outcomes.note(outcome, at);
            let since = since.filter(|_| n == 0);
            if declared_since(agent_check, since.map_or(at, |since| since.min(at))) {
                recompute_from
                    .note(agent_check.check, agent_check.declared.last().map_or(at, |open| open.from));
                changes.touched.declared(key);
            }
            // Folded observations form one stretch without a gap.
            let silence = if n == 0 { agent_check.silence_after(agent_check.track.last()) } else { i64::MAX };
            if let Some(from) =
                agent_check.track.observe(TrackObservation { at, hard, since, flapping }, silence)
            {
                recompute_from.note(agent_check.check, from);
                changes.touched.spans(key, from);
                began = began.max(from);
            }
            self.keep_silence(agent_check, recompute_from);
        }
        if let Some(at) = newest {
            agent_check.note_run(self.run(at));
        }
        if let Some(since) = since
            && counts
            && open_state(agent_check) != before
        {
            // Never before the edge of the span: batches with different delays are placed differently.
            let since = since.max(began);
            agent_check.transition = Some(since);
            let (at, detail) = (first.max(since), self.observed.detail.clone());
            let transition =
                Change::Transition { track: key, since, at, from: before, to: hard, reason, detail };
            changes.push(transition);
        }
        too_old
    }

    fn number(&self) -> i64 {
        i64::from(self.count.max(1))
    }

    /// When the observation with number `n` (from 0) was made; they are spread evenly from `first` on.
    fn nth(&self, first: Timestamp, n: i64) -> Timestamp {
        let gaps = self.number() - 1;
        let at = first + if gaps > 0 { self.spread * n / gaps } else { 0 };
        at.min(self.report.received)
    }

    fn raw(&self, track: TrackKey, at: Timestamp) -> Change {
        let Observed { outcome, reason, total_us, phases, .. } = *self.observed;
        let total_us = Some(total_us);
        Change::Raw(RawObservation { at, track, outcome, reason, total_us, phases })
    }

    fn run(&self, at: Timestamp) -> LastRun {
        let Observed { outcome, reason, total_us, .. } = *self.observed;
        let total_us = Some(total_us.min(i64::MAX as u64));
        LastRun { at, outcome, reason, detail: self.observed.detail.clone(), total_us }
    }

    /// Start of the run that confirmed a transition: never before an observation of the agent that cannot be part of
    /// that run, so that earlier reports stay valid, and never before the last transition. A batch that was longer on
    /// its way than the next ones may have placed that one later than they place this one, and if it lasted no longer
    /// than the delay, no span remembers it.
    fn since(&self, agent_check: &AgentCheck) -> Option<Timestamp> {
        let since = self.place(self.observed.since?).max(self.oldest());
        let other = agent_check.outcomes.outside_a_run_to(self.observed.hard);
        let since = other.filter(|other| since < *other + -UNSURE).unwrap_or(since);
        Some(agent_check.transition.map_or(since, |last| last.max(since)))
    }

    /// Nothing before this instant is accepted.
    fn oldest(&self) -> Timestamp {
        self.report.received + -OLDEST
    }

    /// Placement = received − (boot now − boot then); of an earlier boot, wall clock less its offset, and not
    /// after the present boot began. Nothing is placed in the future, nor before 1970.
    fn place(&self, when: When) -> Timestamp {
        let Report { received, boot_now, .. } = *self.report;
        let placed = match when {
            When::ThisBoot(boot) => received - (boot_now - boot).max(0),
            When::EarlierBoot(wall) => (wall - self.offset).min(received - boot_now),
        };
        placed.max(Timestamp(0))
    }

    /// History older than the silence limit fills the past; it does not end a current silence.
    fn keep_silence(&self, agent_check: &mut AgentCheck, recompute_from: &mut RecomputeFrom) {
        let Some(last) = agent_check.track.last() else { return };
        if self.report.received - last > agent_check.silence() {
            if let Some(from) = agent_check.track.fall_silent() {
                recompute_from.note(agent_check.check, from);
            }
        } else {
            agent_check.excluded = false;
        }
    }
}

/// An agent that observed something ran the check at that time, even if its declaration arrived later: the newest
/// declaration is moved back to that time, but never into an earlier one, and never before the agent joined other
/// reporters. Returns whether it moved.
fn declared_since(agent_check: &mut AgentCheck, at: Timestamp) -> bool {
    let [earlier @ .., open] = &*agent_check.declared else { return false };
    let from = at.max(earlier.last().map_or(Timestamp(0), |ended| ended.to));
    let from = from.max(agent_check.joined.unwrap_or(from));
    let moved = open.to == Timestamp::FAR && from < open.from;
    if moved && let Some(open) = agent_check.declared.edit().last_mut() {
        open.from = from;
    }
    moved
}
