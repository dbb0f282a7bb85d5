//! Messages in the form of each service, compared with files that a person read.

use super::*;
use serde_json::json;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn message() -> ChatMessage {
    ChatMessage {
        page: "Acme & Söhne".to_owned(),
        title: "Card payments <declined>".to_owned(),
        state: "Identified · Major outage".to_owned(),
        text: "One of two sites refuses them.\n\nNext update at 16:30 UTC: https://acme.com/a_b_c".to_owned(),
        facts: vec![
            ("Affects".to_owned(), "Card payments, Refunds".to_owned()),
            ("Since".to_owned(), "14:02 UTC".to_owned()),
        ],
        link: Link { label: "View incident".to_owned(), url: url("https://status.acme.com/incidents/abc") },
        subscription: Some(Link {
            label: "Unsubscribe".to_owned(),
            url: url("https://status.acme.com/u/se(cr)et"),
        }),
        colour: Colour::MajorOutage,
        at: "2026-11-20T15:41:00Z".parse().expect("a time"),
    }
}

/// Everything that formats, links or mentions somewhere.
fn hostile() -> ChatMessage {
    let marks = "<!channel> <@U1> @everyone @here <https://evil.com|x> [x](https://evil.com) **b** _i_ ~s~ `c` ||s|| # h";
    ChatMessage {
        page: marks.to_owned(),
        title: marks.to_owned(),
        state: marks.to_owned(),
        text: format!("{marks}\n- item\n> quoted\n# head\u{0}\u{7}"),
        facts: vec![(marks.to_owned(), marks.to_owned())],
        ..message()
    }
}

/// As long as nothing should be.
fn endless() -> ChatMessage {
    let text = "🚧\"<*\n".repeat(20_000);
    ChatMessage {
        page: text.clone(),
        title: text.clone(),
        state: text.clone(),
        text: text.clone(),
        facts: (0..40).map(|_| (text.clone(), text.clone())).collect(),
        ..message()
    }
}

fn assert_is(body: &Value, file: &str) {
    let expected: Value = serde_json::from_str(file).expect("JSON");
    assert_eq!(*body, expected, "{body:#}");
}

#[test]
fn each_service_gets_its_own_form() {
    assert_is(&slack::body(&message()), include_str!("chat/expected/slack.json"));
    assert_is(&teams::body(&message()), include_str!("chat/expected/teams.json"));
    assert_is(&discord::body(&message()), include_str!("chat/expected/discord.json"));
}

#[test]
fn without_text_facts_and_subscription_nothing_empty_is_sent() {
    let bare = ChatMessage { text: String::new(), facts: Vec::new(), subscription: None, ..message() };
    let body = slack::body(&bare);
    assert_eq!(body["attachments"][0]["blocks"].as_array().map(Vec::len), Some(3), "{body:#}");
    let body = discord::body(&bare);
    assert_eq!(body["embeds"][0]["description"], json!("**Identified · Major outage**"));
    assert!(body["embeds"][0].get("fields").is_none(), "{body:#}");
    let body = teams::body(&bare);
    assert_eq!(body["attachments"][0]["content"]["body"].as_array().map(Vec::len), Some(1), "{body:#}");
}

#[test]
fn nothing_in_a_text_mentions_links_or_formats_in_slack() {
    let body = slack::body(&hostile()).to_string();
    for mark in ["<!channel>", "<@U1>", "<https://evil.com"] {
        assert!(!body.contains(mark), "{mark} in {body}");
    }
    assert!(body.contains("&lt;!channel&gt;") && !body.contains("link_names"), "{body}");
    let formatted = body.matches("mrkdwn").count();
    assert_eq!(formatted, 1, "only our own links are in Slack's markup: {body}");
}

#[test]
fn nothing_in_a_text_mentions_links_or_formats_in_discord() {
    let body = discord::body(&hostile());
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    assert!(body.get("content").is_none());
    let text = body["embeds"][0]["description"].as_str().expect("a text");
    for escaped in [
        r"\<@U1\>",
        r"\[x\](https://evil.com)",
        r"\*\*b\*\*",
        r"\_i\_",
        r"\~s\~",
        r"\`c\`",
        r"\|\|s\|\|",
        "\n\\- item",
        "\n\\> quoted",
        "\n\\# head",
    ] {
        assert!(text.contains(escaped), "{escaped} in {text}");
    }
}

#[test]
fn teams_gets_runs_of_text_which_know_no_markdown() {
    let body = teams::body(&hostile()).to_string();
    assert!(!body.contains("\"TextBlock\"") && !body.contains("FactSet"), "{body}");
}

#[test]
fn no_message_is_longer_than_its_service_takes() {
    let body = slack::body(&endless());
    let blocks = body["attachments"][0]["blocks"].as_array().expect("blocks");
    let length = |value: &Value| value.as_str().expect("a text").encode_utf16().count();
    assert!(length(&blocks[1]["text"]["text"]) <= 150);
    assert!(length(&blocks[0]["text"]["text"]) <= 3_000 && length(&blocks[2]["text"]["text"]) <= 3_000);
    assert!(
        blocks[3]["fields"].as_array().is_some_and(
            |fields| fields.len() <= 10 && fields.iter().all(|one| length(&one["text"]) <= 2_000)
        )
    );
    let teams = teams::body(&endless()).to_string();
    assert!(teams.len() <= 20_000, "{}", teams.len());
    let body = discord::body(&endless());
    let embed = &body["embeds"][0];
    assert!(length(&embed["title"]) <= 256 && length(&embed["description"]) <= 4_096);
    let fields = embed["fields"].as_array().expect("fields");
    assert!(fields.iter().all(|one| length(&one["name"]) <= 256 && length(&one["value"]) <= 1_024));
    let all: usize = fields.iter().map(|one| length(&one["name"]) + length(&one["value"])).sum();
    let all =
        all + length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
    assert!(all <= 6_000, "{all}");
}

#[test]
fn ids_of_messages_are_digits() {
    assert_eq!(MessageId::read("1324097152").map(|id| id.as_str().to_owned()), Some("1324097152".to_owned()));
    for text in ["", "1/../2", "12a", "123456789012345678901", "١٢"] {
        assert_eq!(MessageId::read(text), None, "{text}");
    }
}

#[test]
fn the_link_of_a_subscription_is_not_shown() {
    let shown = format!("{:?} {:?}", message(), message().subscription);
    assert!(!shown.contains("se(cr)et") && !shown.contains("Card payments"), "{shown}");
}
