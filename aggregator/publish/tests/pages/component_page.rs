//! What a visitor reads on the page of a component.

use crate::sample::{self, NOW};
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;
use skerry_publish::html;
use skerry_publish::view::{ComponentView, Item, PageView, Unseen};

const MINUTE: i64 = 60_000;

/// The page of a component that is alone on its status page.
fn own(component: ComponentView) -> String {
    let id = component.id.clone();
    let view = sample::page("Northwind status", vec![Item::Component(component)]);
    html::component(&view, &id).expect("it has a page").html
}

/// The text of the panel, without markup.
fn panel(page: &str) -> String {
    let from = page.find("<p class=f>").expect("a panel");
    let to = page[from..].find("</p>").expect("its end");
    text(&page[from..from + to])
}

/// Markup without its tags.
fn text(markup: &str) -> String {
    let mut out = String::new();
    for part in markup.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    out
}

#[test]
fn the_panel_says_what_is_known() {
    let mut unseen = sample::component("Cards");
    (unseen.checks, unseen.unseen) =
        (2, Some(Unseen { since: Some(NOW - 95 * MINUTE), since_differs: false, checks: 1 }));
    let mut partly_down = sample::impaired("Cards", Status::PartialOutage, 30);
    (partly_down.checks, partly_down.unseen) =
        (2, Some(Unseen { since: None, since_differs: false, checks: 1 }));
    let mut set = sample::impaired("Cards", Status::DegradedPerformance, 73);
    (set.manual, set.set_at) = (true, Some(NOW - 73 * MINUTE));
    for (component, words) in [
        (sample::impaired("Cards", Status::MajorOutage, 133), "Major outage since 14:02 UTC."),
        (sample::component("Cards"), "Operational since Tue 17 Nov, 16:15 UTC."),
        (
            sample::unseen("Cards", 95),
            "No data since Tue 17 Nov, 16:15 UTC. It was operational then. This does not mean that it is down.",
        ),
        (unseen, "Operational. 1 of 2 checks not seen since 14:40 UTC."),
        (partly_down, "Partial outage since 15:45 UTC. 1 of 2 checks never seen."),
        (set, "Degraded performance since 15:02 UTC. Set by our team at 15:02 UTC."),
        (sample::waiting("Cards"), "Waiting for its first report."),
    ] {
        assert_eq!(panel(&own(component)), words);
    }
    let mut by_hand = sample::component("Cards");
    by_hand.manual = true;
    assert!(!own(by_hand).contains("Set by our team"), "nobody set it");
}

#[test]
fn the_state_stands_in_title_and_panel() {
    let down = own(sample::impaired("Cards", Status::MajorOutage, 133));
    assert!(down.contains("<title>Major outage: Cards – Northwind status</title>"), "{down}");
    assert!(
        down.contains(
            "<section class=\"u j\"><svg class=i aria-hidden=true><use href=#j /></svg><div><h1><bdi>Cards</bdi></h1>\
             <p class=f><span aria-live=polite><b>Major outage</b></span> since \
             <time class=r datetime=2026-11-20T14:02:00Z data-for=\"2\u{a0}h 13\u{a0}min\">14:02 UTC</time>.</p>"
        ),
        "{down}"
    );
}

#[test]
fn the_way_up_names_the_page_and_the_group() {
    let cards = sample::component("Cards");
    let id = cards.id.clone();
    let view = sample::page("Northwind status", vec![sample::group("Payments", vec![cards])]);
    let page = html::component(&view, &id).expect("it has a page").html;
    assert!(
        page.contains(
            "<nav class=bc aria-label=\"Breadcrumb\"><a href=\"../\"><bdi>Northwind status</bdi></a>\
             <span aria-hidden=true>/</span><bdi>Payments</bdi></nav>"
        ),
        "{page}"
    );
    assert!(page.contains("<p class=l><a href=\"../\">Back to all components</a></p>"), "{page}");
}

#[test]
fn each_status_of_a_day_has_a_line_and_the_bar_its_ends() {
    let mut cards = sample::component("Cards");
    sample::spend(&mut cards, 8, 25 * MINUTE, |tally| &mut tally.degraded);
    sample::spend(&mut cards, 8, 12 * MINUTE, |tally| &mut tally.partial);
    let page = own(sample::refigured(cards));
    assert!(
        page.contains(
            "<ul class=t><li class=mp>Thu 12 Nov <b class=p>Partial outage</b> <span class=du>12\u{a0}min</span> \
             <b class=d>Degraded performance</b> <span class=du>25\u{a0}min</span> </ul>\
             <p class=q>89 other days: operational.</p>"
        ),
        "{page}"
    );
    for words in
        ["<h2>Last 90 days</h2>", "One mark a day", "The bar shows 30", "90 days ago", "30 days ago", "Today"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn the_table_of_uptime_says_what_was_lost_and_what_is_left_out() {
    let mut cards = sample::impaired("Cards", Status::MajorOutage, 133);
    sample::spend(&mut cards, 8, 12 * MINUTE, |tally| &mut tally.partial);
    sample::spend(&mut cards, 60, 240 * MINUTE, |tally| &mut tally.maintenance);
    let page = own(sample::refigured(cards));
    let row = |window: &str| {
        let start = page.find(&format!("<th scope=row><bdi>{window}</bdi>")).expect("a row");
        let rest = &page[start..];
        let end = rest.find("<tr>").or(rest.find("</tbody>")).expect("an end");
        let cells = rest[..end].split("<t").skip(1).map(|cell| text(&format!("<t{cell}")));
        cells.collect::<Vec<_>>()
    };
    assert_eq!(
        row("90 days"),
        [
            "90 days",
            "99.89%",
            "2\u{a0}h 13\u{a0}min",
            "12\u{a0}min",
            "4\u{a0}h",
            "100%",
            "2\u{a0}h 13\u{a0}min outage, 12\u{a0}min partial, 4\u{a0}h maintenance left out. Coverage 100%."
        ]
    );
    assert_eq!(
        row("7 days")[2..],
        ["2\u{a0}h 13\u{a0}min", "–", "–", "100%", "2\u{a0}h 13\u{a0}min outage. Coverage 100%."]
    );
    for head in ["Window", "Uptime", "Outage", "Partial", "Left out", "Coverage"] {
        assert!(page.contains(&format!("<th scope=col>{head}<th scope=col")), "{head}");
    }
    assert!(
        page.contains(
            "<p class=q>Left out: planned maintenance, time without data. \
             <a href=\"../uptime#how\">How uptime is worked out</a></p>"
        ),
        "{page}"
    );
}

/// With so many measurements before [`NOW`], as it is seen `now`.
fn charted(points: i64, step: i64, now: Timestamp) -> (PageView, String) {
    let measured = (1..=points).rev().flat_map(|ago| sample::answers(NOW - ago * step, 120, 340));
    let mut website = sample::component("Website");
    website.response = Some(sample::response_of(&measured.collect::<Vec<_>>(), now));
    let id = website.id.clone();
    (sample::page("Northwind status", vec![Item::Component(website)]), id)
}

#[test]
fn a_chart_has_a_page_for_each_window() {
    let (view, id) = charted(24 * 60, 60 * MINUTE, NOW);
    let own = html::component(&view, &id).expect("it has a page").html;
    assert!(
        own.contains(&format!(
            "<a href=\"../components/{id}\" aria-current=page><bdi>24 h</bdi></a><a href=\"../components/{id}/7d\"><bdi>7 days</bdi></a>"
        )),
        "{own}"
    );
    assert!(own.contains("Median <b>120 ms</b>") && own.contains("Slowest 5% <b>over 340 ms</b>"), "{own}");
    let windows = html::component_windows(&view, &id);
    let paths: Vec<_> = windows.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["7d", "30d", "90d"].map(|window| format!("components/{id}/{window}")));
    let week = &windows[0].1.html;
    assert!(week.contains("aria-label=\"Response time over the last 7 days: median 120 ms,"), "{week}");
    assert!(
        week.contains(&format!("href=\"../../components/{id}/7d\" aria-current=page><bdi>7 days")),
        "{week}"
    );
    assert!(week.contains("src=\"../../assets/") && week.contains("<a href=\"../../\">"), "{week}");
    assert!(
        week.contains(&format!("<link rel=canonical href=\"https://status.example.com/components/{id}\">")),
        "{week}"
    );
}

#[test]
fn without_a_chart_there_are_no_windows() {
    let view = sample::page("Northwind status", vec![Item::Component(sample::component("Website"))]);
    let Item::Component(website) = &view.items[0] else { panic!("a component") };
    assert!(html::component_windows(&view, &website.id).is_empty());
    assert!(!html::component(&view, &website.id).expect("it has a page").html.contains("Response time"));
    assert!(html::component_windows(&view, "no-such-id").is_empty());
}

#[test]
fn a_chart_without_points_says_why() {
    let page = |(view, id): (PageView, String)| html::component(&view, &id).expect("it has a page").html;
    assert!(
        page(charted(0, 60 * MINUTE, NOW))
            .contains("The first one appears a few minutes after the first check.")
    );
    let later = NOW + 3 * 24 * 60 * MINUTE;
    let (mut view, id) = charted(24, 60 * MINUTE, later);
    view.now = later;
    assert!(page((view, id)).contains("Nothing was measured in this time."));
}
