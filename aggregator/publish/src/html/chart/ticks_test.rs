//! Ticks as tables, also where the clocks are changed.

use super::*;
use crate::sample::page;
use crate::view::PageView;

fn view(zone: &str, now: &str) -> PageView {
    let mut view = page(Vec::new());
    view.time_zone = jiff::tz::TimeZone::get(zone).expect("a bundled zone");
    view.now = at(now);
    view
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond())
}

/// The ticks of a time that ends at `to`: where they are and what stands there.
fn shown(zone: &str, length: i64, to: &str, mirrored: bool) -> Vec<String> {
    let view = view(zone, to);
    let ticks = ticks((view.now + -length, view.now), mirrored, &Clock::of(&view));
    let one = |tick: Tick| {
        let text = format!("{} {}{} {}", tick.x, tick.day.unwrap_or_default(), tick.text, tick.class);
        text.trim_end().to_owned()
    };
    ticks.into_iter().map(one).collect()
}

#[test]
fn a_day_has_a_tick_every_four_hours_and_names_its_days() {
    assert_eq!(
        shown("UTC", DAY, "2026-11-20T16:15:00Z", false),
        [
            "15.6% Thu 20:00 wo",
            "32.3% Fri 00:00",
            "49.0% 04:00 wo",
            "65.6% 08:00",
            "82.3% 12:00 wo",
            "99.0% 16:00 z"
        ]
    );
    assert_eq!(
        shown("UTC", DAY, "2026-11-20T16:15:00Z", true)[..2],
        ["84.4% Thu 20:00 wo", "67.7% Fri 00:00"],
        "a page from right to left is mirrored"
    );
}

#[test]
fn clock_times_stay_round_where_the_clocks_are_changed() {
    assert_eq!(
        shown("Europe/Berlin", DAY, "2026-10-25T11:00:00Z", false),
        [
            "12.5% Sat 16:00",
            "29.2% 20:00 wo",
            "45.8% Sun 00:00",
            "66.7% 04:00 wo",
            "83.3% 08:00",
            "100.0% 12:00 z wo"
        ],
        "the night has five hours"
    );
    assert_eq!(
        shown("Europe/Berlin", DAY, "2026-03-29T10:00:00Z", false),
        [
            "4.2% Sat 12:00 a wo",
            "20.8% 16:00",
            "37.5% 20:00 wo",
            "54.2% Sun 00:00",
            "66.7% 04:00 wo",
            "83.3% 08:00",
            "100.0% 12:00 z wo"
        ],
        "the night has three hours"
    );
    // 02:00 to 03:00 is skipped; a midnight that is skipped is the first minute of its day.
    let hourly = shown("Europe/Berlin", 6 * 3_600_000, "2026-03-29T04:30:00Z", false);
    assert!(!hourly.iter().any(|tick| tick.contains("02:00")), "{hourly:?}");
    let santiago = shown("America/Santiago", DAY, "2026-09-06T16:00:00Z", false);
    assert!(santiago.iter().any(|tick| tick.contains("Sun 01:00")), "{santiago:?}");
}

#[test]
fn longer_windows_have_days_or_mondays() {
    assert_eq!(
        shown("UTC", 7 * DAY, "2026-11-20T16:15:00Z", false),
        [
            "4.6%  a",
            "18.9% Sun 15 Nov wo",
            "33.2% Mon 16 Nov",
            "47.5% Tue 17 Nov wo",
            "61.8% Wed 18 Nov",
            "76.0% Thu 19 Nov wo",
            "90.3% Fri 20 Nov"
        ]
    );
    assert_eq!(
        shown("UTC", 30 * DAY, "2026-11-20T16:15:00Z", false),
        ["14.4% 26 Oct", "37.7% 2 Nov", "61.1% 9 Nov", "84.4% 16 Nov"]
    );
    let quarter = shown("UTC", 90 * DAY, "2026-11-20T16:15:00Z", false);
    assert_eq!(quarter.len(), 13);
    assert_eq!(quarter[10..], ["79.2% 2 Nov wo", "87.0% 9 Nov wo", "94.8% 16 Nov"]);
    assert_eq!(quarter[9], "71.5% 26 Oct");
}

#[test]
fn a_young_chart_has_finer_ticks() {
    assert_eq!(
        shown("Asia/Kolkata", 3_600_000, "2026-11-20T16:15:00Z", false),
        ["0.0% Fri 20:45 a", "25.0% 21:00", "50.0% 21:15", "75.0% 21:30", "100.0% 21:45 z"]
    );
}
