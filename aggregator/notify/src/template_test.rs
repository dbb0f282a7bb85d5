//! What comes of descriptions, and which are refused with which words.

use super::*;
use serde_json::{Value, json};

fn notice() -> TeamNotice {
    TeamNotice {
        id: "problem-7".to_owned(),
        state: NoticeState::Firing,
        severity: Severity::High,
        title: "API \"eu\" is down & out".to_owned(),
        text: "Line one\nLine {{title}} two".to_owned(),
        page: "Acme".to_owned(),
        url: Url::parse("https://status.acme.com/admin/problems/7?a=b&c=d").expect("a URL"),
        at: "2026-12-01T00:00:00Z".parse().expect("a time"),
    }
}

fn described(url: &str, content_type: &str, body: &str) -> TemplateSettings {
    TemplateSettings {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.to_owned(),
        settings: [("to".to_owned(), "+49 30/1".to_owned())].into(),
        secrets: BTreeMap::new(),
    }
}

/// The request with `secret of NAME` as each secret.
fn request(described: &TemplateSettings, notice: &TeamNotice) -> Request {
    let channel = TemplateChannel::new(described).unwrap_or_else(|faults| panic!("{faults:?}"));
    let secrets = described.secrets.keys().map(|name| (name.as_str(), format!("secret:of/{name}"))).collect();
    channel.request(notice, &secrets).expect("a request")
}

fn body(request: &Request) -> &str {
    std::str::from_utf8(&request.body).expect("text")
}

#[test]
fn a_value_is_escaped_for_the_place_where_it_stands() {
    let all = "{{title}}|{{text}}|{{to}}";
    let json = request(
        &described("https://a.com/", "application/json; charset=utf-8", &format!("\"{all}\"")),
        &notice(),
    );
    let expected = "API \"eu\" is down & out|Line one\nLine {{title}} two|+49 30/1";
    assert_eq!(serde_json::from_slice::<Value>(&json.body).expect("JSON"), json!(expected));
    let form = request(
        &described("https://a.com/", "application/x-www-form-urlencoded", "t={{title}}&to={{to}}"),
        &notice(),
    );
    assert_eq!(body(&form), "t=API+%22eu%22+is+down+%26+out&to=%2B49+30%2F1");
    let plain = request(&described("https://a.com/", "text/plain", all), &notice());
    assert_eq!(body(&plain), expected);
    let mut url = described("https://a.com/{{to}}?t={{title}}", "text/plain", "");
    url.headers.push(("X-Text".to_owned(), "{{text}}".to_owned()));
    let url = request(&url, &notice());
    assert_eq!(url.url.as_str(), "https://a.com/%2B49%2030%2F1?t=API%20%22eu%22%20is%20down%20%26%20out");
    assert_eq!(url.headers["x-text"], "Line one Line {{title}} two");
}

#[test]
fn choices_are_the_operators_own_words() {
    let described = described(
        "https://a.com/",
        "application/json",
        "[{{severity|critical=5|high=4|*=1}}, \"{{state|firing=on|resolved=off}}\"]",
    );
    for (state, severity, expected) in [
        (NoticeState::Firing, Severity::Critical, "[5, \"on\"]"),
        (NoticeState::Firing, Severity::High, "[4, \"on\"]"),
        (NoticeState::Resolved, Severity::Medium, "[1, \"off\"]"),
        (NoticeState::Resolved, Severity::Low, "[1, \"off\"]"),
    ] {
        assert_eq!(body(&request(&described, &TeamNotice { state, severity, ..notice() })), expected);
    }
}

#[test]
fn long_texts_are_cut() {
    let long = TeamNotice { title: "t".repeat(9_000), text: "ü".repeat(9_000), ..notice() };
    let sent = request(&described("https://a.com/", "text/plain", "{{title}} {{text}}"), &long);
    assert_eq!(body(&sent).chars().count(), 300 + 1 + 2_000);
    assert!(body(&sent).ends_with('…'));
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    let good = || described("https://a.com/", "application/json", "\"{{title}}\"");
    let faults = |described: TemplateSettings| {
        let faults = TemplateChannel::new(&described).expect_err("refused");
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let with_body = |body: &str| TemplateSettings { body: body.to_owned(), ..good() };
    for (described, expected) in [
        (
            with_body("\"{{titel}}\""),
            "body has {{titel}}, which is no placeholder: there are id, state, severity, title, text, page, url, at, to",
        ),
        (with_body("\"{{title\""), "body has {{ without }} after it"),
        (
            with_body("{{title}}"),
            "body is not JSON once its placeholders are filled in: expected value at line 1 column 1",
        ),
        (
            with_body("{{severity|critical=5}}"),
            "body has no choice for high, medium, low in {{severity|…}}; *=… is for the rest",
        ),
        (
            with_body("{{severity|urgent=5|*=1}}"),
            "body has a choice for urgent in {{severity|…}}: there are critical, high, medium, low, and * for the rest",
        ),
        (with_body("{{state|firing}}"), "body has a choice without = in {{state|…}}"),
        (with_body("{{title|a=b}}"), "body has choices for {{title}}, which only state and severity have"),
        (
            TemplateSettings { url: "ftp://a.com/".to_owned(), ..good() },
            "url is not an http or https URL once its placeholders are filled in",
        ),
        (
            TemplateSettings { url: "https://{{title}}/".to_owned(), ..good() },
            "url is not an http or https URL once its placeholders are filled in",
        ),
        (
            TemplateSettings { method: "DELETE".to_owned(), ..good() },
            "method must be POST, PUT, PATCH or GET",
        ),
        (
            TemplateSettings { headers: vec![("a b".to_owned(), String::new())], ..good() },
            "headers.a b is not the name of a header",
        ),
        (
            TemplateSettings { headers: vec![("x".to_owned(), "a\nb: c".to_owned())], ..good() },
            "headers.x cannot stand in a header",
        ),
        (
            TemplateSettings { secrets: [("title".to_owned(), PathBuf::new())].into(), ..good() },
            "secrets.title has the name of a placeholder that every notice has",
        ),
        (
            TemplateSettings { secrets: [("to".to_owned(), PathBuf::new())].into(), ..good() },
            "secrets.to has the name of a setting",
        ),
        (
            TemplateSettings { settings: [("A-b".to_owned(), String::new())].into(), ..good() },
            "settings.A-b must be named by lower-case letters, digits and _",
        ),
    ] {
        assert_eq!(faults(described), [expected]);
    }
    let many =
        TemplateSettings { url: "{{a}}".to_owned(), method: "X".to_owned(), ..with_body("{{b}} {{c}}") };
    assert_eq!(faults(many).len(), 4, "all are said at once");
}

#[test]
fn a_pager_takes_each_notice_by_itself() {
    let named = |url: &str, body: &str| {
        TemplateChannel::new(&described(url, "text/plain", body)).expect("a channel").names_id()
    };
    assert!(!named("https://a.com/", "{{title}}"));
    assert!(named("https://a.com/", "{{title}} {{id}}") && named("https://a.com/{{ id }}", ""));
}

#[test]
fn every_shipped_description_makes_requests() {
    let table = [
        ("pagerduty", "https://events.pagerduty.com/v2/enqueue"),
        ("ntfy", "https://ntfy.sh/"),
        ("telegram", "https://api.telegram.org/botsecret:of%2Ftoken/sendMessage"),
        ("sms", "https://gateway.acme.com/send"),
    ];
    assert_eq!(Shipped::all().iter().map(|one| one.name).collect::<Vec<_>>(), table.map(|(name, _)| name));
    for (name, url) in table {
        let of = shipped(name).expect(name);
        let mut described = of.described();
        if of.url.is_empty() {
            url.clone_into(&mut described.url);
        }
        described.settings =
            of.settings.iter().map(|name| ((*name).to_owned(), format!("of {name}"))).collect();
        described.secrets =
            of.secrets.iter().map(|name| ((*name).to_owned(), PathBuf::from("/secret"))).collect();
        let sent = request(&described, &notice());
        assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", url));
        assert!(!format!("{sent:?}").contains("secret"), "{sent:?}");
    }
}

/// The body of a shipped description, with its settings and secrets.
fn shipped_body(name: &str, notice: &TeamNotice) -> Value {
    let of = shipped(name).expect(name);
    let mut described = of.described();
    described.settings = of.settings.iter().map(|name| ((*name).to_owned(), "mine".to_owned())).collect();
    described.secrets = of.secrets.iter().map(|name| ((*name).to_owned(), PathBuf::new())).collect();
    serde_json::from_slice(&request(&described, notice).body).expect("JSON")
}

#[test]
fn pagers_and_phones_get_what_they_ask_for() {
    let resolved = TeamNotice { state: NoticeState::Resolved, severity: Severity::Critical, ..notice() };
    let url = "https://status.acme.com/admin/problems/7?a=b&c=d";
    let (title, text) = ("API \"eu\" is down & out", "Line one\nLine {{title}} two");
    assert_eq!(
        shipped_body("pagerduty", &resolved),
        json!({
            "routing_key": "secret:of/routing_key", "event_action": "resolve", "dedup_key": "problem-7",
            "client": "Skerry", "client_url": url,
            "payload": {
                "summary": title, "source": "Acme", "severity": "critical", "timestamp": "2026-12-01T00:00:00Z",
                "custom_details": { "text": text },
            },
        })
    );
    assert_eq!(
        shipped_body("ntfy", &notice()),
        json!({
            "topic": "mine", "title": title, "message": text, "priority": 4, "tags": ["warning"], "click": url,
        })
    );
    assert_eq!(
        shipped_body("telegram", &notice()),
        json!({
            "chat_id": "mine", "text": format!("🔴 {title}\n{text}\n{url}"),
            "link_preview_options": { "is_disabled": true },
        })
    );
}

#[test]
fn secrets_are_read_for_each_message_and_shown_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let mut described = described("https://a.com/", "text/plain", "{{token}}");
    described.secrets = [("token".to_owned(), file.clone())].into();
    let channel = TemplateChannel::new(&described).expect("its file is not read before");
    let missing = channel.read_secrets().expect_err("there is none");
    assert!(missing.contains("token: No such file"), "{missing}");
    for secret in ["first", "second"] {
        std::fs::write(&file, format!("{secret}\n")).expect("written");
        assert_eq!(channel.read_secrets().expect("read")["token"], secret);
    }
    assert_eq!(format!("{channel:?}"), "TemplateChannel { method: POST, .. }");
}
