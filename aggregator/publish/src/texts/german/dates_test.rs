//! Dates, times, durations, figures and plurals in German.

use super::*;
use crate::texts::german::TEXTS;
use crate::texts::stop;
use jiff::civil::date;

#[test]
fn percentages_have_a_comma_and_a_blank_that_does_not_break() {
    for (hundredths, words) in [(0, "0,00\u{a0}%"), (9_990, "99,90\u{a0}%"), (10_000, "100\u{a0}%")] {
        assert_eq!(German.percentage(hundredths), words);
    }
    assert_eq!(
        [238.4, 999.4, 1_500.0, 2_000.0].map(|value| German.response_time(value)),
        ["238 ms", "999 ms", "1,5 s", "2 s"]
    );
}

#[test]
fn durations_take_the_two_largest_units() {
    assert_eq!(German.duration(133 * 60_000), "2\u{a0}Std. 13\u{a0}Min.");
    let minutes = |minutes: i64| minutes * 60_000;
    for (milliseconds, words) in [
        (0, "1 Sek."),
        (42_999, "42 Sek."),
        (minutes(42), "42 Min."),
        (minutes(2) + 5_000, "2 Min. 5 Sek."),
        (minutes(60), "1 Std."),
        (minutes(133), "2 Std. 13 Min."),
        (minutes(24 * 60), "1 Tag"),
        (minutes(76 * 60), "3 Tage 4 Std."),
    ] {
        assert_eq!(German.duration(milliseconds).replace('\u{a0}', " "), words);
    }
}

#[test]
fn dates_are_written_as_in_german() {
    let day = date(2026, 11, 20);
    assert_eq!(German.day(day, false), "Fr., 20. Nov.");
    assert_eq!(German.day(day, true), "Fr., 20. Nov. 2026");
    assert_eq!(German.date(day, true), "20. November 2026");
    assert_eq!(German.day_of_month(date(2026, 3, 1), false), "1. März");
    assert_eq!(German.month((2026, 5)), "Mai 2026");
    let time = German.time_in_zone("14:02", "UTC");
    assert_eq!(German.day_and_time("Fr., 20. Nov.", &time), "Fr., 20. Nov., 14:02 Uhr UTC");
    assert_eq!(German.time_of_date(&time, "20. November 2026"), "20. November 2026, 14:02 Uhr UTC");
    assert_eq!(German.span("14:02", &time), "14:02 bis 14:02 Uhr UTC");
    assert_eq!((German.zone("CEST"), German.zone("UTC")), (Some("MESZ"), None));
}

#[test]
fn one_full_stop_ends_a_sentence() {
    for (text, end) in [
        ("14:02 Uhr UTC", "."),
        ("20. Nov.", ""),
        ("<time datetime=x>20. Nov.</time>", ""),
        ("<time datetime=x>14:02</time>", "."),
        ("", "."),
    ] {
        assert_eq!(stop(text), end, "{text}");
    }
    assert_eq!(TEXTS.banner.no_data(1, " seit 20. Nov."), "Keine Daten für 1 Komponente seit 20. Nov.");
}

#[test]
fn plurals_follow_their_number() {
    assert_eq!([1, 2].map(|number| TEXTS.status.components(number)), ["1 Komponente", "2 Komponenten"]);
    assert_eq!(
        [1, 3].map(|number| TEXTS.past.held(number, 1)),
        ["1 Störung, 1 Wartung", "3 Störungen, 1 Wartung"]
    );
    assert_eq!(TEXTS.row.rest(true, 1, 90, None), "1 weiterer Tag: in Betrieb.");
    assert_eq!(TEXTS.row.rest(false, 90, 90, None), "Kein Ausfall in 90 Tagen.");
    assert_eq!(TEXTS.row.older(1)[0], "1 älterer Tag steht auf ");
    assert_eq!(
        [1, 4].map(|number| TEXTS.past.more(number, false)[0].clone()),
        ["1 weiterer Eintrag im ", "4 weitere Einträge im "]
    );
}
