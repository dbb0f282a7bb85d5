//! Reads templates of incidents. Their texts pass the sanitiser by what the file alone says; nothing is removed from them:
//! what must not be public is refused.

use skerry_domain::template::{Placeholder, TemplateField, TemplateStatus, invalid_placeholders};
use skerry_domain::text::{SanitiserSettings, Text};
use skerry_protocol::strict::{Item, Position, Table, nearest};
use skerry_sanitiser::Rules;

use super::{CheckEntry, LocalAgent, Page, Sanitiser};
use crate::texts::{BUILT_IN_AGENT, TextSanitiser, is_plain_word, settings};

/// A template of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentTemplate {
    /// Unique among those of its page, or of every page.
    pub name: String,
    /// The key of its page; `None`: it is for every page.
    pub page: Option<String>,
    /// With placeholders.
    pub title: Text,
    /// With placeholders.
    pub body: Text,
    /// The state that it brings about.
    pub status: Option<TemplateStatus>,
    /// Keys of components of its page.
    pub components: Vec<String>,
    /// The position in the file.
    pub declared_at: Position,
}

/// What of the file decides about texts and references.
pub(super) struct Within<'a> {
    pub(super) checks: &'a [CheckEntry],
    pub(super) pages: &'a [Page],
    pub(super) local_agent: Option<&'a LocalAgent>,
    pub(super) sanitiser: &'a Sanitiser,
}

pub(super) fn templates(root: &Table<'_>, within: &Within<'_>) -> Vec<IncidentTemplate> {
    let tables = root.tables("incident_template", &["name"]);
    // Settings that cannot be used are reported where they stand.
    let mut sanitiser = if tables.is_empty() { None } else { within.rules().map(TextSanitiser::with) };
    let mut read: Vec<IncidentTemplate> = Vec::new();
    for table in &tables {
        let Some(template) = template(table, within, sanitiser.as_mut()) else { continue };
        let same = |one: &&IncidentTemplate| one.page == template.page && one.name == template.name;
        if let Some(first) = read.iter().find(same) {
            let at = &first.declared_at;
            let wrong = format!("name \"{}\" is already declared at {}:{}", template.name, at.file, at.line);
            table.refuse("name", wrong, "Names are unique among the templates of a page: rename one.");
        }
        read.push(template);
    }
    read
}

fn template(
    table: &Table<'_>,
    within: &Within<'_>,
    mut sanitiser: Option<&mut TextSanitiser>,
) -> Option<IncidentTemplate> {
    let name = table.string("name").at_most(100).required("name = \"Disk full\"");
    let page = table.string("page").optional();
    let title = table.string("title").required("title = \"{{components}} does not answer\"");
    let body = table.text("body").required("body = \"We look into it since {{since}}.\"");
    let choices = TemplateStatus::ALL.map(|status| (status.name(), status));
    let status = table.choice("update_status", &choices).optional();
    let components = components(table, within.page(table, page.as_deref()));
    let mut read =
        |key, written: Option<String>, field| text(table, (key, &written?, field), sanitiser.as_deref_mut());
    let title = read("title", title, TemplateField::Title);
    let body = read("body", body, TemplateField::Body);
    Some(IncidentTemplate {
        page,
        status,
        components,
        declared_at: table.position(),
        name: name?,
        title: title?,
        body: body?,
    })
}

/// The keys of its components, each of which its page has.
fn components(table: &Table<'_>, page: Option<&Page>) -> Vec<String> {
    // What is written there is a list of strings, whatever refers to it.
    let keys = table.strings("components");
    if !table.has("page") && !keys.is_empty() {
        let wrong = "components are named, and no page";
        table.refuse("components", wrong, "Add page = \"…\", the key of the page that has them.");
    }
    let Some(page) = page else { return keys };
    for item in
        table.item("components").filter(Item::is_list).and_then(|item| item.list()).unwrap_or_default()
    {
        let Some(key) = item.as_str() else { continue };
        if page.components().all(|one| one.key != key) {
            let near = nearest(key, page.components().map(|one| one.key.as_str()));
            let remedy = near.map_or_else(
                || format!("Name the keys of components of page \"{}\".", page.key),
                |near| format!("Did you mean \"{near}\"?"),
            );
            let _: Option<()> =
                item.refuse(&format!("names \"{key}\", which page \"{}\" does not have", page.key), &remedy);
        }
    }
    keys
}

impl Within<'_> {
    /// The page that a template names.
    fn page(&self, table: &Table<'_>, named: Option<&str>) -> Option<&Page> {
        let key = named?;
        let found = self.pages.iter().find(|page| page.key == key);
        if found.is_none() {
            let near = nearest(key, self.pages.iter().map(|page| page.key.as_str()));
            let remedy = near.map_or_else(
                || "Name the key of a [[page]] of this file.".to_owned(),
                |near| format!("Did you mean \"{near}\"?"),
            );
            table.refuse("page", format!("page: this file has no page \"{key}\""), remedy);
        }
        found
    }

    /// The rules by this file alone. Whoever uses a template meets those of the workspace.
    pub(super) fn rules(&self) -> Option<Rules> {
        let Sanitiser { private_suffixes, secret_patterns } = self.sanitiser.clone();
        let mut settings = settings(&SanitiserSettings {
            private_suffixes: Some(private_suffixes),
            secret_patterns: Some(secret_patterns),
        });
        let agent = self.local_agent.map(|agent| &agent.name).filter(|name| *name != BUILT_IN_AGENT);
        let names = self.checks.iter().map(|entry| &entry.check.name).chain(agent);
        settings.private_names.extend(names.filter(|name| !is_plain_word(name)).cloned());
        for page in self.pages {
            settings.public_names.push(page.name.clone());
            settings.public_names.extend(page.groups().map(|group| group.name.clone()));
            let public = page.components().filter(|one| one.public);
            settings.public_names.extend(public.map(|one| one.name.clone()));
        }
        Rules::new(&settings).ok()
    }
}

fn text(
    table: &Table<'_>,
    (key, written, field): (&'static str, &str, TemplateField),
    sanitiser: Option<&mut TextSanitiser>,
) -> Option<Text> {
    let wrong = invalid_placeholders(written, field);
    for one in &wrong {
        let name = one.written.trim_matches(['{', '}', ' ']);
        let near = nearest(name, Placeholder::ALL.map(Placeholder::name)).and_then(Placeholder::from_name);
        let remedy = near.filter(|near| near.name() != name).map_or_else(
            || "Braces in pairs stand for a name of that list; nothing else is replaced.".to_owned(),
            |near| format!("Did you mean {near}?"),
        );
        table.refuse(key, format!("{key}: {one}"), remedy);
    }
    let sanitiser = sanitiser?;
    let read = sanitiser.refusing(|sanitiser| match field {
        TemplateField::Title => sanitiser.title(written),
        TemplateField::Body => sanitiser.markdown(written),
    });
    match read {
        Ok(text) => Some(text).filter(|_| wrong.is_empty()),
        Err(why) => {
            table.refuse(key, format!("{key}: {why}"), "Write it another way.");
            None
        }
    }
}
