//! Reads recurrence rules (RFC 5545 §3.3.10) as far as they name days. The time of day is that of the first
//! occurrence, so that parts about hours have no place. Every error names the part and says what would be right.

use super::Frequency;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The longest rule, bytes.
const LONGEST: usize = 500;
/// The greatest interval.
const MAX_INTERVAL: u16 = 1_000;
/// The greatest number of occurrences that a rule counts.
const MAX_COUNT: u16 = 10_000;
/// All parts, in the order in which they are written.
const PARTS: [&str; 9] =
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"];
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A rule whose parts are valid and fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// As it was written, in upper case and without the name of its property.
    pub(super) text: String,
    pub(super) frequency: Frequency,
    pub(super) interval: u16,
    /// The last local time at which an occurrence may begin.
    pub(super) until: Option<DateTime>,
    /// All parts but the end, as the standard writes them.
    parts: String,
}

impl Rule {
    /// Reads a rule for a time zone: an end may be written in UTC.
    pub(super) fn read(written: &str, zone: &TimeZone) -> Result<Self, String> {
        let upper = written.trim().to_ascii_uppercase();
        let text = upper.strip_prefix("RRULE:").unwrap_or(&upper).trim_end_matches(';').to_owned();
        if text.len() > LONGEST {
            return Err(format!("the rule has more than {LONGEST} characters"));
        }
        let parts = Parts::of(&text)?;
        let frequency = parts.frequency()?;
        let interval = parts.number("INTERVAL", MAX_INTERVAL)?;
        let count = parts.number("COUNT", MAX_COUNT)?;
        let until = parts.0.get("UNTIL").map(|value| until(value, zone)).transpose()?;
        if count.is_some() && until.is_some() {
            return Err("COUNT and UNTIL exclude each other: keep one of them".to_owned());
        }
        let said = [
            Some(("FREQ", frequency.name().to_owned())),
            interval.map(|interval| ("INTERVAL", interval.to_string())),
            count.map(|count| ("COUNT", count.to_string())),
            parts.numbers("BYMONTH", 1..=12)?.map(|months| ("BYMONTH", months)),
            parts.month_days(frequency)?.map(|days| ("BYMONTHDAY", days)),
            parts.weekdays(frequency)?.map(|days| ("BYDAY", days)),
            parts.places(frequency)?.map(|places| ("BYSETPOS", places)),
            parts.week_start()?.map(|day| ("WKST", day)),
        ];
        let said = said.into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
        let parts = said.collect::<Vec<_>>().join(";");
        Ok(Self { text, frequency, interval: interval.unwrap_or(1), until, parts })
    }

    /// The rule as the standard writes it for a beginning in UTC.
    pub(super) fn in_utc(&self) -> String {
        let until = self.until.map(|until| until.strftime(";UNTIL=%Y%m%dT%H%M%SZ").to_string());
        format!("{}{}", self.parts, until.unwrap_or_default())
    }
}

/// The values of the parts that stand in a rule.
struct Parts<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let mut parts = BTreeMap::new();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                format!("{part:?} is no part of a rule: write a rule such as FREQ=WEEKLY;BYDAY=SU")
            })?;
            match name {
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    return Err(format!(
                        "{name}: every occurrence begins at the time of the first: leave it out"
                    ));
                }
                "BYWEEKNO" | "BYYEARDAY" => {
                    return Err(format!(
                        "{name} is not supported: name the days with BYMONTH and BYMONTHDAY or BYDAY"
                    ));
                }
                known if PARTS.contains(&known) => {}
                _ => return Err(format!("{name} is no part of a rule: there are {}", PARTS.join(", "))),
            }
            if parts.insert(name, value).is_some() {
                return Err(format!("{name} stands there twice: write it once"));
            }
        }
        Ok(Self(parts))
    }

    fn frequency(&self) -> Result<Frequency, String> {
        let known = Frequency::ALL.map(Frequency::name).join(", ");
        match self.0.get("FREQ") {
            None => Err(format!("FREQ is missing: write one of {known}, such as FREQ=WEEKLY")),
            Some(value) => Frequency::ALL.into_iter().find(|one| one.name() == *value).ok_or_else(|| {
                format!("FREQ={value}: maintenance recurs daily or less often: write one of {known}")
            }),
        }
    }

    fn number(&self, name: &str, most: u16) -> Result<Option<u16>, String> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let number =
            digits(value).and_then(|value| value.parse().ok()).filter(|number| (1..=most).contains(number));
        number.map(Some).ok_or_else(|| format!("{name}={value}: write a number from 1 to {most}"))
    }

    /// A list of numbers within `range`, as it is written again.
    fn numbers(&self, name: &str, range: RangeInclusive<i16>) -> Result<Option<String>, String> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let (least, most) = (*range.start(), *range.end());
        let wrong = || {
            let backward =
                if least < 0 { format!(", or from -1 (the last) to {least}") } else { String::new() };
            format!("{name}={value}: write numbers from 1 to {most}{backward}, separated by commas")
        };
        let number = |text: &str| signed(text).filter(|number| *number != 0 && range.contains(number));
        let numbers: Option<Vec<i16>> = value.split(',').map(number).collect();
        let numbers = numbers.ok_or_else(wrong)?;
        Ok(Some(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")))
    }

    fn month_days(&self, frequency: Frequency) -> Result<Option<String>, String> {
        let days = self.numbers("BYMONTHDAY", -31..=31)?;
        if days.is_some() && frequency == Frequency::Weekly {
            return Err(
                "BYMONTHDAY does not fit FREQ=WEEKLY: write FREQ=MONTHLY or name the days with BYDAY"
                    .to_owned(),
            );
        }
        Ok(days)
    }

    /// Days of the week, all of them with a number before or none.
    fn weekdays(&self, frequency: Frequency) -> Result<Option<String>, String> {
        let Some(value) = self.0.get("BYDAY") else { return Ok(None) };
        let most = match frequency {
            Frequency::Yearly if !self.0.contains_key("BYMONTH") => 53,
            _ => 5,
        };
        let mut days = Vec::new();
        let mut numbered = 0;
        for one in value.split(',') {
            let split = one.len().saturating_sub(2);
            let (number, day) = one.split_at_checked(split).unwrap_or((one, ""));
            if !WEEKDAYS.contains(&day) {
                let known = WEEKDAYS.join(", ");
                return Err(format!(
                    "BYDAY={value}: {one:?} is no day: write {known}, such as SU or, with FREQ=MONTHLY, 1SU or -1SU"
                ));
            }
            if number.is_empty() {
                days.push(day.to_owned());
                continue;
            }
            numbered += 1;
            if !matches!(frequency, Frequency::Monthly | Frequency::Yearly) {
                return Err(format!(
                    "BYDAY={value}: {one:?} counts days within a month: write FREQ=MONTHLY, or {day} alone"
                ));
            }
            let number = signed(number).filter(|number| *number != 0 && (1 - most..=most).contains(number));
            let number = number.ok_or_else(|| {
                let least = 1 - most;
                format!("BYDAY={value}: {one:?}: write a number from 1 to {most}, or from -1 (the last) to {least}")
            })?;
            days.push(format!("{number}{day}"));
        }
        if numbered != 0 && numbered != days.len() {
            return Err(format!(
                "BYDAY={value}: some days have a number and some do not: write 1MO,2MO,3MO,4MO,5MO for every Monday"
            ));
        }
        Ok(Some(days.join(",")))
    }

    fn places(&self, frequency: Frequency) -> Result<Option<String>, String> {
        let places =
            self.numbers("BYSETPOS", if frequency == Frequency::Monthly { -31..=31 } else { -366..=366 })?;
        if places.is_none() {
            return Ok(None);
        }
        if !matches!(frequency, Frequency::Monthly | Frequency::Yearly) {
            return Err(
                "BYSETPOS chooses days of a month or a year: write FREQ=MONTHLY or leave it out".to_owned()
            );
        }
        if ["BYMONTH", "BYMONTHDAY", "BYDAY"].iter().all(|name| !self.0.contains_key(name)) {
            return Err(
                "BYSETPOS chooses among days that other parts name: add BYDAY or BYMONTHDAY".to_owned()
            );
        }
        Ok(places)
    }

    fn week_start(&self) -> Result<Option<String>, String> {
        let Some(value) = self.0.get("WKST") else { return Ok(None) };
        if WEEKDAYS.contains(value) {
            return Ok(Some((*value).to_owned()));
        }
        Err(format!("WKST={value}: write the first day of a week: {}", WEEKDAYS.join(", ")))
    }
}

/// The last local time at which an occurrence may begin: a whole day, a local time, or an instant in UTC.
fn until(value: &str, zone: &TimeZone) -> Result<DateTime, String> {
    let local = value.strip_suffix('Z').unwrap_or(value);
    let read = match local.len() {
        8 if local == value => Date::strptime("%Y%m%d", local).map(|date| date.at(23, 59, 59, 0)),
        _ => DateTime::strptime("%Y%m%dT%H%M%S", local),
    };
    let read = read.ok().filter(|_| matches!(local.len(), 8 | 15));
    let read = read.ok_or_else(|| {
        format!(
            "UNTIL={value}: write the last day, such as 20271231, or the last time, such as 20271231T235959Z"
        )
    })?;
    if local == value {
        return Ok(read);
    }
    let instant = TimeZone::UTC.to_timestamp(read).unwrap_or(Timestamp::MAX);
    Ok(instant.to_zoned(zone.clone()).datetime())
}

/// A text of digits alone: parsing alone would take a sign.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|one| one.is_ascii_digit())).then_some(text)
}

fn signed(text: &str) -> Option<i16> {
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    Some(sign * digits(number)?.parse::<i16>().ok()?)
}
