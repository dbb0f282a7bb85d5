//! Slack: blocks in an attachment, whose edge carries the colour.

use super::{ChatMessage, Link, json_headers};
use crate::fit::{Escaped, escaped_within, line_within};
use crate::http::{HttpClient, Request};
use crate::outcome::{Class, Outcome};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

/// Characters of a block's text; Slack takes 3,000.
const TEXT: usize = 2_900;
/// Of a title, which is plain text: nobody's title may become markup. Slack takes 150.
const TITLE: usize = 150;
/// Of a field; Slack takes 2,000.
const FIELD: usize = 500;
/// Fields of a block; Slack takes no more.
const FIELDS: usize = 10;

/// Slack answers 404 for a hook that was removed and 410 for a channel that was; 400 and 413 are for a message that it does
/// not take.
pub(super) async fn post(client: &HttpClient, url: &Url, message: &ChatMessage) -> Outcome {
    let body = body(message).to_string().into();
    let request = Request { method: Method::POST, url: url.clone(), headers: json_headers(), body };
    let reply = client.send(request).await;
    match reply.status {
        Some(StatusCode::NOT_FOUND) => reply.refused(Class::Gone).outcome,
        Some(StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE) => {
            reply.refused(Class::Rejected).outcome
        }
        _ => reply.outcome,
    }
}

pub(super) fn body(message: &ChatMessage) -> Value {
    let mut blocks = vec![
        json!({ "type": "section", "text": plain(&one_line(&message.state), FIELD) }),
        json!({ "type": "header", "text": plain(&one_line(&message.title), TITLE) }),
    ];
    if !message.text.trim().is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(&message.text, TEXT) }));
    }
    let fields = message.facts.iter().take(FIELDS);
    let fields: Vec<Value> = fields.map(|(name, value)| plain(&format!("{name}\n{value}"), FIELD)).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let links = [message.subscription.as_ref(), Some(&message.link)];
    let links: Vec<String> = links.into_iter().flatten().map(link).collect();
    let links = json!({ "type": "mrkdwn", "text": links.join(" · "), "verbatim": true });
    let page = plain(&one_line(&message.page), FIELD);
    blocks.push(json!({ "type": "context", "elements": [page, links] }));
    let fallback = format!("{}: {} ({})", message.page, message.title, message.state);
    json!({
        "text": escaped(&one_line(&fallback), FIELD),
        "unfurl_links": false,
        "unfurl_media": false,
        "attachments": [{ "color": format!("#{:06x}", message.colour.rgb()), "blocks": blocks }],
    })
}

/// A link in Slack's own form, which a bar in its address would end.
fn link(to: &Link) -> String {
    let address = escaped(&to.url.as_str().replace('|', "%7C"), usize::MAX);
    format!("<{address}|{}>", escaped(&one_line(&to.label), FIELD))
}

fn one_line(text: &str) -> String {
    line_within(text, usize::MAX)
}

/// Text without formatting.
fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": escaped(text, most), "emoji": false })
}

/// Three characters are Slack's own; `<!channel>` is but text after that.
fn escaped(text: &str, most: usize) -> String {
    escaped_within(text, most, |one| match one {
        '&' => Escaped::As("&amp;"),
        '<' => Escaped::As("&lt;"),
        '>' => Escaped::As("&gt;"),
        _ => Escaped::Same,
    })
}
