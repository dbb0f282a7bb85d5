//! Uptime figures as text. A figure names its first day if monitoring does not cover the whole window, and has a star,
//! which is legend once, if too little was observed.

use super::rows::{Row, Summary};
use super::words::{Clock, percentage};
use crate::overall_status::components;
use crate::texts;
use crate::view::PageView;
use jiff::ToSpan as _;
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;

/// Follows a figure with too few observations.
const STAR: char = '*';

/// "99.89%", "100% since 28 Nov", "New", "93.92%*", "No uptime yet". `days` is the length of the window, where 1 means
/// the last 24 hours. With Statuspage's rule a figure has no day added, as on Statuspage.
pub(crate) fn text(
    figure: &Figure,
    days: i64,
    watched_from: Option<Timestamp>,
    view: &PageView,
    clock: &Clock<'_>,
) -> String {
    let Some(hundredths) = figure.hundredths else { return texts::NO_UPTIME.to_owned() };
    let mut text = percentage(hundredths);
    let watched = watched_from.filter(|_| !view.rule.statuspage);
    if watched.is_some_and(|from| view.now - from < DAY) {
        return texts::row::NEW.to_owned();
    }
    if !figure.enough {
        text.push(STAR);
    }
    let first = clock.today().saturating_sub((days - 1).days());
    if let Some(from) = watched.map(|from| clock.date(from)).filter(|from| days > 1 && *from > first) {
        text = texts::row::since(&text, &clock.day_of_month(from));
    }
    text
}

/// The explanations above a list of figures.
pub(crate) struct Legend {
    /// There are figures.
    pub(crate) any: bool,
    /// "One mark a day: the last 90 days, today last."
    pub(crate) lead: String,
    /// One sentence each, only for what occurs on the page.
    pub(crate) notes: Vec<String>,
    /// Some bars have days before monitoring began.
    pub(crate) blank: bool,
}

impl Legend {
    /// The legend of these figures.
    pub(crate) fn of<'a>(figures: &(impl Iterator<Item = &'a str> + Clone)) -> Self {
        let mut notes = Vec::new();
        if figures.clone().any(|text| text == texts::row::NEW) {
            notes.push(texts::row::NEW_MEANS.to_owned());
        }
        if figures.clone().any(|text| text.contains(STAR)) {
            notes.push(texts::row::STAR_MEANS.to_owned());
        }
        Self { any: figures.clone().next().is_some(), lead: String::new(), notes, blank: false }
    }

    /// The legend of the index.
    pub(crate) fn of_rows(rows: &[Row], view: &PageView, clock: &Clock<'_>) -> Self {
        let heads: Vec<&Summary> = rows.iter().flat_map(Row::heads).collect();
        let figures = heads.iter().filter_map(|head| head.figure.as_deref());
        let mut legend = Self::of(&figures);
        let since = figures.clone().any(|text| text.contains(" since "));
        let percent = figures.clone().any(|text| text.contains('%'));
        let began = || components(view).filter_map(|one| one.watched_from);
        let all_new = began().all(|from| view.now - from < DAY);
        legend.lead = match began().min().filter(|_| all_new) {
            Some(from) => texts::row::young(&clock.moment(from)),
            None => String::new(),
        };
        if percent {
            legend.notes.insert(0, texts::row::percentages(since));
        }
        legend.blank = heads.iter().any(|head| head.blank);
        legend
    }
}
