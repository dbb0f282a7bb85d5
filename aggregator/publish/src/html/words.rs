//! How states, percentages and times are written. The texts themselves are in `texts`.

use crate::texts::Texts;
use crate::times;
use crate::view::PageView;
use jiff::Zoned;
use jiff::civil::{Date, Time};
use skerry_domain::status::Status;
use skerry_domain::time::{MINUTE, Timestamp};

/// The state that a mark, an icon or a label shows: a status, or no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A known status.
    Of(Status),
    /// Monitored, but without data.
    NoData,
}

impl Tone {
    /// Every tone, in the order of the key above the bars.
    pub(crate) const ALL: [Self; 6] = [
        Self::Of(Status::Operational),
        Self::Of(Status::DegradedPerformance),
        Self::Of(Status::PartialOutage),
        Self::Of(Status::MajorOutage),
        Self::Of(Status::UnderMaintenance),
        Self::NoData,
    ];

    /// The class in the style sheet and the id of the icon.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Of(Status::Operational) => "o",
            Self::Of(Status::DegradedPerformance) => "d",
            Self::Of(Status::PartialOutage) => "p",
            Self::Of(Status::MajorOutage) => "j",
            Self::Of(Status::UnderMaintenance) => "m",
            Self::NoData => "n",
        }
    }

    /// Its status; `None` for no data.
    fn status(self) -> Option<Status> {
        match self {
            Self::Of(status) => Some(status),
            Self::NoData => None,
        }
    }

    /// "Major outage".
    pub(crate) fn label(self, texts: &Texts) -> &'static str {
        texts.status.name(self.status())
    }

    /// "major outage", within a sentence.
    pub(crate) fn within(self, texts: &Texts) -> &'static str {
        texts.status.within(self.status())
    }

    /// The short form of the key.
    pub(crate) fn key(self, texts: &Texts) -> &'static str {
        texts.status.key(self.status())
    }

    /// Whether visitors are affected.
    pub(crate) fn is_impaired(self) -> bool {
        matches!(self, Self::Of(Status::DegradedPerformance | Status::PartialOutage | Status::MajorOutage))
    }

    /// The highest weight among its children is the state of a group.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Of(Status::Operational) => 0,
            Self::NoData => 1,
            Self::Of(Status::UnderMaintenance) => 2,
            Self::Of(Status::DegradedPerformance) => 3,
            Self::Of(Status::PartialOutage) => 4,
            Self::Of(Status::MajorOutage) => 5,
        }
    }
}

/// Balances the direction isolates in a name, so that they cannot affect the text after it: those that it opens are
/// closed, and closing marks without an opening one are dropped (Unicode UAX #9, X5a to X6a). `<bdi>` alone does not
/// ensure that.
pub(crate) fn balanced(name: &str) -> String {
    let mut open = 0_usize;
    let mut out: String = name
        .chars()
        .filter(|letter| match letter {
            '\u{2066}'..='\u{2068}' => {
                open += 1;
                true
            }
            '\u{2069}' if open == 0 => false,
            '\u{2069}' => {
                open -= 1;
                true
            }
            _ => true,
        })
        .collect();
    out.extend(std::iter::repeat_n('\u{2069}', open));
    out
}

/// A name within plain text: one that could change the direction of the text around it is isolated (Unicode UAX #9).
pub(crate) fn isolated_text(name: &str, texts: &Texts) -> String {
    if name.is_ascii() && !texts.right_to_left {
        name.to_owned()
    } else {
        format!("\u{2068}{}\u{2069}", balanced(name))
    }
}

/// Formats instants and dates of a page.
pub(crate) struct Clock<'a> {
    view: &'a PageView,
    today: Date,
    /// The catalogue of the page's language.
    pub(crate) texts: &'static Texts,
}

impl<'a> Clock<'a> {
    /// The clock of a page, where today is the day of the view.
    pub(crate) fn of(view: &'a PageView) -> Self {
        Self { view, today: zoned(view, view.now).date(), texts: view.texts() }
    }

    /// A clock for what never changes: every date has its year, and no day is today.
    pub(crate) fn lasting(view: &'a PageView) -> Self {
        Self { view, today: Date::MIN, texts: view.texts() }
    }

    /// Isolates text of the catalogue for direction (Unicode UAX #9) if the page is written from right to left, where
    /// "42 min" could be reversed.
    pub(crate) fn isolated(&self, text: String) -> String {
        if self.texts.right_to_left { format!("\u{2067}{text}\u{2069}") } else { text }
    }

    /// The day of the view.
    pub(crate) fn today(&self) -> Date {
        self.today
    }

    /// The day of an instant.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        zoned(self.view, at).date()
    }

    /// The clock time of an instant.
    pub(crate) fn time_of_day(&self, at: Timestamp) -> Time {
        zoned(self.view, at).time()
    }

    /// The instant of the view.
    pub(crate) fn now(&self) -> Timestamp {
        self.view.now
    }

    /// The instant of a clock time in the page's zone; the first one if it comes twice, the next one if it is skipped.
    pub(crate) fn instant_of(&self, at: jiff::civil::DateTime) -> Option<Timestamp> {
        let zoned = at.to_zoned(self.view.time_zone.clone()).ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }

    /// "14:02" today, else "Thu 14:02", for what happened within a week.
    pub(crate) fn time_of_week(&self, at: Timestamp) -> String {
        let (date, time) = (self.date(at), self.time(at));
        if date == self.today {
            return time;
        }
        self.weekday_time(at)
    }

    /// "Fri 12:40".
    pub(crate) fn weekday_time(&self, at: Timestamp) -> String {
        let dates = self.texts.dates;
        dates.weekday_and_time(dates.weekday(self.date(at).weekday()), &self.time(at))
    }

    /// "20 Nov, 14:02".
    pub(crate) fn time_of_year(&self, at: Timestamp) -> String {
        self.texts.dates.day_and_time(&self.day_of_month(self.date(at)), &self.time(at))
    }

    /// "16:15".
    pub(crate) fn time(&self, at: Timestamp) -> String {
        times::time(&zoned(self.view, at))
    }

    /// "16:15 UTC".
    pub(crate) fn time_in_zone(&self, at: Timestamp) -> String {
        times::time_in_zone(&zoned(self.view, at), self.texts)
    }

    /// "14:02 UTC", or "Wed 18 Nov, 14:02 UTC" on another day.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let (date, time) = (self.date(at), self.time_in_zone(at));
        if date == self.today { time } else { self.texts.dates.day_and_time(&self.day(date), &time) }
    }

    /// "14:02 UTC, 20 November"; with the year if it is not the present one.
    pub(crate) fn moment_of_day(&self, at: Timestamp) -> String {
        self.texts.dates.time_of_date(&self.time_in_zone(at), &self.date_of_year(at))
    }

    /// "14:02 to 17:07 UTC on Fri 20 Nov", or with both days.
    pub(crate) fn span_on(&self, from: Timestamp, to: Timestamp) -> String {
        let (begun, ended) = (self.time(from), self.time_in_zone(to));
        let (first, last) = (self.date(from), self.date(to));
        let dates = self.texts.dates;
        if first == last {
            return dates.on(&dates.span(&begun, &ended), &self.day(first));
        }
        let at = |day, time: &str| dates.day_and_time(&self.day(day), time);
        dates.span(&at(first, &begun), &at(last, &ended))
    }

    /// "14:02", or "Sat 21 Nov, 14:02" on another day than `day`.
    pub(crate) fn time_on(&self, day: Date, at: Timestamp) -> String {
        let (date, time) = (self.date(at), self.time(at));
        if date == day { time } else { self.texts.dates.day_and_time(&self.day(date), &time) }
    }

    /// "14:02 to 17:07", with each day that is another one than that before it; the first before is `day`.
    pub(crate) fn span_from(&self, day: Date, from: Timestamp, to: Timestamp) -> String {
        self.texts.dates.span(&self.time_on(day, from), &self.time_on(self.date(from), to))
    }

    /// "02:00 to 04:00 UTC" today, otherwise with the day.
    pub(crate) fn span(&self, from: Timestamp, to: Timestamp) -> String {
        if self.date(from) == self.today && self.date(to) == self.today {
            return self.texts.dates.span(&self.time(from), &self.time_in_zone(to));
        }
        self.planned(from, to)
    }

    /// "Sun 22 Nov, 02:00 to 04:00 UTC", or with both days.
    pub(crate) fn planned(&self, from: Timestamp, to: Timestamp) -> String {
        times::span(&zoned(self.view, from), &zoned(self.view, to), self.today.year(), self.texts)
    }

    /// The short form for rows: "14:40" today, else "18 Nov".
    pub(crate) fn brief(&self, at: Timestamp) -> String {
        let date = self.date(at);
        if date == self.today { self.time(at) } else { self.day_of_month(date) }
    }

    /// "16:15 UTC, 20 November 2026".
    pub(crate) fn full(&self, at: Timestamp) -> String {
        self.texts.dates.time_of_date(&self.time_in_zone(at), &self.full_date(self.date(at)))
    }

    /// "20 November 2026, 16:15 UTC".
    pub(crate) fn full_day(&self, at: Timestamp) -> String {
        self.texts.dates.date_and_time(&self.full_date(self.date(at)), &self.time_in_zone(at))
    }

    /// "20 November, 16:15 UTC"; with the year if it is not the present one.
    pub(crate) fn long_moment(&self, at: Timestamp) -> String {
        self.texts.dates.date_and_time(&self.date_of_year(at), &self.time_in_zone(at))
    }

    /// "20 November"; with the year if it is not the present one.
    fn date_of_year(&self, at: Timestamp) -> String {
        let date = self.date(at);
        self.texts.dates.date(date, self.has_year(date))
    }

    /// "20 November 2026".
    pub(crate) fn full_date(&self, date: Date) -> String {
        self.texts.dates.date(date, true)
    }

    /// "Fri 20 Nov"; with the year if it is not the present one.
    pub(crate) fn day(&self, date: Date) -> String {
        self.texts.dates.day(date, self.has_year(date))
    }

    /// "20 Nov"; with the year if it is not the present one.
    pub(crate) fn day_of_month(&self, date: Date) -> String {
        self.texts.dates.day_of_month(date, self.has_year(date))
    }

    /// "3 to 9 Nov", "28 Oct to 3 Nov", or a single day.
    pub(crate) fn days(&self, from: Date, to: Date) -> String {
        if from == to {
            return self.day(from);
        }
        let dates = self.texts.dates;
        let start = if from.year() != to.year() {
            self.day_of_month(from)
        } else if from.month() != to.month() {
            dates.day_of_month(from, false)
        } else {
            dates.day_number(from.day())
        };
        dates.span(&start, &self.day_of_month(to))
    }

    fn has_year(&self, date: Date) -> bool {
        date.year() != self.today.year()
    }

    /// RFC 3339 in UTC, for `datetime`.
    pub(crate) fn instant(&self, at: Timestamp) -> String {
        times::instant(at)
    }

    /// "2 h 13 min", isolated for direction. From ten minutes on, seconds tell nobody anything.
    pub(crate) fn duration(&self, milliseconds: i64) -> String {
        let seconds = if milliseconds < 10 * MINUTE { 0 } else { milliseconds % MINUTE };
        self.isolated(self.texts.dates.duration(milliseconds - seconds))
    }

    /// "2 h 13 min": how long it has been when the page is made.
    pub(crate) fn duration_until_now(&self, since: Timestamp) -> String {
        self.texts.dates.duration((self.view.now - since).max(0))
    }
}

fn zoned(view: &PageView, at: Timestamp) -> Zoned {
    times::zoned(at, &view.time_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_affect_the_direction_of_other_text() {
        for (name, kept) in [
            ("plain", "plain"),
            ("\u{2066}open \u{2067}twice", "\u{2066}open \u{2067}twice\u{2069}\u{2069}"),
            ("\u{2068}closed\u{2069}", "\u{2068}closed\u{2069}"),
            ("\u{2069}out \u{2069}again", "out again"),
        ] {
            assert_eq!(balanced(name), kept);
        }
    }
}
