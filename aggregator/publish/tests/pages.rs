//! The HTML pages as browsers get them: their size, and that no name can break them.

#[path = "../examples/gallery/announcements.rs"]
mod announcements;
#[path = "../examples/gallery/branded.rs"]
mod branded;
#[path = "pages/chats.rs"]
mod chats;
#[path = "pages/component_page.rs"]
mod component_page;
#[path = "pages/hostile.rs"]
mod hostile;
#[path = "../examples/gallery/incidents.rs"]
mod incidents;
#[path = "pages/index.rs"]
mod index;
#[path = "pages/languages.rs"]
mod languages;
#[path = "pages/mails.rs"]
mod mails;
#[path = "../examples/gallery/maintenance.rs"]
mod maintenance;
#[path = "../examples/gallery/messages.rs"]
mod messages;
#[path = "pages/messages_hold.rs"]
mod messages_hold;
#[path = "../examples/gallery/nested.rs"]
mod nested;
#[path = "pages/nested.rs"]
mod nested_groups;
#[path = "../examples/gallery/northwind.rs"]
mod northwind;
#[path = "../examples/gallery/sample.rs"]
mod sample;
#[path = "../examples/gallery/sections.rs"]
mod sections;
#[path = "../examples/gallery/states.rs"]
mod states;

use skerry_domain::status::Status;
use skerry_publish::html;
use skerry_publish::view::{Item, PageView};
use std::io::Write as _;

/// Bytes of status line and headers of a response without the policy.
const HEADERS: usize = 700;

fn brotli(bytes: &[u8]) -> usize {
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters).expect("memory takes every byte");
    out.len()
}

fn gzip(bytes: &[u8]) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte").len()
}

/// Sizes of the index with brotli and gzip, including headers.
fn weigh(items: Vec<Item>) -> (usize, usize) {
    let page = html::index(&sample::page("Northwind status", items)).expect("a page renders");
    let headers = HEADERS + page.policy.len();
    let page = page.html;
    let weight = (brotli(page.as_bytes()) + headers, gzip(page.as_bytes()) + headers);
    let mut out = std::io::stdout();
    writeln!(
        out,
        "raw {}, brotli {}, gzip {}, headers of {headers} included",
        page.len(),
        weight.0,
        weight.1
    )
    .expect("standard output takes a line");
    weight
}

#[test]
fn a_page_of_sixty_components_stays_small() {
    let (brotli, gzip) = weigh(sample::sixty(5));
    assert!(brotli <= 12_000, "{brotli} bytes of brotli");
    assert!(gzip <= 14_000, "{gzip} bytes of gzip");
    let (quiet, _) = weigh(sample::sixty(0));
    assert!(quiet <= 6_500, "{quiet} bytes of brotli without any trouble");
}

#[test]
fn a_large_index_leaves_the_oldest_days_to_component_pages_and_keeps_every_mark() {
    let (_, gzip) = weigh(sample::sixty(20));
    assert!(gzip <= 14_000, "{gzip} bytes of gzip");
    let view = sample::page("Northwind status", sample::sixty(20));
    let page = html::index(&view).expect("a page renders").html;
    assert!(page.contains(" older days are listed on <a href=\"components/"), "it says so");
    assert!(
        (330..=500).contains(&page.matches("<b class=").count()),
        "{}",
        page.matches("<b class=").count()
    );
    let light =
        html::index(&sample::page("Northwind status", sample::sixty(5))).expect("a page renders").html;
    assert!(!light.contains("older days"));
}

/// Every page of a view.
fn pages(view: &PageView) -> Vec<String> {
    let mut pages = vec![
        html::index(view).expect("a page renders").html,
        html::uptime(view).expect("a page renders").html,
        html::history(view, None).expect("a page renders").html,
    ];
    pages.extend(view.incidents.iter().map(|one| html::incident(view, one).expect("a page renders").html));
    for component in view.components() {
        pages.push(html::component(view, &component.id).expect("it has a page").html);
        pages.extend(html::component_windows(view, &component.id).into_iter().map(|(_, page)| page.html));
    }
    let (present, past) = ((2026, 11), (2026, 10));
    pages.extend(
        [present, past].map(|month| html::uptime_of_month(view, month).expect("a page renders").html),
    );
    pages
}

#[test]
fn every_link_stays_below_the_root_of_the_page() {
    let view = sample::page("Northwind status", sample::sixty(2));
    for page in pages(&view) {
        assert!(
            !page.contains("href=\"/") && !page.contains("href=/") && !page.contains("src=\"/"),
            "{page}"
        );
    }
    let inner = html::history(&view, Some((2026, 10))).expect("a page renders").html;
    assert!(inner.contains("href=\"../history/2026-09\"") && inner.contains("href=\"../history/2026-11\""));
    assert!(inner.contains("src=\"../assets/") && inner.contains("href=\"../uptime\""));
}

#[test]
fn history_is_bounded_by_the_first_month_of_the_page() {
    let view = sample::page("Northwind status", Vec::new());
    let months = html::months(&view);
    assert_eq!((months.first(), months.last(), months.len()), (Some(&(2026, 5)), Some(&(2026, 11)), 7));
    let first = html::history(&view, Some((2026, 5))).expect("a page renders").html;
    assert!(
        !first.contains("rel=prev") && first.contains("<a rel=next href=\"../history/2026-06\">June 2026<"),
        "{first}"
    );
    assert!(first.contains("<a href=\"../history\">All months</a>"), "{first}");
    assert!(first.contains("4 to 31 May"), "the page was made on 4 May: {first}");
    assert!(first.contains("<title>May 2026 – Northwind status</title>"), "{first}");
    assert!(first.contains("<h1>May 2026</h1>"), "{first}");
    let present = html::history(&view, None).expect("a page renders").html;
    assert!(present.contains("rel=prev") && !present.contains("rel=next") && present.contains("1 to 20 Nov"));
    assert!(
        present.contains("<h2>Earlier months</h2><ul class=ms><li><a href=\"history/2026-10\">"),
        "{present}"
    );
    assert!(!present.contains("All months"), "it is that page: {present}");
}

#[test]
fn an_unknown_component_has_no_page_and_the_404_names_nothing() {
    let view = sample::page("Northwind status", sample::sixty(0));
    assert_eq!(html::component(&view, "no-such-id"), None);
    assert!(html::not_found().html.contains("nothing at this address"));
    let links = html::not_found().html.matches("href").count();
    assert_eq!(links, 1, "there is no telling where a 404 is shown, but the root is everywhere");
}

#[test]
fn a_component_hidden_while_operational_is_shown_when_it_is_not() {
    let mut shy = sample::component("Shy part");
    shy.only_show_if_degraded = true;
    let shown = |component| {
        let view = sample::page("Northwind status", vec![Item::Component(component)]);
        html::index(&view).expect("a page renders").html.contains("Shy part")
    };
    assert!(!shown(shy.clone()));
    shy.status = Status::DegradedPerformance;
    assert!(shown(shy.clone()));
    shy.status = Status::Operational;
    shy.stale_since = Some(sample::NOW);
    assert!(shown(shy), "a blind spot is never hidden");
}

/// The markup between `start` and `end`.
fn piece<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).expect("the page holds the piece");
    let length = page[from..].find(end).expect("the piece has an end");
    &page[from..from + length + end.len()]
}

#[test]
fn a_row_is_a_disclosure_with_all_details() {
    let mut payments = sample::component("Card payments");
    sample::spend(&mut payments, 5, 42 * 60_000, |tally| &mut tally.degraded);
    sample::spend(&mut payments, 5, 12 * 60_000, |tally| &mut tally.major);
    sample::spend(&mut payments, 9, 86_400_000, |tally| &mut tally.no_data);
    sample::spend(&mut payments, 10, 86_400_000, |tally| &mut tally.no_data);
    let view = sample::page("Northwind status", vec![Item::Component(sample::refigured(payments))]);
    let page = html::index(&view).expect("a page renders").html;
    assert_eq!(
        piece(&page, "<details class=x>", "</details>"),
        "<details class=x><summary><span class=nm><bdi>Card payments</bdi><i>, </i></span>\
         <span class=v>99.99%<i>, </i></span>\
         <span class=\"s o\"><svg class=i aria-hidden=true><use href=#o /></svg><span>Operational</span></span>\
         <svg class=b viewBox=\"0 -14 89.75 28\" preserveAspectRatio=none aria-hidden=true>\
         <path class=o d=\"M0 0h79m2 0h3m1 0h5\"/><path class=j d=\"M84 0h1\"/><path class=n d=\"M79 0h2\"/></svg>\
         <i>, 1 day affected</i></summary>\
         <ul class=t><li>Sun 15 Nov <p><b class=j>Major outage</b> 12\u{a0}min, \
         <b class=d>degraded performance</b> 42\u{a0}min</p>\
         <li>10 to 11 Nov <b class=n>No data</b> 2\u{a0}days</ul>\
         <p class=q>87 other days: operational.</p>\
         <p class=q><a href=\"components/mniyu21t77k9\">More about <bdi>Card payments</bdi></a></p></details>"
    );
}

#[test]
fn the_banner_says_when_it_was_verified() {
    let mut view = sample::page("Northwind status", sample::sixty(0));
    let page = html::index(&view).expect("a page renders").html;
    assert_eq!(
        piece(&page, "<div aria-live=polite>", "</section>"),
        "<div aria-live=polite><h1>All systems operational</h1></div>\
         <p class=f>No downtime and no maintenance in progress.</p>\
         <p class=\"q at\">Verified <time datetime=2026-11-20T16:15:00Z>16:15 UTC, 20 November 2026</time>. \
         Valid until <time datetime=2026-11-20T16:25:00Z>16:25</time>.</p></div></section>"
    );
    assert!(page.contains("<title>All systems operational – Northwind status</title>"));
    view.verified_at = None;
    assert!(
        html::index(&view)
            .expect("a page renders")
            .html
            .contains("No checks have reported yet. Valid until ")
    );
    view.verified_at = Some(sample::NOW);
    view.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a bundled zone");
    let berlin = html::index(&view).expect("a page renders").html;
    assert!(berlin.contains(">17:15 CET, 20 November 2026</time>"), "clock times are the page's own");
    assert!(berlin.contains("datetime=2026-11-20T16:15:00Z"), "instants are UTC");
}

#[test]
fn figures_with_too_little_data_say_so() {
    let shown = |component| {
        let view = sample::page("Northwind status", vec![Item::Component(component)]);
        html::index(&view).expect("a page renders").html
    };
    assert!(shown(sample::young("Young", 0)).contains(">No uptime yet<"));
    let mut patchy = sample::component("Patchy");
    for days_ago in 1..20 {
        sample::spend(&mut patchy, days_ago, 86_400_000, |tally| &mut tally.no_data);
    }
    let page = shown(sample::refigured(patchy));
    assert!(
        page.contains(">100%*<i>") && page.contains("1 to 19 Nov <b class=n>No data</b> 19\u{a0}days"),
        "{page}"
    );
    assert_eq!(page.to_lowercase().matches("not enough data").count(), 1, "said once, not in each row");
    let waiting = shown(sample::waiting("Waiting"));
    assert!(waiting.contains("Waiting for first report") && !waiting.contains("All systems operational"));
    assert!(
        shown(sample::unseen("Unseen", 95))
            .contains("No data since <time datetime=2026-11-20T14:40:00Z>14:40</time>")
    );
}

#[test]
fn a_component_watched_for_less_than_the_window_says_so() {
    let young = |days| {
        let view = sample::page("Northwind status", vec![Item::Component(sample::young("Young", days))]);
        let id = match &view.items[0] {
            Item::Component(component) => component.id.clone(),
            Item::Group(_) => String::new(),
        };
        let own = html::component(&view, &id).expect("it has a page").html;
        (
            html::index(&view).expect("a page renders").html,
            own,
            html::uptime(&view).expect("a page renders").html,
        )
    };
    let (index, own, uptime) = young(20);
    assert!(index.contains(">100% since 1 Nov<"), "{index}");
    assert!(index.contains("Percentages are uptime over 90 days, or since the day beside them."));
    assert!(
        own.contains(
            "<th scope=row><bdi>90 days</bdi> <small>since 1 Nov</small><td class=\"fg ok\">100%<td"
        ),
        "{own}"
    );
    assert!(
        own.contains("<th scope=row><bdi>7 days</bdi><td class=\"fg ok\">100%<td"),
        "the window lies within the watch: {own}"
    );
    assert!(
        uptime.contains("90 days</small>100%<")
            && uptime.contains("<bdi>Young</bdi></a> <span class=si>since 1 Nov</span>"),
        "{uptime}"
    );
    let (index, own, uptime) = young(1);
    assert!(index.contains(">New<") && !index.contains(">100%"), "{index}");
    assert!(index.contains("Monitored since 00:00 UTC; the line fills up day by day."), "{index}");
    for page in [index, own, uptime] {
        assert!(page.contains("New: monitored for less than a day."), "{page}");
        assert!(!page.contains("not enough data"));
    }
}

#[test]
fn live_pages_say_when_they_were_verified_and_past_months_do_not() {
    let view = sample::page("Northwind status", vec![Item::Component(sample::component("Website"))]);
    let october = |page: &String| page.contains("<h1>Uptime in October 2026</h1>");
    let (past, live): (Vec<_>, Vec<_>) = pages(&view).into_iter().partition(october);
    for page in live {
        let at = "<time datetime=2026-11-20T16:15:00Z>";
        let known = [
            format!("at\">Verified {at}16:15 UTC, 20 November 2026<"),
            format!("at\">{at}20 November 2026, 16:15 UTC<"),
            format!("at\">So far, until {at}20 November 2026, 16:15 UTC<"),
            format!("at\">So far, until {at}20 November, 16:15 UTC<"),
        ];
        assert!(
            page.contains(" data-until=2026-11-20T16:25:00Z data-verified=2026-11-20T16:15:00Z>")
                && known.iter().filter(|known| page.contains(*known)).count() == 1,
            "{page}"
        );
    }
    assert!(past.len() == 1 && !past[0].contains("data-until") && !past[0].contains("<time"), "{past:?}");
    let past = html::history(&view, Some((2026, 10))).expect("a page renders").html;
    assert!(!past.contains("data-until") && !past.contains("Verified") && !past.contains("So far"), "{past}");
    assert!(html::is_closed(&view, (2026, 10)) && !html::is_closed(&view, (2026, 11)));
    let mut blind = sample::component("Website");
    sample::spend(&mut blind, 30, 1, |tally| &mut tally.no_data);
    blind.past[0].to = sample::NOW + 1;
    let view = sample::page("Northwind status", vec![Item::Component(blind)]);
    assert!(!html::is_closed(&view, (2026, 10)), "what still lasts can change");
}

#[test]
fn no_page_denies_an_outage() {
    let mut exports = sample::component("Exports");
    sample::spend(&mut exports, 2, 12 * 60_000, |tally| &mut tally.partial);
    let view = sample::page("Northwind status", vec![Item::Component(sample::refigured(exports))]);
    for page in pages(&view) {
        assert!(!page.contains("No incidents") && !page.contains("No downtime in 90 days."), "{page}");
    }
    let index = html::index(&view).expect("a page renders").html;
    let history = html::history(&view, None).expect("a page renders").html;
    for page in [index, history] {
        assert!(
            page.contains(
                "<li><span>Wed 18 Nov</span><div><p class=\"en p\"><svg class=i aria-hidden=true><use href=#p /></svg>\
                 <b>Partial outage: <bdi>Exports</bdi></b> <span class=q>12\u{a0}min, 09:45 to 09:57. No incident was published.</span></p></div>"
            ),
            "{page}"
        );
        assert!(page.contains("<li><span>19 to 20 Nov</span> <span>No downtime.</span>"), "{page}");
    }
}

#[test]
fn descriptions_are_shown() {
    let mut cards = sample::component("Card payments");
    cards.description = Some("Payments by card in shops".to_owned());
    cards.id = "described".to_owned();
    let mut hidden = cards.clone();
    hidden.showcase = false;
    let mut group = sample::group("Payments", vec![cards, hidden]);
    if let Item::Group(group) = &mut group {
        group.description = Some("All that moves money".to_owned());
    }
    let view = sample::page("Northwind status", vec![group]);
    let index = html::index(&view).expect("a page renders").html;
    assert_eq!(index.matches("<bdi>Payments by card in shops</bdi>").count(), 2, "{index}");
    assert!(index.contains("<bdi>All that moves money</bdi>"), "{index}");
    let own = html::component(&view, "described").expect("it has a page").html;
    assert!(own.contains("<bdi>Payments by card in shops</bdi>"), "{own}");
}
