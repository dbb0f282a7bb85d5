//! Requests about templates, and incidents that are written with one: what a person writes stands, and what is missing
//! comes from the template with its placeholders filled. The result passes the sanitiser as any other text.

use super::incidents::{IncidentEdit, NamedComponent, OpenIncident, UpdateIncident, page_of, problems};
use super::lookup;
use super::request::{Prepared, Told, instant};
use crate::texts::TextSanitiser;
use serde::{Deserialize, Serialize};
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, IncidentKey, PageKey, State};
use skerry_domain::step::{Command, NewTemplate, TemplateCommand, affected_by};
use skerry_domain::template::{Template, TemplateStatus, fill};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Workspaces;
use skerry_publish::{TemplateValues, incident_view};
use skerry_sanitiser::escape_markdown;

/// A change of templates by an admin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateRequest {
    /// Makes one.
    Add(Box<AddTemplate>),
    /// Removes one.
    Remove {
        /// Its id, or its name.
        template: String,
        /// Key, slug, id or name of its page; `None`: any.
        page: Option<String>,
        /// The version that the operator read, as `template show` prints it; `None`: whatever it is now.
        version: Option<String>,
    },
}

/// A template to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddTemplate {
    /// Its name.
    pub name: String,
    /// Key, slug, id or name of its page; `None`: it is for every page.
    pub page: Option<String>,
    /// Its title.
    pub title: String,
    /// Its text.
    pub message: String,
    /// The state that it brings about.
    pub status: Option<String>,
    /// Names, keys or ids of components of its page.
    pub components: Vec<String>,
}

impl TemplateRequest {
    /// Makes the command.
    ///
    /// # Errors
    /// Why it cannot be carried out, for an operator.
    pub(super) fn prepare(
        self,
        workspace: &str,
        workspaces: &Workspaces,
        released: &[String],
    ) -> Result<Prepared, String> {
        let state = lookup::state(workspaces, workspace)?;
        match self {
            Self::Add(new) => add(state, &new, TextSanitiser::releasing(state, released)?),
            Self::Remove { template, page, version } => {
                let page = page.map(|page| lookup::page(state, Some(&page))).transpose()?;
                let key = lookup::template(state, page, &template)?;
                let told = Told::Template(state.templates[&key].id.clone());
                let command = TemplateCommand::Remove { template: key };
                let prepared = prepared(state, command, told, Vec::new());
                prepared.only_if(Subject::Template(key), version.as_deref(), "template show")
            }
        }
    }
}

fn prepared(state: &State, command: TemplateCommand, subject: Told, notes: Vec<String>) -> Prepared {
    let command = Command::Template(Box::new(command));
    Prepared::about(state, command, subject, notes)
}

fn add(state: &State, new: &AddTemplate, mut sanitiser: TextSanitiser) -> Result<Prepared, String> {
    let page = new.page.as_deref().map(|page| lookup::page(state, Some(page))).transpose()?;
    let component = |name: &String| lookup::component(state, page, name);
    let template = NewTemplate {
        page,
        name: new.name.clone(),
        title: sanitiser.title(&new.title)?,
        body: sanitiser.markdown(&new.message)?,
        status: new.status.as_deref().map(lookup::template_status).transpose()?,
        components: new.components.iter().map(component).collect::<Result<_, _>>()?,
    };
    Ok(prepared(state, TemplateCommand::Create(template), Told::NewTemplate, sanitiser.removed()))
}

/// The incident to open with what its template says where nothing is written.
///
/// # Errors
/// There is no such template, or it does not fit an incident.
pub(super) fn opened(
    state: &State,
    new: OpenIncident,
    (released, now): (&[String], Timestamp),
) -> Result<OpenIncident, String> {
    let Some(named) = new.template.clone() else { return Ok(new) };
    let page = match &new.page {
        // A template of one page says which page.
        None => state.templates[&lookup::template(state, None, &named)?].page,
        Some(_) => None,
    };
    let page = page.map_or_else(|| page_of(state, &new), Ok)?;
    let template = of_incident(state, page, &named)?;
    let components = components(state, template, new.components);
    let mut named = keys(state, page, &components)?;
    if named.is_empty() && new.ended.is_none() {
        // The incident will name these.
        let affected = affected_by(state, page, &problems(state, &new.problems)?);
        named = affected.into_iter().map(|change| change.component).collect();
    }
    let (since, until) =
        new.ended.map_or((now, now), |(began, ended)| (instant(began, now), instant(ended, now)));
    let values = TemplateValues { page, title: "", components: &named, since, until };
    let title = if new.title.trim().is_empty() {
        fill(template.title.public.source(), |one| values.value(state, one))
    } else {
        new.title
    };
    // What would be removed from the title is not put into the text either.
    let shown = TextSanitiser::releasing(state, released)?.title(&title)?.public.one_line();
    let values = TemplateValues { title: &shown, ..values };
    Ok(OpenIncident {
        page: Some(state.pages[&page].id.clone()),
        title,
        message: new.message.or_else(|| Some(message(state, template, &values))),
        status: new.status.or_else(|| status(template)),
        components,
        ..new
    })
}

/// The change of an incident with what its template says where nothing is written. A template changes no title, and on
/// resolve no component.
///
/// # Errors
/// As [`opened`].
pub(super) fn updated(
    state: &State,
    key: IncidentKey,
    edit: IncidentEdit,
    now: Timestamp,
) -> Result<IncidentEdit, String> {
    let IncidentEdit::Update(update) = edit else { return Ok(edit) };
    let Some(named) = update.template.clone() else { return Ok(IncidentEdit::Update(update)) };
    let update = *update;
    let incident = &state.incidents[&key];
    let template = of_incident(state, incident.page, &named)?;
    let components =
        if update.resolve { update.components } else { components(state, template, update.components) };
    let mut affected: Vec<ComponentKey> = incident.components().into_iter().map(|(key, _)| key).collect();
    for key in keys(state, incident.page, &components)? {
        if !affected.contains(&key) {
            affected.push(key);
        }
    }
    let title = incident_view(state, incident).map(|view| view.title.one_line()).unwrap_or_default();
    let until = incident.resolved_at.filter(|_| !incident.is_open()).unwrap_or(now);
    let since = incident.started_at;
    let values = TemplateValues { page: incident.page, title: &title, components: &affected, since, until };
    Ok(IncidentEdit::Update(Box::new(UpdateIncident {
        message: update.message.or_else(|| Some(message(state, template, &values))),
        status: update.status.or_else(|| status(template)).filter(|_| !update.resolve),
        components,
        ..update
    })))
}

/// The template of that id or name that a page may use for an incident.
fn of_incident<'s>(state: &'s State, page: PageKey, named: &str) -> Result<&'s Template, String> {
    let template = &state.templates[&lookup::template(state, Some(page), named)?];
    if let Some(TemplateStatus::Maintenance(status)) = template.status {
        let name = &template.name;
        return Err(format!("template {name:?} is for maintenance: its state is {}", status.name()));
    }
    Ok(template)
}

fn message(state: &State, template: &Template, values: &TemplateValues<'_>) -> String {
    fill(template.body.public.source(), |one| escape_markdown(&values.value(state, one)))
}

fn status(template: &Template) -> Option<String> {
    template.status.map(|status| status.name().to_owned())
}

/// Those that are written, or those of the template that are still there.
fn components(state: &State, template: &Template, written: Vec<NamedComponent>) -> Vec<NamedComponent> {
    if !written.is_empty() {
        return written;
    }
    let known = template.components.iter().filter_map(|key| state.components.get(key));
    known.filter(|one| !one.archived).map(|one| (one.id.clone(), None)).collect()
}

fn keys(state: &State, page: PageKey, named: &[NamedComponent]) -> Result<Vec<ComponentKey>, String> {
    named.iter().map(|(name, _)| lookup::component(state, Some(page), name)).collect()
}
