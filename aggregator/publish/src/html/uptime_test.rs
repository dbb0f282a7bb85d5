//! What visitors read on the uptime pages.

use super::*;
use crate::sample::{NOW, component, group, page};
use crate::view::UptimeRuleView;
use skerry_domain::interval::Interval;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, HOUR};
use skerry_domain::uptime::{Rule, Tally, Weights, figure};

fn over(id: &str, major: i64) -> ComponentView {
    let tally = Tally { operational: 90 * DAY - major, major, ..Tally::default() };
    let windows = [figure(&tally, Rule::Observed, Weights::default(), 0); 4];
    ComponentView { windows, ..component(id, Status::Operational) }
}

fn html(view: &PageView) -> String {
    uptime(view).expect("a page").html
}

/// The markup between `start` and `end`.
fn piece<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).unwrap_or_else(|| panic!("no {start} in {page}"));
    let length = page[from..].find(end).expect("the piece has an end");
    &page[from..from + length + end.len()]
}

#[test]
fn a_child_that_is_hidden_while_operational_counts_in_its_group() {
    let (shown, mut hidden) = (over("aaa", 0), over("bbb", 9 * DAY));
    hidden.only_show_if_degraded = true;
    let view = page(vec![Item::Group(group("g", vec![shown, hidden]))]);
    let shows_mean = |html: String| {
        let group = html.split("Component aaa").next().unwrap_or_default().to_owned();
        assert!(!html.contains("Component bbb"), "{html}");
        group.contains("95.00%")
    };
    assert!(shows_mean(html(&view)), "the mean of 100 and 90, where 90 is not listed");
    assert!(shows_mean(super::super::index(&view).expect("a page").html));
}

#[test]
fn a_group_is_a_disclosure_whose_figures_name_their_windows() {
    let view = page(vec![Item::Group(group("g", vec![over("aaa", 0), over("bbb", 9 * DAY)]))]);
    let page = html(&view);
    assert_eq!(
        piece(&page, "<details", "</summary>"),
        "<details open><summary><h2 class=nm><bdi>Group g</bdi></h2>\
         <span class=\"fg lo\"><small>24 h </small>95.00%</span>\
         <span class=\"fg lo\"><small>7 days </small>95.00%</span>\
         <span class=\"fg lo\"><small>30 days </small>95.00%</span>\
         <span class=\"fg lo\"><small>90 days </small>95.00%</span></summary>"
    );
    assert!(
        page.contains(
            "<li><span><a class=lk href=\"components/aaa\"><bdi>Component aaa</bdi></a></span>\
             <span class=\"fg ok\"><small>24 h </small>100%</span>"
        ),
        "{page}"
    );
    assert!(page.contains("</time>. A group shows the mean of its components.</p>"), "{page}");
    assert!(page.contains("<p class=fh aria-hidden=true>"), "{page}");
}

#[test]
fn groups_are_folded_above_ten_components() {
    let of = |count: usize| {
        let children = (0..count).map(|index| over(&format!("c{index}"), 0)).collect();
        html(&page(vec![Item::Group(group("g", children))]))
    };
    assert!(of(10).contains("<details open>") && !of(11).contains("<details open>"));
}

#[test]
fn without_groups_it_is_a_table() {
    let page = html(&page(vec![Item::Component(over("aaa", HOUR))]));
    let table = piece(&page, "<table", "</table>");
    assert!(table.contains("<caption class=hi>Uptime</caption>"), "{table}");
    assert!(
        table.contains("<th scope=col>24 h<th scope=col>7 days<th scope=col>30 days<th scope=col>90 days")
    );
    assert!(
        table.contains(
            "<th scope=row><a class=lk href=\"components/aaa\"><bdi>Component aaa</bdi></a>\
             <td class=\"fg \"><small aria-hidden=true>24 h</small>99.95%"
        ),
        "{table}"
    );
    assert!(!page.contains("A group shows"), "{page}");
}

#[test]
fn figures_are_explained_below_them() {
    let page = html(&page(vec![Item::Component(over("aaa", HOUR))]));
    let how = piece(&page, "<details><summary><span class=nm>How uptime is worked out", "</details>");
    assert!(
        how.contains("Uptime = 100 × (1 − (major outage + 0.30 × partial outage) ÷ observed time)"),
        "{how}"
    );
    assert!(
        page.contains("<a href=\"uptime/2026-11\">Month by month</a><a href=uptime.csv>Download as CSV</a>")
    );
}

/// An outage of weight 0 is shown as 100%.
#[test]
fn the_promise_about_100_percent_holds_for_the_weights_of_the_page() {
    for (major_percent, partial_percent, holds) in
        [(100, 30, true), (100, 1, true), (100, 0, false), (0, 30, false), (0, 0, false)]
    {
        let rule = UptimeRuleView { statuspage: false, partial_percent, major_percent };
        let page = html(&PageView { rule, ..page(vec![Item::Component(over("aaa", HOUR))]) });
        let promised = page.contains("no outage is ever shown as 100%");
        assert_eq!(promised, holds, "{major_percent} {partial_percent}");
        assert_eq!(page.contains("100% means that nothing was taken away"), !holds);
    }
}

#[test]
fn words_that_stand_for_a_figure_are_explained_once() {
    let mut unseen = over("bbb", 0);
    let nothing =
        figure(&Tally { unwatched: DAY, ..Tally::default() }, Rule::Observed, Weights::default(), 0);
    unseen.windows = [nothing; 4];
    let mut patchy = over("ccc", 0);
    let half = Tally { operational: DAY, no_data: DAY, ..Tally::default() };
    patchy.windows[3] = figure(&half, Rule::Observed, Weights::default(), 0);
    let page = html(&page(vec![Item::Component(unseen), Item::Component(patchy)]));
    assert_eq!(page.matches(">24 h</small>None yet").count(), 1);
    assert_eq!(page.matches("</small>Not enough").count(), 1);
    assert_eq!(page.matches("Not enough: under 90% of the window could be seen.").count(), 1, "{page}");
    assert_eq!(page.matches("None yet: not seen so far.").count(), 1, "{page}");
    assert!(!page.contains("monitored for less than a day"));
}

#[test]
fn a_month_shows_its_own_figures_and_leads_to_the_others() {
    let mut down = over("aaa", 0);
    down.watched_from = Some(NOW - 400 * DAY);
    let october = jiff::civil::date(2026, 10, 5).to_zoned(jiff::tz::TimeZone::UTC).expect("a day");
    let from = skerry_domain::time::Timestamp(october.timestamp().as_millisecond());
    down.past = vec![Interval { from, to: from + 2 * HOUR, value: Effective::Known(Status::MajorOutage) }];
    let view = page(vec![Item::Component(down)]);
    let month = |month| uptime_of_month(&view, month).expect("a page").html;
    let past = month((2026, 10));
    assert!(past.contains("<title>Uptime in October 2026 – Example</title>"), "{past}");
    assert!(past.contains("<h1>Uptime in October 2026</h1>") && !past.contains("data-until"), "{past}");
    assert!(
        past.contains(
            ">Uptime</small>99.73%<td class=\"fg \"><small aria-hidden=true>Outage</small>2\u{a0}h"
        ),
        "{past}"
    );
    assert!(past.contains("<a rel=prev href=\"../uptime/2026-09\">September 2026</a>"), "{past}");
    assert!(past.contains("<a rel=next href=\"../uptime/2026-11\">November 2026</a>"), "{past}");
    assert!(past.contains("<a href=\"../history/2026-10\">What happened in October 2026</a>"), "{past}");
    let present = month((2026, 11));
    assert!(
        present.contains("So far, until <time datetime=2026-11-20T16:14:00Z>20 November 2026, 16:14 UTC")
    );
    assert!(present.contains("data-until=") && present.contains("Uptime</small>100%"), "{present}");
}

#[test]
fn a_component_that_hides_while_operational_is_listed_in_the_months_of_its_trouble() {
    let mut shy = over("aaa", 0);
    (shy.only_show_if_degraded, shy.watched_from) = (true, Some(NOW - 400 * DAY));
    let from = NOW - 30 * DAY;
    shy.past = vec![Interval { from, to: from + HOUR, value: Effective::Known(Status::DegradedPerformance) }];
    let view = page(vec![Item::Component(shy)]);
    let lists = |month| uptime_of_month(&view, month).expect("a page").html.contains("Component aaa");
    assert!(lists((2026, 10)) && !lists((2026, 11)));
}
