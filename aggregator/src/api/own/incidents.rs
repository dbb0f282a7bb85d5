//! Incidents as operators see them: drafts too, what people wrote before the sanitiser, and former texts.

use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::incident::{Body, Impact, Incident, IncidentUpdate, Title};
use skerry_domain::rows::Subject;
use skerry_domain::state::{IncidentKey, ProblemKey, State};
use skerry_domain::step::{Answer, Command};
use skerry_publish::incident_view;
use std::collections::BTreeSet;

/// `GET /api/v1/pages/{page}/incidents/{incident}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, incident) = named(call)?;
    Ok(Reply::ok(object(call, incident)).versioned(call.state.version(&Subject::Incident(key))))
}

/// `PUT …/problems/{problem}`: the incident announces it.
pub(in crate::api) fn link(call: &Call<'_>) -> Result<Plan, Refusal> {
    plan(call, true)
}

/// `DELETE …/problems/{problem}`: it does not belong to the incident.
pub(in crate::api) fn unlink(call: &Call<'_>) -> Result<Plan, Refusal> {
    plan(call, false)
}

fn plan(call: &Call<'_>, linked: bool) -> Result<Plan, Refusal> {
    let (incident, known) = named(call)?;
    let problem = call.state.problem_with_id(call.parameter("problem")).ok_or_else(Refusal::not_found)?;
    // Whoever reaches single pages reaches the problems of their incidents.
    let belongs =
        [&known.problems, &known.suggested, &known.refused].into_iter().any(|all| all.contains(&problem));
    if !call.caller.token.pages.is_empty() && !belongs {
        return Err(Refusal::not_found());
    }
    let command = Command::LinkProblem { incident, problem, linked };
    Ok(Plan::new(command).about(Subject::Incident(incident)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// The incident of the page that the path names, a draft too.
pub(super) fn named<'a>(call: &Call<'a>) -> Result<(IncidentKey, &'a Incident), Refusal> {
    let (page, _) = call.page()?;
    let key = call.state.incident_with_id(call.parameter("incident")).ok_or_else(Refusal::not_found)?;
    let incident = &call.state.incidents[&key];
    if incident.page == page { Ok((key, incident)) } else { Err(Refusal::not_found()) }
}

/// The whole incident: what visitors read or would read, and what was written.
pub(super) fn object(call: &Call<'_>, incident: &Incident) -> Value {
    let state = call.state;
    // What was removed from texts is for those who write them.
    let originals = call.caller.must_be(Role::Operator).is_ok();
    let view = incident_view(state, incident);
    let title = view.as_ref().map(|view| view.title.one_line());
    let written_title = match &incident.title {
        Title::Written(text) if originals => Some(&text.written),
        Title::Written(_) | Title::Automatic => None,
    };
    let components = incident.components().into_iter().filter_map(|(key, status)| {
        let component = state.components.get(&key)?;
        Some(json!({ "id": component.id, "name": component.settings.name, "status": status.name() }))
    });
    let updates = incident.updates.iter().rev().map(|update| {
        let shown = view.as_ref().and_then(|view| view.updates.iter().find(|one| one.id == update.id));
        let body = shown.and_then(|shown| shown.body.as_ref()).map(skerry_publish::view::IncidentText::plain);
        entry(update, body.as_deref(), originals)
    });
    let postmortem = incident.postmortem.as_ref().map(|postmortem| {
        json!({
            "body": postmortem.text.public.plain(),
            "written": originals.then_some(&postmortem.text.written),
            "updated_at": postmortem.updated_at.to_string(),
            "published_at": postmortem.published_at.map(|at| at.to_string()),
        })
    });
    let at = |at: Option<skerry_domain::time::Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": incident.id,
        "title": title,
        "written_title": written_title,
        "draft": !incident.is_published(),
        "automatic": incident.automatic,
        "follows_problems": incident.follows_problems(),
        "backfilled": incident.backfilled,
        "status": incident.status.name(),
        "impact": incident.shown_impact().name(),
        "impact_override": incident.impact_override.map(Impact::name),
        "components": components.collect::<Vec<_>>(),
        "problems": ids(state, &incident.problems),
        "suggested_problems": ids(state, &incident.suggested),
        "refused_problems": ids(state, &incident.refused),
        "created_at": incident.created_at.to_string(),
        "published_at": at(incident.published_at),
        "started_at": incident.started_at.to_string(),
        "identified_at": at(incident.identified_at),
        "monitoring_at": at(incident.monitoring_at),
        "resolved_at": at(incident.resolved_at),
        "updated_at": incident.updated_at.to_string(),
        "reminded_at": at(incident.reminded_at),
        "updates": updates.collect::<Vec<_>>(),
        "postmortem": postmortem,
    })
}

fn entry(update: &IncidentUpdate, body: Option<&str>, originals: bool) -> Value {
    let written = match &update.body {
        Some(Body::Written(text)) if originals => Some(&text.written),
        Some(_) | None => None,
    };
    let former = update.former.iter().filter(|_| originals);
    let former = former.map(|one| json!({ "written": one.written, "replaced_at": one.to.to_string() }));
    json!({
        "id": update.id,
        "status": update.status.name(),
        "body": body,
        "written": written,
        "former": former.collect::<Vec<_>>(),
        "created_at": update.created_at.to_string(),
        "display_at": update.display_at.to_string(),
        "edited_at": update.edited_at.map(|at| at.to_string()),
        "by": update.by,
    })
}

fn ids(state: &State, problems: &BTreeSet<ProblemKey>) -> Vec<String> {
    problems.iter().filter_map(|key| Some(state.problems.get(key)?.id.clone())).collect()
}
