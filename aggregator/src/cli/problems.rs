//! `problem …`: what is wrong, since when and why, for operators; and what they do about it.

use super::reading::{Reading, second, title, written};
use super::table::aligned;
use super::told::ask;
use anyhow::Context;
use clap::{Args, Subcommand};
use skerry_aggregator::config::Loaded;
use skerry_aggregator::control::lookup::subject;
use skerry_aggregator::control::{ProblemRequest, Request};
use skerry_domain::incident::Incident;
use skerry_domain::problem::{Problem, ProblemEvent};
use skerry_domain::state::{ProblemKey, State};
use skerry_protocol::wire::Reason;
use std::fmt::Write as _;

const HEADS: [&str; 7] = ["PROBLEM", "OF", "LEVEL", "SEVERITY", "BEGAN", "STATE", "NOTES"];

#[derive(Args)]
pub(crate) struct Problems {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: ProblemDo,
}

#[derive(Subcommand)]
pub(crate) enum ProblemDo {
    /// Show problems that last, newest first
    List {
        /// Show those that have ended too
        #[arg(long)]
        all: bool,
    },
    /// Show a problem with its evidence and what operators did
    Show {
        /// Its id
        id: String,
    },
    /// Say that you know of it: its team is not reminded again
    Ack {
        /// Its id
        id: String,
    },
    /// Add a note for operators; visitors never see it
    Note {
        /// Its id
        id: String,
        /// The note; - reads it from standard input
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Set its severity: low, medium, high or critical; auto follows the check again
    Severity {
        /// Its id
        id: String,
        /// The severity
        severity: String,
    },
    /// Keep it private: it leads to no incident
    Private {
        /// Its id
        id: String,
    },
    /// Allow incidents for it again
    Public {
        /// Its id
        id: String,
    },
}

/// Carries out the command and returns its output.
pub(crate) fn problems(loaded: &Loaded, arguments: &Problems, json: bool) -> anyhow::Result<String> {
    let workspace = arguments.workspace.as_deref();
    let (id, change, output) = match &arguments.what {
        ProblemDo::List { all } => return list(&Reading::of(loaded)?, workspace, *all, json),
        ProblemDo::Show { id } => return show(&Reading::of(loaded)?, workspace, id, json),
        ProblemDo::Ack { id } => (id, ProblemRequest::Acknowledge, format!("Problem {id} is acknowledged.")),
        ProblemDo::Note { id, text } => {
            (id, ProblemRequest::Note(written(text)?), format!("The note is added to problem {id}."))
        }
        ProblemDo::Severity { id, severity } if severity == "auto" => (
            id,
            ProblemRequest::Severity(None),
            format!("The severity of problem {id} is that of its check."),
        ),
        ProblemDo::Severity { id, severity } => {
            let change = ProblemRequest::Severity(Some(severity.clone()));
            (id, change, format!("The severity of problem {id} is {severity}."))
        }
        ProblemDo::Private { id } => {
            let output =
                format!("Problem {id} is private: it leads to no incident. Incidents that it has stay.");
            (id, ProblemRequest::Private(true), output)
        }
        ProblemDo::Public { id } => {
            (id, ProblemRequest::Private(false), format!("Problem {id} may lead to an incident."))
        }
    };
    let problem = id.clone();
    let done = ask(loaded, workspace, |workspace| Request::Problem { workspace, problem, change })?;
    Ok(if json { serde_json::json!({ "problem": id, "notes": done.notes }).to_string() } else { output })
}

type Row<'s> = (&'s State, ProblemKey, &'s Problem);

fn list(reading: &Reading, workspace: Option<&str>, all: bool, json: bool) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    for state in &states {
        let problems = state.problems.iter().filter(|(_, one)| all || one.is_open());
        rows.extend(problems.map(|(key, one)| (*state, *key, one)));
    }
    rows.sort_by_key(|(_, _, one)| std::cmp::Reverse(one.began));
    if json {
        let all: Vec<_> = rows.iter().map(object).collect();
        return Ok(serde_json::json!({ "problems": all }).to_string());
    }
    if rows.is_empty() {
        return Ok(if all { "There are no problems." } else { "No problem lasts." }.to_owned());
    }
    let several = states.len() > 1;
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(reading, row, several)));
    Ok(aligned(&lines))
}

fn line(reading: &Reading, (state, key, problem): &Row<'_>, several: bool) -> [String; 7] {
    let of = subject(state, problem);
    let ended = problem.ended.map(|at| format!("ended {}", reading.ago(at)));
    let lasts = if problem.acknowledged.is_some() { "acknowledged" } else { "lasts" };
    [
        problem.id.clone(),
        if several { format!("{}/{of}", state.workspace.name) } else { of },
        problem.level.name().to_owned(),
        problem.severity().name().to_owned(),
        reading.ago(problem.began),
        ended.unwrap_or_else(|| lasts.to_owned()),
        summary(state, *key, problem).join("; "),
    ]
}

/// Reason, incidents and notes.
fn summary(state: &State, key: ProblemKey, problem: &Problem) -> Vec<String> {
    let mut all = Vec::new();
    if problem.reason() != Reason::None {
        all.push(problem.reason().name().to_owned());
    }
    all.extend(state.incidents_of(key).filter_map(|key| state.incidents.get(&key)).map(|incident| {
        let what = match (incident.is_published(), incident.is_open()) {
            (true, _) => "incident",
            (false, true) => "draft",
            (false, false) => "resolved draft",
        };
        format!("{what} {} on page {}", incident.id, page_of(state, incident))
    }));
    let suggests = state.open_incidents.iter().filter_map(|key| state.incidents.get(key));
    all.extend(suggests.filter(|incident| incident.suggested.contains(&key)).map(|incident| {
        let (id, page) = (&incident.id, page_of(state, incident));
        format!("may belong to incident {id} on page {page}: incident link {id} {}", problem.id)
    }));
    all.extend(notes(problem));
    all
}

fn page_of<'s>(state: &'s State, incident: &Incident) -> &'s str {
    state.pages.get(&incident.page).map_or("", |page| &page.key)
}

fn notes(problem: &Problem) -> Vec<String> {
    let mut notes = Vec::new();
    if problem.private {
        notes.push("private".to_owned());
    }
    if problem.late {
        notes.push("found later in what agents delivered".to_owned());
    }
    if problem.withdrawn {
        notes.push("nothing runs the check any more".to_owned());
    }
    if problem.flaps > 0 {
        notes.push(format!("changed {} times while it flapped", problem.flaps));
    }
    notes
}

fn show(reading: &Reading, workspace: Option<&str>, id: &str, json: bool) -> anyhow::Result<String> {
    let mut states = reading.states(workspace)?.into_iter();
    let found = states.find_map(|state| Some((state, state.problem_with_id(id)?)));
    let (state, key) =
        found.with_context(|| format!("there is no problem {id:?}: problem list --all shows them"))?;
    let problem = &state.problems[&key];
    if json {
        return Ok(object(&(state, key, problem)).to_string());
    }
    let mut out = format!("{} is {}\n", subject(state, problem), problem.level.name());
    let mut say = |what: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<9} {value}");
    };
    say("severity", problem.severity().name());
    say("began", &format!("{} ({})", second(problem.began), reading.ago(problem.began)));
    if let Some(ended) = problem.ended {
        say("ended", &format!("{} ({})", second(ended), reading.ago(ended)));
    }
    if problem.reason() != Reason::None {
        say("reason", problem.reason().name());
    }
    for incident in state.incidents.values().filter(|incident| incident.problems.contains(&key)) {
        let draft = if incident.is_published() { "" } else { " (draft)" };
        say("incident", &format!("{} {}{draft}", incident.id, title(state, incident)));
    }
    for note in notes(problem) {
        say("note", &note);
    }
    out.push('\n');
    for event in &problem.events {
        // As above.
        let _ = writeln!(out, "{}", entry(event));
    }
    Ok(out.trim_end().to_owned())
}

/// "2026-11-20T16:15:40Z  opened  down: connect_refused, by web-1 (fra)"
fn entry(event: &ProblemEvent) -> String {
    let mut text = format!("{}  {}  {}", second(event.at), event.kind.name(), event.level.name());
    if event.reason != Reason::None {
        let _ = write!(text, ": {}", event.reason.name());
    }
    if !event.reporters.is_empty() {
        let _ = write!(text, ", by {}", event.reporters.join(", "));
    }
    if let Some(note) = &event.note {
        let _ = write!(text, ": {note}");
    }
    if let Some(by) = &event.by {
        let _ = write!(text, "  {by}");
    }
    text
}

fn object((state, key, problem): &Row<'_>) -> serde_json::Value {
    let event = |event: &ProblemEvent| {
        serde_json::json!({
            "at": second(event.at),
            "kind": event.kind.name(),
            "level": event.level.name(),
            "reason": event.reason.name(),
            "reporters": event.reporters,
            "note": event.note,
            "by": event.by,
        })
    };
    let incidents = state.incidents.values().filter(|incident| incident.problems.contains(key));
    serde_json::json!({
        "id": problem.id,
        "workspace": state.workspace.name,
        "subject": subject(state, problem),
        "level": problem.level.name(),
        "worst": problem.worst.name(),
        "severity": problem.severity().name(),
        "began_at": second(problem.began),
        "ended_at": problem.ended.map(second),
        "reason": problem.reason().name(),
        "acknowledged_at": problem.acknowledged.as_ref().map(|one| second(one.at)),
        "acknowledged_by": problem.acknowledged.as_ref().map(|one| &one.by),
        "private": problem.private,
        "late": problem.late,
        "withdrawn": problem.withdrawn,
        "incidents": incidents.map(|incident| &incident.id).collect::<Vec<_>>(),
        "events": problem.events.iter().map(event).collect::<Vec<_>>(),
    })
}
