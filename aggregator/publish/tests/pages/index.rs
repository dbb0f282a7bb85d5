//! The rows of the index.

use super::sample;
use skerry_domain::status::Status;
use skerry_domain::time::{HOUR, MINUTE};
use skerry_publish::html;
use skerry_publish::view::{Item, PageView};

fn index(view: &PageView) -> String {
    html::index(view).expect("a page renders").html
}

/// Sixty components, of which three in the group of payments, not the first, are affected.
fn affected() -> PageView {
    let mut items = sample::sixty(0);
    if let Some(Item::Group(group)) = items.get_mut(1) {
        group.children[2] = Item::Component(sample::impaired("Cards", Status::MajorOutage, 133));
        group.children[4] = Item::Component(sample::impaired("Payouts", Status::PartialOutage, 118));
        group.children[7] = Item::Component(sample::unseen("Refunds", 95));
    }
    sample::page("Northwind status", items)
}

#[test]
fn in_an_affected_group_the_affected_components_come_first() {
    let page = index(&affected());
    let open = page.split("<details class=z open>").nth(1).expect("the group is open");
    let group = open.split("<details class=z>").next().expect("it ends");
    let (shown, folded) = group.split_once("<details class=ot>").expect("the others are folded");
    let names = |part: &str| -> Vec<String> {
        let rows = part.split("<span class=nm><bdi>").skip(1);
        rows.filter_map(|rest| rest.split("</bdi>").next()).map(str::to_owned).collect()
    };
    assert_eq!(names(shown), ["Cards", "Payouts", "Refunds"]);
    assert!(folded.contains("</svg> 5 others: operational</span>"), "{folded}");
    assert_eq!(names(folded).len(), 5);
    let on_paper = folded.split("<span class=pr>").nth(1).and_then(|rest| rest.split("</span>").next());
    let on_paper = on_paper.expect("paper names them").matches("<bdi>").count();
    assert_eq!(on_paper, 5);
    let few = vec![sample::group(
        "Parts",
        vec![sample::component("One"), sample::impaired("Two", Status::MajorOutage, 3)],
    )];
    let page = index(&sample::page("Northwind status", few));
    assert!(!page.contains("<details class=ot>"), "a short page hides nothing: {page}");
    assert!(page.find("<bdi>One<") < page.find("<bdi>Two</bdi><i>"), "the order is the owner's: {page}");
}

#[test]
fn names_in_the_banner_lead_to_their_rows() {
    let page = index(&affected());
    let banner = page.split("<p class=f>").nth(1).and_then(|rest| rest.split("</p>").next());
    let banner = banner.expect("there is a banner");
    let link = banner.split("Also affected: <a href=\"#").nth(1).expect("a name is a link");
    let id = link.split('"').next().expect("it ends");
    assert!(link.contains("<bdi>Payouts</bdi></a>"), "{banner}");
    assert!(
        page.contains(&format!("<details class=x id=\"{id}\"><summary><span class=nm><bdi>Payouts<")),
        "{page}"
    );
    assert!(
        !index(&sample::page("Northwind status", sample::sixty(0))).contains(" id=\""),
        "no other row has one"
    );
}

#[test]
fn the_scale_of_the_bars_stands_above_the_first_row_once() {
    let page = index(&affected());
    let scale = "<span><span class=w>90</span> days ago</span><span>Today</span></p><div class=g>";
    assert_eq!(page.matches(scale).count(), 1, "{page}");
    assert!(!index(&sample::page("Northwind status", Vec::new())).contains("days ago"));
}

#[test]
fn on_the_first_day_the_key_explains_only_the_marks_that_occur() {
    let mut website = sample::young("Website", 1);
    website.days[89].tally.unwatched = 16 * HOUR + MINUTE;
    website.days[89].tally.operational = 14 * MINUTE;
    website.watched_from = Some(sample::NOW - 14 * MINUTE);
    let page = index(&sample::page("Northwind status", vec![Item::Component(website)]));
    assert!(
        page.contains("One mark a day, today last. Monitored since 16:01 UTC; the line fills up day by day.")
    );
    let key = page.split("<ul class=k>").nth(1).and_then(|rest| rest.split("</ul>").next());
    let key: Vec<_> = key.expect("there is a key").split("</svg>").skip(1).collect();
    assert_eq!(key.len(), 2, "{key:?}");
    assert!(key[0].starts_with("Operational") && key[1].starts_with("Not monitored yet"), "{key:?}");
}

#[test]
fn groups_are_closed_only_while_operational_and_on_long_pages() {
    let folded = |items: Vec<Item>| {
        let page = index(&sample::page("Northwind status", items));
        (page.matches("<details class=z>").count(), page.matches("<details class=z open>").count())
    };
    assert_eq!(folded(sample::sixty(5)), (8, 0));
    let mut items = sample::sixty(5);
    if let Some(Item::Group(group)) = items.get_mut(2) {
        group.children[3] = Item::Component(sample::unseen("Sandbox", 95));
    }
    assert_eq!(folded(items), (7, 1));
    let few = (0..3).map(|number| sample::component(&format!("Part {number}"))).collect();
    assert_eq!(folded(vec![sample::group("Parts", few)]), (0, 1));
}
