//! Messages to channels of Slack, Microsoft Teams and Discord, by their incoming webhooks: the same content in the native
//! form of each. Names and texts are plain text: nothing in them formats, links or mentions anybody.
//!
//! Only Discord gives a message a name by which it can be changed, so that an incident can stay one message there. Incoming
//! webhooks of Slack and workflows of Teams neither thread nor edit: each update is a message of its own.

mod discord;

mod slack;
mod teams;

pub use discord::MessageId;

use crate::destination::ChatService;
use crate::http::HttpClient;
use crate::outcome::Outcome;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;
use std::fmt;
use url::Url;

/// What is said, in the language of the page.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// The name of the page.
    pub page: String,
    /// Of the incident, the maintenance or the component.
    pub title: String,
    /// In one line: `Identified · Major outage`.
    pub state: String,
    /// The update, plain.
    pub text: String,
    /// Names and values: `Affects`, `Since`.
    pub facts: Vec<(String, String)>,
    /// What it is about, on the page.
    pub link: Link,
    /// Where the subscription is managed and ended, or confirmed: stands first, since the message asks for it.
    pub subscription: Option<Link>,
    /// Which colour goes with it.
    pub colour: Colour,
    /// When it was said.
    pub at: jiff::Timestamp,
}

// Links may hold the secret of a subscription.
impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessage").field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Words and where they lead.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// `View incident`.
    pub label: String,
    /// On the page's own host.
    pub url: Url,
}

/// Colours, as those of statuses on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// All is well again.
    Operational,
    /// Degraded, or an incident with minor impact.
    Degraded,
    /// A part is down, or major impact.
    PartialOutage,
    /// Down, or critical impact.
    MajorOutage,
    /// Maintenance.
    Maintenance,
    /// None of them.
    Neutral,
}

impl Colour {
    /// As the badges of the page have it.
    fn rgb(self) -> u32 {
        match self {
            Self::Operational => 0x1b_6b56,
            Self::Degraded => 0x79_5500,
            Self::PartialOutage => 0xa3_3400,
            Self::MajorOutage => 0x8a_0f35,
            Self::Maintenance => 0x3f_50cc,
            Self::Neutral => 0x5b_6066,
        }
    }
}

/// What came of an attempt, and what the service calls the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// What came of it.
    pub outcome: Outcome,
    /// Discord's name of the message, to be given with the next update of the same incident.
    pub message: Option<MessageId>,
}

/// Posts a message once. `former` is the message of the same incident that is to be changed, where the service can do that;
/// if it is gone, a new one is posted.
pub async fn post(
    client: &HttpClient,
    service: ChatService,
    url: &Url,
    message: &ChatMessage,
    former: Option<&MessageId>,
) -> Posted {
    match service {
        ChatService::Slack => unnamed(slack::post(client, url, message).await),
        ChatService::Teams => unnamed(teams::post(client, url, message).await),
        ChatService::Discord => discord::post(client, url, message, former).await,
    }
}

fn unnamed(outcome: Outcome) -> Posted {
    Posted { outcome, message: None }
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

/// A JSON object from its members, without those that are null.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
#[path = "chat_test.rs"]
mod tests;
