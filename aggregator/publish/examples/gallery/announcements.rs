//! Announcements of the gallery, as operators make them.

use crate::incidents::public;
use crate::sample::NOW;
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::time::{DAY, HOUR};
use skerry_publish::view::AnnouncementView;
use skerry_sanitiser::Form;

fn announcement(id: &str, level: AnnouncementLevel, title: &str, body: &str) -> AnnouncementView {
    AnnouncementView {
        id: id.to_owned(),
        title: public(title, Form::Plain),
        body: public(body, Form::Markdown),
        level,
        from: NOW - 2 * DAY,
        to: Some(NOW + 12 * DAY),
        ended_at: None,
        edited_at: None,
    }
}

const PAYOUTS: &str = "Payouts between Christmas and New Year arrive one working day later. \
                       **Nothing changes for card payments.** See [the calendar](https://example.com/calendar).";

/// Four at a time, of which one is important, and one that has ended.
pub(crate) fn several() -> Vec<AnnouncementView> {
    use AnnouncementLevel::{Information, Warning};
    let body = "The former addresses stop on 1 February 2027. Until then both answer:\n\n- `api.example.com`\n- `api.example.org`";
    let mut old = announcement("notice000005", Information, "A new look", "This page has a new look.");
    (old.to, old.ended_at) = (None, Some(NOW - DAY));
    let mut moving = announcement("notice000001", Warning, "The API moves to a new address", body);
    moving.edited_at = Some(NOW - 3 * HOUR);
    vec![
        moving,
        announcement("notice000002", Information, "Payouts over the holidays", PAYOUTS),
        announcement(
            "notice000003",
            Information,
            "Support is closed on 26 December",
            "We answer again on 27 December.",
        ),
        AnnouncementView {
            to: None,
            ..announcement("notice000004", Information, "Dashboards in dark mode", "Try it.")
        },
        old,
    ]
}

/// One that tries to break the page.
pub(crate) fn hostile() -> Vec<AnnouncementView> {
    let evil = "<script>alert(1)</script>\" onmouseover=alert(1) \u{202e}txt.exe & ".repeat(3);
    let body = "| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |\n\nW"
        .to_owned()
        + &"wide".repeat(120);
    vec![announcement("notice666666", AnnouncementLevel::Warning, evil.trim(), &body)]
}
