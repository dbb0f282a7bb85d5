//! What visitors read in the sections behind the components.

use super::*;
use crate::sample::{NOW, component, page};
use crate::view::{Item, ResponsePoint, ResponseWindow, SectionsView};
use skerry_domain::time::{DAY, HOUR, MINUTE};

fn index(sections: SectionsView) -> String {
    let statuses = [Status::Operational, Status::PartialOutage, Status::Operational];
    let items = ["aaa", "bbb", "ccc"].into_iter().zip(statuses).map(|(id, status)| component(id, status));
    let view = PageView { sections, ..page(items.map(Item::Component).collect()) };
    super::super::index(&view).expect("a page").html
}

fn grid(components: &[&[Option<&str>]]) -> SectionsView {
    let row = |components: &&[Option<&str>]| GridRowView {
        name: "Databases".to_owned(),
        components: components.iter().map(|id| id.map(str::to_owned)).collect(),
    };
    let places = (0..components[0].len()).map(|place| format!("Place {place}")).collect();
    let grid = GridView { name: "Regions".to_owned(), places, rows: components.iter().map(row).collect() };
    SectionsView { grids: vec![grid], ..SectionsView::default() }
}

fn services(services: Vec<ServiceView>) -> String {
    index(SectionsView { services, ..SectionsView::default() })
}

fn metrics(metrics: Vec<MetricView>) -> String {
    index(SectionsView { metrics, ..SectionsView::default() })
}

/// A point every hour for `hours`, the last one of which began `ago` before now.
fn window(hours: i64, ago: i64) -> ResponseWindow {
    let point = |back: i64| ResponsePoint { at: NOW - ago - back * HOUR, p50_ms: 238.0, p95_ms: 612.0 };
    let points = (0..hours).rev().map(point).collect();
    ResponseWindow { points, step: HOUR, p50_ms: 238.0, p95_ms: 612.0 }
}

fn metric(window: ResponseWindow) -> MetricView {
    MetricView { name: "Search".to_owned(), window }
}

/// The markup between `start` and `end`.
fn piece<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).unwrap_or_else(|| panic!("no {start} in {page}"));
    let length = page[from..].find(end).expect("the piece has an end");
    &page[from..from + length + end.len()]
}

#[test]
fn a_page_without_sections_has_neither_their_headings_nor_their_styles() {
    let plain = index(SectionsView::default());
    for part in [".gd", ".so", ".me", "Depends on others", "Metrics", "A dash"] {
        assert!(!plain.contains(part), "{part}");
    }
    let with = services(vec![]);
    assert_eq!(plain, with, "an empty list is no section");
    let none_of_the_page = index(grid(&[&[Some("zzz"), None]]));
    assert_eq!(plain, none_of_the_page, "nor is a grid without a component that the page shows");
    let grids = index(grid(&[&[Some("aaa")]]));
    assert!(grids.contains(".gd") && !grids.contains(".so") && !grids.contains(".me"), "only its own styles");
}

#[test]
fn a_cell_links_to_its_component_and_says_its_state() {
    let page = index(grid(&[&[Some("aaa"), Some("bbb"), None]]));
    assert_eq!(
        piece(&page, "<table", "</table>"),
        "<table class=\"gd gt\"><caption><i>Regions</i></caption><thead><tr><td>\
         <th scope=col><bdi>Place 0</bdi><th scope=col><bdi>Place 1</bdi><th scope=col><bdi>Place 2</bdi></thead>\
         <tbody><tr><th scope=row><bdi>Databases</bdi>\
         <td class=o><a href=\"components/aaa\"><svg class=da viewBox=\"0 0 16 4.5\" aria-hidden=true>\
         <path d=\"M0 2.25h16\"/></svg><span><bdi>Place 0</bdi>: <b>operational</b></span></a>\
         <td class=p><a href=\"components/bbb\"><svg class=i aria-hidden=true><use href=#p /></svg>\
         <span><bdi>Place 1</bdi>: <b>partial outage</b></span></a><td>\
         <td class=rs>1 other operational</tbody></table>"
    );
    assert!(page.contains("<h2><bdi>Regions</bdi></h2><p class=q>A dash is operational.</p>"), "{page}");
}

#[test]
fn a_row_says_how_many_a_list_leaves_out() {
    let rest = |components: &[Option<&str>]| {
        let page = index(grid(&[components]));
        let row = piece(&page, "<tbody>", "</tbody>").to_owned();
        (
            row.contains("<tr class=fi>"),
            row.split("class=rs>").nth(1).and_then(|text| text.split('<').next()).map(str::to_owned),
        )
    };
    assert_eq!(rest(&[Some("aaa"), Some("ccc")]), (true, Some("All 2 operational".to_owned())));
    assert_eq!(rest(&[Some("aaa"), None]), (true, Some("Operational".to_owned())));
    assert_eq!(
        rest(&[Some("aaa"), Some("bbb"), Some("ccc")]),
        (false, Some("2 others operational".to_owned()))
    );
    assert_eq!(rest(&[Some("bbb"), None]), (false, None));
}

#[test]
fn above_eight_places_a_grid_is_a_list() {
    let class = |places: usize| {
        let components = vec![Some("aaa"); places];
        piece(&index(grid(&[&components])), "<table class", ">").to_owned()
    };
    assert_eq!(
        (class(8), class(9)),
        ("<table class=\"gd gt\">".to_owned(), "<table class=\"gd\">".to_owned())
    );
}

#[test]
fn services_of_others_say_what_they_say_themselves_and_when_they_were_seen() {
    let service = |status, seen: Option<i64>| ServiceView {
        name: "Cardhouse".to_owned(),
        url: Some("https://status.example.net/?a&b".to_owned()),
        status,
        seen_at: seen.map(|ago| NOW - ago * MINUTE),
    };
    let row = |service| piece(&services(vec![service]), "<ul class=so>", "</ul>").to_owned();
    assert_eq!(
        row(service(Some(Status::PartialOutage), Some(1))),
        "<ul class=so><li><span><a href=\"https://status.example.net/?a&amp;b\"><bdi>Cardhouse</bdi></a></span>\
         <span class=q>Seen <time datetime=2026-11-20T16:14:00Z>16:14</time></span>\
         <span class=\"s p\"><svg class=i aria-hidden=true><use href=#p /></svg><span>Partial outage</span></span></ul>"
    );
    let unknown = row(service(None, Some(155)));
    assert!(unknown.contains(">Last seen <time datetime=2026-11-20T13:40:00Z>13:40</time><"), "{unknown}");
    assert!(
        unknown.contains("<span class=\"s n\">") && unknown.contains("<span>Not known</span>"),
        "{unknown}"
    );
    let never = row(service(None, None));
    assert!(never.contains(">Not seen so far<") && never.contains("<span>Not known</span>"), "{never}");
    let evil = ServiceView { url: Some("javascript:alert(1)".to_owned()), ..service(None, None) };
    assert!(row(evil).contains("<li><span><bdi>Cardhouse</bdi></span>"), "a link leads to a page");
    let banner = services(vec![service(Some(Status::MajorOutage), Some(1))]);
    assert!(banner.contains("<h1>Partial outage: "), "they do not count: {banner}");
}

#[test]
fn a_metric_shows_its_latest_value_or_since_when_there_is_none() {
    let caption = |window| piece(&metrics(vec![metric(window)]), "<figcaption>", "</figcaption>").to_owned();
    assert_eq!(caption(window(24, HOUR)), "<figcaption><bdi>Search</bdi> <b>238 ms</b></figcaption>");
    let ended = "<figcaption><bdi>Search</bdi> <b>No data since <time datetime=2026-11-20T13:15:00Z>13:15</time></b></figcaption>";
    assert_eq!(caption(window(20, 4 * HOUR)), ended);
    assert_eq!(
        caption(ResponseWindow::default()),
        "<figcaption><bdi>Search</bdi> <b>No data</b></figcaption>"
    );
    let never = metrics(vec![metric(ResponseWindow::default())]);
    assert!(never.contains("preserveAspectRatio=none aria-hidden=true><path class=hl "), "{never}");
    let page = metrics(vec![metric(window(23, HOUR))]);
    let spoken = "role=img aria-label=\"The last 24 hours: median 238 ms, slowest 5% over 612 ms.\"";
    assert!(page.contains(spoken), "{page}");
    assert!(page.contains("<p class=\"q ax\"><span>Thu 17:15</span><span>16:15</span></p>"), "{page}");
    let day = metrics(vec![metric(window(30, HOUR))]);
    assert!(day.contains("<span>Thu 16:15</span>"), "no more than a day: {day}");
    assert!(window(30, HOUR).points[0].at < NOW - DAY);
}

#[test]
fn more_than_six_metrics_are_folded() {
    let page = |number| metrics((0..number).map(|_| metric(window(3, HOUR))).collect());
    let six = page(6);
    assert_eq!((six.matches("<figure>").count(), six.contains("All metrics")), (6, false));
    let eight = page(8);
    let folded = piece(&eight, "<details class=mm>", "</details>");
    assert!(folded.contains("<span class=nm>All metrics</span>"), "{folded}");
    assert_eq!((eight.matches("<figure>").count(), folded.matches("<figure>").count()), (8, 2));
}
