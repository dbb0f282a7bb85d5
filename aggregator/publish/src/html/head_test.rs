//! What programs that link to a page show of it.

use crate::html;
use crate::html::words::Tone;
use crate::sample::{NOW, component, incident, maintenance, page, resolved};
use crate::view::{Item, PageView};
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::status::Status;
use skerry_domain::time::DAY;

/// The value of an attribute of the first element with `key` in the head.
fn attribute<'a>(page: &'a str, key: &str, name: &str) -> Option<&'a str> {
    let head = page.split("</head>").next()?;
    let element = head.split('<').find(|element| element.contains(key))?;
    let rest = element.split(&format!("{name}=")).nth(1)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([' ', '>']).next(),
    }
}

fn content<'a>(page: &'a str, property: &str) -> Option<&'a str> {
    attribute(page, &format!("property={property} "), "content")
}

fn outage() -> PageView {
    let mut view = page(vec![Item::Component(component("aaa", Status::MajorOutage))]);
    view.incidents = vec![incident()];
    view
}

#[test]
fn a_card_says_the_state_and_as_of_when() {
    let page = html::index(&outage()).expect("a page renders").html;
    assert_eq!(content(&page, "og:title"), Some("Major outage: Component aaa"));
    let description = "Since 14:40 UTC, 20 November. Example, as of 16:15 UTC, 20 November 2026.";
    assert_eq!(content(&page, "og:description"), Some(description));
    assert_eq!(attribute(&page, "name=description ", "content"), Some(description));
    assert_eq!(content(&page, "og:image:alt"), Some("Major outage"));
    assert_eq!(content(&page, "og:type"), Some("website"));
    let image = content(&page, "og:image").expect("a card");
    let path = image.strip_prefix("https://status.example.com/").expect("an absolute address");
    let card = html::assets().iter().find(|asset| asset.path == path).expect("it is served");
    assert_eq!(card.content_type, "image/png");
    let icon = attribute(&page, "type=image/svg+xml ", "href").expect("an icon");
    assert!(html::assets().iter().any(|asset| asset.path == icon), "{icon}");
}

#[test]
fn the_card_of_a_component_is_about_the_component_and_that_of_uptime_about_the_page() {
    let mut view = outage();
    view.items.push(Item::Component(component("bbb", Status::Operational)));
    let own = |view: &PageView, id: &str| html::component(view, id).expect("it has a page").html;
    let page = own(&view, "aaa");
    assert_eq!(content(&page, "og:title"), Some("Major outage: Component aaa"));
    let description = "Since 14:40 UTC, 20 November. Example, as of 16:15 UTC, 20 November 2026.";
    assert_eq!(content(&page, "og:description"), Some(description));
    assert_eq!(content(&own(&view, "bbb"), "og:image:alt"), Some("Operational"));
    let uptime = html::uptime(&view).expect("a page renders").html;
    assert_eq!(content(&uptime, "og:image:alt"), Some("Major outage"));
    let Item::Component(second) = &mut view.items[1] else { panic!("a component") };
    second.waiting = true;
    let waiting = own(&view, "bbb");
    assert_eq!(content(&waiting, "og:description"), Some("Example, as of 16:15 UTC, 20 November 2026."));
}

#[test]
fn a_month_says_what_it_held_and_one_that_is_over_shows_no_state() {
    let mut view = outage();
    view.incidents = vec![incident(), resolved(5)];
    if let Item::Component(one) = &mut view.items[0] {
        one.watched_from = Some(NOW - 100 * DAY);
    }
    let of = |month| html::history(&view, Some(month)).expect("a page renders").html;
    let present = of((2026, 11));
    let description = "November 2026: 2 incidents. Uptime 100%. Example, as of 16:14 UTC, 20 November 2026.";
    assert_eq!(content(&present, "og:description"), Some(description));
    assert_eq!(content(&present, "og:title"), Some("November 2026 – Example"));
    assert_eq!(content(&present, "og:image:alt"), Some("Major outage"));
    let past = of((2026, 10));
    assert_eq!(content(&past, "og:description"), Some("October 2026: no incidents. Uptime 100%."));
    assert_eq!(content(&past, "og:image:alt"), Some("A line of days"));
    let uptime = html::uptime_of_month(&view, (2026, 10)).expect("a page renders").html;
    assert_eq!(
        content(&uptime, "og:description"),
        Some("Uptime in October 2026, by component: 100% in all.")
    );
}

#[test]
fn every_page_has_a_card_that_is_served_with_words_for_it() {
    let mut view = outage();
    view.maintenance = vec![maintenance(MaintenanceStatus::Scheduled, 60)];
    let pages = [
        html::index(&view),
        html::uptime(&view),
        html::uptime_of_month(&view, (2026, 10)),
        html::history(&view, None),
        html::history(&view, Some((2026, 10))),
        html::incident(&view, &view.incidents[0]),
        html::maintenance(&view, &view.maintenance[0]),
        Ok(html::component(&view, "aaa").expect("it has a page")),
    ];
    for page in pages {
        let page = page.expect("a page renders").html;
        for property in ["og:title", "og:description", "og:image:alt", "og:type"] {
            let said = content(&page, property).unwrap_or_default();
            assert!(!said.is_empty(), "{property} of {page}");
        }
        assert_eq!(attribute(&page, "name=twitter:card ", "content"), Some("summary_large_image"));
        let image = content(&page, "og:image").expect("a card");
        let path = image.strip_prefix("https://status.example.com/").expect("an absolute address");
        assert!(html::assets().iter().any(|asset| asset.path == path), "{path}");
    }
}

#[test]
fn each_state_has_pictures_of_its_own() {
    let mut seen = Vec::new();
    for tone in Tone::ALL {
        let pictures = html::assets::pictures(tone);
        let card = html::assets().iter().find(|asset| asset.path == pictures.card).expect("served").bytes;
        let size = |bytes: &[u8]| {
            let part = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
            (part(16), part(20))
        };
        assert_eq!((size(card), size(pictures.touch)), ((1200, 630), (180, 180)));
        assert!(card.len() < 5_000, "it is small");
        assert_eq!(pictures.ico[..10], [0, 0, 1, 0, 2, 0, 16, 16, 0, 0], "an ICO of two, the first of 16 px");
        let icon = html::assets().iter().find(|asset| asset.path == pictures.icon).expect("served");
        assert!(icon.policy.starts_with("default-src 'none'; style-src 'sha256-"), "{}", icon.policy);
        seen.extend([pictures.card.clone(), pictures.icon.clone()]);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
}

#[test]
fn the_icon_follows_the_state() {
    let of =
        |status| html::icons(&page(vec![Item::Component(component("aaa", status))])).map(|(.., bytes)| bytes);
    assert_ne!(of(Status::Operational), of(Status::MajorOutage));
    let mut blind = page(vec![Item::Component(component("aaa", Status::Operational))]);
    if let Item::Component(component) = &mut blind.items[0] {
        component.stale_since = Some(NOW);
    }
    assert_eq!(html::icons(&blind)[0].2, html::assets::pictures(Tone::NoData).ico);
}

#[test]
fn an_article_has_its_title_and_newest_text_and_no_time_of_today() {
    let mut view = outage();
    let one = |view: &PageView| html::incident(view, &view.incidents[0]).expect("a page renders").html;
    let open = one(&view);
    assert_eq!(content(&open, "og:title"), Some("Card payments declined"));
    let newest = "Identified, Fri 20 Nov 2026, 15:41 UTC. One of two sites refuses them.";
    assert_eq!(content(&open, "og:description"), Some(newest));
    assert_eq!(
        (content(&open, "og:type"), content(&open, "og:image:alt")),
        (Some("article"), Some("Major outage"))
    );
    view.incidents = vec![resolved(5)];
    let closed = one(&view);
    view.now = NOW + 3 * DAY;
    assert_eq!(one(&view), closed, "only a change renders it again");
    view.maintenance = vec![maintenance(MaintenanceStatus::Scheduled, 60)];
    let planned = html::maintenance(&view, &view.maintenance[0]).expect("a page renders").html;
    assert_eq!(content(&planned, "og:title"), Some("Database upgrade"));
    assert_eq!(content(&planned, "og:image:alt"), Some("Under maintenance"));
}

#[test]
fn readers_of_feeds_find_them_and_the_present_page_is_no_link() {
    let view = outage();
    let index = html::index(&view).expect("a page renders").html;
    assert!(index.contains("<link rel=alternate type=application/rss+xml href=\"feed.rss\">"), "{index}");
    assert!(
        index.contains("<a href=\"calendar.ics\">Calendar</a>")
            && index.contains("<a href=\"feed.rss\">RSS</a>")
    );
    let own = html::incident(&view, &view.incidents[0]).expect("a page renders").html;
    assert!(own.contains("href=\"../feed.atom\">"), "{own}");
    let uptime = html::uptime(&view).expect("a page renders").html;
    assert!(uptime.contains("<li><span aria-current=page>Uptime</span>"), "{uptime}");
}
