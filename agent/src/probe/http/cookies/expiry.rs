//! The date in `Expires`, parsed as browsers do (RFC 6265, section 5.1.1).

use jiff::Timestamp;
use jiff::civil::DateTime;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether the date is before `now`; `None` if it is not a date.
pub(super) fn is_past(text: &str, now: Timestamp) -> Option<bool> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let separates =
        |character: char| matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for token in text.split(separates).filter(|token| !token.is_empty()) {
        let named = || {
            let start = token.get(..3)?.to_ascii_lowercase();
            MONTHS.iter().position(|month| *month == start).map(|index| index as i8 + 1)
        };
        if time.is_none() && token.contains(':') {
            time = time_of(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && named().is_some() {
            month = named();
        } else if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let (hour, minute, second) = time?;
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let date = DateTime::new(year, month?, i8::try_from(day?).ok()?, hour, minute, second, 0).ok()?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(at <= now)
}

/// The number at the start of `token`, if it has between `least` and `most` digits.
fn number(token: &str, least: usize, most: usize) -> Option<i16> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    (least..=most).contains(&digits).then(|| token[..digits].parse().ok()).flatten()
}

fn time_of(token: &str) -> Option<(i8, i8, i8)> {
    let mut parts =
        token.splitn(3, ':').map(|part| number(part, 1, 2).and_then(|part| i8::try_from(part).ok()));
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_servers_write_them() {
        let now = "2026-11-28T12:00:00Z".parse().expect("a time");
        for (text, past) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(true)),
            ("Thu, 01-Jan-1970 00:00:01 GMT", Some(true)),
            ("Sat, 28 Nov 2026 12:00:00 GMT", Some(true)),
            ("Sat, 28 Nov 2026 12:00:01 GMT", Some(false)),
            ("Saturday, 28-Nov-26 12:00:01 GMT", Some(false)),
            ("Sat Nov 28 11:59:59 2026", Some(true)),
            ("Wed, 09 Jun 2100 10:18:14 GMT", Some(false)),
            ("01-Jan-70 0:0:0", Some(true)),
            ("tomorrow", None),
            ("", None),
            ("Thu, 32 Jan 1970 00:00:00 GMT", None),
            ("Thu, 01 Jan 1970 25:00:00 GMT", None),
            ("Thu, 01 Jan 1500 00:00:00 GMT", None),
        ] {
            assert_eq!(is_past(text, now), past, "{text}");
        }
    }
}
