//! Addresses as people write them, in the one form in which they are compared.

use crate::config::SubscriberSettings;
use skerry_domain::subscriber::{Channel, Sensitive};
use skerry_notify::destination::{ChatService, Reach, UrlFault, chat_url, webhook_url};
use skerry_notify::mail::mail_address;
use std::fmt;

/// Which URLs of webhooks are taken.
#[derive(Clone, Debug)]
pub struct UrlRules {
    /// The addresses that may be connected to.
    pub reach: Reach,
    /// Also `http://`.
    pub plain_http: bool,
}

impl Default for UrlRules {
    fn default() -> Self {
        Self { reach: Reach::Public { also: Vec::new() }, plain_http: false }
    }
}

impl From<&SubscriberSettings> for UrlRules {
    fn from(settings: &SubscriberSettings) -> Self {
        let reach = Reach::Public { also: settings.allow_networks.clone() };
        Self { reach, plain_http: settings.allow_http }
    }
}

/// Why an address is refused. It reads on behind a name such as "address", and holds nothing of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// It is no mail address.
    NoMailAddress,
    /// It is no URL that is allowed.
    Url(UrlFault),
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMailAddress => f.write_str("is not a mail address such as name@example.com"),
            Self::Url(fault) => write!(f, "{fault}"),
        }
    }
}

impl std::error::Error for AddressFault {}

/// Reads an address of a channel. Mail addresses keep the part before the `@`, and their domain is written in lower-case
/// ASCII; URLs are written as browsers do.
///
/// # Errors
/// Why it is refused.
pub fn read(channel: Channel, text: &str, rules: &UrlRules) -> Result<Sensitive, AddressFault> {
    let url = match channel {
        Channel::Email => {
            let address = mail_address(text).map_err(|_| AddressFault::NoMailAddress)?;
            return Ok(Sensitive::new(&address));
        }
        Channel::Webhook => webhook_url(text, rules.plain_http, &rules.reach),
        Channel::Slack => chat_url(ChatService::Slack, text),
        Channel::Teams => chat_url(ChatService::Teams, text),
        Channel::Discord => chat_url(ChatService::Discord, text),
    };
    url.map(|url| Sensitive::new(url.as_str())).map_err(AddressFault::Url)
}

/// The channel of an address whose channel is not said: a URL of a chat is one of that chat, another URL a webhook.
#[must_use]
pub fn channel_of(text: &str) -> Channel {
    if !text.contains("://") {
        return Channel::Email;
    }
    let chats = [
        (ChatService::Slack, Channel::Slack),
        (ChatService::Teams, Channel::Teams),
        (ChatService::Discord, Channel::Discord),
    ];
    let is_of = |service| matches!(chat_url(service, text), Ok(_) | Err(UrlFault::RetiredConnector));
    chats.into_iter().find(|(service, _)| is_of(*service)).map_or(Channel::Webhook, |(_, channel)| channel)
}

#[cfg(test)]
#[path = "address_test.rs"]
mod tests;
