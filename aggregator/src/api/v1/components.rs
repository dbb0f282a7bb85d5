//! Components of a page, and the status that a client sets.

use super::component_settings;
use super::objects::{Writer, statuses};
use super::rows::flat;
use crate::api::call::{Call, Plan, together};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::holds::{Hold, Source};
use skerry_domain::rows::Subject;
use skerry_domain::state::{Component, ComponentKey, IncidentKey, Origin, PageItem};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command};

/// The most components that are answered at once, as Statuspage has it.
const PER_PAGE: u64 = 1_100;

/// `GET /v1/pages/{page}/components`: in the order of the page, each group before its own.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let writer = Writer::new(call, page);
    let mut query = call.query.fields();
    let per_page = query.number("per_page").unwrap_or(PER_PAGE).clamp(1, PER_PAGE);
    let skipped = (query.number("page").unwrap_or(1).max(1) - 1).saturating_mul(per_page);
    query.finish()?;
    let rows = flat(page).into_iter().map(|row| row.item);
    let rows = rows.skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(per_page as usize);
    let known = rows.filter_map(|row| match row {
        PageItem::Component(key) => Some(writer.component(*key, call.state.components.get(key)?)),
        PageItem::Group(key, _) => Some(writer.group(*key, call.state.groups.get(key)?)),
    });
    Ok(Reply::ok(known.collect::<Vec<_>>()))
}

/// `GET /v1/pages/{page}/components/{component}`; of a group, too.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page_key, page) = call.page()?;
    if let Some((key, group)) = call.group_of(page_key, call.parameter("component")) {
        let version = call.state.version(&Subject::Group(key));
        return Ok(Reply::ok(Writer::new(call, page).group(key, group)).versioned(version));
    }
    let (key, component) = named(call)?;
    show_one(call, key, component)
}

/// `PATCH` and `PUT` of a component: its status, where `operational` lets checks decide again, and the settings of one
/// that was made at run time.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, component) = named(call)?;
    let mut fields = call.body.within("component");
    let status = fields.choice("status", Status::from_name, &statuses());
    let settings = component_settings::read_change(call, (key, component), &mut fields);
    if component.origin == Origin::Runtime {
        component_settings::check_change(call, component, &settings, &mut fields)?;
    }
    fields.must_change_something(&["name"]);
    fields.finish()?;
    let hold =
        status.map(|status| Command::SetHold { component: key, source: Source::Rest, status, until: None });
    let settings = component_settings::change(call, (key, component), settings)?;
    let command = together(settings.into_iter().chain(hold).collect());
    Ok(Plan::new(command).about(Subject::Component(key)))
}

/// Whoever said that the component is operational is told who still says something else, and what ends that.
pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    let reply = get(call)?;
    let status = call.body.within("component").words("status");
    let notes = match status.as_deref().and_then(Status::from_name) {
        Some(Status::Operational) => still_held(call)?,
        _ => Vec::new(),
    };
    Ok(reply.with_notes(notes))
}

/// Who holds the component at another status than operational, and the route that releases it.
pub(in crate::api) fn still_held(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let (_, page) = call.page()?;
    let (_, component) = named(call)?;
    let active = component.holds.iter().rev().filter(|hold| hold.from <= call.now && call.now < hold.to);
    let others = active.filter(|hold| hold.status != Status::Operational);
    let note = |hold: &Hold| {
        let (who, source) = match hold.source {
            Source::Person => ("a person holds".to_owned(), "person"),
            Source::Rest => ("this interface holds".to_owned(), "rest"),
            Source::Incident(key) => {
                let id = &call.state.incidents.get(&IncidentKey(key))?.id;
                (format!("incident {id}, which lasts, holds"), id.as_str())
            }
        };
        let (status, page, component) = (hold.status.name(), &page.id, &component.id);
        Some(format!(
            "{who} it at {status}: DELETE /api/v1/pages/{page}/components/{component}/holds/{source} ends that"
        ))
    };
    Ok(others.filter_map(note).collect())
}

fn show_one(call: &Call<'_>, key: ComponentKey, component: &Component) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let version = call.state.version(&Subject::Component(key));
    Ok(Reply::ok(Writer::new(call, page).component(key, component)).versioned(version))
}

/// The component that the path names.
///
/// # Errors
/// 404.
pub(in crate::api) fn named<'a>(call: &Call<'a>) -> Result<(ComponentKey, &'a Component), Refusal> {
    let (page, _) = call.page()?;
    call.component_of(page, call.parameter("component")).ok_or_else(Refusal::not_found)
}
