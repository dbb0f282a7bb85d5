//! Templates of incidents: all that Statuspage's interface lacks. What a file declares, the file changes.

use super::list::Part;
use crate::api::call::{Call, Plan};
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use crate::api::v1::templates::{body, command, components, new_template, status, title};
use crate::api::v1::texts::Texts;
use serde_json::{Value, json};
use skerry_domain::access::Role;
use skerry_domain::rows::Subject;
use skerry_domain::state::{Component, ComponentKey, Origin, TemplateKey};
use skerry_domain::step::{Answer, Command, NewTemplate, TemplateChange, TemplateCommand};
use skerry_domain::template::{Template, TemplateStatus};
use skerry_domain::text::Text;
use std::collections::BTreeSet;

/// `GET /api/v1/pages/{page}/templates`: those that the page may use.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (page, _) = call.page()?;
    let all = call.state.templates_of(page).rev();
    Part::of(call)?.take(all, |_| true, |(_, one)| &one.id, |(_, one)| object(call, one))
}

/// `GET /api/v1/pages/{page}/templates/{template}`.
pub(in crate::api) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, template) = named(call)?;
    Ok(Reply::ok(object(call, template)).versioned(call.state.version(&Subject::Template(key))))
}

/// `POST /api/v1/pages/{page}/templates`: `name`, `title`, `body`, `update_status`, `component_ids`, `every_page`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let mut fields = call.body.fields();
    fields.only(&["name", "title", "body", "update_status", "component_ids", "every_page"]);
    let every_page = fields.boolean("every_page") == Some(true);
    let (new, notes) = new_template(call, page, fields)?;
    if every_page {
        must_reach_every_page(call)?;
    }
    let new = NewTemplate { page: new.page.filter(|_| !every_page), ..new };
    Ok(Plan::new(command(TemplateCommand::Create(new))).noting(notes))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Template(key) = answer else { return Err(Refusal::not_found()) };
    let template = call.state.templates.get(key).ok_or_else(Refusal::not_found)?;
    Ok(Reply::created(object(call, template)).versioned(call.state.version(&Subject::Template(*key))))
}

/// `PATCH /api/v1/pages/{page}/templates/{template}`: what is missing stays.
pub(in crate::api) fn change(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (key, template) = named(call)?;
    let (page, _) = call.page()?;
    let mut fields = call.body.fields();
    fields.only(&["name", "title", "body", "update_status", "component_ids"]);
    let mut texts = Texts::of(call)?;
    // A client that sends back what it read changes nothing.
    let other = |text: Option<Text>, former: &Text| text.filter(|new| new.written != former.public.source());
    let sorted = |keys: Vec<ComponentKey>| keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let components: Option<Vec<ComponentKey>> = components(call, page, &mut fields).map(sorted);
    let former: Vec<ComponentKey> = living(call, template).map(|(key, _)| key).collect();
    let change = TemplateChange {
        name: fields.words("name").filter(|name| *name != template.name),
        title: other(title(&mut fields, &mut texts), &template.title),
        body: other(body(&mut fields, &mut texts), &template.body),
        status: status(&mut fields).filter(|status| *status != template.status),
        components: components.filter(|keys| *keys != former),
    };
    fields.finish()?;
    let subject = Subject::Template(key);
    if change == TemplateChange::default() {
        return Ok(Plan::new(Command::Together(Vec::new())).about(subject));
    }
    may_change(call, template)?;
    let change = TemplateCommand::Change { template: key, change };
    Ok(Plan::new(command(change)).about(subject).noting(texts.removed()))
}

pub(in crate::api) fn shown(call: &Call<'_>, _: &Answer) -> Result<Reply, Refusal> {
    get(call)
}

/// `DELETE /api/v1/pages/{page}/templates/{template}`: 204.
pub(in crate::api) fn delete(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (template, one) = named(call)?;
    may_change(call, one)?;
    Ok(Plan::new(command(TemplateCommand::Remove { template })).about(Subject::Template(template)))
}

/// The template that the path names: one of the page, or of every page.
fn named<'a>(call: &Call<'a>) -> Result<(TemplateKey, &'a Template), Refusal> {
    let (page, _) = call.page()?;
    let key = call.state.template_with_id(call.parameter("template")).ok_or_else(Refusal::not_found)?;
    let template = &call.state.templates[&key];
    if template.page.is_none_or(|of| of == page) { Ok((key, template)) } else { Err(Refusal::not_found()) }
}

/// 403 for what a file declares, and for what is of pages beyond the token's.
fn may_change(call: &Call<'_>, template: &Template) -> Result<(), Refusal> {
    if template.page.is_none() {
        must_reach_every_page(call)?;
    }
    if template.origin == Origin::Runtime {
        return Ok(());
    }
    let page = template.page.and_then(|page| call.state.pages.get(&page)).map(|page| page.key.as_str());
    let place = call.provenance.template(&call.state.workspace.name, page, &template.name);
    Err(Refusal::declared(&format!("template {:?}", template.name), place))
}

fn must_reach_every_page(call: &Call<'_>) -> Result<(), Refusal> {
    if call.caller.token.pages.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(403, "this token is limited to pages, and this template is for every page"))
}

/// The components of a template that are not archived, sorted.
fn living<'a>(
    call: &Call<'a>,
    template: &'a Template,
) -> impl Iterator<Item = (ComponentKey, &'a Component)> + use<'a> {
    let state = call.state;
    let known = template.components.iter().filter_map(move |key| Some((*key, state.components.get(key)?)));
    known.filter(|(_, one)| !one.archived)
}

fn object(call: &Call<'_>, template: &Template) -> Value {
    // What was removed from texts is for those who write them.
    let originals = call.caller.must_be(Role::Operator).is_ok();
    let page = template.page.and_then(|page| call.state.pages.get(&page));
    let place = call.provenance.template(
        &call.state.workspace.name,
        page.map(|page| page.key.as_str()),
        &template.name,
    );
    json!({
        "id": template.id,
        "page_id": page.map(|page| &page.id),
        "name": template.name,
        "title": template.title.public.source(),
        "body": template.body.public.source(),
        "written_title": originals.then_some(&template.title.written),
        "written_body": originals.then_some(&template.body.written),
        "update_status": template.status.map(TemplateStatus::name),
        "component_ids": living(call, template).map(|(_, one)| &one.id).collect::<Vec<_>>(),
        "created_at": template.created_at.to_string(),
        "updated_at": template.updated_at.to_string(),
        "made_by": template.by,
        "declared_at": place.filter(|_| template.origin == Origin::File).map(ToString::to_string),
    })
}
