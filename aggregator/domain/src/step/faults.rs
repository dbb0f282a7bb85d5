//! Detects faults: changes of verdicts and silent agents open, change and end problems. History that ended longer ago
//! than the silence limit leaves at most an ended problem.

use super::problem::{Evidence, end, open_problem, record, set_level};
use super::{Change, Changes, Context};
use crate::check_verdict::{CheckVerdict, ReportedBy};
use crate::problem::{Level, ProblemSubject};
use crate::schedule::Due;
use crate::state::{AgentKey, CheckKey, ProblemKey, State, TrackKey};
use crate::time::Timestamp;
use crate::verdict::{Evaluation, Verdict};
use skerry_protocol::wire::Reason;
use std::collections::BTreeSet;

/// Updates problems after the events of a step.
pub(super) fn follow(state: &mut State, context: Context, changes: &mut Changes) {
    // Most steps only store observations.
    let events: Vec<Change> = changes.events.iter().filter(|event| is_relevant(event)).cloned().collect();
    let waiting = waiting(state, &events, changes);
    for event in events {
        match event {
            Change::Verdict { check, from, to, until: None, .. } => {
                count_flap(state, check, (from, to), changes);
                settle(state, check, context, changes);
            }
            Change::Verdict { check, to, since: Some(from), until: Some(until), .. } if !to.flapping => {
                past(state, check, to.verdict, (from, until), context, changes);
            }
            Change::DissentChanged(check) => settle(state, check, context, changes),
            Change::FellSilent { agent, .. } => fell_silent(state, agent, context, changes),
            Change::ReportsAgain { agent, .. } => {
                reports_again(state, agent, false, context, changes);
            }
            Change::NobodyRuns(check) => {
                if let Some(key) = state.open_problem(ProblemSubject::Check(check)) {
                    end(state, key, context.now, true, context, changes);
                }
            }
            _ => {}
        }
    }
    waiting.into_iter().for_each(|check| settle(state, check, context, changes));
    let delivered: BTreeSet<AgentKey> = changes.touched.epochs.iter().map(|(agent, _)| *agent).collect();
    delivered.into_iter().for_each(|agent| reports_again(state, agent, false, context, changes));
    if !changes.touched.agents.is_empty() || !changes.touched.declared.is_empty() {
        let agents = state.open_problems.keys().filter_map(|subject| match subject {
            ProblemSubject::Agent(agent) => Some(*agent),
            ProblemSubject::Check(_) => None,
        });
        let agents: Vec<AgentKey> = agents.collect();
        agents.into_iter().for_each(|agent| reports_again(state, agent, true, context, changes));
    }
}

/// Checks whose faults a parent may have held back, and may no longer: those that depend on a check that changed or of
/// which more is known, also of its past, and those that were seen again since their parent recovered.
fn waiting(state: &State, events: &[Change], changes: &Changes) -> BTreeSet<CheckKey> {
    let changed = events.iter().filter_map(|event| match event {
        Change::Verdict { check, from, to, until: None, .. } if from.verdict != to.verdict => Some(*check),
        Change::DependenciesChanged(check) | Change::NobodyRuns(check) => Some(*check),
        _ => None,
    });
    let mut checks: BTreeSet<CheckKey> = changed.collect();
    if !state.dependents.is_empty() {
        let of_track = |track: &TrackKey| state.tracks.get(track).map(|one| one.check);
        checks.extend(changes.touched.declared.iter().filter_map(of_track));
        let mut seen: BTreeSet<CheckKey> = changes.touched.tracks.keys().filter_map(of_track).collect();
        // An absence changes what silent agents contributed, and touches no track.
        seen.extend(&changes.rejudged);
        checks.extend(state.dependents_of(checks.union(&seen).copied()));
        checks.extend(seen.into_iter().filter(|check| !state.parents_of(*check).is_empty()));
    }
    let fails = |check: &CheckKey| {
        let kept = state.verdicts.get(check);
        kept.is_some_and(|kept| Level::of(kept.evaluation.verdict).is_some() || !kept.below_quorum.is_empty())
    };
    checks.retain(fails);
    checks
}

/// Ends the problem of an agent that is silent about nothing that it runs.
fn reports_again(
    state: &mut State,
    agent: AgentKey,
    withdrawn: bool,
    context: Context,
    changes: &mut Changes,
) {
    let Some(key) = state.open_problem(ProblemSubject::Agent(agent)) else { return };
    let is_silent = state.tracks_of(agent).any(|(_, track)| {
        let one = &state.tracks[&track];
        one.is_declared() && one.is_silent()
    });
    if !is_silent {
        end(state, key, context.now, withdrawn, context, changes);
    }
}

fn is_relevant(event: &Change) -> bool {
    matches!(
        event,
        Change::Verdict { .. }
            | Change::DissentChanged(_)
            | Change::FellSilent { .. }
            | Change::ReportsAgain { .. }
            | Change::NobodyRuns(_)
            | Change::DependenciesChanged(_)
    )
}

/// Agents and their locations, as operators see them.
fn named(state: &State, reported_by: &[ReportedBy]) -> Vec<String> {
    let name = |one: &ReportedBy| {
        let agent = state.agents.get(&one.agent).map_or("", |agent| &agent.name);
        format!("{agent} ({})", one.location)
    };
    reported_by.iter().map(name).collect()
}

/// Counts a change of the verdict while the check flaps.
fn count_flap(
    state: &mut State,
    check: CheckKey,
    (from, to): (Evaluation, Evaluation),
    changes: &mut Changes,
) {
    let Some(key) = state.open_problem(ProblemSubject::Check(check)) else { return };
    if to.flapping && from.verdict != to.verdict {
        state.problems.get_mut(&key).expect("the index names problems").flaps += 1;
        changes.touched.problem(key);
    }
}

/// Opens, changes or ends the problem of a check by its verdict. While the check flaps, nothing of that happens; what is
/// no longer seen keeps its problem. While a check that it depends on is down, its problem neither opens nor grows.
fn settle(state: &mut State, check: CheckKey, context: Context, changes: &mut Changes) {
    let subject = ProblemSubject::Check(check);
    let open = state.open_problem(subject);
    let Some(kept) = state.verdicts.get(&check).filter(|kept| !kept.evaluation.flapping) else { return };
    let (verdict, since) = (kept.evaluation.verdict, kept.since.unwrap_or(context.now));
    // What was seen to be bad is over when it is seen to be well, not when it is seen no more.
    let is_bad = open.is_some_and(|key| state.problems[&key].level.is_public());
    let unseen = verdict == Verdict::Unknown || (verdict == Verdict::Up && kept.silent_fault);
    if is_bad && unseen {
        return;
    }
    let evidence = evidence(state, check, kept, since);
    let level = open.map(|key| state.problems[&key].level);
    let grows = evidence.as_ref().is_some_and(|evidence| level.is_none_or(|level| evidence.level > level));
    if grows && state.explained_by(check).is_some() {
        return;
    }
    match (evidence, open) {
        (Some(evidence), Some(key)) => set_level(state, key, evidence, context, changes),
        (Some(evidence), None) => open_problem(state, subject, evidence, context, changes),
        (None, Some(key)) if verdict == Verdict::Up => end(state, key, since, false, context, changes),
        (None, _) => {}
    }
}

/// The evidence that a check is at fault, if it is.
fn evidence(state: &State, check: CheckKey, kept: &CheckVerdict, since: Timestamp) -> Option<Evidence> {
    if let Some(level) = Level::of(kept.evaluation.verdict) {
        let reporters = named(state, &kept.reported_by);
        return Some(Evidence { level, began: since, reason: kept.reason, reporters });
    }
    let of = |agent: &ReportedBy| state.track_of.get(&(agent.agent, check));
    let spans =
        kept.below_quorum.iter().filter_map(of).filter_map(|track| state.tracks[track].track.spans.last());
    let began = spans.map(|span| span.from).min().unwrap_or(since);
    let (reason, reporters) = (Reason::None, named(state, &kept.below_quorum));
    let evidence = Evidence { level: Level::BelowQuorum, began, reason, reporters };
    (!kept.below_quorum.is_empty()).then_some(evidence)
}

/// A past stretch that ended before now leaves an ended problem, unless one covers it.
fn past(
    state: &mut State,
    check: CheckKey,
    verdict: Verdict,
    (from, until): (Timestamp, Timestamp),
    context: Context,
    changes: &mut Changes,
) {
    let Some(level) = Level::of(verdict) else { return };
    let subject = ProblemSubject::Check(check);
    let touches = |key: &ProblemKey| {
        let problem = &state.problems[key];
        problem.began <= until && problem.ended.is_none_or(|ended| from <= ended)
    };
    let all = (subject, ProblemKey(i64::MIN))..=(subject, ProblemKey(i64::MAX));
    let mut of_subject = state.problems_of.range(all).rev().map(|(_, key)| *key);
    if let Some(key) = of_subject.find(touches) {
        let problem = state.problems.get_mut(&key).expect("found above");
        let ended = problem.ended.map(|ended| if problem.late { ended.max(until) } else { ended });
        let (began, worst) = (problem.began.min(from), problem.worst.max(level));
        if (began, worst, ended) != (problem.began, problem.worst, problem.ended) {
            (problem.began, problem.worst, problem.ended) = (began, worst, ended);
            changes.touched.problem(key);
            state.reschedule(Due::Problem(key));
        }
        return;
    }
    if state.was_explained(check, from, until) {
        return;
    }
    let evidence = Evidence { level, began: from, reason: Reason::None, reporters: Vec::new() };
    let key = record(state, subject, evidence, true, context, changes);
    let problem = state.problems.get_mut(&key).expect("made above");
    problem.ended = Some(until);
    state.reschedule(Due::Problem(key));
    changes.push(Change::ProblemChanged(key));
}

fn fell_silent(state: &mut State, agent: AgentKey, context: Context, changes: &mut Changes) {
    let subject = ProblemSubject::Agent(agent);
    if state.open_problem(subject).is_none() {
        let began = state.agents.get(&agent).and_then(|agent| agent.last_seen).unwrap_or(context.now);
        let (reason, reporters) = (Reason::None, Vec::new());
        let evidence = Evidence { level: Level::Silent, began, reason, reporters };
        open_problem(state, subject, evidence, context, changes);
    }
}
