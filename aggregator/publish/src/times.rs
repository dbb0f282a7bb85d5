//! Instants in the zone of a page.

use super::texts::{Language, Texts};
use jiff::Zoned;
use jiff::tz::TimeZone;
use skerry_domain::state::Page;
use skerry_domain::time::Timestamp;

/// The zone of a page.
pub(crate) fn zone_of(page: &Page) -> TimeZone {
    TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC)
}

/// The language of a page.
pub(crate) fn language_of(page: &Page) -> Language {
    Language::of_tag(&page.settings.language).unwrap_or_default()
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

/// The same as the language writes it.
pub(crate) fn zone_within(zoned: &Zoned, texts: &Texts) -> String {
    let name = zone_name(zoned);
    texts.dates.zone(&name).map_or(name, str::to_owned)
}

/// "14:02"
pub(crate) fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// "14:02 UTC"
pub(crate) fn time_in_zone(at: &Zoned, texts: &Texts) -> String {
    texts.dates.time_in_zone(&time(at), &zone_within(at, texts))
}

/// "14:02 UTC", with its day if that is not the day of `read`.
pub(crate) fn as_of(at: &Zoned, read: &Zoned, texts: &Texts) -> String {
    let time = time_in_zone(at, texts);
    if at.date() == read.date() {
        return time;
    }
    texts.dates.day_and_time(&texts.dates.day(at.date(), at.year() != read.year()), &time)
}

/// "Sun 22 Nov, 02:00", with the zone if that is wanted; a year other than `year` is written.
pub(crate) fn on_day(at: &Zoned, year: i16, zone: bool, texts: &Texts) -> String {
    let time = if zone { time_in_zone(at, texts) } else { time(at) };
    texts.dates.day_and_time(&texts.dates.day(at.date(), at.year() != year), &time)
}

/// "Sun 22 Nov, 02:00 to 04:00 UTC", or with both days; a year other than `year` is written.
pub(crate) fn span(from: &Zoned, to: &Zoned, year: i16, texts: &Texts) -> String {
    let end = if from.date() == to.date() { time_in_zone(to, texts) } else { on_day(to, year, true, texts) };
    texts.dates.span(&on_day(from, year, false, texts), &end)
}
