//! Dates, times, durations and figures, in German.

use super::{German, count};
use crate::texts::dates::DateTexts;
use crate::view::Month;
use jiff::civil::{Date, Weekday};

/// Full names and abbreviations.
const MONTHS: [(&str, &str); 12] = [
    ("Januar", "Jan."),
    ("Februar", "Feb."),
    ("März", "März"),
    ("April", "Apr."),
    ("Mai", "Mai"),
    ("Juni", "Juni"),
    ("Juli", "Juli"),
    ("August", "Aug."),
    ("September", "Sept."),
    ("Oktober", "Okt."),
    ("November", "Nov."),
    ("Dezember", "Dez."),
];

fn month(number: i8) -> (&'static str, &'static str) {
    MONTHS[usize::try_from(number - 1).unwrap_or_default().min(MONTHS.len() - 1)]
}

fn written(date: Date, month: &str, year: bool) -> String {
    if year { format!("{}. {month} {}", date.day(), date.year()) } else { format!("{}. {month}", date.day()) }
}

impl DateTexts for German {
    fn weekday(&self, day: Weekday) -> &'static str {
        match day {
            Weekday::Monday => "Mo.",
            Weekday::Tuesday => "Di.",
            Weekday::Wednesday => "Mi.",
            Weekday::Thursday => "Do.",
            Weekday::Friday => "Fr.",
            Weekday::Saturday => "Sa.",
            Weekday::Sunday => "So.",
        }
    }

    fn day_of_month(&self, date: Date, year: bool) -> String {
        written(date, month(date.month()).1, year)
    }

    fn day(&self, date: Date, year: bool) -> String {
        format!("{}, {}", self.weekday(date.weekday()), self.day_of_month(date, year))
    }

    fn date(&self, date: Date, year: bool) -> String {
        written(date, month(date.month()).0, year)
    }

    fn month(&self, (year, number): Month) -> String {
        format!("{} {year}", month(number).0)
    }

    fn day_number(&self, day: i8) -> String {
        format!("{day}.")
    }

    fn span(&self, from: &str, to: &str) -> String {
        format!("{from} bis {to}")
    }

    fn on(&self, times: &str, day: &str) -> String {
        format!("{day}, {times}")
    }

    fn day_and_time(&self, day: &str, time: &str) -> String {
        format!("{day}, {time}")
    }

    fn weekday_and_time(&self, day: &str, time: &str) -> String {
        format!("{day}, {time}")
    }

    fn time_in_zone(&self, time: &str, zone: &str) -> String {
        format!("{time} Uhr {zone}")
    }

    fn time_of_date(&self, time: &str, date: &str) -> String {
        format!("{date}, {time}")
    }

    fn date_and_time(&self, date: &str, time: &str) -> String {
        format!("{date}, {time}")
    }

    fn zone(&self, abbreviation: &str) -> Option<&'static str> {
        match abbreviation {
            "CET" => Some("MEZ"),
            "CEST" => Some("MESZ"),
            "WET" => Some("WEZ"),
            "WEST" => Some("WESZ"),
            "EET" => Some("OEZ"),
            "EEST" => Some("OESZ"),
            _ => None,
        }
    }

    fn percentage(&self, hundredths: u32) -> String {
        if hundredths >= 10_000 {
            "100\u{a0}%".to_owned()
        } else {
            format!("{},{:02}\u{a0}%", hundredths / 100, hundredths % 100)
        }
    }

    /// No line break separates a number from its unit.
    fn duration(&self, milliseconds: i64) -> String {
        let seconds = usize::try_from(milliseconds / 1_000).unwrap_or_default().max(1);
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        let pair = |large: String, small: usize, unit: &str| {
            if small == 0 { large } else { format!("{large} {small}\u{a0}{unit}") }
        };
        if minutes == 0 {
            format!("{seconds}\u{a0}Sek.")
        } else if hours == 0 {
            pair(format!("{minutes}\u{a0}Min."), seconds % 60, "Sek.")
        } else if days == 0 {
            pair(format!("{hours}\u{a0}Std."), minutes % 60, "Min.")
        } else {
            pair(count(days, "Tag", "Tage").replace(' ', "\u{a0}"), hours % 24, "Std.")
        }
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
        text.strip_suffix(".0").unwrap_or(&text).replace('.', ",")
    }
}

#[cfg(test)]
#[path = "dates_test.rs"]
mod tests;
