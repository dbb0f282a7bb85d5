//! Addresses as people write them, in the one form in which they are compared; and what is shown of them to those who may
//! not see them.

use skerry_domain::subscriber::{Channel, Sensitive};
use skerry_notify::destination::{ChatService, Reach, UrlFault, chat_url, webhook_url};
use std::fmt;
use url::{Host, Url};

/// The longest mail address, bytes (RFC 5321).
const LONGEST: usize = 254;
/// The longest part of it before the `@`, bytes.
const LONGEST_LOCAL_PART: usize = 64;
/// What a mail address may hold before its `@` beside letters and digits.
const OF_LOCAL_PART: &[u8] = b"!#$%&'*+-/=?^_`{|}~.";

/// Why an address is refused. It reads on behind a name such as "address", and holds nothing of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// It is no mail address.
    NoMailAddress,
    /// It is longer than mail addresses are.
    TooLong,
    /// It is no URL that is allowed.
    Url(UrlFault),
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMailAddress => f.write_str("is not a mail address such as name@example.com"),
            Self::TooLong => write!(f, "is longer than {LONGEST} bytes"),
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
pub fn read(channel: Channel, text: &str, reach: &Reach) -> Result<Sensitive, AddressFault> {
    let url = match channel {
        Channel::Email => return mail(text.trim()),
        Channel::Webhook => webhook_url(text, false, reach),
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

fn mail(text: &str) -> Result<Sensitive, AddressFault> {
    let (local, domain) = text.rsplit_once('@').ok_or(AddressFault::NoMailAddress)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || OF_LOCAL_PART.contains(&byte);
    let dotted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    // The dot at the end of a name, and the escapes of URLs, belong to no mail address.
    let odd =
        domain.ends_with('.') || domain.contains(['%', '[', ':']) || domain.contains(char::is_whitespace);
    if local.is_empty() || dotted || odd || !local.bytes().all(allowed) {
        return Err(AddressFault::NoMailAddress);
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return Err(AddressFault::NoMailAddress) };
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    if !domain.contains('.') || !domain.split('.').all(is_label) {
        return Err(AddressFault::NoMailAddress);
    }
    if local.len() > LONGEST_LOCAL_PART || local.len() + 1 + domain.len() > LONGEST {
        return Err(AddressFault::TooLong);
    }
    Ok(Sensitive::new(&format!("{local}@{domain}")))
}

/// What is shown of an address to those who may not see it: `a***@example.com`, `https://hooks.example.com/***`.
#[must_use]
pub fn masked(channel: Channel, address: &Sensitive) -> String {
    let text = address.reveal();
    if channel == Channel::Email {
        let (local, domain) = text.rsplit_once('@').unwrap_or(("", ""));
        let first = local.chars().next().map(String::from).unwrap_or_default();
        return format!("{first}***@{domain}");
    }
    let url = Url::parse(text).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("***");
    format!("https://{host}/***")
}

#[cfg(test)]
#[path = "address_test.rs"]
mod tests;
