//! Reads templates: text with `{{name}}`, and `{{state|firing=…|resolved=…}}` or `{{severity|critical=…|*=…}}`, which stand
//! for what the operator wrote after the equals sign.

use super::{NoticeState, SEVERITIES, TemplateFault, TemplateSettings};
use skerry_protocol::check::Severity;

/// What every notice has a value for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    State,
    Severity,
    Title,
    Text,
    Page,
    Url,
    At,
}

impl Field {
    const ALL: [Self; 8] =
        [Self::Id, Self::State, Self::Severity, Self::Title, Self::Text, Self::Page, Self::Url, Self::At];

    fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::State => "state",
            Self::Severity => "severity",
            Self::Title => "title",
            Self::Text => "text",
            Self::Page => "page",
            Self::Url => "url",
            Self::At => "at",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The names of all its values, if they are few.
    fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::State => Some(NoticeState::ALL.map(NoticeState::name).to_vec()),
            Self::Severity => Some(SEVERITIES.map(Severity::name).to_vec()),
            _ => None,
        }
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it stands.
    Literal(String),
    /// The value of a field.
    Field(Field),
    /// What the operator chose for each value of a field.
    Choice(Field, Vec<(&'static str, String)>),
    /// A setting or a secret of the operator.
    Own(String),
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) parts: Vec<Part>,
}

impl Template {
    /// Whether the id of the notice stands in it.
    pub(super) fn names_id(&self) -> bool {
        self.parts.contains(&Part::Field(Field::Id))
    }

    /// Reads a template whose own names `described` declares. Errors continue a sentence that begins with its key.
    pub(super) fn parse(text: &str, described: &TemplateSettings) -> Result<Self, Vec<String>> {
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            parts.push(Part::Literal(before.to_owned()));
            let Some((inside, after)) = after.split_once("}}") else {
                faults.push("has {{ without }} after it".to_owned());
                return Err(faults);
            };
            match placeholder(inside, described) {
                Ok(part) => parts.push(part),
                Err(why) => faults.push(why),
            }
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        if faults.is_empty() { Ok(Self { parts }) } else { Err(faults) }
    }
}

fn placeholder(inside: &str, described: &TemplateSettings) -> Result<Part, String> {
    let mut pieces = inside.split('|');
    let name = pieces.next().unwrap_or_default().trim();
    let choices: Vec<&str> = pieces.collect();
    match Field::from_name(name) {
        Some(field) if choices.is_empty() => Ok(Part::Field(field)),
        Some(field) => choice(field, &choices),
        None if is_own(name, described) && choices.is_empty() => Ok(Part::Own(name.to_owned())),
        None if is_own(name, described) => {
            Err(format!("has choices for {{{{{name}}}}}, which only state and severity have"))
        }
        None => {
            let fields = Field::ALL.map(Field::name).into_iter();
            let own = described.settings.keys().chain(described.secrets.keys()).map(String::as_str);
            let known: Vec<&str> = fields.chain(own).collect();
            Err(format!("has {{{{{name}}}}}, which is no placeholder: there are {}", known.join(", ")))
        }
    }
}

fn choice(field: Field, choices: &[&str]) -> Result<Part, String> {
    let name = field.name();
    let values = field
        .values()
        .ok_or_else(|| format!("has choices for {{{{{name}}}}}, which only state and severity have"))?;
    let mut chosen = Vec::new();
    for choice in choices {
        let (value, text) =
            choice.split_once('=').ok_or_else(|| format!("has a choice without = in {{{{{name}|…}}}}"))?;
        let value = value.trim();
        let of: Vec<&'static str> =
            values.iter().copied().filter(|one| value == "*" || *one == value).collect();
        if of.is_empty() {
            return Err(format!(
                "has a choice for {value} in {{{{{name}|…}}}}: there are {}, and * for the rest",
                values.join(", ")
            ));
        }
        let missing = of.into_iter().filter(|one| !chosen.iter().any(|(known, _)| known == one));
        let missing: Vec<_> = missing.map(|one| (one, text.to_owned())).collect();
        chosen.extend(missing);
    }
    let missing: Vec<&str> =
        values.into_iter().filter(|one| !chosen.iter().any(|(known, _)| known == one)).collect();
    if missing.is_empty() {
        Ok(Part::Choice(field, chosen))
    } else {
        Err(format!("has no choice for {} in {{{{{name}|…}}}}; *=… is for the rest", missing.join(", ")))
    }
}

fn is_own(name: &str, described: &TemplateSettings) -> bool {
    described.settings.contains_key(name) || described.secrets.contains_key(name)
}

/// What is wrong with the operator's own names.
pub(super) fn names(described: &TemplateSettings) -> Vec<TemplateFault> {
    let keys = [
        ("settings", described.settings.keys().collect::<Vec<_>>()),
        ("secrets", described.secrets.keys().collect()),
    ];
    let all = keys.iter().flat_map(|(key, names)| names.iter().map(|name| (*key, name.as_str())));
    all.filter_map(|(key, name)| {
        let plain = !name.is_empty()
            && name.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'_');
        let why = if !plain {
            "must be named by lower-case letters, digits and _"
        } else if Field::from_name(name).is_some() {
            "has the name of a placeholder that every notice has"
        } else if key == "secrets" && described.settings.contains_key(name) {
            "has the name of a setting"
        } else {
            return None;
        };
        Some(TemplateFault { key: format!("{key}.{name}"), why: why.to_owned() })
    })
    .collect()
}
