//! Instants in the zone of a page.

use super::texts;
use jiff::Zoned;
use jiff::tz::TimeZone;
use skerry_domain::state::Page;
use skerry_domain::time::Timestamp;

/// The zone of a page.
pub(crate) fn zone_of(page: &Page) -> TimeZone {
    TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC)
}

/// Clamps an instant to jiff's range: an interval without an end must not make a page fail.
pub(crate) fn zoned(at: Timestamp, zone: &TimeZone) -> Zoned {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end).to_zoned(zone.clone())
}

/// RFC 3339 in UTC, in whole seconds.
pub(crate) fn instant(at: Timestamp) -> String {
    zoned(at, &TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The abbreviation of the zone at that instant: "UTC", "CET", "UTC+03:00".
pub(crate) fn zone_name(zoned: &Zoned) -> String {
    let short = zoned.strftime("%Z").to_string();
    if short.chars().all(|letter| letter.is_ascii_alphabetic()) {
        short
    } else {
        format!("UTC{}", zoned.strftime("%:z"))
    }
}

/// "Sun 22 Nov"; a year other than `year` is written.
fn day(at: &Zoned, year: i16) -> String {
    at.strftime(if at.year() == year { "%a %-d %b" } else { "%a %-d %b %Y" }).to_string()
}

/// "14:02 UTC", with its day if that is not the day of `read`.
pub(crate) fn as_of(at: &Zoned, read: &Zoned) -> String {
    let clock = format!("{} {}", at.strftime("%H:%M"), zone_name(at));
    if at.date() == read.date() { clock } else { format!("{}, {clock}", day(at, read.year())) }
}

/// "Sun 22 Nov, 02:00"; a year other than `year` is written.
pub(crate) fn on_day(at: &Zoned, year: i16) -> String {
    format!("{}, {}", day(at, year), at.strftime("%H:%M"))
}

/// "Sun 22 Nov, 02:00 to 04:00 UTC", or with both days; a year other than `year` is written.
pub(crate) fn span(from: &Zoned, to: &Zoned, year: i16) -> String {
    let end = if from.date() == to.date() { to.strftime("%H:%M").to_string() } else { on_day(to, year) };
    texts::past::from_to(&on_day(from, year), &format!("{end} {}", zone_name(to)))
}
