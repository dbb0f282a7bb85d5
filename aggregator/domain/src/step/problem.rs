//! Problems: how they open, change and end, and what operators do to them.

use super::{Change, Changes, Context, Rejected, automatic, recovery};
use crate::problem::{
    Acknowledged, Level, Problem, ProblemEvent, ProblemEventKind, ProblemSubject, Severity,
};
use crate::schedule::Due;
use crate::state::{ProblemKey, State};
use crate::time::{DAY, Timestamp};
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
pub(super) struct Evidence {
    pub(super) level: Level,
    pub(super) began: Timestamp,
    pub(super) reason: Reason,
    pub(super) reporters: Vec<String>,
}

pub(super) fn open_problem(
    state: &mut State,
    subject: ProblemSubject,
    evidence: Evidence,
    context: Context,
    changes: &mut Changes,
) {
    let key = record(state, subject, evidence, false, context, changes);
    state.open_problems.insert(subject, key);
    changes.push(Change::ProblemChanged(key));
    automatic::announce(state, key, context, changes);
}

/// Adds a problem with its first event.
pub(super) fn record(
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
    state.problems_of.insert((subject, key));
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

pub(super) fn set_level(
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
        recovery::problem_lasts(state, key, changes);
        automatic::announce(state, key, context, changes);
    } else {
        recovery::problem_ended(state, key, context, changes);
    }
}

pub(super) fn end(
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
    recovery::problem_ended(state, key, context, changes);
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
            return Err(Rejected::state("problem", "this problem has ended"));
        }
        ProblemChange::Acknowledge => {
            let by = by.clone().unwrap_or_default();
            problem.acknowledged = Some(Acknowledged { at: context.now, by });
            (ProblemEventKind::Acknowledged, None)
        }
        ProblemChange::Note(note) if note.trim().is_empty() => {
            return Err(Rejected::invalid("note", "a note needs a text"));
        }
        ProblemChange::Note(note) if note.chars().any(char::is_control) => {
            return Err(Rejected::invalid("note", "a note is one line without control characters"));
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

/// Forgets an ended problem at the end of its retention.
pub(super) fn due(state: &mut State, key: ProblemKey, now: Timestamp, changes: &mut Changes) {
    let Some(problem) = state.problems.get(&key) else { return };
    if problem.ended.is_some_and(|ended| now - ended >= KEPT) {
        state.problems_of.remove(&(problem.subject, key));
        state.problems.remove(&key);
        changes.touched.forgotten_problem(key);
    }
    state.reschedule(Due::Problem(key));
}

impl State {
    /// When a tick has something to do for a problem.
    pub(crate) fn problem_due(&self, key: ProblemKey) -> Option<Timestamp> {
        self.problems.get(&key)?.ended.map(|ended| ended + KEPT)
    }
}
