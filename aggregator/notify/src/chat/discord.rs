//! Discord: an embed. A message can be changed by its id, so that an incident may stay one message.

use super::{ChatMessage, Link, Posted, json_headers, object};
use crate::fit::{Escaped, escaped_within, line_within};
use crate::http::{HttpClient, Reply, Request};
use crate::outcome::Class;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

/// Characters of an embed's title.
const TITLE: usize = 256;
/// Of its text; Discord takes 4,096.
const TEXT: usize = 3_300;
/// Fields of an embed, and characters of their names and values; all texts together must not have more than 6,000.
const FIELDS: usize = 6;
const NAME: usize = 60;
const VALUE: usize = 240;
/// Of the line at the end; Discord takes 2,048.
const FOOTER: usize = 100;

/// Discord's code of a message that is gone, while its hook is not.
const UNKNOWN_MESSAGE: u64 = 10_008;

/// What Discord calls a message: digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// Reads an id: up to 20 digits.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_id = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| Self(text.to_owned()))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Changes the former message, or posts a new one.
pub(super) async fn post(
    client: &HttpClient,
    url: &Url,
    message: &ChatMessage,
    former: Option<&MessageId>,
) -> Posted {
    let body = body(message).to_string();
    let send = async |method, url| {
        client.send(Request { method, url, headers: json_headers(), body: body.clone().into() }).await
    };
    if let Some(id) = former {
        let reply = send(Method::PATCH, of_message(url, id)).await;
        if code(&reply) != Some(UNKNOWN_MESSAGE) {
            return Posted { outcome: judged(reply).outcome, message: Some(id.clone()) };
        }
    }
    let reply = judged(send(Method::POST, awaited(url)).await);
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let id = answer.as_ref().and_then(|answer| answer["id"].as_str());
    Posted { message: id.and_then(MessageId::read), outcome: reply.outcome }
}

/// Discord answers 404 and 401 for a hook that was removed, and 400 for a message that it does not take.
fn judged(reply: Reply) -> Reply {
    match reply.status {
        Some(StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED) => reply.refused(Class::Gone),
        Some(StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE) => reply.refused(Class::Rejected),
        _ => reply,
    }
}

fn code(reply: &Reply) -> Option<u64> {
    serde_json::from_slice::<Value>(&reply.body).ok()?["code"].as_u64()
}

/// Discord names the message in its answer if it is asked to wait.
fn awaited(url: &Url) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("wait", "true");
    url
}

/// Where a message is changed: below its hook, in the same thread.
fn of_message(url: &Url, id: &MessageId) -> Url {
    let mut of_message = url.clone();
    of_message.set_path(&format!("{}/messages/{}", url.path(), id.0));
    of_message
}

pub(super) fn body(message: &ChatMessage) -> Value {
    let text = [bold(&message.state), escaped(&message.text, TEXT)].join("\n\n");
    let fields: Vec<Value> =
        message.facts.iter().take(FIELDS).map(|(name, value)| field(name, value)).collect();
    let link = |to: &Link| format!("[{}]({})", escaped(&to.label, NAME), bare(&to.url));
    let links = message.subscription.iter().map(|to| format!("{} · {}", link(to), link(&message.link)));
    let text = [text.trim_end().to_owned()].into_iter().chain(links).collect::<Vec<_>>().join("\n\n");
    // The title leads where the message asks to go.
    let main = message.subscription.as_ref().unwrap_or(&message.link);
    let embed = object([
        ("title", one_line(&message.title, TITLE).into()),
        ("url", main.url.as_str().into()),
        ("description", text.into()),
        ("color", message.colour.rgb().into()),
        ("fields", if fields.is_empty() { Value::Null } else { fields.into() }),
        ("footer", json!({ "text": line_within(&message.page, FOOTER) })),
        ("timestamp", message.at.to_string().into()),
    ]);
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

fn bold(text: &str) -> String {
    format!("**{}**", one_line(text, TITLE))
}

fn field(name: &str, value: &str) -> Value {
    json!({ "name": one_line(name, NAME), "value": one_line(value, VALUE), "inline": true })
}

/// An address within brackets, which a bracket of its own would end.
fn bare(url: &Url) -> String {
    url.as_str().replace('(', "%28").replace(')', "%29")
}

fn one_line(text: &str, most: usize) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// Marks of Markdown and mentions are preceded by a backslash. In an address they would break it, and format nothing.
fn escaped(text: &str, most: usize) -> String {
    let mut written = String::new();
    let mut rest = most;
    for (number, word) in text.split_inclusive(char::is_whitespace).enumerate() {
        let is_address = word.starts_with("https://") || word.starts_with("http://");
        let begins_line = number == 0 || written.ends_with('\n');
        let list = begins_line && matches!(word.trim_end(), "-" | "+");
        let word = escaped_within(word, rest, |one| match one {
            '-' | '+' if list => Escaped::After('\\'),
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '<' if !is_address => {
                Escaped::After('\\')
            }
            _ => Escaped::Same,
        });
        rest = rest.saturating_sub(word.encode_utf16().count());
        written.push_str(&word);
        if rest == 0 {
            break;
        }
    }
    written
}
