//! Webhooks of mail providers as they are. A mapping says by JSON paths (RFC 9535) where a report stands in them, and by
//! tables what the provider's words mean. Providers add kinds of events and fields at any time: what a mapping does not know
//! is ignored.

mod read;

use super::{Event, Report, exact_status};
use crate::mail::answer::Status;
use crate::mail::verp::{is_id, of_message_id, of_return_path};
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::BTreeMap;
use url::Url;

/// The longest URL that operators are told to open, in bytes.
const LONGEST_URL: usize = 2_000;
/// Records of one webhook.
const MAX_RECORDS: usize = 5_000;
/// Longest diagnostic that is read, in characters: a report keeps less.
const LONGEST_DIAGNOSTIC: usize = 4_000;
/// What joins the words of a kind.
const WITHIN: &str = "/";

/// How the webhooks of one provider are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    confirmation: Option<ConfirmationRule>,
    /// Where a text holds the document as JSON.
    embedded: Option<JsonPath>,
    records: JsonPath,
    /// Of the words that say what happened, the most general first.
    kind: Vec<JsonPath>,
    deliveries: Vec<(DeliveryForm, JsonPath)>,
    status: Vec<JsonPath>,
    diagnostic: Vec<JsonPath>,
    /// By their kind, its words joined and in lower case.
    events: BTreeMap<String, EventRule>,
}

/// How a text names the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeliveryForm {
    /// `bounces+<delivery>@<domain>`.
    ReturnPath,
    /// `<delivery@domain>`.
    MessageId,
    /// By its id.
    Id,
}

/// What a kind of events means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EventRule {
    /// `None`: it is ignored.
    event: Option<Event>,
    /// A failure says nothing about the address, whatever its status.
    soft: bool,
    /// If the provider gives none.
    status: Option<Status>,
}

/// How a webhook asks to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ConfirmationRule {
    path: JsonPath,
    equals: String,
    url: JsonPath,
    /// The addresses that are shown are below one of these.
    hosts: Vec<String>,
}

/// What a webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// It reports this; often nothing that matters here.
    Reports(Vec<Report>),
    /// The provider sends webhooks once somebody has opened this address. `None`: it names none of its own.
    Confirmation(Option<Url>),
}

/// Why a webhook is refused. The message quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWebhook {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// It is longer than any provider's.
    #[error("more than {MAX_RECORDS} events in one webhook")]
    TooMany,
}

impl Mapping {
    /// Reads a webhook. An event that the mapping does not know, or that names no delivery, is ignored.
    ///
    /// # Errors
    /// It is not JSON, or holds too many events.
    pub fn webhook(&self, json: &[u8]) -> Result<Webhook, BadWebhook> {
        let whole: Value =
            serde_json::from_slice(json).map_err(|error| BadWebhook::Json(error.to_string()))?;
        if let Some(confirmation) = self.confirmation.as_ref().filter(|rule| rule.is_met(&whole)) {
            return Ok(Webhook::Confirmation(confirmation.address(&whole)));
        }
        let document = match self.embedded.as_ref().and_then(|path| path.query(&whole).first()) {
            // A text that is no document is a message for people.
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            // Without an envelope.
            _ => whole,
        };
        let records = self.records.query(&document).all().into_iter();
        let records = records.flat_map(|one| one.as_array().map_or(std::slice::from_ref(one), Vec::as_slice));
        let records: Vec<&Value> = records.take(MAX_RECORDS + 1).collect();
        if records.len() > MAX_RECORDS {
            return Err(BadWebhook::TooMany);
        }
        Ok(Webhook::Reports(records.into_iter().filter_map(|record| self.report(record)).collect()))
    }

    fn report(&self, record: &Value) -> Option<Report> {
        let rule = self.rule(record)?;
        let event = rule.event?;
        let delivery = self.deliveries.iter().find_map(|(form, path)| form.delivery(text(path, record)?))?;
        let diagnostic = self.diagnostic(record);
        let given = self.status.iter().find_map(|path| Status::at_start_of(text(path, record)?));
        let status = rule.status(exact_status(given, &diagnostic));
        Some(Report::new(delivery, event, status, &diagnostic))
    }

    /// The rule of the longest kind that the record's begins with.
    fn rule(&self, record: &Value) -> Option<&EventRule> {
        let words: Vec<String> =
            self.kind.iter().map_while(|path| word(path, record)).map(|one| one.to_lowercase()).collect();
        (1..=words.len()).rev().find_map(|length| self.events.get(&words[..length].join(WITHIN)))
    }

    fn diagnostic(&self, record: &Value) -> String {
        let words: Vec<String> = self.diagnostic.iter().filter_map(|path| word(path, record)).collect();
        let all = words.join(" ");
        without_type(&all).chars().take(LONGEST_DIAGNOSTIC).collect()
    }
}

impl DeliveryForm {
    fn delivery(self, text: &str) -> Option<&str> {
        match self {
            Self::ReturnPath => of_return_path(text).map(|(delivery, _)| delivery),
            Self::MessageId => of_message_id(text),
            Self::Id => Some(text).filter(|text| is_id(text)),
        }
    }
}

impl EventRule {
    /// The status of a report: that of the provider, unless the rule's says more.
    fn status(&self, given: Option<Status>) -> Option<Status> {
        let exact = given.filter(|given| !given.is_general());
        let usual = self.status.filter(|usual| given.is_none_or(|given| given.0 == usual.0));
        let status = exact.or(usual).or(given);
        if !self.soft {
            return status;
        }
        let Status(_, subject, detail) = status.unwrap_or(Status(4, 0, 0));
        Some(Status(4, subject, detail))
    }
}

impl ConfirmationRule {
    fn is_met(&self, document: &Value) -> bool {
        text(&self.path, document) == Some(self.equals.as_str())
    }

    /// The address, if it is one of the provider: an operator is told to open it.
    fn address(&self, document: &Value) -> Option<Url> {
        let written = text(&self.url, document).filter(|text| text.len() <= LONGEST_URL)?;
        let url = Url::parse(written).ok()?;
        let host = url.host_str()?;
        let below = |known: &String| {
            let mut labels = host.rsplit('.');
            known.rsplit('.').all(|one| labels.next().is_some_and(|label| one == "*" || one == label))
        };
        let is_own = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        (is_own && self.hosts.iter().any(below)).then_some(url)
    }
}

/// The first text at a path that is not blank.
fn text<'a>(path: &JsonPath, record: &'a Value) -> Option<&'a str> {
    let mut texts = path.query(record).all().into_iter().filter_map(Value::as_str).map(str::trim);
    texts.find(|text| !text.is_empty())
}

/// The same, where numbers and booleans count, too.
fn word(path: &JsonPath, record: &Value) -> Option<String> {
    path.query(record).all().into_iter().find_map(|value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    })
}

/// A diagnostic without its type (RFC 3464, 2.3.6): `smtp; 550 5.1.1 no such user`.
fn without_type(diagnostic: &str) -> &str {
    let is_type = |text: &str| text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-');
    match diagnostic.split_once(';') {
        Some((before, after)) if is_type(before) => after.trim(),
        _ => diagnostic,
    }
}

#[cfg(test)]
#[path = "mapping_test.rs"]
mod tests;
