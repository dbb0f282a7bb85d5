//! Incidents as tables, timelines and JSON.

use super::super::reading::{Reading, indented, name_of, said_too_much, second, title, version};
use super::super::table::aligned;
use anyhow::Context;
use skerry_aggregator::control::lookup::{self, subject};
use skerry_domain::incident::{Body, Incident, IncidentUpdate, StatusChange, Title};
use skerry_domain::rows::Subject;
use skerry_domain::state::{IncidentKey, State};
use skerry_publish::incident_view;
use skerry_publish::view::IncidentView;
use skerry_sanitiser::PublicText;
use std::fmt::Write as _;

const HEADS: [&str; 8] = ["INCIDENT", "PAGE", "STATE", "IMPACT", "BEGAN", "UPDATED", "TITLE", "NOTES"];

type Row<'s> = (&'s State, IncidentKey, &'s Incident);

pub(super) fn list(
    reading: &Reading,
    workspace: Option<&str>,
    page: Option<&str>,
    all: bool,
    json: bool,
) -> anyhow::Result<String> {
    let states = reading.states(workspace)?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut found = page.is_none();
    let mut no_page = format!("there is no page {:?}", page.unwrap_or_default());
    for state in &states {
        let key = match page.map(|page| lookup::page(state, Some(page))).transpose() {
            Ok(key) => key,
            Err(why) => {
                no_page = why;
                continue;
            }
        };
        found = true;
        let wanted = |one: &Incident| (all || one.is_open()) && key.is_none_or(|page| one.page == page);
        let incidents = state.incidents.iter().filter(|(_, one)| wanted(one));
        rows.extend(incidents.map(|(key, one)| (*state, *key, one)));
    }
    anyhow::ensure!(found, no_page);
    rows.sort_by_key(|(_, _, one)| std::cmp::Reverse(one.started_at));
    if json {
        let all: Vec<_> = rows.iter().map(|row| object(row, false)).collect();
        return Ok(serde_json::json!({ "incidents": all }).to_string());
    }
    if rows.is_empty() {
        return Ok(if all { "There are no incidents." } else { "No incident lasts, and there is no draft." }
            .to_owned());
    }
    let several = states.len() > 1;
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(reading, row, several)));
    Ok(aligned(&lines))
}

fn line(reading: &Reading, (state, _, incident): &Row<'_>, several: bool) -> [String; 8] {
    let page = page_of(state, incident);
    [
        incident.id.clone(),
        if several { format!("{}/{page}", state.workspace.name) } else { page.to_owned() },
        incident.status.name().to_owned(),
        incident.shown_impact().name().to_owned(),
        reading.ago(incident.started_at),
        reading.ago(incident.updated_at),
        title(state, incident),
        notes(reading, state, incident).join("; "),
    ]
}

fn page_of<'s>(state: &'s State, incident: &Incident) -> &'s str {
    state.pages.get(&incident.page).map_or("", |page| &page.key)
}

/// What an operator has to do, or should know.
fn notes(reading: &Reading, state: &State, incident: &Incident) -> Vec<String> {
    let mut notes = Vec::new();
    let id = &incident.id;
    match (incident.is_published(), incident.is_open()) {
        (true, _) => {}
        (false, true) => notes.push("draft: incident approve publishes it".to_owned()),
        (false, false) => notes.push("draft that is resolved: no visitor saw it".to_owned()),
    }
    if let Some(at) = incident.recovered_at.filter(|_| incident.is_open() && !incident.follows_problems()) {
        notes.push(format!("its problems ended {}: incident resolve", reading.ago(at)));
    }
    for problem in incident.suggested.iter().filter_map(|key| state.problems.get(key)) {
        notes.push(format!(
            "problem {} ({}) may belong to it: incident link {id} {}",
            problem.id,
            subject(state, problem),
            problem.id
        ));
    }
    if incident.reminded_at.is_some() && incident.is_open() {
        notes.push("an update is due".to_owned());
    }
    if incident.follows_problems() {
        notes.push("follows its problems by itself".to_owned());
    }
    let said = said_too_much(state, texts(incident));
    if !said.is_empty() {
        let words = said.join(", ");
        notes.push(format!("its texts say what they must not by today's rules, {words}: incident edit"));
    }
    notes
}

/// The texts of people that visitors read.
fn texts(incident: &Incident) -> impl Iterator<Item = &PublicText> {
    let title = match &incident.title {
        Title::Written(text) => Some(&text.public),
        Title::Automatic => None,
    };
    let bodies = incident.updates.iter().filter_map(|update| match &update.body {
        Some(Body::Written(text)) => Some(&text.public),
        Some(Body::Automatic(_)) | None => None,
    });
    let postmortem = incident.postmortem.as_ref().map(|one| &one.text.public);
    title.into_iter().chain(bodies).chain(postmortem)
}

pub(super) fn show(
    reading: &Reading,
    workspace: Option<&str>,
    id: &str,
    original: bool,
    json: bool,
) -> anyhow::Result<String> {
    let mut states = reading.states(workspace)?.into_iter();
    let found = states.find_map(|state| Some((state, state.incident_with_id(id)?)));
    let (state, key) =
        found.with_context(|| format!("there is no incident {id:?}: incident list --all shows them"))?;
    let row = (state, key, &state.incidents[&key]);
    if json { Ok(object(&row, original).to_string()) } else { Ok(text(reading, &row, original)) }
}

fn text(reading: &Reading, row: &Row<'_>, original: bool) -> String {
    let (state, key, incident) = *row;
    let mut out = format!("{}\n", title(state, incident));
    let mut say = |what: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<11} {value}");
    };
    if let (true, Title::Written(text)) = (original, &incident.title)
        && text.written != text.public.source()
    {
        say("as written", text.written.clone());
    }
    say("page", page_of(state, incident).to_owned());
    let shown = incident.published_at.map_or("draft".to_owned(), |at| format!("published {}", second(at)));
    say("state", format!("{}, {shown}", incident.status.name()));
    say("impact", incident.shown_impact().name().to_owned());
    say("began", format!("{} ({})", second(incident.started_at), reading.ago(incident.started_at)));
    let held = lookup::held_by(state, key, reading.now);
    for (component, status) in incident.components() {
        let name = name_of(state, component);
        let held = held.iter().find(|(one, _)| *one == component).map(|(_, status)| status.name());
        let value = match held {
            Some(held) => format!("{name}, held at {held}"),
            None if incident.is_open() => format!("{name} {}", status.name()),
            None => name.to_owned(),
        };
        say("component", value);
    }
    for problem in incident.problems.iter().filter_map(|key| state.problems.get(key)) {
        let state_of = if problem.is_open() { "lasts" } else { "has ended" };
        say("problem", format!("{} ({}) {state_of}", problem.id, subject(state, problem)));
    }
    for note in notes(reading, state, incident) {
        say("note", note);
    }
    say("version", version(state, &Subject::Incident(key)));
    let view = incident_view(state, incident);
    for update in incident.updates.iter().rev() {
        out.push('\n');
        out.push_str(&entry(state, view.as_ref(), update, original));
    }
    if let Some(postmortem) = &incident.postmortem {
        let shown =
            postmortem.published_at.map_or("draft".to_owned(), |at| format!("published {}", second(at)));
        let _ = write!(out, "\npostmortem, {shown}\n{}", indented(&postmortem.text.public.plain()));
        if original && postmortem.text.written != postmortem.text.public.source() {
            out.push_str(&indented(&format!("as written: {}", postmortem.text.written)));
        }
    }
    out.trim_end().to_owned()
}

fn entry(state: &State, view: Option<&IncidentView>, update: &IncidentUpdate, original: bool) -> String {
    let by = update.by.as_deref().unwrap_or("by itself");
    let edited = update.edited_at.map_or_else(String::new, |at| format!(", edited {}", second(at)));
    let mut out =
        format!("{}  {}  {by}  {}{edited}\n", second(update.display_at), update.status.name(), update.id);
    let mut paragraph = |text: &str| out.push_str(&indented(text));
    paragraph(&body(view, update));
    for change in &update.components {
        paragraph(&moved(state, change));
    }
    if original {
        if let Some(Body::Written(text)) = &update.body
            && text.written != text.public.source()
        {
            paragraph(&format!("as written: {}", text.written));
        }
        for former in &update.former {
            paragraph(&format!("until {}: {}", second(former.to), former.written));
        }
    }
    out
}

/// The text of an update as visitors read it, or would read it.
fn body(view: Option<&IncidentView>, update: &IncidentUpdate) -> String {
    let shown = view.and_then(|view| view.updates.iter().find(|one| one.id == update.id));
    let body = shown.and_then(|shown| shown.body.as_ref());
    body.map_or_else(String::new, |body| body.plain().trim().to_owned())
}

fn moved(state: &State, change: &StatusChange) -> String {
    let name = name_of(state, change.component);
    if change.from == change.to {
        return format!("{name}: {}", change.to.name());
    }
    format!("{name}: {} -> {}", change.from.name(), change.to.name())
}

fn object(row: &Row<'_>, original: bool) -> serde_json::Value {
    let (state, key, incident) = *row;
    let at = |at: Option<skerry_domain::time::Timestamp>| at.map(second);
    let problem = |key: &skerry_domain::state::ProblemKey| {
        state
            .problems
            .get(key)
            .map(|problem| serde_json::json!({ "id": problem.id, "open": problem.is_open() }))
    };
    let component = |(key, status): (skerry_domain::state::ComponentKey, skerry_domain::status::Status)| {
        let one = state.components.get(&key);
        serde_json::json!({
            "id": one.map(|one| &one.id), "name": name_of(state, key), "status": status.name(),
        })
    };
    let view = incident_view(state, incident);
    let written = match &incident.title {
        Title::Written(text) if original => Some(&text.written),
        _ => None,
    };
    serde_json::json!({
        "id": incident.id,
        "workspace": state.workspace.name,
        "page": page_of(state, incident),
        "title": title(state, incident),
        "title_as_written": written,
        "status": incident.status.name(),
        "impact": incident.shown_impact().name(),
        "draft": !incident.is_published(),
        "automatic": incident.automatic,
        "follows_problems": incident.follows_problems(),
        "began_at": second(incident.started_at),
        "published_at": at(incident.published_at),
        "identified_at": at(incident.identified_at),
        "monitoring_at": at(incident.monitoring_at),
        "resolved_at": at(incident.resolved_at),
        "recovered_at": at(incident.recovered_at),
        "updated_at": second(incident.updated_at),
        "components": incident.components().into_iter().map(component).collect::<Vec<_>>(),
        "problems": incident.problems.iter().filter_map(problem).collect::<Vec<_>>(),
        "suggested_problems": incident.suggested.iter().filter_map(problem).collect::<Vec<_>>(),
        "refused_problems": incident.refused.iter().filter_map(problem).collect::<Vec<_>>(),
        "version": version(state, &Subject::Incident(key)),
        "postmortem": incident.postmortem.as_ref().map(|one| serde_json::json!({
            "body": one.text.public.plain().trim(),
            "body_as_written": original.then_some(&one.text.written),
            "updated_at": second(one.updated_at),
            "published_at": at(one.published_at),
        })),
        "updates": incident
            .updates
            .iter()
            .map(|one| update_object(state, view.as_ref(), one, original))
            .collect::<Vec<_>>(),
    })
}

fn update_object(
    state: &State,
    view: Option<&IncidentView>,
    update: &IncidentUpdate,
    original: bool,
) -> serde_json::Value {
    let change = |change: &StatusChange| {
        serde_json::json!({
            "name": name_of(state, change.component), "from": change.from.name(), "to": change.to.name(),
        })
    };
    let written = match &update.body {
        Some(Body::Written(text)) if original => Some(&text.written),
        _ => None,
    };
    serde_json::json!({
        "id": update.id,
        "status": update.status.name(),
        "body": body(view, update),
        "body_as_written": written,
        "at": second(update.display_at),
        "edited_at": update.edited_at.map(second),
        "by": update.by,
        "components": update.components.iter().map(change).collect::<Vec<_>>(),
    })
}
