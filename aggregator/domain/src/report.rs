//! Monthly reports: when that of a page is due. A report is a notice about a month, made some hours after the month has
//! ended, so that what arrives late is counted. One that is too late is noted and goes to nobody.

use super::keys::{NoticeKey, PageKey};
use super::notice::NoticeSubject;
use super::state::State;
use super::time::{DAY, HOUR, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long after the end of a month in UTC its report is made, ms: it is over in every zone by then.
pub const AFTER: i64 = 12 * HOUR;
/// A report that is late by more goes to nobody, ms: the aggregator was not there.
const LATEST: i64 = 3 * DAY;

/// A month of the Gregorian calendar in UTC: twelve times its year, and its number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportMonth(pub i64);

impl ReportMonth {
    /// The month of an instant in UTC. `None` outside what the calendar knows.
    #[must_use]
    pub fn of(at: Timestamp) -> Option<Self> {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        let date = TimeZone::UTC.to_datetime(at).date();
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

    /// Its first instant in UTC.
    #[must_use]
    pub fn begin(self) -> Option<Timestamp> {
        let (year, month) = self.year_and_month();
        super::days::begin(Date::new(year, month, 1).ok()?, &TimeZone::UTC)
    }
}

impl State {
    /// When the next report of a page is to be made, which may have passed. It follows from the last one.
    pub(super) fn report_due(&self, key: PageKey) -> Option<Timestamp> {
        let page = self.pages.get(&key).filter(|page| !page.archived && page.settings.public)?;
        let next = match self.last_report(key) {
            Some(month) => month.next(),
            None => ReportMonth::of(page.created_at)?,
        };
        Some(next.next().begin()? + AFTER)
    }

    /// The month of which a report of the page is to be made now, and whether that is too late.
    pub(super) fn report_now(&self, key: PageKey, now: Timestamp) -> Option<(ReportMonth, bool)> {
        self.report_due(key).filter(|at| *at <= now)?;
        let present = ReportMonth::of(now - AFTER)?;
        let is_late = now - (present.begin()? + AFTER) > LATEST;
        Some((present.previous(), is_late))
    }

    /// The month of the last report of a page.
    fn last_report(&self, key: PageKey) -> Option<ReportMonth> {
        let first = (NoticeSubject::Report(ReportMonth(i64::MIN)), NoticeKey(i64::MIN));
        let last = (NoticeSubject::Report(ReportMonth(i64::MAX)), NoticeKey(i64::MAX));
        let reports = self.subject_notices.range(first..=last).rev();
        let of_page = |notice: &NoticeKey| self.notices.get(notice).is_some_and(|one| one.page == key);
        reports.filter(|(_, notice)| of_page(notice)).find_map(|(subject, _)| match subject {
            NoticeSubject::Report(month) => Some(*month),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_year_a_number_and_neighbours() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().expect("a time").as_millisecond());
        let month = ReportMonth::of(at("2026-10-31T23:59:59Z")).expect("known");
        assert_eq!(month.year_and_month(), (2026, 10));
        assert_eq!(month.next().begin(), Some(at("2026-11-01T00:00:00Z")));
        let december = ReportMonth(2026 * 12 + 11);
        assert_eq!((december.year_and_month(), december.next().year_and_month()), ((2026, 12), (2027, 1)));
        assert_eq!(december.next().previous(), december);
    }
}
