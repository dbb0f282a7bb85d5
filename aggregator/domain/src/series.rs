//! Maintenance that recurs. A series holds what is planned; each of its occurrences is a planned window with an id of
//! its own, made [`AHEAD`] of its beginning, and always the next one. What a person changed or cancelled stays as it is.

use super::incident::Title;
use super::keys::{ComponentKey, PageKey, SeriesKey, WindowKey};
use super::maintenance::PlannedWindow;
use super::recurrence::{Recurrence, Start};
use super::state::State;
use super::text::Text;
use super::time::{DAY, HOUR, Timestamp};
use jiff::civil::DateTime;

/// How long before its beginning an occurrence is made, ms.
pub const AHEAD: i64 = 35 * DAY;
/// What is no longer overlaps no other occurrence: dates are a day apart, of which a change of the clock takes an hour or
/// two, ms.
const NEVER_OVERLAPS: i64 = 20 * HOUR;
/// The occurrences that are compared with the one after, which covers a year of days.
const COMPARED: usize = 400;

/// Maintenance that recurs.
#[derive(Clone, Debug, PartialEq)]
pub struct MaintenanceSeries {
    /// 12 random lower-case alphanumerics.
    pub id: String,
    /// The page that shows its occurrences. `None`: they are private.
    pub page: Option<PageKey>,
    /// The title of each occurrence.
    pub title: Title,
    /// The text of each announcement, Markdown. `None`: it is automatic.
    pub body: Option<Text>,
    /// Its components, sorted and without duplicates; all of one page.
    pub components: Vec<ComponentKey>,
    /// Names of checks whose problems it holds back, sorted and without duplicates.
    pub checks: Vec<String>,
    /// How long each occurrence lasts, ms.
    pub length: i64,
    /// How long before its beginning each is announced, ms; [`AHEAD`] at most.
    pub lead: i64,
    /// Whether each is announced again before its beginning.
    pub reminds: bool,
    /// When they begin.
    pub recurrence: Recurrence,
    /// The local time up to which occurrences are made, or were over before they could be.
    pub made: Option<DateTime>,
    /// The next one to make; derived from the two above. `None`: none is left, or the series has ended.
    pub next: Option<Start>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When a person last changed it.
    pub updated_at: Timestamp,
    /// When a person ended it.
    pub ended_at: Option<Timestamp>,
}

/// What a window of a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its series.
    pub series: SeriesKey,
    /// The local time that the rule gave it, whenever it takes place.
    pub local: DateTime,
    /// A person changed this one: changes of the series leave it alone.
    pub modified: bool,
}

impl MaintenanceSeries {
    /// Derives the next occurrence to make.
    pub(super) fn derive_next(&mut self) {
        let open = self.ended_at.is_none();
        self.next = self.recurrence.starts_after(self.made).next().filter(|_| open);
    }

    /// The beginning of the first occurrence that would last beyond that of the next, and that one.
    pub(super) fn first_overlap(&self) -> Option<(Timestamp, Timestamp)> {
        if self.length <= NEVER_OVERLAPS {
            return None;
        }
        let mut former: Option<Timestamp> = None;
        self.recurrence.starts().take(COMPARED).find_map(|start| {
            let before = former.replace(start.at)?;
            (before + self.length > start.at).then_some((before, start.at))
        })
    }
}

impl State {
    /// The series with this id.
    #[must_use]
    pub fn series_with_id(&self, id: &str) -> Option<SeriesKey> {
        self.series.iter().rev().find(|(_, series)| series.id == id).map(|(key, _)| *key)
    }

    /// The windows of a series, in the order in which they were made.
    pub fn occurrences(&self, series: SeriesKey) -> impl Iterator<Item = (WindowKey, &PlannedWindow)> {
        let all = (series, WindowKey(i64::MIN))..=(series, WindowKey(i64::MAX));
        let keys = self.series_windows.range(all).map(|(_, key)| *key);
        keys.filter_map(|key| Some((key, self.windows.get(&key)?)))
    }

    /// When occurrences begin from `now` on: those that are made, then those that follow.
    pub fn next_starts(&self, key: SeriesKey, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let to_come =
            self.occurrences(key).map(|(_, one)| one).filter(|one| one.is_open() && one.from >= now);
        let mut made: Vec<Timestamp> = to_come.map(|one| one.from).collect();
        made.sort_unstable();
        let open = self.series.get(&key).filter(|series| series.next.is_some());
        let further = open.into_iter().flat_map(|series| series.recurrence.starts_after(series.made));
        made.into_iter().chain(further.map(|start| start.at).filter(move |at| *at >= now))
    }

    /// The last beginning of an occurrence that has not begun.
    pub(super) fn last_to_come(&self, series: SeriesKey) -> Option<Timestamp> {
        let to_come = self.occurrences(series).filter(|(_, one)| one.is_open() && one.started_at.is_none());
        to_come.map(|(_, one)| one.from).max()
    }

    /// When the next occurrence must be made: in time, and at the latest when none is left that is still to come.
    pub(super) fn series_due(&self, key: SeriesKey) -> Option<Timestamp> {
        let next = self.series.get(&key)?.next?;
        let last = self.last_to_come(key).unwrap_or(Timestamp(i64::MIN));
        Some(last.min(next.at - AHEAD))
    }
}
