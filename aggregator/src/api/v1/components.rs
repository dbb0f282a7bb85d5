//! Components of a page, and the status that a client sets.

use super::component_settings;
use super::objects::{Writer, statuses};
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use skerry_domain::holds::Source;
use skerry_domain::rows::Subject;
use skerry_domain::state::{Component, ComponentKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command};

/// The most components that are answered at once, as Statuspage has it.
const PER_PAGE: u64 = 1_100;

/// `GET /v1/pages/{page}/components`.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, page) = call.page()?;
    let writer = Writer::new(call, page);
    let mut query = call.query.fields();
    let per_page = query.number("per_page").unwrap_or(PER_PAGE).clamp(1, PER_PAGE);
    let skipped = (query.number("page").unwrap_or(1).max(1) - 1).saturating_mul(per_page);
    query.finish()?;
    let keys = writer.order().into_iter().map(|(key, ..)| key);
    let keys = keys.skip(usize::try_from(skipped).unwrap_or(usize::MAX)).take(per_page as usize);
    let known = keys.filter_map(|key| Some((key, call.state.components.get(&key)?)));
    Ok(Reply::ok(known.map(|(key, one)| writer.component(key, one)).collect::<Vec<_>>()))
}

/// `GET /v1/pages/{page}/components/{component}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
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
    fields.finish()?;
    let hold =
        status.map(|status| Command::SetHold { component: key, source: Source::Rest, status, until: None });
    let settings = component_settings::change(call, (key, component), settings)?;
    let mut commands: Vec<Command> = settings.into_iter().chain(hold).collect();
    let command = if commands.len() == 1 { commands.remove(0) } else { Command::Together(commands) };
    Ok(Plan::new(command).about(Subject::Component(key)))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
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
