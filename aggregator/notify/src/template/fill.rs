//! Fills templates in: each value is escaped for the place where it stands.

use super::parse::{Field, Part, Template};
use super::{NoticeState, Severity, TeamNotice, TemplateSettings};
use std::collections::BTreeMap;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// Characters of a title, and of other texts of one line.
const LINE: usize = 300;
/// Characters of a text: Telegram takes 4,096 in all, ntfy as many bytes.
const TEXT: usize = 2_000;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Percent-encoded.
    Url,
    /// On one line.
    Header,
    /// Within a string of JSON.
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// As it is.
    Plain,
}

impl Place {
    /// What the body is, as its `Content-Type` says.
    pub(super) fn of_body(described: &TemplateSettings) -> Self {
        let mut types =
            described.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = types
            .next()
            .map(|(_, value)| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        match kind.as_deref() {
            Some(kind) if kind == "application/json" || kind.ends_with("+json") => Self::Json,
            Some("application/x-www-form-urlencoded") => Self::Form,
            _ => Self::Plain,
        }
    }

    fn escaped(self, value: &str) -> String {
        match self {
            Self::Url => percent_encoded(value),
            Self::Header => value.split(char::is_control).collect::<Vec<_>>().join(" "),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Form => byte_serialize(value.as_bytes()).collect(),
            Self::Plain => value.to_owned(),
        }
    }
}

/// All but what needs no encoding anywhere in a path or a query. A colon stands in tokens.
fn percent_encoded(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b':' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The values of all placeholders.
pub(super) struct Fill<'a> {
    pub(super) notice: &'a TeamNotice,
    pub(super) settings: &'a BTreeMap<String, String>,
    pub(super) secrets: &'a BTreeMap<&'a str, String>,
}

impl Fill<'_> {
    pub(super) fn fill(&self, template: &Template, place: Place) -> String {
        let parts = template.parts.iter().map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Field(field) => place.escaped(&self.value(*field)),
            // The operator wrote it for this place.
            Part::Choice(field, choices) => {
                let value = self.value(*field);
                let chosen = choices.iter().find(|(one, _)| *one == value);
                chosen.map(|(_, text)| text.clone()).unwrap_or_default()
            }
            Part::Own(name) => {
                let secret = self.secrets.get(name.as_str());
                let own = secret.or_else(|| self.settings.get(name)).map(String::as_str);
                place.escaped(own.unwrap_or_default())
            }
        });
        parts.collect()
    }

    fn value(&self, field: Field) -> String {
        let notice = self.notice;
        match field {
            Field::Id => notice.id.clone(),
            Field::State => notice.state.name().to_owned(),
            Field::Severity => notice.severity.name().to_owned(),
            Field::Title => crate::fit::line_within(&notice.title, LINE),
            Field::Text => crate::fit::within(&notice.text, TEXT),
            Field::Page => crate::fit::line_within(&notice.page, LINE),
            Field::Url => notice.url.to_string(),
            Field::At => notice.at.to_string(),
        }
    }
}

/// A notice with everything that needs escaping.
pub(super) fn sample(state: NoticeState, severity: Severity) -> TeamNotice {
    let text = "\"quoted\" \\ & <b> {{title}}\n#?=+%".to_owned();
    TeamNotice {
        id: text.clone(),
        state,
        severity,
        title: text.clone(),
        text: text.clone(),
        page: text,
        url: Url::parse("https://status.example.com/").unwrap_or_else(|_| unreachable!("it is a URL")),
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}
