//! Dates, times, durations and figures.

use crate::view::Month;
use jiff::civil::{Date, Weekday};

texts! {
    /// Dates, times, durations and figures.
    DateTexts {
        /// "Fri"
        fn weekday(day: Weekday) -> &'static str;
        /// "20 Nov", "20 Nov 2026"
        fn day_of_month(date: Date, year: bool) -> String;
        /// "Fri 20 Nov", "Fri 20 Nov 2026"
        fn day(date: Date, year: bool) -> String;
        /// "20 November", "20 November 2026"
        fn date(date: Date, year: bool) -> String;
        /// "November 2026"
        fn month(month: Month) -> String;
        /// "3", before the last day of the same month: "3 to 9 Nov".
        fn day_number(day: i8) -> String;
        /// "3 to 9 Nov", "14:02 to 17:07 UTC"
        fn span(from: &str, to: &str) -> String;
        /// "14:02 to 17:07 UTC on Fri 20 Nov"
        fn on(times: &str, day: &str) -> String;
        /// "Fri 20 Nov, 14:02"
        fn day_and_time(day: &str, time: &str) -> String;
        /// "Fri 14:02"
        fn weekday_and_time(day: &str, time: &str) -> String;
        /// "14:02 UTC"
        fn time_in_zone(time: &str, zone: &str) -> String;
        /// "16:15 UTC, 20 November 2026". The script takes the time from it.
        fn time_of_date(time: &str, date: &str) -> String;
        /// "20 November 2026, 16:15 UTC"
        fn date_and_time(date: &str, time: &str) -> String;
        /// The abbreviation of a zone in this language, if it has one of its own.
        fn zone(abbreviation: &str) -> Option<&'static str>;
        /// Hundredths of a percent: "99.90%"; "100%" only if nothing is missing.
        fn percentage(hundredths: u32) -> String;
        /// The two largest units of a time in ms: "42 s", "2 h 13 min", "3 days 4 h".
        fn duration(milliseconds: i64) -> String;
        /// "238 ms", "1.5 s"
        fn response_time(milliseconds: f64) -> String;
        /// With at most one decimal: "1.5", "2".
        fn decimal(value: f64) -> String;
    }
}
