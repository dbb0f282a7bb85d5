//! Templates of incidents: what the file declares, and what is made at run time beside it. The name of a template is unique
//! among those of its page; a file takes over a template that was made at run time by declaring its name.

use super::runtime::{self, living_page};
use super::{Changes, Context, Rejected, no_component};
use crate::state::{ComponentKey, Origin, PageKey, State, TemplateKey};
use crate::template::{Template, TemplateField, TemplateStatus, invalid_placeholders};
use crate::text::Text;
use std::collections::BTreeSet;

/// The greatest number of templates of a workspace that are made at run time.
pub const MAX_TEMPLATES: usize = 1_000;

/// A command about templates.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateCommand {
    /// The file declares these and no others.
    Declare(Vec<DesiredTemplate>),
    /// An admin makes one.
    Create(NewTemplate),
    /// An admin changes one that was made at run time.
    Change {
        /// Which.
        template: TemplateKey,
        /// The change.
        change: TemplateChange,
    },
    /// An admin removes one that was made at run time.
    Remove {
        /// Which.
        template: TemplateKey,
    },
}

impl TemplateCommand {
    /// Its name, for the log and the audit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Declare(_) => "declare_templates",
            Self::Create(_) => "create_template",
            Self::Change { .. } => "change_template",
            Self::Remove { .. } => "remove_template",
        }
    }
}

/// A template in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTemplate {
    /// Its name.
    pub name: String,
    /// The key of its page. `None`: it is for every page.
    pub page: Option<String>,
    /// Its title.
    pub title: Text,
    /// Its text.
    pub body: Text,
    /// The state that it brings about.
    pub status: Option<TemplateStatus>,
    /// Keys of components of its page.
    pub components: Vec<String>,
}

/// A template that an admin makes.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTemplate {
    /// Its page. `None`: it is for every page.
    pub page: Option<PageKey>,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// Its text.
    pub body: Text,
    /// The state that it brings about.
    pub status: Option<TemplateStatus>,
    /// Components of its page.
    pub components: Vec<ComponentKey>,
}

/// A change of a template. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateChange {
    /// Another name.
    pub name: Option<String>,
    /// Another title.
    pub title: Option<Text>,
    /// Another text.
    pub body: Option<Text>,
    /// Another state; `Some(None)`: none.
    pub status: Option<Option<TemplateStatus>>,
    /// Other components.
    pub components: Option<Vec<ComponentKey>>,
}

/// Carries out a command. Returns the template that it made.
pub(super) fn run(
    state: &mut State,
    command: &TemplateCommand,
    context: Context,
    changes: &mut Changes,
) -> Result<Option<TemplateKey>, Rejected> {
    match command {
        TemplateCommand::Declare(desired) => declare(state, desired, context, changes).map(|()| None),
        TemplateCommand::Create(new) => create(state, new, context, changes).map(Some),
        TemplateCommand::Change { template, change } => {
            self::change(state, *template, change, context, changes).map(|()| None)
        }
        TemplateCommand::Remove { template } => {
            made(state, *template)?;
            remove(state, *template, changes);
            Ok(None)
        }
    }
}

/// Makes what a file declares true: what it no longer declares is removed.
pub(super) fn declare(
    state: &mut State,
    desired: &[DesiredTemplate],
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    for one in desired {
        check_texts(&one.title, &one.body)?;
    }
    let mut kept = BTreeSet::new();
    for one in desired {
        let Some((page, components)) = place(state, one) else { continue };
        let found = named(state, page, &one.name);
        let key = found.unwrap_or_else(|| TemplateKey::next(&mut state.counters.templates));
        let former = state.templates.get(&key).cloned();
        let mut template = former.clone().unwrap_or_else(|| Template {
            id: context.ids.id("incident_template", key.0),
            page,
            origin: Origin::File,
            name: one.name.clone(),
            title: one.title.clone(),
            body: one.body.clone(),
            status: one.status,
            components: components.clone(),
            created_at: context.now,
            updated_at: context.now,
            by: changes.author.clone(),
        });
        template.origin = Origin::File;
        template.status = one.status;
        template.components = components;
        for (text, wanted) in [(&mut template.title, &one.title), (&mut template.body, &one.body)] {
            // The rules that it passed also change with names elsewhere in the file.
            if (&text.written, text.public.source()) != (&wanted.written, wanted.public.source()) {
                text.clone_from(wanted);
            }
        }
        kept.insert(key);
        save(state, key, former.as_ref(), template, context, changes);
    }
    let gone = state.templates.keys_where(|key, one| one.origin == Origin::File && !kept.contains(key));
    gone.into_iter().for_each(|key| remove(state, key, changes));
    Ok(())
}

/// The page and the components of a template in the file; `None`: the file declares no such page.
fn place(state: &State, desired: &DesiredTemplate) -> Option<(Option<PageKey>, Vec<ComponentKey>)> {
    let Some(page) = &desired.page else { return Some((None, Vec::new())) };
    let mut pages = state.pages.iter().filter(|(_, one)| !one.archived);
    let (page, _) = pages.find(|(_, one)| one.key == *page)?;
    let named = |key: &String| {
        let mut all = state.components.iter().filter(|(_, one)| one.page == *page && !one.archived);
        all.find(|(_, one)| one.key == *key).map(|(key, _)| *key)
    };
    let components: BTreeSet<ComponentKey> = desired.components.iter().filter_map(named).collect();
    Some((Some(*page), components.into_iter().collect()))
}

fn create(
    state: &mut State,
    new: &NewTemplate,
    context: Context,
    changes: &mut Changes,
) -> Result<TemplateKey, Rejected> {
    if let Some(page) = new.page {
        living_page(state, page)?;
    }
    let name = runtime::name(&new.name)?;
    check_texts(&new.title, &new.body)?;
    let components = components(state, new.page, &new.components)?;
    check_name(state, new.page, &name, None)?;
    let made = state.templates.values().filter(|one| one.origin == Origin::Runtime).count();
    if made >= MAX_TEMPLATES {
        let reason = format!("at most {MAX_TEMPLATES} templates can be made at run time: remove some first");
        return Err(Rejected::state("template", reason));
    }
    let key = TemplateKey::next(&mut state.counters.templates);
    let template = Template {
        id: context.ids.id("incident_template", key.0),
        page: new.page,
        origin: Origin::Runtime,
        name,
        title: new.title.clone(),
        body: new.body.clone(),
        status: new.status,
        components,
        created_at: context.now,
        updated_at: context.now,
        by: changes.author.clone(),
    };
    save(state, key, None, template, context, changes);
    Ok(key)
}

fn change(
    state: &mut State,
    key: TemplateKey,
    change: &TemplateChange,
    context: Context,
    changes: &mut Changes,
) -> Result<(), Rejected> {
    let former = made(state, key)?.clone();
    let mut template = former.clone();
    if let Some(name) = &change.name {
        template.name = runtime::name(name)?;
        check_name(state, former.page, &template.name, Some(key))?;
    }
    if let Some(wanted) = &change.components {
        template.components = components(state, former.page, wanted)?;
    }
    template.status = change.status.unwrap_or(former.status);
    for (text, wanted) in [(&mut template.title, &change.title), (&mut template.body, &change.body)] {
        if let Some(wanted) = wanted {
            text.clone_from(wanted);
        }
    }
    check_texts(&template.title, &template.body)?;
    save(state, key, Some(&former), template, context, changes);
    Ok(())
}

fn save(
    state: &mut State,
    key: TemplateKey,
    former: Option<&Template>,
    mut template: Template,
    context: Context,
    changes: &mut Changes,
) {
    if former == Some(&template) {
        return;
    }
    template.updated_at = context.now;
    state.templates.insert(key, template);
    changes.touched.template(key);
}

fn remove(state: &mut State, key: TemplateKey, changes: &mut Changes) {
    state.templates.remove(&key);
    changes.touched.template(key);
}

/// A template that was made at run time.
fn made(state: &State, key: TemplateKey) -> Result<&Template, Rejected> {
    let none = || Rejected::not_found("template", "there is no such template");
    let template = state.templates.get(&key).ok_or_else(none)?;
    match template.origin {
        Origin::File => Err(runtime::declared("template", &template.name)),
        Origin::Runtime => Ok(template),
    }
}

/// The template of that name, of a page or of every page.
fn named(state: &State, page: Option<PageKey>, name: &str) -> Option<TemplateKey> {
    state.templates.iter().find(|(_, one)| one.page == page && one.name == name).map(|(key, _)| *key)
}

fn check_name(
    state: &State,
    page: Option<PageKey>,
    name: &str,
    own: Option<TemplateKey>,
) -> Result<(), Rejected> {
    match named(state, page, name).filter(|key| Some(*key) != own) {
        Some(_) => {
            let reason = format!("there is a template {name:?} already: choose another name");
            Err(Rejected::conflict("name", reason))
        }
        None => Ok(()),
    }
}

/// Refuses placeholders that do not exist, in what was written and in what is left of it.
fn check_texts(title: &Text, body: &Text) -> Result<(), Rejected> {
    for (field, of, text) in [("title", TemplateField::Title, title), ("body", TemplateField::Body, body)] {
        let mut wrong = invalid_placeholders(&text.written, of);
        if wrong.is_empty() {
            wrong = invalid_placeholders(text.public.source(), of);
        }
        if !wrong.is_empty() {
            let all: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            return Err(Rejected::invalid(field, format!("{field}, {}", all.join("; "))));
        }
    }
    Ok(())
}

/// Components of a template, sorted and without duplicates.
fn components(
    state: &State,
    page: Option<PageKey>,
    keys: &[ComponentKey],
) -> Result<Vec<ComponentKey>, Rejected> {
    if page.is_none() && !keys.is_empty() {
        let reason = "a template for every page names no components: name the page that it is for";
        return Err(Rejected::invalid("components", reason));
    }
    for key in keys {
        let component = state.components.get(key).filter(|one| !one.archived).ok_or_else(no_component)?;
        if Some(component.page) != page {
            let name = &component.settings.name;
            return Err(Rejected::invalid("components", format!("{name:?} is on another page")));
        }
    }
    let keys: BTreeSet<ComponentKey> = keys.iter().copied().collect();
    Ok(keys.into_iter().collect())
}
