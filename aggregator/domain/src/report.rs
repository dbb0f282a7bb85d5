//! Monthly reports: when that of a page is due. A report is a notice about a month, made some hours after the month has
//! ended, so that what arrives late is counted.

use super::keys::PageKey;
use super::notice::NoticeSubject;
use super::state::State;
use super::time::{DAY, HOUR, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long after the end of a month its report is made, ms: in the morning, in the zone of the page.
const AFTER: i64 = 8 * HOUR;
/// A report that is late by more is not made, ms: the aggregator was not there.
const LATEST: i64 = 3 * DAY;

/// A month of the Gregorian calendar: twelve times its year, and its number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportMonth(pub i64);

impl ReportMonth {
    /// The month of an instant in a zone. `None` outside what the calendar knows.
    #[must_use]
    pub fn of(at: Timestamp, zone: &TimeZone) -> Option<Self> {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        let date = zone.to_datetime(at).date();
        Some(Self(i64::from(date.year()) * 12 + i64::from(date.month()) - 1))
    }

    /// Its year, and its number from 1.
    #[must_use]
    pub fn year_and_month(self) -> (i16, i8) {
        let month = i8::try_from(self.0.rem_euclid(12) + 1).unwrap_or(1);
        (i16::try_from(self.0.div_euclid(12)).unwrap_or(i16::MAX), month)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The month before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// Its first instant in a zone.
    fn begin(self, zone: &TimeZone) -> Option<Timestamp> {
        let (year, month) = self.year_and_month();
        super::days::begin(Date::new(year, month, 1).ok()?, zone)
    }
}

impl State {
    /// When the next report of a page is to be made.
    pub(super) fn report_due(&self, key: PageKey) -> Option<Timestamp> {
        self.next_report(key, self.clock).map(|(_, at)| at)
    }

    /// The month of which a report of the page is to be made now, if there is one.
    pub(super) fn report_now(&self, key: PageKey, now: Timestamp) -> Option<ReportMonth> {
        self.next_report(key, now).filter(|(_, at)| *at <= now).map(|(month, _)| month)
    }

    /// When the report of the month of `now` is to be made.
    pub(super) fn report_after(&self, key: PageKey, now: Timestamp) -> Option<Timestamp> {
        let page = self.pages.get(&key)?;
        let zone = TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC);
        Some(ReportMonth::of(now, &zone)?.next().begin(&zone)? + AFTER)
    }

    /// The next report, seen from `now`: its month, and when it is to be made.
    fn next_report(&self, key: PageKey, now: Timestamp) -> Option<(ReportMonth, Timestamp)> {
        let page = self.pages.get(&key).filter(|page| !page.archived && page.settings.public)?;
        let zone = TimeZone::get(&page.settings.time_zone).unwrap_or(TimeZone::UTC);
        let present = ReportMonth::of(now, &zone)?;
        let due = |month: ReportMonth| Some((month, month.next().begin(&zone)? + AFTER));
        let last = present.previous();
        let (_, at) = due(last)?;
        let begins_before = page.created_at < at - AFTER;
        let is_made = || self.notices_of(NoticeSubject::Report(last)).any(|(_, notice)| notice.page == key);
        if begins_before && now <= at + LATEST && !is_made() { due(last) } else { due(present) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_year_a_number_and_neighbours() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().expect("a time").as_millisecond());
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let month = ReportMonth::of(at("2026-10-31T23:30:00Z"), &berlin).expect("known");
        assert_eq!(month.year_and_month(), (2026, 11));
        assert_eq!(month.begin(&berlin), Some(at("2026-10-31T23:00:00Z")));
        let december = ReportMonth(2026 * 12 + 11);
        assert_eq!((december.year_and_month(), december.next().year_and_month()), ((2026, 12), (2027, 1)));
        assert_eq!(december.next().previous(), december);
    }
}
