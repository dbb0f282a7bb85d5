//! Groups inside groups.

use super::sample;
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, MINUTE};
use skerry_publish::html;
use skerry_publish::view::{Item, PageView};

fn index(view: &PageView) -> String {
    html::index(view).expect("a page renders").html
}

/// What lies between two texts.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let rest = page.split(start).nth(1).unwrap_or_else(|| panic!("no {start} in {page}"));
    rest.split(end).next().expect("it ends")
}

/// Sixty components of which one is affected, in a group inside the second group.
fn affected() -> PageView {
    let mut items = sample::sixty(0);
    let inner = vec![
        sample::component("Fine"),
        sample::impaired("Cards", Status::MajorOutage, 133),
        sample::component("Calm"),
    ];
    if let Some(Item::Group(group)) = items.get_mut(1) {
        group.children.truncate(3);
        group.children.insert(1, sample::group("Inner", inner));
        group.children.push(sample::group("Quiet", vec![sample::component("One"), sample::component("Two")]));
    }
    sample::page("Northwind status", items)
}

#[test]
fn a_group_counts_all_below_it() {
    let page = index(&affected());
    let state = |level: &str, name: &str| {
        let row = between(&page, &format!("<{level} class=nm><bdi>{name}</bdi>"), "</summary>");
        between(row, "</svg><span>", "</span>").to_owned()
    };
    assert_eq!(state("h3", "Payments"), "1 of 8 affected");
    assert_eq!(state("h4", "Inner"), "1 of 3 affected");
    assert_eq!(state("h4", "Quiet"), "All 2 operational");
    assert_eq!(state("h3", "API"), "All 8 operational");
    let row = between(&page, "<h3 class=nm><bdi>Payments</bdi>", "</summary>");
    assert!(row.contains("<span class=\"s j\">") && row.contains("<path class=j d=\"M89 0h1\"/>"), "{row}");
}

#[test]
fn affected_rows_come_first_at_each_level_and_the_others_fold() {
    let page = index(&affected());
    let payments = between(&page, "<h3 class=nm><bdi>Payments</bdi>", "<h3 ");
    let at = |text: &str| payments.find(text).unwrap_or_else(|| panic!("no {text} in {payments}"));
    let order = [
        "<details class=z open><summary><h4 class=nm><bdi>Inner</bdi>",
        "<span class=nm><bdi>Cards</bdi>",
        "</svg> 2 others: operational</span><span class=pr><bdi>Fine</bdi>, <bdi>Calm</bdi></span>",
        "</svg> 5 others: operational</span><span class=pr><bdi>",
        "<details class=z><summary><h4 class=nm><bdi>Quiet</bdi>",
        "<span class=nm><bdi>One</bdi>",
    ];
    let places: Vec<usize> = order.into_iter().map(at).collect();
    assert!(places.is_sorted(), "{places:?} {payments}");
    let (opened, closed) = (page.matches("<details").count(), page.matches("</details>").count());
    assert_eq!(opened, closed);
}

#[test]
fn the_bar_and_the_figure_of_a_group_are_those_of_all_below_it() {
    let (mut worse, mut bad) = (sample::component("Worse"), sample::component("Bad"));
    sample::spend(&mut worse, 5, DAY, |tally| &mut tally.major);
    sample::spend(&mut bad, 8, 42 * MINUTE, |tally| &mut tally.partial);
    let rows = vec![
        sample::group("Inner", vec![sample::refigured(worse), sample::component("Calm")]),
        Item::Component(sample::refigured(bad)),
    ];
    let view = sample::page("Northwind status", vec![sample::group_of("Outer", rows)]);
    let page = index(&view);
    let row = between(&page, "<h3 class=nm><bdi>Outer</bdi>", "</summary>");
    assert!(
        row.contains("<path class=j d=\"M84 0h1\"/>") && row.contains("<path class=p d=\"M81 0h1\"/>"),
        "{row}"
    );
    let all: Vec<_> = view.components().map(|one| one.windows[3]).collect();
    let mean = skerry_domain::uptime::group(&all).hundredths.expect("it was observed");
    assert!(
        row.contains(&format!(">{}.{:02}%<", mean / 100, mean % 100)),
        "of three components, not of two rows: {row}"
    );
    let uptime = html::uptime(&view).expect("a page renders").html;
    let outer = between(&uptime, "<h2 class=nm><bdi>Outer</bdi>", "</summary>");
    assert!(outer.contains(&format!("90 days </small>{}.{:02}%", mean / 100, mean % 100)), "{outer}");
    let inner =
        between(&uptime, "<li class=ng><details open><summary><h3 class=nm><bdi>Inner</bdi>", "</details>");
    assert_eq!(inner.matches("<li><span><a class=lk").count(), 2, "{inner}");
    let month = html::uptime_of_month(&view, (2026, 11)).expect("a page renders").html;
    assert!(month.contains("<h3 class=nm><bdi>Inner</bdi>"), "{month}");
    let history = html::history(&view, None).expect("a page renders").html;
    assert!(history.contains("<bdi>Outer</bdi>") && !history.contains("<bdi>Inner</bdi>"), "{history}");
}

#[test]
fn the_page_of_a_component_names_both_groups() {
    let calm = sample::component("Calm");
    let id = calm.id.clone();
    let outer = sample::group_of("Outer", vec![sample::group("Inner", vec![calm])]);
    let view = sample::page("Northwind status", vec![outer]);
    let page = html::component(&view, &id).expect("it has a page").html;
    let way = between(&page, "<nav class=bc", "</nav>");
    let names =
        "<span aria-hidden=true>/</span><bdi>Outer</bdi><span aria-hidden=true>/</span><bdi>Inner</bdi>";
    assert!(way.ends_with(names), "{way}");
}

/// Who has no groups inside groups does not pay for them.
#[test]
fn the_styles_of_nested_groups_stand_on_their_pages_only() {
    let flat = sample::page("Northwind status", sample::sixty(2));
    for (page, rule) in [(html::index(&flat), "h4.nm"), (html::uptime(&flat), ".ng")] {
        assert!(!page.expect("a page renders").html.contains(rule), "{rule}");
    }
    let nested = affected();
    let documents = [html::index(&nested), html::uptime(&nested), html::uptime_of_month(&nested, (2026, 11))];
    for (page, rule) in documents.into_iter().zip(["h4.nm", ".ng", ".ng"]) {
        let page = page.expect("a page renders");
        assert!(page.html.contains(rule), "{rule}");
        let other = html::index(&flat).expect("a page renders");
        assert_ne!(page.policy, other.policy, "the policy has the hash of its own sheet");
    }
}
