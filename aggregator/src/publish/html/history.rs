//! The months of a page. Published incidents will stand in them; until there are any, a month is quiet.

use super::frame::Frame;
use super::words::{Clock, balanced};
use crate::publish::view::PageView;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use sailfish::TemplateSimple;

#[derive(TemplateSimple)]
#[template(path = "history.stpl")]
struct History {
    month: String,
    quiet: String,
    earlier: Option<MonthLink>,
    later: Option<MonthLink>,
}

struct MonthLink {
    href: String,
    name: String,
}

/// The months that the page has a history of, `(year, month)`, oldest first.
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

/// `/history` (`None`: the present month) or `/history/<yyyy-mm>`. Months outside [`months`] are shown as the
/// nearest of them.
///
/// # Errors
///
/// Only if a template cannot be written, which is our own fault.
pub fn history(view: &PageView, month: Option<(i16, i8)>) -> anyhow::Result<String> {
    let clock = Clock::of(view);
    let months = months(view);
    let present = (clock.today().year(), clock.today().month());
    let wanted = month.unwrap_or(present);
    let index = months.partition_point(|known| *known < wanted).min(months.len().saturating_sub(1));
    let (year, number) = months.get(index).copied().unwrap_or(present);
    let root = if month.is_some() { "../" } else { "" };
    let link = |at: Option<usize>| {
        let (year, number) = *months.get(at?)?;
        Some(MonthLink {
            href: format!("{root}history/{year:04}-{number:02}"),
            name: month_name(year, number),
        })
    };
    let first = date(year, number, 1).max(first_day(view, &clock));
    let last = date(year, number, 1).last_of_month().min(clock.today());
    let name = month_name(year, number);
    let path = month.map_or_else(|| "history".to_owned(), |_| format!("history/{year:04}-{number:02}"));
    let title = format!("History, {name} · {}", balanced(&view.name));
    let body = History {
        month: name,
        quiet: clock.isolated(clock.days(first.min(last), last)),
        earlier: link(index.checked_sub(1)),
        later: link(Some(index + 1)),
    };
    Frame::new(view, root, &path, title).render(body.render_once()?)
}

/// The last 14 days in one line, up to what is verified and not before the page was made: "7 to 20 Nov".
pub(crate) fn last_fortnight(view: &PageView, clock: &Clock<'_>) -> String {
    let last = view.verified_at.map_or_else(|| clock.today(), |at| clock.date(at));
    let first = last.saturating_sub(13.days()).max(first_day(view, clock)).min(last);
    clock.isolated(clock.days(first, last))
}

/// The page's first day, which is never after today.
fn first_day(view: &PageView, clock: &Clock<'_>) -> Date {
    clock.date(view.created_at).min(clock.today())
}

fn month_name(year: i16, month: i8) -> String {
    date(year, month, 1).strftime("%B %Y").to_string()
}
