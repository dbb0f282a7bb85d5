//! Instants in the zone of a page.

use jiff::Zoned;
use jiff::tz::TimeZone;
use skerry_domain::time::Timestamp;

/// Clamps an instant to jiff's range: an interval without an end must not make a page fail.
pub(crate) fn zoned(at: Timestamp, zone: &TimeZone) -> Zoned {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end).to_zoned(zone.clone())
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
