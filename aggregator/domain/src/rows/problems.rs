//! Problems as rows, and back.

use super::Write;
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Lines, Misread, Value};
use super::{ProblemEventRow, ProblemRow};
use crate::problem::{Acknowledged, Problem, ProblemEvent, ProblemSubject};
use crate::state::{ProblemKey, State};

/// The row of a problem, without its events; `None`: the state has none with that key.
pub(super) fn problem_row(state: &State, key: ProblemKey) -> Option<ProblemRow> {
    let problem = state.problems.get(&key)?;
    let (check, agent) = match problem.subject {
        ProblemSubject::Check(check) => (Some(check), None),
        ProblemSubject::Agent(agent) => (None, Some(agent)),
    };
    let acknowledged = problem.acknowledged.as_ref();
    Some(ProblemRow {
        workspace: state.workspace.key,
        key,
        id: problem.id.clone(),
        check,
        agent,
        began_ms: problem.began,
        opened_ms: problem.opened,
        ended_ms: problem.ended,
        level: problem.level,
        worst: problem.worst,
        severity: problem.severity,
        severity_override: problem.severity_override,
        private: problem.private,
        late: problem.late,
        withdrawn: problem.withdrawn,
        flaps: problem.flaps,
        acknowledged_ms: acknowledged.map(|one| one.at),
        acknowledged_by: acknowledged.map(|one| one.by.clone()),
    })
}

/// The row of an event of a problem.
pub(super) fn event_row(state: &State, key: ProblemKey, number: i64) -> Option<ProblemEventRow> {
    let problem = state.problems.get(&key)?;
    let event = problem.events.iter().rfind(|event| event.number == number)?.clone();
    Some(ProblemEventRow {
        workspace: state.workspace.key,
        problem: key,
        number,
        at_ms: event.at,
        kind: event.kind,
        level: event.level,
        reason: event.reason,
        reporters: Lines(event.reporters),
        note: event.note,
        author: event.by,
    })
}

/// Deletes a problem with its events.
pub(super) fn forget(state: &State, key: ProblemKey, writes: &mut Vec<Write>) {
    let of = || [state.workspace.key.value(), key.value()].map(Value::into_owned);
    let rows = [Key::of::<ProblemEventRow>(of()), Key::of::<ProblemRow>(of())];
    writes.extend(rows.map(Write::Delete));
}

impl Restore for ProblemRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let subject = match (self.check, self.agent) {
            (Some(check), None) => ProblemSubject::Check(check),
            (None, Some(agent)) => ProblemSubject::Agent(agent),
            other => return Err(Misread::new(other).within("problem", "check")),
        };
        let by = self.acknowledged_by.unwrap_or_default();
        let problem = Problem {
            id: self.id,
            subject,
            began: self.began_ms,
            opened: self.opened_ms,
            ended: self.ended_ms,
            level: self.level,
            worst: self.worst,
            severity: self.severity,
            severity_override: self.severity_override,
            private: self.private,
            late: self.late,
            withdrawn: self.withdrawn,
            flaps: self.flaps,
            acknowledged: self.acknowledged_ms.map(|at| Acknowledged { at, by }),
            events: Vec::new().into(),
        };
        if problem.is_open() {
            state.open_problems.insert(subject, self.key);
        }
        state.problems_of.insert((subject, self.key));
        state.problems.insert(self.key, problem);
        Ok(())
    }
}

impl Restore for ProblemEventRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if let Some(problem) = state.problems.get_mut(&self.problem) {
            problem.events.push(ProblemEvent {
                number: self.number,
                at: self.at_ms,
                kind: self.kind,
                level: self.level,
                reason: self.reason,
                reporters: self.reporters.0,
                note: self.note,
                by: self.author,
            });
        }
        Ok(())
    }
}
