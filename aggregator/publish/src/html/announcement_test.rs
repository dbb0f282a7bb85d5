//! The cards of announcements on the index, and their own pages.

use super::super::incident::tests::shows;
use super::*;
use crate::html::index;
use crate::sample::{NOW, component, page, public_text};
use crate::view::Item;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR};
use skerry_sanitiser::Form;

fn one(id: &str, level: AnnouncementLevel, title: &str) -> AnnouncementView {
    AnnouncementView {
        id: id.to_owned(),
        title: public_text(title, Form::Plain),
        body: public_text("Payouts are **late**.", Form::Markdown),
        level,
        from: NOW - DAY,
        to: Some(NOW + DAY),
        ended_at: None,
        edited_at: None,
    }
}

fn with(announcements: Vec<AnnouncementView>) -> PageView {
    PageView { announcements, ..page(vec![Item::Component(component("aaa", Status::Operational))]) }
}

#[test]
fn two_stand_between_the_banner_and_the_components_and_the_rest_is_linked() {
    use AnnouncementLevel::{Information, Warning};
    let quiet = index(&with(Vec::new())).expect("a page renders").html;
    assert!(!quiet.contains("announcements/") && !quiet.contains("class=ns"), "{quiet}");
    let mut over = one("over", Information, "Over");
    over.ended_at = Some(NOW);
    let mut all = vec![one("a", Warning, "New addresses"), one("b", Information, "Holidays"), over.clone()];
    let html = index(&with(all.clone())).expect("a page renders").html;
    shows(
        &html,
        &["All systems operational", "Important: New addresses Payouts are late.", "Holidays", "Components"],
    );
    assert!(!html.contains("Over") && !html.contains("more announcement"), "{html}");
    all.insert(2, one("c", Information, "A third"));
    let html = index(&with(all)).expect("a page renders").html;
    shows(&html, &["Holidays Payouts are late.", "1 more announcement A third", "Components"]);
    assert!(html.contains("<a href=\"announcements/c\">"), "{html}");
}

#[test]
fn its_own_page_says_when_it_is_shown_and_does_not_depend_on_today() {
    let mut view = with(vec![one("a", AnnouncementLevel::Warning, "New addresses")]);
    let own = |view: &PageView| announcement(view, &view.announcements[0]).expect("a page renders").html;
    let html = own(&view);
    let span = "19 to 21 Nov 2026.";
    shows(&html, &["Example", "Important: New addresses", span, "Payouts are late.", "Back to"]);
    assert!(html.contains("<title>Important: New addresses – Example</title>"), "{html}");
    view.announcements[0].edited_at = Some(NOW - HOUR);
    shows(&own(&view), &[span, "Edited 20 Nov, 15:15 UTC."]);
    view.announcements[0].to = None;
    shows(&own(&view), &["Since Thu 19 Nov 2026."]);
    view.announcements[0].ended_at = Some(NOW - HOUR);
    let html = own(&view);
    shows(&html, &["Ended. It was shown 19 to 20 Nov 2026."]);
    let later = PageView { now: NOW + 70 * DAY, verified_at: Some(NOW + 70 * DAY), ..view };
    assert_eq!(own(&later), html);
}
