//! The verdict of each check as the state holds it: what it is, since when, why, and who reports it. `step` keeps it equal
//! to what [`super::verdict::now`] makes of the evidence; problems will hang on its changes.

use super::schedule::Due;
use super::state::{AgentCheck, AgentKey, CheckKey, State};
use super::step::reporters_of;
use super::time::{DAY, Timestamp};
use super::track::HardState;
use super::verdict::{self, Evaluation, Quorums, Reporter, Verdict, Vote};
use skerry_protocol::wire::{Outcome, Reason};

/// What is held to be true of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckVerdict {
    /// The verdict, and whether it flaps.
    pub evaluation: Evaluation,
    /// Since when the verdict is this one. `None`: nobody ever said anything.
    pub since: Option<Timestamp>,
    /// Why, in the word of the first reporter that has one.
    pub reason: Reason,
    /// Who says so; nobody where it is unknown.
    pub reported_by: Vec<ReportedBy>,
    /// It stands until then, whatever nobody says. Not stored: after a load every verdict is looked at once.
    pub until: Timestamp,
}

/// One who says what the verdict says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportedBy {
    /// Which agent.
    pub agent: AgentKey,
    /// Where it stood then.
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
            until: Timestamp(i64::MIN),
        }
    }
}

impl CheckVerdict {
    /// It is not well, and nobody said why yet: a snapshot carries no reason.
    pub(super) fn lacks_reason(&self) -> bool {
        self.reason == Reason::None && matches!(self.evaluation.verdict, Verdict::Degraded | Verdict::Down)
    }
}

/// A stretch of the past that is known only now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// What held before it.
    pub(super) before: Evaluation,
    /// What held.
    pub(super) evaluation: Evaluation,
    /// First instant.
    pub(super) from: Timestamp,
    /// First instant after.
    pub(super) to: Timestamp,
}

impl State {
    /// Works out the verdict of every check that has none yet, as after a load. Emits no change.
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

    /// The verdict of a check as it is kept.
    #[must_use]
    pub fn verdict_of(&self, check: CheckKey) -> Verdict {
        self.verdicts.get(&check).map_or(Verdict::Unknown, |kept| kept.evaluation.verdict)
    }
}

/// What a check is at `now`; `former` is what was kept, and nothing before `changed` means anything else since then.
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
    CheckVerdict { evaluation, since, reason, reported_by, until }
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

/// Since when the verdict is this one.
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

/// Since when the verdict of a check is what it is, worked out from all that is known; `None`: nobody ever said anything.
/// What only a snapshot says, ahead of the history, holds since that began.
pub(super) fn since_ever(
    reporters: &[Reporter<'_>],
    quorums: Quorums<'_>,
    verdict: Verdict,
    now: Timestamp,
) -> Option<Timestamp> {
    let begun = reporters.iter().filter_map(|one| one.track.spans.first()).map(|span| span.from).min();
    let live = reporters.iter().filter_map(|one| one.live).map(|live| live.span.from).max();
    let Some(begun) = begun else { return live };
    // Almost always it is of today.
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

/// Since when the history from `from` on says so without a break until `now`; `None`: it does not say so at `now`.
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

/// Stretches from `from` on that are over at `now` and during which the check was not well, oldest first.
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
