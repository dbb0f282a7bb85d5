//! Dates, times, durations and figures, in English.

use super::English;
use crate::texts::dates::DateTexts;
use crate::view::Month;
use jiff::civil::{Date, Weekday, date};

impl DateTexts for English {
    fn weekday(&self, day: Weekday) -> &'static str {
        match day {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        }
    }

    fn day_of_month(&self, date: Date, year: bool) -> String {
        date.strftime(if year { "%-d %b %Y" } else { "%-d %b" }).to_string()
    }

    fn day(&self, date: Date, year: bool) -> String {
        format!("{} {}", self.weekday(date.weekday()), self.day_of_month(date, year))
    }

    fn date(&self, date: Date, year: bool) -> String {
        date.strftime(if year { "%-d %B %Y" } else { "%-d %B" }).to_string()
    }

    fn month(&self, (year, month): Month) -> String {
        date(year, month, 1).strftime("%B %Y").to_string()
    }

    fn day_number(&self, day: i8) -> String {
        day.to_string()
    }

    fn span(&self, from: &str, to: &str) -> String {
        format!("{from} to {to}")
    }

    fn on(&self, times: &str, day: &str) -> String {
        format!("{times} on {day}")
    }

    fn day_and_time(&self, day: &str, time: &str) -> String {
        format!("{day}, {time}")
    }

    fn weekday_and_time(&self, day: &str, time: &str) -> String {
        format!("{day} {time}")
    }

    fn time_in_zone(&self, time: &str, zone: &str) -> String {
        format!("{time} {zone}")
    }

    fn time_of_date(&self, time: &str, date: &str) -> String {
        format!("{time}, {date}")
    }

    fn date_and_time(&self, date: &str, time: &str) -> String {
        format!("{date}, {time}")
    }

    fn zone(&self, _abbreviation: &str) -> Option<&'static str> {
        None
    }

    fn percentage(&self, hundredths: u32) -> String {
        if hundredths >= 10_000 {
            "100%".to_owned()
        } else {
            format!("{}.{:02}%", hundredths / 100, hundredths % 100)
        }
    }

    /// No line break separates a number from its unit.
    fn duration(&self, milliseconds: i64) -> String {
        let text = skerry_protocol::words::duration(milliseconds);
        let words: Vec<&str> = text.split(' ').collect();
        words.chunks(2).map(|pair| pair.join("\u{a0}")).collect::<Vec<_>>().join(" ")
    }

    fn response_time(&self, milliseconds: f64) -> String {
        if milliseconds < 999.5 {
            format!("{milliseconds:.0} ms")
        } else {
            format!("{} s", self.decimal(milliseconds / 1_000.0))
        }
    }

    fn decimal(&self, value: f64) -> String {
        let text = format!("{value:.1}");
        text.strip_suffix(".0").unwrap_or(&text).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_break_separates_a_number_from_its_unit() {
        for (seconds, words) in
            [(42, "42\u{a0}s"), (7_980, "2\u{a0}h 13\u{a0}min"), (273_600, "3\u{a0}days 4\u{a0}h")]
        {
            assert_eq!(English.duration(seconds * 1_000), words);
        }
    }

    #[test]
    fn percentages_are_exact_and_100_only_without_losses() {
        for (hundredths, words) in [
            (0, "0.00%"),
            (7, "0.07%"),
            (9_989, "99.89%"),
            (9_990, "99.90%"),
            (9_999, "99.99%"),
            (10_000, "100%"),
        ] {
            assert_eq!(English.percentage(hundredths), words);
        }
    }
}
