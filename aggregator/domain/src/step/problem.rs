//! Problems: opened, changed and ended by changes of verdicts and by silent agents, and what operators do to them.
//! History that ended longer ago than the silence limit leaves at most an ended problem.

use super::{Change, Changes, Context, Rejected, automatic};
use crate::check_verdict::ReportedBy;
use crate::problem::{
    Acknowledged, Level, Problem, ProblemEvent, ProblemEventKind, ProblemSubject, Severity,
};
use crate::schedule::Due;
use crate::state::{AgentKey, CheckKey, ProblemKey, State};
use crate::time::{DAY, Timestamp};
use crate::verdict::{Evaluation, Verdict};
use skerry_protocol::wire::Reason;

/// For how long an ended problem is kept, ms.
const KEPT: i64 = 400 * DAY;

/// A change of a problem by an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemChange {
    /// The operator knows of it: its team is not reminded again.
    Acknowledge,
    /// A note for operators.
    Note(String),
    /// Another severity; `None`: that of the rule.
    SetSeverity(Option<Severity>),
    /// Whether it is kept private: then it leads to no incident.
    SetPrivate(bool),
}

impl ProblemChange {
    /// Its name, for the log and the audit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge_problem",
            Self::Note(_) => "note_problem",
            Self::SetSeverity(_) => "set_severity",
            Self::SetPrivate(_) => "set_private",
        }
    }
}

/// The evidence for a problem.
struct Evidence {
    level: Level,
    began: Timestamp,
    reason: Reason,
    reporters: Vec<String>,
}

/// Updates problems after the events of a step.
pub(super) fn follow(state: &mut State, context: Context, changes: &mut Changes) {
    // Most steps only store observations.
    let events: Vec<Change> = changes.events.iter().filter(|event| is_relevant(event)).cloned().collect();
    for event in events {
        match event {
            Change::Verdict { check, from, to, since, until: None, reason, reported_by, late: _ } => {
                let began = since.unwrap_or(context.now);
                let evidence =
                    |level| Evidence { level, began, reason, reporters: named(state, &reported_by) };
                let evidence = Level::of(to.verdict).map(evidence);
                verdict_changed(state, check, (from, to), evidence, context, changes);
            }
            Change::Verdict { check, to, since: Some(from), until: Some(until), .. } => {
                past(state, check, to.verdict, (from, until), context, changes);
            }
            Change::BelowQuorum { check, since, reported_by } => {
                below_quorum(state, check, since.zip(Some(reported_by)), context, changes);
            }
            Change::FellSilent { agent, .. } => fell_silent(state, agent, context, changes),
            Change::ReportsAgain { agent, .. } => {
                if let Some(key) = state.open_problem(ProblemSubject::Agent(agent)) {
                    end(state, key, context.now, false, context, changes);
                }
            }
            _ => {}
        }
    }
}

fn is_relevant(event: &Change) -> bool {
    matches!(
        event,
        Change::Verdict { .. }
            | Change::BelowQuorum { .. }
            | Change::FellSilent { .. }
            | Change::ReportsAgain { .. }
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

/// The verdict of a check is another. While the check flaps, problems neither open nor end; one that is open counts.
fn verdict_changed(
    state: &mut State,
    check: CheckKey,
    (from, to): (Evaluation, Evaluation),
    evidence: Option<Evidence>,
    context: Context,
    changes: &mut Changes,
) {
    let subject = ProblemSubject::Check(check);
    let open = state.open_problem(subject);
    if to.flapping {
        if let Some(key) = open.filter(|_| from.verdict != to.verdict) {
            state.problems.get_mut(&key).expect("the index names problems").flaps += 1;
            changes.touched.problem(key);
        }
        return;
    }
    match (evidence, open) {
        (Some(evidence), Some(key)) => set_level(state, key, evidence, context, changes),
        (Some(evidence), None) => open_problem(state, subject, evidence, context, changes),
        (None, Some(key)) if to.verdict == Verdict::Up => {
            let below = state.verdicts.get(&check).is_some_and(|kept| !kept.below_quorum.is_empty());
            if !below {
                let ended = state.verdicts.get(&check).and_then(|kept| kept.since);
                end(state, key, ended.unwrap_or(context.now), false, context, changes);
            }
        }
        (None, Some(key)) if !is_run(state, check) => {
            end(state, key, context.now, true, context, changes);
        }
        // What is no longer seen keeps its problem.
        (None, _) => {}
    }
}

fn is_run(state: &State, check: CheckKey) -> bool {
    let tracks = state.checks.get(&check).into_iter().flat_map(|check| &check.tracks);
    tracks.filter_map(|track| state.tracks.get(track)).any(|one| one.is_declared())
}

/// Fewer locations than the quorum say down (`found`), or no longer.
fn below_quorum(
    state: &mut State,
    check: CheckKey,
    found: Option<(Timestamp, Vec<ReportedBy>)>,
    context: Context,
    changes: &mut Changes,
) {
    let subject = ProblemSubject::Check(check);
    let is_bad = Level::of(state.verdict_of(check)).is_some();
    match (found, state.open_problem(subject)) {
        (Some(_), _) if is_bad => {}
        (Some((began, reported_by)), open) => {
            let reporters = named(state, &reported_by);
            let evidence = Evidence { level: Level::BelowQuorum, began, reason: Reason::None, reporters };
            match open {
                Some(key) => set_level(state, key, evidence, context, changes),
                None => open_problem(state, subject, evidence, context, changes),
            }
        }
        (None, Some(key)) if state.verdict_of(check) == Verdict::Up => {
            end(state, key, context.now, false, context, changes);
        }
        (None, _) => {}
    }
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
    let touches = |problem: &Problem| {
        problem.subject == subject
            && problem.began <= until
            && problem.ended.is_none_or(|ended| from <= ended)
    };
    // The stretch is seldom older than the newest problems.
    let known = state.problems.iter().rev().find(|(_, problem)| touches(problem)).map(|(key, _)| *key);
    if let Some(key) = known {
        let problem = state.problems.get_mut(&key).expect("found above");
        let ended = problem.ended.map(|ended| if problem.late { ended.max(until) } else { ended });
        let (began, worst) = (problem.began.min(from), problem.worst.max(level));
        if (began, worst, ended) != (problem.began, problem.worst, problem.ended) {
            (problem.began, problem.worst, problem.ended) = (began, worst, ended);
            changes.touched.problem(key);
        }
        return;
    }
    let evidence = Evidence { level, began: from, reason: Reason::None, reporters: Vec::new() };
    let key = record(state, subject, evidence, true, context, changes);
    let problem = state.problems.get_mut(&key).expect("made above");
    problem.ended = Some(until);
    state.open_problems.remove(&subject);
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

fn open_problem(
    state: &mut State,
    subject: ProblemSubject,
    evidence: Evidence,
    context: Context,
    changes: &mut Changes,
) {
    let key = record(state, subject, evidence, false, context, changes);
    changes.push(Change::ProblemChanged(key));
    automatic::announce(state, key, context, changes);
}

/// Adds a problem with its first event.
fn record(
    state: &mut State,
    subject: ProblemSubject,
    evidence: Evidence,
    late: bool,
    context: Context,
    changes: &mut Changes,
) -> ProblemKey {
    let key = ProblemKey::next(&mut state.counters.problems);
    let of_check = match subject {
        ProblemSubject::Check(check) => state.severity_of(check),
        ProblemSubject::Agent(_) => Severity::Medium,
    };
    let level = evidence.level;
    let problem = Problem {
        id: context.ids.id("problem", key.0),
        subject,
        began: evidence.began,
        opened: context.now,
        ended: None,
        level,
        worst: level,
        severity: level.severity(of_check),
        severity_override: None,
        private: false,
        late,
        withdrawn: false,
        flaps: 0,
        acknowledged: None,
        events: Vec::new().into(),
    };
    state.problems.insert(key, problem);
    state.open_problems.insert(subject, key);
    changes.touched.problem(key);
    let (kind, reason, reporters) = (ProblemEventKind::Opened, evidence.reason, evidence.reporters);
    add_event(state, key, Event { kind, reason, reporters, note: None, by: None }, context.now, changes);
    key
}

/// The part of a [`ProblemEvent`] that its author says.
struct Event {
    kind: ProblemEventKind,
    reason: Reason,
    reporters: Vec<String>,
    note: Option<String>,
    by: Option<String>,
}

fn add_event(state: &mut State, key: ProblemKey, event: Event, at: Timestamp, changes: &mut Changes) {
    let problem = state.problems.get_mut(&key).expect("the caller looked it up");
    let number = problem.events.last().map_or(1, |last| last.number + 1);
    let Event { kind, reason, reporters, note, by } = event;
    let level = problem.level;
    problem.events.push(ProblemEvent { number, at, kind, level, reason, reporters, note, by });
    changes.touched.problem_event(key, number);
}

fn set_level(
    state: &mut State,
    key: ProblemKey,
    evidence: Evidence,
    context: Context,
    changes: &mut Changes,
) {
    let problem = state.problems.get_mut(&key).expect("the caller looked it up");
    let (former, level) = (problem.level, evidence.level);
    if former == level {
        return;
    }
    problem.level = level;
    problem.worst = problem.worst.max(level);
    let subject = problem.subject;
    let kind = if level > former { ProblemEventKind::Grew } else { ProblemEventKind::Eased };
    if let ProblemSubject::Check(check) = subject {
        let severity = level.severity(state.severity_of(check));
        let problem = state.problems.get_mut(&key).expect("the caller looked it up");
        problem.severity = problem.severity.max(severity);
    }
    changes.touched.problem(key);
    let Evidence { reason, reporters, .. } = evidence;
    add_event(state, key, Event { kind, reason, reporters, note: None, by: None }, context.now, changes);
    changes.push(Change::ProblemChanged(key));
    if level.is_public() {
        automatic::announce(state, key, context, changes);
    } else {
        automatic::problem_ended(state, key, context, changes);
    }
}

fn end(
    state: &mut State,
    key: ProblemKey,
    at: Timestamp,
    withdrawn: bool,
    context: Context,
    changes: &mut Changes,
) {
    let Some(problem) = state.problems.get_mut(&key) else { return };
    problem.ended = Some(at.max(problem.began));
    problem.withdrawn = withdrawn;
    let subject = problem.subject;
    state.open_problems.remove(&subject);
    changes.touched.problem(key);
    let (kind, reason, reporters) = (ProblemEventKind::Ended, Reason::None, Vec::new());
    add_event(state, key, Event { kind, reason, reporters, note: None, by: None }, context.now, changes);
    changes.push(Change::ProblemChanged(key));
    state.reschedule(Due::Problem(key));
    automatic::problem_ended(state, key, context, changes);
}

/// A change by an operator.
pub(super) fn change(
    state: &mut State,
    key: ProblemKey,
    change: &ProblemChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let no_problem = || Rejected::not_found("problem", "there is no such problem");
    let problem = state.problems.get_mut(&key).ok_or_else(no_problem)?;
    let by = changes.author.clone();
    let (kind, note) = match change {
        ProblemChange::Acknowledge if problem.acknowledged.is_some() => return Ok(()),
        ProblemChange::Acknowledge if !problem.is_open() => {
            return Err(Rejected::forbidden("problem", "this problem has ended"));
        }
        ProblemChange::Acknowledge => {
            let by = by.clone().unwrap_or_default();
            problem.acknowledged = Some(Acknowledged { at: context.now, by });
            (ProblemEventKind::Acknowledged, None)
        }
        ProblemChange::Note(note) if note.trim().is_empty() => {
            return Err(Rejected::invalid("note", "a note needs a text"));
        }
        ProblemChange::Note(note) => (ProblemEventKind::Note, Some(note.clone())),
        ProblemChange::SetSeverity(severity) if problem.severity_override == *severity => return Ok(()),
        ProblemChange::SetSeverity(severity) => {
            problem.severity_override = *severity;
            (ProblemEventKind::Severity, severity.map(|severity| severity.name().to_owned()))
        }
        ProblemChange::SetPrivate(private) if problem.private == *private => return Ok(()),
        ProblemChange::SetPrivate(private) => {
            problem.private = *private;
            (if *private { ProblemEventKind::Private } else { ProblemEventKind::Public }, None)
        }
    };
    let (reason, reporters) = (Reason::None, Vec::new());
    changes.touched.problem(key);
    add_event(state, key, Event { kind, reason, reporters, note, by }, context.now, changes);
    changes.push(Change::ProblemChanged(key));
    automatic::announce(state, key, context, changes);
    Ok(())
}

/// What is due to time alone: the end of a window that held it back, and the end of its retention.
pub(super) fn due(state: &mut State, key: ProblemKey, context: Context, changes: &mut Changes) {
    let Some(problem) = state.problems.get(&key) else { return };
    match problem.ended {
        Some(ended) if context.now - ended >= KEPT => {
            state.problems.remove(&key);
            changes.touched.forgotten_problem(key);
        }
        Some(_) => {}
        None => automatic::announce(state, key, context, changes),
    }
    state.reschedule(Due::Problem(key));
}

impl State {
    /// When a tick has something to do for a problem.
    pub(crate) fn problem_due(&self, key: ProblemKey) -> Option<Timestamp> {
        let problem = self.problems.get(&key)?;
        match problem.ended {
            Some(ended) => Some(ended + KEPT),
            None => automatic::windows_end(self, problem),
        }
    }
}
