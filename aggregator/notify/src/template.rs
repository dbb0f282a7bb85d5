//! Channels that operators describe themselves: a request whose URL, headers and body hold placeholders from a closed list.
//! Nothing is evaluated: each placeholder is replaced by its value once, escaped for the place where it stands, and a value is
//! never searched for placeholders. So any service with an HTTP interface is reached: gateways for SMS, pagers, phones.

mod fill;
mod parse;
mod shipped;

pub use shipped::{Shipped, shipped};

use crate::http::{HttpClient, Request};
use crate::outcome::Outcome;
use fill::{Fill, Place};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use parse::Template;
use skerry_host::secret_files;
pub use skerry_protocol::check::Severity;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// A channel as an operator describes it. Its URL, headers and settings may hold what others must not know.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TemplateSettings {
    /// `POST`, for most.
    pub method: String,
    /// With placeholders.
    pub url: String,
    /// Names, and values with placeholders. `Content-Type` decides how values are escaped in the body.
    pub headers: Vec<(String, String)>,
    /// With placeholders.
    pub body: String,
    /// Values of the operator's own, by the name of their placeholder.
    pub settings: BTreeMap<String, String>,
    /// Files with secrets, by the name of their placeholder. The first line is read for each message.
    pub secrets: BTreeMap<String, PathBuf>,
}

impl fmt::Debug for TemplateSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateSettings").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamNotice {
    /// The same for all notices about one thing, so that a pager joins them.
    pub id: String,
    /// Whether it goes on.
    pub state: NoticeState,
    /// How urgent it is.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// Plain.
    pub text: String,
    /// The page or the workspace.
    pub page: String,
    /// Where to look.
    pub url: Url,
    /// When it happened.
    pub at: jiff::Timestamp,
}

/// Whether something goes on, in Alertmanager's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It does.
    Firing,
    /// It is over.
    Resolved,
}

/// The severities, the most urgent first.
pub(crate) const SEVERITIES: [Severity; 4] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

impl NoticeState {
    pub(crate) const ALL: [Self; 2] = [Self::Firing, Self::Resolved];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// What is wrong with a description, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// `method`, `url`, `body`, `settings`, `secrets`, or `headers` with the name of one.
    pub key: String,
    /// What is wrong with it; continues a sentence that begins with the key.
    pub why: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.why)
    }
}

/// A channel that an operator described.
#[derive(Clone)]
pub struct TemplateChannel {
    method: Method,
    url: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Template,
    body_place: Place,
    settings: BTreeMap<String, String>,
    secrets: BTreeMap<String, PathBuf>,
}

impl fmt::Debug for TemplateChannel {
    /// Addresses and headers may hold what others must not know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateChannel").field("method", &self.method).finish_non_exhaustive()
    }
}

impl TemplateChannel {
    /// Reads a description, and fills it in for every severity and state to see that requests come of it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn new(described: &TemplateSettings) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = parse::names(described);
        let mut read = |key: &str, text: &str| match Template::parse(text, described) {
            Ok(template) => Some(template),
            Err(why) => {
                faults.extend(why.into_iter().map(|why| TemplateFault { key: key.to_owned(), why }));
                None
            }
        };
        let (url, body) = (read("url", &described.url), read("body", &described.body));
        let mut headers = Vec::new();
        for (name, value) in &described.headers {
            let key = format!("headers.{name}");
            headers.push((HeaderName::from_bytes(name.as_bytes()).ok(), read(&key, value), key));
        }
        let method = Method::from_bytes(described.method.as_bytes()).ok();
        let is_known = method
            .as_ref()
            .is_some_and(|one| [Method::POST, Method::PUT, Method::PATCH, Method::GET].contains(one));
        if !is_known {
            let why = "must be POST, PUT, PATCH or GET".to_owned();
            faults.push(TemplateFault { key: "method".to_owned(), why });
        }
        let unnamed = headers.iter().filter(|(name, ..)| name.is_none());
        faults.extend(unnamed.map(|(.., key)| TemplateFault {
            key: key.clone(),
            why: "is not the name of a header".to_owned(),
        }));
        let (Some(method), Some(url), Some(body), true) = (method, url, body, faults.is_empty()) else {
            return Err(faults);
        };
        let headers = headers.into_iter().filter_map(|(name, value, _)| Some((name?, value?)));
        let channel = Self {
            method,
            url,
            headers: headers.collect(),
            body,
            body_place: Place::of_body(described),
            settings: described.settings.clone(),
            secrets: described.secrets.clone(),
        };
        channel.try_out().map_err(|fault| vec![fault])?;
        Ok(channel)
    }

    /// Whether the id of the notice stands in its requests, so that the other side joins what is said of one thing. Such a
    /// channel takes each notice by itself.
    #[must_use]
    pub fn names_id(&self) -> bool {
        let headers = self.headers.iter().map(|(_, value)| value);
        [&self.url, &self.body].into_iter().chain(headers).any(Template::names_id)
    }

    /// Sends a notice once.
    pub async fn send(&self, client: &HttpClient, notice: &TeamNotice) -> Outcome {
        let secrets = match self.read_secrets() {
            Ok(secrets) => secrets,
            Err(why) => return Outcome::own_for_now(why),
        };
        match self.request(notice, &secrets) {
            Ok(request) => client.send(request).await.outcome,
            Err(fault) => Outcome::own(&fault.to_string()),
        }
    }

    fn read_secrets(&self) -> Result<BTreeMap<&str, String>, String> {
        let read = |(name, file): (_, &PathBuf)| {
            let token = secret_files::token(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let token = String::from_utf8(token).map_err(|_| format!("{} is not UTF-8", file.display()))?;
            Ok((name, token))
        };
        self.secrets.iter().map(|(name, file)| (name.as_str(), file)).map(read).collect()
    }

    fn request(
        &self,
        notice: &TeamNotice,
        secrets: &BTreeMap<&str, String>,
    ) -> Result<Request, TemplateFault> {
        let values = Fill { notice, settings: &self.settings, secrets };
        let fault = |key: &str, why: &str| TemplateFault { key: key.to_owned(), why: why.to_owned() };
        let url = Url::parse(&values.fill(&self.url, Place::Url)).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url
            .ok_or_else(|| fault("url", "is not an http or https URL once its placeholders are filled in"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let mut filled = HeaderValue::from_bytes(values.fill(value, Place::Header).as_bytes())
                .map_err(|_| fault(&format!("headers.{name}"), "cannot stand in a header"))?;
            filled.set_sensitive(true);
            headers.append(name, filled);
        }
        let body = values.fill(&self.body, self.body_place);
        Ok(Request { method: self.method.clone(), url, headers, body: body.into() })
    }

    /// Whether requests come of it whatever is said.
    fn try_out(&self) -> Result<(), TemplateFault> {
        let secrets = self.secrets.keys().map(|name| (name.as_str(), "secret".to_owned())).collect();
        for (state, severity) in
            NoticeState::ALL.into_iter().flat_map(|state| SEVERITIES.map(|one| (state, one)))
        {
            let request = self.request(&fill::sample(state, severity), &secrets)?;
            if self.body_place == Place::Json {
                serde_json::from_slice::<serde_json::Value>(&request.body).map_err(|error| {
                    TemplateFault {
                        key: "body".to_owned(),
                        why: format!("is not JSON once its placeholders are filled in: {error}"),
                    }
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "template_test.rs"]
mod tests;
