//! The history of a page: each month, and the list of all.

use super::document::{Document, Sheet};
use super::frame::Frame;
use super::head::Head;
use super::month_list::{self, GroupFigure, MonthLine};
use super::past::{self, DayRow, Limits};
use super::words::{Clock, balanced};
use crate::outputs::Basis;
use crate::overall_status::components;
use crate::texts::{self, Texts};
use crate::view::{Month, PageView};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use sailfish::TemplateSimple;
use skerry_domain::published::SETTLED;
use skerry_domain::time::Timestamp;

#[derive(TemplateSimple)]
#[template(path = "history.stpl")]
struct History {
    texts: &'static Texts,
    name: String,
    root: &'static str,
    month: String,
    /// `None` for a month that cannot change any more.
    live: Option<super::Live>,
    figures: Vec<GroupFigure>,
    /// The address of the uptime of the month, if it has figures that have no place here.
    all_figures: Option<String>,
    days: Vec<DayRow>,
    earlier: Option<MonthLink>,
    later: Option<MonthLink>,
    /// The address of the list of months; `None` on that page.
    all: Option<&'static str>,
    /// Earlier months, where they are listed.
    months: Vec<MonthLine>,
}

/// The page of a month lists everything.
const MONTH: Limits = Limits { lines: usize::MAX, in_all: usize::MAX, names: 600, open: true };
/// The index lists only a part and links to the months. What is open stands above it.
const INDEX: Limits = Limits { lines: 4, in_all: 12, names: 120, open: false };
/// The same for an index that is already large.
const LARGE_INDEX: Limits = Limits { in_all: 1, names: 40, ..INDEX };

/// The figures that the page of a month shows; all of them stand on the uptime of the month.
const MAX_FIGURES: usize = 12;

struct MonthLink {
    href: String,
    name: String,
}

/// The months since the page was created as `(year, month)`, oldest first.
pub fn months(view: &PageView) -> Vec<(i16, i8)> {
    let clock = Clock::of(view);
    let last = clock.today().first_of_month();
    let mut month = first_day(view, &clock).first_of_month();
    let mut months = Vec::new();
    while month <= last {
        months.push((month.year(), month.month()));
        match month.checked_add(1.month()) {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    months
}

/// The months in which an incident or a maintenance is listed that began at `from` and ended at `to`.
pub fn months_of(view: &PageView, from: Timestamp, to: Option<Timestamp>) -> Vec<(i16, i8)> {
    let clock = Clock::of(view);
    let month = |at| (clock.date(at).year(), clock.date(at).month());
    let (first, last) = (month(from), month(to.unwrap_or(view.now)));
    months(view).into_iter().filter(|one| (first..=last).contains(one)).collect()
}

/// Renders `/history/<yyyy-mm>`, or `/history` with the present month and a list of the others for `None`. A month outside
/// [`months`] is replaced by the nearest one.
///
/// # Errors
///
/// A template that cannot be written, which would be a fault of the program.
pub fn history(view: &PageView, month: Option<Month>) -> anyhow::Result<Document> {
    let clock = Clock::of(view);
    let months = months(view);
    let present = (clock.today().year(), clock.today().month());
    let wanted = month.unwrap_or(present);
    let index = months.partition_point(|known| *known < wanted).min(months.len().saturating_sub(1));
    let shown = months.get(index).copied().unwrap_or(present);
    let root = if month.is_some() { "../" } else { "" };
    let link = |at: Option<usize>| {
        let month = *months.get(at?)?;
        Some(MonthLink { href: format!("{root}{}", path_of(month)), name: clock.texts.dates.month(month) })
    };
    let begin = date(shown.0, shown.1, 1);
    let last = begin.last_of_month().min(clock.today());
    let first = begin.max(first_day(view, &clock)).min(last);
    let name = clock.texts.dates.month(shown);
    let path = month.map_or_else(|| "history".to_owned(), |_| path_of(shown));
    let mut figures = month_list::figures(view, shown, &clock);
    let all_figures =
        (figures.len() > MAX_FIGURES).then(|| format!("{root}{}", super::uptime_path_of(shown)));
    figures.truncate(MAX_FIGURES);
    let body = History {
        texts: clock.texts,
        name: balanced(&view.name),
        root: if root.is_empty() { "./" } else { root },
        month: name.clone(),
        live: (!is_closed(view, shown)).then(|| super::Live::of_month(view, &clock)),
        figures,
        all_figures,
        days: past::rows(view, (first, last), (MONTH, root), &clock),
        earlier: link(index.checked_sub(1)),
        later: link(Some(index + 1)),
        all: month.map(|_| "../history"),
        months: if month.is_none() { month_list::lines(view, &clock) } else { Vec::new() },
    };
    let title = texts::title(&name, &balanced(&view.name));
    let as_of = body.live.is_some().then(|| view.verified_at.unwrap_or(view.now));
    let head = Head::of_month(view, &title, month_list::summary(view, shown), as_of, &clock);
    Frame::new(view, Sheet::History, root, &path, title).with_head(head).render(body.render_once()?)
}

/// Whether a month cannot change any more. The present month can, and one in which something began that still lasts.
pub fn is_closed(view: &PageView, (year, month): (i16, i8)) -> bool {
    let clock = Clock::of(view);
    let first = date(year, month, 1);
    let over = first.last_of_month() < clock.today();
    // Intervals before the days shown are not known.
    let first_shown = components(view).filter_map(|one| one.days.first()).map(|day| day.date).min();
    let lasts = lasting_since(view).is_some_and(|at| clock.date(at) <= first.last_of_month());
    over && !(lasts && first_shown.is_some_and(|shown| shown <= first))
}

/// When the first of what lasts began.
fn lasting_since(view: &PageView) -> Option<Timestamp> {
    let past = components(view).flat_map(|one| &one.past).filter(|one| one.to > view.now);
    let open = view.incidents.iter().filter(|one| one.is_open()).map(|one| one.started_at);
    let running = view.maintenance.iter().filter(|one| one.is_running()).map(|one| one.from);
    past.map(|one| one.from).chain(open).chain(running).min()
}

/// Whether a month is over for so long that late data changes it no more, and nothing in it lasts as far as the days shown
/// say: it is rendered when somebody asks for it.
fn is_archived(view: &PageView, (year, month): (i16, i8)) -> bool {
    let settled = Clock::of(view).date(view.now - SETTLED);
    date(year, month, 1).last_of_month() < settled && is_closed(view, (year, month))
}

/// The months that are rendered ahead, oldest first, each with whether it is closed.
pub fn recent_months(view: &PageView) -> Vec<((i16, i8), bool)> {
    let months = months(view);
    let recent = months.into_iter().rev().take_while(|month| !is_archived(view, *month));
    let mut recent: Vec<_> = recent.map(|month| (month, is_closed(view, month))).collect();
    recent.reverse();
    recent
}

/// What all months that are not rendered ahead depend on beside what is listed in them.
pub fn basis(view: &PageView) -> Basis {
    let clock = Clock::of(view);
    let month = |at| {
        let date = clock.date(at).max(first_day(view, &clock));
        (date.year(), date.month())
    };
    Basis {
        year: clock.today().year(),
        watched: components(view).filter_map(|one| one.watched_from).min(),
        lasting: lasting_since(view).map(month).filter(|month| is_archived(view, *month)),
    }
}

/// The path of a month that is over, as [`path_of`] writes it, if the page has it.
pub(crate) fn past_month(view: &PageView, path: &str) -> Option<(i16, i8)> {
    let (year, month) = path.strip_prefix("history/")?.split_once('-')?;
    let wanted = (year.parse().ok()?, month.parse().ok()?);
    let months = months(view);
    let (_, over) = months.split_last()?;
    (path_of(wanted) == path && over.contains(&wanted)).then_some(wanted)
}

/// When a month begins, and the next one.
pub(crate) fn span_of(view: &PageView, (year, month): (i16, i8)) -> (Timestamp, Timestamp) {
    let midnight = |date: Date| {
        let begin = date.to_zoned(view.time_zone.clone());
        begin.map_or(view.now, |begin| Timestamp(begin.timestamp().as_millisecond()))
    };
    let first = date(year, month, 1);
    (midnight(first), midnight(first.last_of_month().tomorrow().unwrap_or(Date::MAX)))
}

/// The month in which something is listed that began at `at`: its path below the page's root, and its name. What began
/// before the page was created is found from its first month.
pub(crate) fn month_of(view: &PageView, at: Timestamp, clock: &Clock<'_>) -> (String, String) {
    let date = clock.date(at).max(first_day(view, clock));
    let month = (date.year(), date.month());
    (path_of(month), clock.texts.dates.month(month))
}

/// The path of a month below the page's root.
#[must_use]
pub fn path_of((year, month): (i16, i8)) -> String {
    format!("history/{year:04}-{month:02}")
}

/// The 14 days up to the last verified one, but none before the page was created.
pub(crate) fn last_fortnight(view: &PageView, large: bool, clock: &Clock<'_>) -> Vec<DayRow> {
    let last = view.verified_at.map_or_else(|| clock.today(), |at| clock.date(at));
    let first = last.saturating_sub(13.days()).max(first_day(view, clock)).min(last);
    past::rows(view, (first, last), (if large { LARGE_INDEX } else { INDEX }, ""), clock)
}

/// The day on which the page was created, but never later than today.
fn first_day(view: &PageView, clock: &Clock<'_>) -> Date {
    clock.date(view.created_at).min(clock.today())
}

#[cfg(test)]
#[path = "history_test.rs"]
mod tests;
