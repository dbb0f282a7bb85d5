//! What is said, and how it looks.

use super::*;
use skerry_domain::time::HOUR;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn said(id: &str, state: NoticeState, severity: Severity) -> Said {
    Said {
        id: id.to_owned(),
        state,
        severity,
        title: format!("<{id}> is down"),
        text: "Since then.\nReason: timeout.".to_owned(),
        since: NOW - HOUR,
        alert: [("alertname".to_owned(), "SkerryProblem".to_owned())].into(),
    }
}

fn message(said: Vec<Said>) -> Message {
    Message { said, told: Vec::new() }
}

fn context() -> Context {
    let link = Url::parse("https://status.example.com/?a=1&b=2").expect("a URL");
    Context { name: "Northwind".to_owned(), link, now: NOW }
}

#[test]
fn one_condition_says_its_own_words_and_several_are_counted() {
    let one = message(vec![said("a", NoticeState::Firing, Severity::High)]);
    let notice = one.notice(&context());
    assert_eq!((notice.id.as_str(), notice.title.as_str()), ("a", "<a> is down"));
    assert_eq!((notice.page.as_str(), notice.text.as_str()), ("Northwind", "Since then.\nReason: timeout."));
    assert_eq!(notice.at, time(NOW - HOUR), "when it began");
    let two = message(vec![
        said("a", NoticeState::Resolved, Severity::High),
        said("b", NoticeState::Resolved, Severity::Low),
    ]);
    let notice = two.notice(&context());
    assert_eq!(notice.title, "Resolved: 2 conditions: <a> is down; <b> is down");
    assert_eq!((notice.severity, notice.at), (Severity::High, time(NOW)));
    let chat = two.chat(&context());
    assert_eq!((chat.state.as_str(), chat.colour), ("RESOLVED · high", Colour::Operational));
}

#[test]
fn a_mail_is_plain_and_its_html_shows_text_as_text() {
    let one = message(vec![said("a", NoticeState::Firing, Severity::High)]);
    assert_eq!(
        one.plain(&context()),
        "FIRING: <a> is down\n\n<a> is down (high)\nSince then.\nReason: timeout.\n\nhttps://status.example.com/?a=1&b=2\n"
    );
    let html = one.html(&context());
    assert!(
        html.contains("<h2>&lt;a&gt; is down (high)</h2><p>Since then.<br>Reason: timeout.</p>"),
        "{html}"
    );
    assert!(html.contains("href=\"https://status.example.com/?a=1&amp;b=2\""), "{html}");
}

#[test]
fn alertmanager_believes_what_holds_for_some_minutes() {
    let both = message(vec![
        said("a", NoticeState::Firing, Severity::High),
        said("b", NoticeState::Resolved, Severity::High),
    ]);
    let alerts = both.alerts(&context());
    let ends: Vec<_> = alerts.iter().map(|alert| (alert.starts_at, alert.ends_at)).collect();
    assert_eq!(ends, [(time(NOW - HOUR), time(NOW + 4 * MINUTE)), (time(NOW - HOUR), time(NOW))]);
    assert_eq!(alerts[0].annotations["summary"], "<a> is down");
}

#[test]
fn a_webhook_names_each_condition() {
    let json = message(vec![said("a", NoticeState::Firing, Severity::High)]).json(&context());
    assert_eq!(json["conditions"][0]["id"], "a");
    assert_eq!((&json["state"], &json["from"]), (&json!("firing"), &json!("Northwind")));
}
