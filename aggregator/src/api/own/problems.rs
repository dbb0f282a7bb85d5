//! Problems, for operators.

use super::list::Part;
use crate::api::call::{Call, Plan, together};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::problem::{Problem, ProblemSubject, Severity};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ProblemKey, State};
use skerry_domain::step::{Answer, Command, ProblemChange};
use skerry_protocol::wire::Reason;

/// The most characters of a note.
const LONGEST_NOTE: usize = 4_000;

/// `GET /api/v1/problems`: those that last, or all with `?state=all`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut query = call.query.fields();
    let state =
        query.choice("state", |name| ["open", "all"].into_iter().find(|one| *one == name), &["open", "all"]);
    query.finish()?;
    let all = state == Some("all");
    let problems = call.state.problems.iter().rev();
    Part::of(call)?.take(
        problems,
        |(_, one)| all || one.is_open(),
        |(_, one)| &one.id,
        |(key, one)| summary(call.state, **key, one),
    )
}

/// `GET /api/v1/problems/{problem}`: with its evidence and what operators did.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, problem) = named(call)?;
    let mut shown = summary(call.state, key, problem);
    let events = problem.events.iter().map(|event| {
        json!({
            "at": event.at.to_string(),
            "kind": event.kind.name(),
            "level": event.level.name(),
            "reason": reason(event.reason),
            "reporters": event.reporters,
            "note": event.note,
            "by": event.by,
        })
    });
    shown["events"] = events.collect::<Vec<_>>().into();
    Ok(Reply::ok(shown).versioned(call.state.version(&Subject::Problem(key))))
}

/// `PATCH /api/v1/problems/{problem}`: `acknowledged`, `severity` (`null`: that of the rule), `private`, `note`.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (problem, present) = named(call)?;
    let (mut fields, mut publishes) = (call.body.fields(), false);
    let private = fields.boolean("private");
    // What becomes private must not be announced on the way, nor what becomes public before it is all that it will be.
    let mut changes = Vec::from_iter(private.filter(|private| *private).map(ProblemChange::SetPrivate));
    match fields.boolean("acknowledged") {
        Some(true) => changes.push(ProblemChange::Acknowledge),
        Some(false) => fields.refuse("acknowledged: an acknowledgement is not taken back"),
        None => {}
    }
    let known = Severity::ALL.map(Severity::name);
    let read = |name: &str| Severity::ALL.into_iter().find(|one| one.name() == name);
    if fields.has("severity") {
        let chosen = fields.choice("severity", read, &known);
        publishes = present.would_publish(&call.state.workspace.incidents, chosen);
        changes.push(ProblemChange::SetSeverity(chosen));
    }
    if let Some(note) = fields.words("note") {
        if note.chars().count() > LONGEST_NOTE {
            fields.refuse(format!("note has at most {LONGEST_NOTE} characters"));
        }
        changes.push(ProblemChange::Note(note.trim().to_owned()));
    }
    changes.extend(private.filter(|private| !private).map(ProblemChange::SetPrivate));
    fields.finish()?;
    if changes.is_empty() {
        return Err(Refusal::invalid(
            "there is nothing to change: send acknowledged, severity, private or note",
        ));
    }
    // To publish what the rule keeps as a draft is to approve it.
    let may_publish = call.caller.must_be(Role::Admin);
    if publishes && let Err(refusal) = &may_publish {
        let why = "at this severity its incident is published without approval";
        return Err(Refusal::new(403, format!("{why}, and {}", refusal.messages.join("; "))));
    }
    let judged =
        may_publish.is_err() && changes.iter().any(|one| matches!(one, ProblemChange::SetSeverity(_)));
    let commands = changes.into_iter().map(|change| Command::ChangeProblem { problem, change });
    let plan = Plan::new(together(commands.collect())).about(Subject::Problem(problem));
    // What was judged is what is changed.
    Ok(Plan { unless_changed: judged, ..plan })
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

fn named<'a>(call: &Call<'a>) -> Result<(ProblemKey, &'a Problem), Refusal> {
    let key = call.state.problem_with_id(call.parameter("problem")).ok_or_else(Refusal::not_found)?;
    Ok((key, &call.state.problems[&key]))
}

fn summary(state: &State, key: ProblemKey, problem: &Problem) -> Value {
    let (kind, name) = match problem.subject {
        ProblemSubject::Check(key) => ("check", state.checks.get(&key).map(|one| one.name.clone())),
        ProblemSubject::Agent(key) => ("agent", state.agents.get(&key).map(|one| one.name.clone())),
    };
    let incidents = state.incidents_of(key).filter_map(|key| state.incidents.get(&key));
    json!({
        "id": problem.id,
        "subject": { "kind": kind, "name": name },
        "level": problem.level.name(),
        "worst_level": problem.worst.name(),
        "severity": problem.severity().name(),
        "severity_override": problem.severity_override.map(Severity::name),
        "reason": reason(problem.reason()),
        "private": problem.private,
        "late": problem.late,
        "withdrawn": problem.withdrawn,
        "flaps": problem.flaps,
        "began_at": problem.began.to_string(),
        "opened_at": problem.opened.to_string(),
        "ended_at": problem.ended.map(|at| at.to_string()),
        "acknowledged_at": problem.acknowledged.as_ref().map(|one| one.at.to_string()),
        "acknowledged_by": problem.acknowledged.as_ref().map(|one| &one.by),
        "incidents": incidents.map(|one| one.id.clone()).collect::<Vec<_>>(),
    })
}

fn reason(reason: Reason) -> Option<&'static str> {
    (reason != Reason::None).then(|| reason.name())
}
