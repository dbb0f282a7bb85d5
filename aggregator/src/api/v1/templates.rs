//! Templates of incidents. A page may use its own and those of every page.

use super::component_object::Component;
use super::objects::Writer;
use super::texts::Texts;
use crate::api::call::{Call, Plan};
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::api::reply::Reply;
use serde::Serialize;
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, PageKey};
use skerry_domain::step::{Answer, Command, MAX_TEMPLATES, NewTemplate, TemplateCommand};
use skerry_domain::template::{Template, TemplateField, TemplateStatus, invalid_placeholders};
use skerry_domain::text::Text;

/// The default and greatest number that is answered at once, as Statuspage has it.
const PER_PAGE: u64 = 100;

/// A template.
#[derive(Serialize)]
struct IncidentTemplate {
    id: String,
    components: Vec<Component>,
    name: String,
    title: String,
    /// Markdown, with placeholders as the title.
    body: String,
    /// Statuspage's groups of templates; there are none here.
    group_id: Option<String>,
    update_status: Option<&'static str>,
    should_tweet: bool,
    should_send_notifications: bool,
    /// Ours; null: it is for every page.
    page_id: Option<String>,
}

/// `GET …/incident_templates`, oldest first.
pub(in crate::api) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (key, page) = call.page()?;
    let mut query = call.query.fields();
    let per_page = query.number("per_page").unwrap_or(PER_PAGE).clamp(1, PER_PAGE);
    let skipped = (query.number("page").unwrap_or(1).max(1) - 1).saturating_mul(per_page);
    query.finish()?;
    let writer = Writer::new(call, page);
    let part = call.state.templates_of(key).skip(usize::try_from(skipped).unwrap_or(usize::MAX));
    let part = part.take(per_page as usize).map(|(_, one)| object(call, &writer, one));
    Ok(Reply::ok(part.collect::<Vec<_>>()))
}

/// `POST …/incident_templates`.
pub(in crate::api) fn create(call: &Call<'_>) -> Result<Plan, Refusal> {
    let (page, _) = call.page()?;
    let (new, notes) = new_template(call, page, call.body.within("template"))?;
    Ok(Plan::new(command(TemplateCommand::Create(new))).noting(notes))
}

pub(in crate::api) fn shown_new(call: &Call<'_>, answer: &Answer) -> Result<Reply, Refusal> {
    let Answer::Template(key) = answer else { return Err(Refusal::not_found()) };
    let (_, page) = call.page()?;
    let template = call.state.templates.get(key).ok_or_else(Refusal::not_found)?;
    let shown = object(call, &Writer::new(call, page), template);
    Ok(Reply::created(shown).versioned(call.state.version(&Subject::Template(*key))))
}

pub(in crate::api) fn command(command: TemplateCommand) -> Command {
    Command::Template(Box::new(command))
}

/// The template of a page that the fields of a request describe, and what was removed from its texts.
///
/// # Errors
/// 422.
pub(in crate::api) fn new_template(
    call: &Call<'_>,
    page: PageKey,
    mut fields: Fields<'_>,
) -> Result<(NewTemplate, Vec<String>), Refusal> {
    let made = call.state.templates.values().filter(|one| one.page == Some(page)).count();
    call.must_leave_room("templates", made, MAX_TEMPLATES)?;
    let mut texts = Texts::of(call)?;
    for (member, named) in [("name", "Name"), ("title", "Title"), ("body", "Body")] {
        if fields.words(member).is_none() {
            fields.refuse(format!("{named} can't be blank"));
        }
    }
    let name = fields.words("name").unwrap_or_default();
    let title = title(&mut fields, &mut texts);
    let body = body(&mut fields, &mut texts);
    let status = status(&mut fields).flatten();
    let components = components(call, page, &mut fields).unwrap_or_default();
    fields.finish()?;
    let (Some(title), Some(body)) = (title, body) else {
        return Err(Refusal::invalid("name, title and body are required"));
    };
    let new = NewTemplate { page: Some(page), name, title, body, status, components };
    Ok((new, texts.removed()))
}

/// A title, unless there is none. Placeholders that do not exist are refused with their place.
pub(in crate::api) fn title(fields: &mut Fields<'_>, texts: &mut Texts) -> Option<Text> {
    let text = texts.title(fields, "title")?;
    check(fields, "title", &text, TemplateField::Title);
    Some(text)
}

/// The same for a text.
pub(in crate::api) fn body(fields: &mut Fields<'_>, texts: &mut Texts) -> Option<Text> {
    let text = texts.body(fields, &["body"])?;
    check(fields, "body", &text, TemplateField::Body);
    Some(text)
}

fn check(fields: &mut Fields<'_>, member: &str, text: &Text, field: TemplateField) {
    for wrong in invalid_placeholders(&text.written, field) {
        fields.refuse(format!("{member}, {wrong}"));
    }
}

/// `Some(None)`: null or blank.
pub(in crate::api) fn status(fields: &mut Fields<'_>) -> Option<Option<TemplateStatus>> {
    if fields.has("update_status") && fields.words("update_status").is_none() {
        return Some(None);
    }
    let known = TemplateStatus::ALL.map(TemplateStatus::name);
    fields.choice("update_status", TemplateStatus::from_name, &known).map(Some)
}

/// Components of the page, by their ids.
pub(in crate::api) fn components(
    call: &Call<'_>,
    page: PageKey,
    fields: &mut Fields<'_>,
) -> Option<Vec<ComponentKey>> {
    let ids = fields.list("component_ids")?.into_iter().map(|id| (id, ())).collect();
    Some(call.components_of(page, ids, fields).into_iter().map(|(key, ())| key).collect())
}

fn object(call: &Call<'_>, writer: &Writer<'_>, template: &Template) -> IncidentTemplate {
    let known = template.components.iter().filter_map(|key| Some((*key, call.state.components.get(key)?)));
    let known = known.filter(|(_, one)| !one.archived);
    let page = template.page.and_then(|page| call.state.pages.get(&page));
    IncidentTemplate {
        id: template.id.clone(),
        components: known.map(|(key, one)| writer.component(key, one)).collect(),
        name: template.name.clone(),
        title: template.title.public.source().to_owned(),
        body: template.body.public.source().to_owned(),
        group_id: None,
        update_status: template.status.map(TemplateStatus::name),
        should_tweet: false,
        should_send_notifications: true,
        page_id: page.map(|page| page.id.clone()),
    }
}
