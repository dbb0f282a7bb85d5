//! Durations as people write them: `"500ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"`.

use std::time::Duration;

const UNITS_MS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Parses an integer with one unit of `ms`, `s`, `m`, `h`, `d`. `None`: invalid, or longer than 2⁶⁴ ms.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (_, unit_ms) = UNITS_MS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(number.checked_mul(*unit_ms)?))
}

/// Guesses the duration meant by an invalid text: `"1m30s"`, `"1.5s"`, `"90 s"`, `"5min"`, `"1w"`.
#[must_use]
pub fn meant_duration(text: &str) -> Option<Duration> {
    let text: String = text.to_lowercase().split_whitespace().collect();
    let mut rest = text.as_str();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, after) = rest.split_at(number);
        let unit = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let ms = value.parse::<f64>().ok()? * spelled(unit)? as f64;
        let whole = (ms - ms.round()).abs() < 1e-6 && ms < 1e15;
        sum = sum.checked_add(Duration::from_millis(whole.then_some(ms.round() as u64)?))?;
        rest = after;
    }
    (sum > Duration::ZERO).then_some(sum)
}

/// Milliseconds of a unit in any common spelling.
fn spelled(unit: &str) -> Option<u64> {
    let known = UNITS_MS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
    known.or(match unit {
        "msec" | "msecs" | "millisecond" | "milliseconds" => Some(1),
        "sec" | "secs" | "second" | "seconds" => Some(1_000),
        "min" | "mins" | "minute" | "minutes" => Some(60_000),
        "hr" | "hrs" | "hour" | "hours" => Some(3_600_000),
        "day" | "days" => Some(86_400_000),
        "w" | "week" | "weeks" => Some(7 * 86_400_000),
        _ => None,
    })
}

/// Formats a duration in the largest unit that divides it.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 {
        return "0s".to_owned();
    }
    let unit = UNITS_MS.iter().rev().find(|(_, unit_ms)| ms.is_multiple_of(*unit_ms));
    unit.map_or_else(|| format!("{ms}ms"), |(name, unit_ms)| format!("{}{name}", ms / unit_ms))
}
