//! Microsoft Teams: an Adaptive Card, as workflows take it. Runs of text know no Markdown, so that nothing needs an escape.

use super::{ChatMessage, Colour, Link, json_headers, object};
use crate::fit::{line_within, within};
use crate::http::HttpClient;
use crate::outcome::Outcome;
use serde_json::{Value, json};
use url::Url;

/// Bytes of a message; Teams takes 28 KB with what it adds itself.
const BYTES: usize = 20_000;
/// Characters of a text, the first of which the message fits with.
const TEXT: [usize; 4] = [8_000, 4_000, 1_500, 300];
/// Paragraphs of a text.
const PARAGRAPHS: usize = 50;
/// Of a title, a state, a name.
const LINE: usize = 200;
const FACTS: usize = 10;

pub(super) async fn post(client: &HttpClient, url: &Url, message: &ChatMessage) -> Outcome {
    client.post(url, json_headers(), body(message).to_string()).await
}

pub(super) fn body(message: &ChatMessage) -> Value {
    let mut bodies = TEXT.iter().map(|most| with_text(message, *most));
    let fits = |body: &Value| body.to_string().len() <= BYTES;
    bodies
        .find(fits)
        .unwrap_or_else(|| with_text(&ChatMessage { facts: Vec::new(), ..message.clone() }, LINE))
}

fn with_text(message: &ChatMessage, most: usize) -> Value {
    // The title leads where the message asks to go.
    let main = message.subscription.as_ref().unwrap_or(&message.link);
    let open = json!({ "type": "Action.OpenUrl", "url": main.url.as_str() });
    let head = json!({
        "type": "Container",
        "style": style(message.colour),
        "bleed": true,
        "items": [
            text(&message.page, json!({ "isSubtle": true, "size": "Small" })),
            text(&message.state, json!({ "weight": "Bolder" })),
            text(&message.title, json!({ "weight": "Bolder", "size": "Large", "selectAction": open })),
        ],
    });
    let shown = within(&message.text, most);
    let lines = shown.lines().map(str::trim).filter(|line| !line.is_empty());
    let paragraphs = lines.take(PARAGRAPHS).map(|line| block([run(line, json!({}))]));
    let facts = message.facts.iter().take(FACTS).map(|(name, value)| {
        let (name, value) = (format!("{}: ", line_within(name, LINE)), line_within(value, LINE));
        block([run(&name, json!({ "weight": "Bolder" })), run(&value, json!({}))])
    });
    let blocks: Vec<Value> = [head].into_iter().chain(paragraphs).chain(facts).collect();
    let links = [message.subscription.as_ref(), Some(&message.link)];
    let actions: Vec<Value> = links.into_iter().flatten().map(action).collect();
    let fallback = line_within(&format!("{}: {} ({})", message.page, message.title, message.state), LINE);
    let card = object([
        ("$schema", "http://adaptivecards.io/schemas/adaptive-card.json".into()),
        ("type", "AdaptiveCard".into()),
        ("version", "1.4".into()),
        ("fallbackText", fallback.into()),
        ("msteams", json!({ "width": "Full" })),
        ("body", blocks.into()),
        ("actions", actions.into()),
    ]);
    json!({
        "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card }],
    })
}

fn text(text: &str, looks: Value) -> Value {
    block([run(&line_within(text, LINE), looks)])
}

fn block<const N: usize>(runs: [Value; N]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": Vec::from(runs) })
}

fn run(text: &str, mut looks: Value) -> Value {
    looks["type"] = "TextRun".into();
    looks["text"] = text.into();
    looks
}

fn action(to: &Link) -> Value {
    json!({ "type": "Action.OpenUrl", "title": line_within(&to.label, LINE), "url": to.url.as_str() })
}

/// Teams has names for colours, and its own shades of them.
fn style(colour: Colour) -> &'static str {
    match colour {
        Colour::Operational => "good",
        Colour::Degraded | Colour::PartialOutage => "warning",
        Colour::MajorOutage => "attention",
        Colour::Maintenance => "accent",
        Colour::Neutral => "emphasis",
    }
}
