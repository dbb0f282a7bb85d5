//! Uptime figures as text. A figure names its first day if monitoring does not cover the whole window, and has a star,
//! which is legend once, if too little was observed.

use super::days;
use super::rows::{Row, Summary};
use super::words::{Clock, Tone};
use crate::overall_status::components;
use crate::texts::{Texts, uptime::ZERO};
use crate::view::PageView;
use jiff::ToSpan as _;
use jiff::civil::Date;
use skerry_domain::time::{DAY, Timestamp};
use skerry_domain::uptime::Figure;

/// Follows a figure with too few observations.
const STAR: char = '*';

/// A window as figures need it.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Its first day; `None` for the last 24 hours.
    first: Option<Date>,
}

impl Window {
    /// The last `days` days, where 1 means the last 24 hours.
    pub(crate) fn last(days: i64, clock: &Clock<'_>) -> Self {
        Self { first: (days > 1).then(|| clock.today().saturating_sub((days - 1).days())) }
    }

    /// The days since this one.
    pub(crate) fn since(first: Date) -> Self {
        Self { first: Some(first) }
    }
}

/// Whether it has been monitored for too short a time to have a figure.
pub(crate) fn is_young(watched_from: Option<Timestamp>, view: &PageView) -> bool {
    !view.rule.statuspage && watched_from.is_some_and(|from| view.now - from < DAY)
}

/// What a figure says.
enum Said {
    /// Nothing was observed.
    Nothing,
    /// It has been monitored for less than a day.
    New,
    /// Hundredths of a percent; whether enough was observed; the first monitored day if the window begins earlier. With
    /// Statuspage's rule a figure has no day added, as on Statuspage.
    Share { hundredths: u32, enough: bool, since: Option<Date> },
}

fn said(
    figure: &Figure,
    window: Window,
    watched_from: Option<Timestamp>,
    view: &PageView,
    clock: &Clock<'_>,
) -> Said {
    let Some(hundredths) = figure.hundredths else { return Said::Nothing };
    if is_young(watched_from, view) {
        return Said::New;
    }
    let watched = watched_from.filter(|_| !view.rule.statuspage);
    let since =
        watched.map(|from| clock.date(from)).filter(|from| window.first.is_some_and(|day| *from > day));
    Said::Share { hundredths, enough: figure.enough, since }
}

/// A figure as text, with what its legend has to explain.
pub(crate) struct FigureText {
    /// "99.89%", "100% since 28 Nov", "New", "93.92%*", "No uptime yet".
    pub(crate) text: String,
    /// It says "New".
    new: bool,
    /// It is a percentage.
    percent: bool,
    /// It has a star.
    star: bool,
    /// It names a day.
    since: bool,
}

/// `days` is the length of the window, where 1 means the last 24 hours.
pub(crate) fn text(
    figure: &Figure,
    days: i64,
    watched_from: Option<Timestamp>,
    view: &PageView,
    clock: &Clock<'_>,
) -> FigureText {
    let texts = clock.texts;
    let words = |text: &str, new: bool| FigureText {
        text: text.to_owned(),
        new,
        percent: false,
        star: false,
        since: false,
    };
    match said(figure, Window::last(days, clock), watched_from, view, clock) {
        Said::Nothing => words(texts.status.no_uptime(), false),
        Said::New => words(texts.row.young_figure(), true),
        Said::Share { hundredths, enough, since } => {
            let mut text = texts.dates.percentage(hundredths);
            if !enough {
                text.push(STAR);
            }
            if let Some(day) = since {
                text = texts.row.since(&text, &clock.day_of_month(day));
            }
            FigureText { text, new: false, percent: true, star: !enough, since: since.is_some() }
        }
    }
}

/// A figure in a table of figures.
pub(crate) struct Cell {
    /// "99.89%", "Not enough", "None yet".
    pub(crate) text: String,
    /// Its weight: 100% is muted, less than 99.9% is bold, words are small.
    pub(crate) class: &'static str,
    /// "since 28 Nov"
    pub(crate) since: Option<String>,
}

impl Cell {
    pub(crate) fn of(
        figure: &Figure,
        window: Window,
        watched_from: Option<Timestamp>,
        view: &PageView,
        clock: &Clock<'_>,
    ) -> Self {
        let texts = clock.texts;
        let words = |[text, _]: [&str; 2]| Self { text: text.to_owned(), class: "no", since: None };
        match said(figure, window, watched_from, view, clock) {
            Said::Nothing => words(texts.uptime.none_yet()),
            Said::New => words(texts.uptime.young_figure()),
            Said::Share { enough: false, .. } => words(texts.uptime.not_enough()),
            Said::Share { hundredths, since, .. } => Self {
                text: texts.dates.percentage(hundredths),
                class: match hundredths {
                    10_000.. => "ok",
                    ..9_990 => "lo",
                    _ => "",
                },
                since: since.map(|day| texts.uptime.since(&clock.day_of_month(day))),
            },
        }
    }

    /// A duration; zero is a muted dash.
    pub(crate) fn lasting(milliseconds: i64, clock: &Clock<'_>) -> Self {
        let (text, class) = match milliseconds {
            ..=0 => (ZERO.to_owned(), "ok"),
            some => (clock.duration(some), ""),
        };
        Self { text, class, since: None }
    }
}

/// What the words in a table of figures mean, one sentence each, only for those that occur.
pub(crate) fn notes<'a>(
    cells: &(impl Iterator<Item = &'a Cell> + Clone),
    texts: &Texts,
) -> Vec<&'static str> {
    let occurs = |[text, _]: &[&'static str; 2]| cells.clone().any(|cell| cell.text == *text);
    let all = [texts.uptime.not_enough(), texts.uptime.young_figure(), texts.uptime.none_yet()];
    all.into_iter().filter(occurs).map(|[_, meaning]| meaning).collect()
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
    /// The marks that are explained: all, or at first only those that occur.
    pub(crate) tones: Vec<Tone>,
}

impl Legend {
    /// The legend of these figures.
    fn of<'a>(figures: &(impl Iterator<Item = &'a FigureText> + Clone), texts: &Texts) -> Self {
        let mut notes = Vec::new();
        if figures.clone().any(|figure| figure.percent) {
            notes.push(texts.row.percentages(figures.clone().any(|figure| figure.since)));
        }
        if figures.clone().any(|figure| figure.new) {
            notes.push(texts.row.new_means().to_owned());
        }
        if figures.clone().any(|figure| figure.star) {
            notes.push(texts.row.star_means().to_owned());
        }
        Self {
            any: figures.clone().next().is_some(),
            lead: String::new(),
            notes,
            blank: false,
            tones: Tone::ALL.to_vec(),
        }
    }

    /// The legend of the index.
    pub(crate) fn of_rows(rows: &[Row], view: &PageView, clock: &Clock<'_>) -> Self {
        let heads: Vec<&Summary> = rows.iter().flat_map(Row::heads).collect();
        let figures = heads.iter().filter_map(|head| head.figure.as_ref());
        let mut legend = Self::of(&figures, clock.texts);
        let began = || components(view).filter_map(|one| one.watched_from);
        let all_new = began().all(|from| view.now - from < DAY);
        legend.lead = match began().min().filter(|_| all_new) {
            Some(from) => {
                let days = || components(view).filter(|one| one.showcase).flat_map(|one| &one.days);
                legend.tones.retain(|tone| days().any(|day| days::mark(day) == Some(*tone)));
                clock.texts.row.young(&clock.moment(from))
            }
            None => String::new(),
        };
        legend.blank = heads.iter().any(|head| head.blank);
        legend
    }
}
