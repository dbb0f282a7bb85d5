//! Uptime figures in words: a figure never claims a window that was not watched, and what stands behind it too
//! thinly is starred and explained once.

use super::rows::{Row, Summary};
use super::words::{Clock, percentage};
use crate::overall_status::components;
use crate::texts;
use crate::view::PageView;
use jiff::ToSpan as _;
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;

/// Behind a figure of which too little could be seen.
const STAR: char = '*';

/// "99.89%", "100% since 28 Nov", "New", "93.92%*", "No uptime yet". `days` is the length of the window, 1 the
/// last 24 hours; `watched_from` is that of the component. By Statuspage's rule the figure is theirs as it is.
pub(crate) fn words(
    figure: &Figure,
    days: i64,
    watched_from: Option<Timestamp>,
    view: &PageView,
    clock: &Clock<'_>,
) -> String {
    let Some(hundredths) = figure.hundredths else { return texts::NO_UPTIME.to_owned() };
    let mut words = percentage(hundredths);
    let watched = watched_from.filter(|_| !view.rule.statuspage);
    if watched.is_some_and(|from| view.now - from < DAY) {
        return texts::row::NEW.to_owned();
    }
    if !figure.enough {
        words.push(STAR);
    }
    let first = clock.today().saturating_sub((days - 1).days());
    if let Some(from) = watched.map(|from| clock.date(from)).filter(|from| days > 1 && *from > first) {
        words = texts::row::since(&words, &clock.day_of_month(from));
    }
    words
}

/// What the figures of a page need to be understood.
pub(crate) struct Explained {
    /// There are figures.
    pub(crate) any: bool,
    /// "One mark a day: the last 90 days, today last."
    pub(crate) lead: String,
    /// A sentence each, only for what stands on the page.
    pub(crate) notes: Vec<String>,
    /// Some days before the watch are drawn.
    pub(crate) blank: bool,
}

impl Explained {
    /// Of these figures.
    pub(crate) fn of<'a>(figures: &(impl Iterator<Item = &'a str> + Clone)) -> Self {
        let mut notes = Vec::new();
        if figures.clone().any(|words| words == texts::row::NEW) {
            notes.push(texts::row::NEW_MEANS.to_owned());
        }
        if figures.clone().any(|words| words.contains(STAR)) {
            notes.push(texts::row::STAR_MEANS.to_owned());
        }
        Self { any: figures.clone().next().is_some(), lead: String::new(), notes, blank: false }
    }

    /// Of the rows of the index.
    pub(crate) fn of_rows(rows: &[Row], view: &PageView, clock: &Clock<'_>) -> Self {
        let heads: Vec<&Summary> = rows.iter().flat_map(Row::heads).collect();
        let figures = heads.iter().filter_map(|head| head.figure.as_deref());
        let mut explained = Self::of(&figures);
        let since = figures.clone().any(|words| words.contains(" since "));
        let percent = figures.clone().any(|words| words.contains('%'));
        let began = || components(view).filter_map(|one| one.watched_from);
        let all_new = began().all(|from| view.now - from < DAY);
        explained.lead = match began().min().filter(|_| all_new) {
            Some(from) => texts::row::young(&clock.moment(from)),
            None => String::new(),
        };
        if percent {
            explained.notes.insert(0, texts::row::percentages(since));
        }
        explained.blank = heads.iter().any(|head| head.blank);
        explained
    }
}
