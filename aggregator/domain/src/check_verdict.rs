//! The verdict of each check as kept in the state, with its beginning, reason and reporters. `step` keeps it equal to
//! what [`super::verdict::now`] computes from the evidence. Its changes will open and close problems.

use super::schedule::Due;
use super::state::{AgentCheck, AgentKey, CheckKey, State};
use super::step::reporters_of;
use super::time::{DAY, Timestamp};
use super::track::HardState;
use super::verdict::{self, Evaluation, Quorums, Reporter, Verdict, Vote};
use skerry_protocol::wire::{Outcome, Reason};

/// The verdict of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckVerdict {
    /// The verdict, and whether it flaps.
    pub evaluation: Evaluation,
    /// When this verdict began. `None`: there was never any evidence.
    pub since: Option<Timestamp>,
    /// The reason given by the first reporter that has one.
    pub reason: Reason,
    /// The agents that agree with it; empty if the verdict is unknown.
    pub reported_by: Vec<ReportedBy>,
    /// The agents of locations that say down, while the verdict is not down: fewer than the quorum.
    pub below_quorum: Vec<ReportedBy>,
    /// An agent that counts is silent and last said that the check is degraded or down.
    pub silent_fault: bool,
    /// The verdict holds until then unless new evidence arrives. Not stored: after a load every verdict is computed
    /// once.
    pub until: Timestamp,
}

/// An agent that agrees with the verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportedBy {
    /// The agent.
    pub agent: AgentKey,
    /// The agent's location at that time.
    pub location: String,
}

impl Default for CheckVerdict {
    fn default() -> Self {
        let evaluation = Evaluation { verdict: Verdict::Unknown, flapping: false };
        Self {
            evaluation,
            since: None,
            reason: Reason::None,
            reported_by: Vec::new(),
            below_quorum: Vec::new(),
            silent_fault: false,
            until: Timestamp(i64::MIN),
        }
    }
}

impl CheckVerdict {
    /// Whether the check is degraded or down without a known reason: a snapshot carries none.
    pub(super) fn lacks_reason(&self) -> bool {
        self.reason == Reason::None && matches!(self.evaluation.verdict, Verdict::Degraded | Verdict::Down)
    }

    /// Whether it stays as it is at `now` unless some evidence changes its meaning: it gives no reason, which newer
    /// evidence may state anew, and time alone does not end it.
    pub(super) fn stays(&self, now: Timestamp) -> bool {
        let gives_reason = matches!(self.evaluation.verdict, Verdict::Degraded | Verdict::Down);
        !gives_reason && self.since.is_some() && now < self.until
    }
}

/// A stretch of the past that became known late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// The evaluation before it.
    pub(super) before: Evaluation,
    /// The evaluation during it.
    pub(super) evaluation: Evaluation,
    /// First instant.
    pub(super) from: Timestamp,
    /// First instant after.
    pub(super) to: Timestamp,
}

impl State {
    /// Computes the verdict of every check that has none yet, as after a load. Emits no change.
    pub fn derive_verdicts(&mut self, now: Timestamp) {
        let all: Vec<CheckKey> = self.checks.keys().copied().collect();
        for check in all {
            if self.verdicts.get(&check).is_none_or(|kept| *kept == CheckVerdict::default()) {
                let kept = judge(self, check, None, None, now);
                self.verdicts.insert(check, kept);
                self.reschedule(Due::Verdict(check));
            }
        }
    }

    /// The stored verdict of a check.
    #[must_use]
    pub fn verdict_of(&self, check: CheckKey) -> Verdict {
        self.verdicts.get(&check).map_or(Verdict::Unknown, |kept| kept.evaluation.verdict)
    }
}

/// The verdict of a check at `now`. `former` is the stored one; nothing before `changed` has changed its meaning since.
pub(super) fn judge(
    state: &State,
    check: CheckKey,
    former: Option<&CheckVerdict>,
    changed: Option<Timestamp>,
    now: Timestamp,
) -> CheckVerdict {
    let (reporters, quorums) = reporters_of(state, check);
    let evaluation = verdict::now(&reporters, quorums, now);
    let until = reporters.iter().map(|one| one.stands_until(now)).min().unwrap_or(Timestamp::FAR);
    let tracks = state.checks[&check].tracks.iter().map(|track| &state.tracks[track]);
    let saying = |reporter: &Reporter<'_>| agrees(evaluation.verdict, reporter.vote_now(now));
    let saying = tracks.zip(&reporters).filter(|(_, reporter)| saying(reporter)).map(|(track, _)| track);
    let (mut reported_by, mut reason) = (Vec::new(), Reason::None);
    for one in saying {
        if reason == Reason::None {
            reason = reason_of(evaluation.verdict, one);
        }
        let location = state.agents[&one.agent].location.clone();
        reported_by.push(ReportedBy { agent: one.agent, location });
    }
    reported_by.sort_unstable();
    let since = since(&reporters, quorums, evaluation.verdict, former, changed, now);
    let below_quorum = match evaluation.verdict {
        Verdict::Down => Vec::new(),
        _ => below_quorum(state, check, &reporters, now),
    };
    let silent_fault = reporters.iter().any(|one| is_silent_fault(one, now));
    CheckVerdict { evaluation, since, reason, reported_by, below_quorum, silent_fault, until }
}

fn is_silent_fault(reporter: &Reporter<'_>, now: Timestamp) -> bool {
    let last = reporter.track.spans.last().map(|span| span.state);
    reporter.vote_now(now) == Vote::Silent && matches!(last, Some(HardState::Down | HardState::Degraded))
}

/// The agents of locations that say down.
fn below_quorum(
    state: &State,
    check: CheckKey,
    reporters: &[Reporter<'_>],
    now: Timestamp,
) -> Vec<ReportedBy> {
    let says = |reporter: &Reporter<'_>, wanted: fn(HardState) -> bool| match reporter.vote_now(now) {
        Vote::Known { hard, flapping } => !flapping && wanted(hard),
        Vote::Absent | Vote::Silent => false,
    };
    let down = |reporter: &Reporter<'_>| says(reporter, |hard| hard == HardState::Down);
    let better = |reporter: &Reporter<'_>| {
        says(reporter, |hard| !matches!(hard, HardState::Down | HardState::Unknown))
    };
    if !reporters.iter().any(down) {
        return Vec::new();
    }
    let tracks = state.checks[&check].tracks.iter().map(|track| &state.tracks[track]);
    let overruled = tracks.zip(reporters).filter(|(_, reporter)| {
        let others = reporters.iter().filter(|other| other.location == reporter.location);
        down(reporter) && !others.into_iter().any(better)
    });
    let mut agents: Vec<ReportedBy> = overruled
        .map(|(track, _)| ReportedBy {
            agent: track.agent,
            location: state.agents[&track.agent].location.clone(),
        })
        .collect();
    agents.sort_unstable();
    agents
}

fn agrees(verdict: Verdict, vote: Vote) -> bool {
    let Vote::Known { hard, .. } = vote else { return false };
    match verdict {
        Verdict::Up => hard == HardState::Up,
        Verdict::Degraded => matches!(hard, HardState::Degraded | HardState::Down),
        Verdict::Down => hard == HardState::Down,
        Verdict::Unknown => false,
    }
}

fn reason_of(verdict: Verdict, one: &AgentCheck) -> Reason {
    let Some(run) = &one.last_run else { return Reason::None };
    let agrees = match verdict {
        Verdict::Degraded => matches!(run.outcome, Outcome::Degraded | Outcome::Down),
        Verdict::Down => run.outcome == Outcome::Down,
        Verdict::Up | Verdict::Unknown => false,
    };
    if agrees { run.reason } else { Reason::None }
}

/// When this verdict began.
fn since(
    reporters: &[Reporter<'_>],
    quorums: Quorums<'_>,
    verdict: Verdict,
    former: Option<&CheckVerdict>,
    changed: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let stood = former.filter(|former| former.evaluation.verdict == verdict).and_then(|former| former.since);
    match (stood, changed) {
        (Some(stood), None) => Some(stood),
        (Some(stood), Some(changed)) if stood < changed => {
            let begun = last_begun(reporters, quorums, verdict, changed, now);
            begun.filter(|begun| *begun > changed).or(Some(stood))
        }
        _ => since_ever(reporters, quorums, verdict, now),
    }
}

/// When the current verdict of a check began, computed from all evidence; `None`: there was never any. A state that
/// only a snapshot reports, ahead of the history, begins when the snapshot says.
pub(super) fn since_ever(
    reporters: &[Reporter<'_>],
    quorums: Quorums<'_>,
    verdict: Verdict,
    now: Timestamp,
) -> Option<Timestamp> {
    let begun = reporters.iter().filter_map(|one| one.track.spans.first()).map(|span| span.from).min();
    let live = reporters.iter().filter_map(|one| one.live).map(|live| live.span.from).max();
    let Some(begun) = begun else { return live };
    // Almost always it began today.
    let mut reach = DAY;
    loop {
        let from = begun.max(now - reach);
        let since = last_begun(reporters, quorums, verdict, from, now);
        if since != Some(from) || from == begun {
            return since.or(live);
        }
        reach = reach.saturating_mul(8);
    }
}

/// When the evaluation began that has held without a break until `now`, in the history from `from` on; `None`: it does
/// not hold at `now`.
fn last_begun(
    reporters: &[Reporter<'_>],
    quorums: Quorums<'_>,
    verdict: Verdict,
    from: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let timeline = verdict::timeline(reporters, quorums, from);
    let past = timeline.iter().rev().skip_while(|interval| interval.from > now);
    past.take_while(|interval| interval.value.verdict == verdict).last().map(|interval| interval.from)
}

/// Stretches from `from` on that ended before `now` and in which the check was degraded or down, oldest first.
pub(super) fn past(state: &State, check: CheckKey, from: Timestamp, now: Timestamp) -> Vec<Past> {
    let (reporters, quorums) = reporters_of(state, check);
    let timeline = verdict::timeline(&reporters, quorums, from - 1);
    let pairs = timeline.windows(2).filter(|pair| pair[1].from >= from && pair[1].to <= now);
    let bad = pairs.filter(|pair| matches!(pair[1].value.verdict, Verdict::Degraded | Verdict::Down));
    bad.map(|pair| Past {
        before: pair[0].value,
        evaluation: pair[1].value,
        from: pair[1].from,
        to: pair[1].to,
    })
    .collect()
}
