//! The list of pages and the 404.

use super::super::incident::tests::{shows, text};
use super::*;
use crate::sample::{NOW, component, page};
use crate::view::Item;
use skerry_domain::time::MINUTE;

/// A page with one component of that status, which was verified some minutes ago.
fn entry(name: &str, status: Status, minutes: i64) -> Entry {
    let mut view = page(vec![Item::Component(component("aaa", status))]);
    view.verified_at = Some(NOW - minutes * MINUTE);
    view.believe_until = NOW + 3 * MINUTE - minutes * MINUTE;
    Entry { name: name.to_owned(), url: format!("https://{name}.example.com"), status: PageStatus::of(&view) }
}

fn unseen(name: &str) -> Entry {
    let mut one = component("aaa", Status::Operational);
    one.stale_since = Some(NOW - 95 * MINUTE);
    let view = page(vec![Item::Component(one)]);
    Entry { status: PageStatus::of(&view), ..entry(name, Status::Operational, 0) }
}

#[test]
fn the_list_speaks_the_language_that_its_pages_share() {
    let german = |name: &str| {
        let view = page(vec![Item::Component(component("aaa", Status::Operational))]);
        let view = PageView { language: Language::German, ..view };
        Entry { status: PageStatus::of(&view), ..entry(name, Status::Operational, 0) }
    };
    let list = |entries: &[Entry]| directory(entries, NOW).expect("a page renders").html;
    let all = list(&[german("a"), german("b")]);
    assert!(all.contains("<html lang=de dir=ltr>") && all.contains("<h1>Statusseiten</h1>"), "{all}");
    assert!(all.contains("16:14 Uhr UTC") && !all.contains("<span class=\"s o\" lang"), "{all}");
    let mixed = list(&[german("a"), entry("b", Status::Operational, 0)]);
    assert!(mixed.contains("<html lang=en dir=ltr>") && mixed.contains("<h1>Status pages</h1>"), "{mixed}");
    assert!(mixed.contains("<span class=\"s o\" lang=de><span>Alle Systeme in Betrieb"), "{mixed}");
}

#[test]
fn the_list_shows_the_worst_page_first_and_when_the_oldest_was_verified() {
    let entries = [
        entry("shop", Status::Operational, 0),
        entry("Cloud", Status::UnderMaintenance, 1),
        unseen("mail"),
        entry("blog", Status::Operational, 2),
        entry("pay", Status::MajorOutage, 0),
        entry("api", Status::DegradedPerformance, 0),
    ];
    let html = directory(&entries, NOW).expect("a page renders").html;
    shows(
        &html,
        &[
            "Status pages Verified 16:13 UTC, 20 November 2026. Valid until 16:16.",
            "pay Major outage: Component aaa",
            "api Degraded performance: Component aaa",
            "mail No data for Component aaa",
            "Cloud Maintenance in progress: Component aaa",
            "blog All systems operational shop All systems operational",
        ],
    );
    assert!(html.contains("data-until=2026-11-20T16:16:00Z data-verified=2026-11-20T16:13:00Z"), "{html}");
    assert!(html.contains("<li><a href=\"https://pay.example.com\">"), "{html}");
    assert!(html.contains("src=\"../assets/"), "its script is that of the pages: {html}");
}

#[test]
fn a_list_in_which_people_set_every_status_says_when_it_was_written() {
    let mut entry = entry("shop", Status::Operational, 0);
    entry.status.verified_at = None;
    let html = directory(&[entry], NOW).expect("a page renders").html;
    shows(&html, &["As of 16:15 UTC, 20 November 2026. Valid until 16:18."]);
    assert!(!html.contains("data-verified"), "{html}");
}

#[test]
fn names_cannot_break_out_of_the_list() {
    let evil = entry("\"><script>alert(1)</script>\u{2067}", Status::Operational, 0);
    let html = directory(&[evil], NOW).expect("a page renders").html;
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(html.contains("\u{2067}\u{2069}</bdi>"), "its direction ends with it: {html}");
}

#[test]
fn the_404_is_small_and_leads_to_the_start_page() {
    let Document { html, .. } = not_found();
    let all = text(&html);
    assert!(all.contains("Page not found There is nothing at this address, or it is not public."), "{all}");
    assert!(html.contains("<a href=\"/\">Go to the start page</a>"), "{html}");
    let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
    assert!(style.expect("it has one").len() <= 400, "{style:?}");
}
