//! The pages of months.

use super::*;
use crate::sample::{component, page};
use crate::view::Item;
use skerry_domain::status::Status;

fn of_components(count: usize) -> PageView {
    let one = |index| Item::Component(component(&format!("c{index:02}"), Status::Operational));
    page((0..count).map(one).collect())
}

#[test]
fn from_the_thirteenth_on_figures_stand_on_the_uptime_of_the_month() {
    for (count, shown, link) in [(12, 12, None), (13, 12, Some("../uptime/2026-11"))] {
        let html = history(&of_components(count), Some((2026, 11))).expect("a page renders").html;
        let figures = html.split("<ul class=mf>").nth(1).and_then(|rest| rest.split("</ul>").next());
        let figures = figures.expect("figures");
        assert_eq!(figures.matches("<li><b").count(), shown);
        let href = figures.split("<li class=ag><a href=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(href, link);
    }
    let present = history(&of_components(13), None).expect("a page renders").html;
    assert!(present.contains("<li class=ag><a href=\"uptime/2026-11\">All groups</a>"), "{present}");
}
