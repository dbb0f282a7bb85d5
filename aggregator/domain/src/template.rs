//! Templates of incidents: a title and a text with placeholders from a closed list. Nothing is evaluated: each placeholder
//! is replaced by its value in one pass, and a value is never searched for placeholders.

use super::incident::IncidentStatus;
use super::keys::{ComponentKey, PageKey, TemplateKey};
use super::maintenance::MaintenanceStatus;
use super::origin::Origin;
use super::state::State;
use super::text::Text;
use super::time::Timestamp;
use std::fmt;

/// What may stand in a template between two pairs of braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placeholder {
    /// `{{page}}`: the name of the page.
    Page,
    /// `{{components}}`: the names of the affected public components.
    Components,
    /// `{{since}}`: when the incident began.
    Since,
    /// `{{duration}}`: how long it has lasted.
    Duration,
    /// `{{incident}}`: the title of the incident.
    Incident,
}

impl Placeholder {
    /// All.
    pub const ALL: [Self; 5] = [Self::Page, Self::Components, Self::Since, Self::Duration, Self::Incident];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Components => "components",
            Self::Since => "since",
            Self::Duration => "duration",
            Self::Incident => "incident",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placeholder| placeholder.name() == name)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{}}}}}", self.name())
    }
}

/// A part of a template that has a placeholder's braces and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPlaceholder {
    /// Its line, from 1.
    pub line: usize,
    /// The place of its first brace in the line, in characters from 1.
    pub column: usize,
    /// What stands there, shortened.
    pub written: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

impl fmt::Display for InvalidPlaceholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {} {}", self.line, self.column, self.written, self.why)
    }
}

/// What a template is about, which decides where a placeholder may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateField {
    /// The title: it cannot contain itself.
    Title,
    /// The text.
    Body,
}

/// A stretch of a template.
struct Part<'t> {
    /// Where it begins, bytes.
    at: usize,
    written: &'t str,
    kind: Kind,
}

enum Kind {
    Literal,
    Placeholder(Placeholder),
    /// Braces around no name of the list.
    Other,
}

/// The parts of a template, in time linear in its length. Braces that are not closed in their line are no placeholder.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let open = at + found;
        parts.push(Part { at, written: &text[at..open], kind: Kind::Literal });
        let line = open + text[open..].find('\n').unwrap_or(text.len() - open);
        let inside = &text[open + 2..line];
        let (end, name) = match inside.find("}}") {
            Some(length) => (open + 2 + length + 2, Some(inside[..length].trim())),
            None => (line, None),
        };
        let kind = name.and_then(Placeholder::from_name).map_or(Kind::Other, Kind::Placeholder);
        parts.push(Part { at: open, written: &text[open..end], kind });
        at = end;
    }
    parts.push(Part { at, written: &text[at..], kind: Kind::Literal });
    parts
}

/// The most characters of what is no placeholder that are shown.
const SHOWN: usize = 40;
/// The most of them that are listed.
const LISTED: usize = 10;

/// What in a template has a placeholder's braces and may not stand there; the first of them, if there are many.
#[must_use]
pub fn invalid_placeholders(text: &str, field: TemplateField) -> Vec<InvalidPlaceholder> {
    let wrong = parts(text).into_iter().filter_map(|part| why_not(&part, field).map(|why| (part, why)));
    wrong.take(LISTED).map(|(part, why)| told(text, &part, why)).collect()
}

/// Why a part may not stand in a field; `None`: it may.
fn why_not(part: &Part<'_>, field: TemplateField) -> Option<String> {
    let allowed =
        |placeholder: Placeholder| field == TemplateField::Body || placeholder != Placeholder::Incident;
    match part.kind {
        Kind::Literal => None,
        Kind::Placeholder(placeholder) if allowed(placeholder) => None,
        Kind::Placeholder(_) => {
            Some("stands for the title itself, so it may stand in the text only".to_owned())
        }
        Kind::Other => {
            let known = Placeholder::ALL.into_iter().filter(|one| allowed(*one));
            let all: Vec<String> = known.map(|one| one.to_string()).collect();
            Some(format!("is no placeholder; there are {}", all.join(", ")))
        }
    }
}

fn told(text: &str, part: &Part<'_>, why: String) -> InvalidPlaceholder {
    let before = &text[..part.at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    InvalidPlaceholder { line, column, written: shortened(part.written), why }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The text with the value of each placeholder in its place. Values stand as they are, whatever they contain.
#[must_use]
pub fn fill(text: &str, value: impl Fn(Placeholder) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part.kind {
            Kind::Placeholder(placeholder) => filled.push_str(&value(placeholder)),
            Kind::Literal | Kind::Other => filled.push_str(part.written),
        }
    }
    filled
}

/// The state that a template brings about: of an incident or of maintenance, as in Statuspage's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateStatus {
    /// Of an incident.
    Incident(IncidentStatus),
    /// Of maintenance.
    Maintenance(MaintenanceStatus),
}

impl TemplateStatus {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Incident(IncidentStatus::Investigating),
        Self::Incident(IncidentStatus::Identified),
        Self::Incident(IncidentStatus::Monitoring),
        Self::Incident(IncidentStatus::Resolved),
        Self::Maintenance(MaintenanceStatus::Scheduled),
        Self::Maintenance(MaintenanceStatus::InProgress),
        Self::Maintenance(MaintenanceStatus::Verifying),
        Self::Maintenance(MaintenanceStatus::Completed),
    ];

    /// The name in APIs and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Incident(status) => status.name(),
            Self::Maintenance(status) => status.name(),
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// A template of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The page that it is for. `None`: every page.
    pub page: Option<PageKey>,
    /// Who owns it.
    pub origin: Origin,
    /// Its name for the team, unique among those of its page, or of every page.
    pub name: String,
    /// The title of an incident that is opened with it, plain text with placeholders.
    pub title: Text,
    /// The text of an update, Markdown with placeholders.
    pub body: Text,
    /// The state that it brings about. `None`: it says nothing of it.
    pub status: Option<TemplateStatus>,
    /// Components of its page that it names, sorted and without duplicates.
    pub components: Vec<ComponentKey>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who created it, as in the audit.
    pub by: Option<String>,
}

impl State {
    /// The template with this id.
    #[must_use]
    pub fn template_with_id(&self, id: &str) -> Option<TemplateKey> {
        self.templates.iter().find(|(_, one)| one.id == id).map(|(key, _)| *key)
    }

    /// The templates that a page may use: its own and those of every page, oldest first.
    pub fn templates_of(&self, page: PageKey) -> impl DoubleEndedIterator<Item = (TemplateKey, &Template)> {
        let usable = move |one: &Template| one.page.is_none_or(|of| of == page);
        self.templates.iter().filter(move |(_, one)| usable(one)).map(|(key, one)| (*key, one))
    }
}
