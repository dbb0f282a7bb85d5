//! Corrections in lists of days.

use super::super::rows::component_row;
use super::super::words::Clock;
use crate::html;
use crate::sample::{NOW, component, page};
use crate::view::{ComponentView, CorrectionKind, CorrectionView, Item};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, MINUTE};

/// Days ago, and for how many days.
fn corrected(ago: i64, length: i64) -> CorrectionView {
    CorrectionView {
        from: NOW - ago * DAY,
        to: NOW - ago * DAY + length,
        made_at: NOW - DAY,
        about: Some(Status::MajorOutage),
        kind: CorrectionKind::FalseAlarm,
    }
}

/// A component with an outage four days ago, and these corrections.
fn with(corrections: Vec<CorrectionView>) -> ComponentView {
    let mut one = component("aaa", Status::Operational);
    let tally = &mut one.days[85].tally;
    (tally.operational, tally.major) = (tally.operational - HOUR, HOUR);
    one.corrections = corrections;
    one
}

fn listed(one: &ComponentView) -> (Vec<String>, String) {
    let view = page(vec![Item::Component(one.clone())]);
    let days = component_row(one, &view, &Clock::of(&view)).days;
    let line = |line: &super::super::rows::Line| {
        let parts: Vec<_> =
            line.parts.iter().map(|part| format!("{} {}", part.label, part.duration)).collect();
        format!(
            "{}: {} [{}]",
            line.label,
            parts.join(", ").trim_end(),
            line.corrected.as_deref().unwrap_or_default()
        )
    };
    (days.lines.iter().map(line).collect(), days.rest)
}

#[test]
fn a_corrected_day_has_a_line_also_where_nothing_is_left_of_it() {
    let one = with(vec![corrected(4, MINUTE), corrected(10, 2 * DAY), corrected(200, MINUTE)]);
    let (lines, rest) = listed(&one);
    assert_eq!(
        lines,
        ["Mon 16 Nov: Major outage 1\u{a0}h [false alarm]", "10 to 12 Nov: Operational [false alarm]"]
    );
    assert_eq!(rest, "86 other days: operational.");
}

#[test]
fn the_pages_say_that_a_day_was_corrected() {
    let view = page(vec![Item::Component(with(vec![corrected(4, MINUTE), corrected(10, MINUTE)]))]);
    let index = html::index(&view).expect("a page renders").html;
    assert!(
        index.contains("<li>Mon 16 Nov <p><b class=j>Major outage</b> 1\u{a0}h, corrected: false alarm</p>"),
        "{index}"
    );
    assert!(
        index.contains("<li>Tue 10 Nov <p><b class=o>Operational</b>, corrected: false alarm</p>"),
        "{index}"
    );
    let own = html::component(&view, "aaa").expect("a page renders").html;
    assert!(own.contains("<span class=ln>Corrected: false alarm</span>"), "{own}");
}
