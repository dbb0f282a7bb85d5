//! The pages for people: the index, history, uptime, a component's own page and the one 404.
//!
//! Every link is relative to the page's root, because the same bytes answer at `/` and at `/status/<slug>/`;
//! absolute addresses come from the view alone. Nothing here depends on who reads. All text from the
//! configuration is escaped; nothing arrives from the private side.

mod assets;
mod bar;
mod chart;
mod days;
mod frame;
mod headline;
mod history;
mod markup;
mod rows;
mod uptime;
mod words;

pub use assets::{Asset, FAVICON_ICO, FAVICON_ICO_TYPE, assets, content_security_policy};
pub use history::{history, months};
pub use uptime::uptime;

use crate::publish::view::{ComponentView, Item, PageView};
use frame::Frame;
use rows::{ComponentRow, Row, Summary};
use sailfish::TemplateSimple;
use words::{Clock, Tone, balanced};

#[derive(TemplateSimple)]
#[template(path = "index.stpl")]
struct Index {
    tone: Tone,
    sentence: String,
    facts: String,
    verified: String,
    today: String,
    until: String,
    seen: Option<String>,
    rows: Vec<Row>,
    figures: bool,
    quiet: String,
}

#[derive(TemplateSimple)]
#[template(path = "component.stpl")]
struct Component {
    head: Summary,
    description: Option<String>,
    since: String,
    at: String,
    listing: rows::DayListing,
    windows: Vec<uptime::Window>,
    chart: Option<chart::Chart>,
    today: String,
}

#[derive(TemplateSimple)]
#[template(path = "directory.stpl")]
struct Directory<'a> {
    entries: &'a [Entry],
}

#[derive(TemplateSimple)]
#[template(path = "not_found.stpl")]
struct NotFound;

/// The page itself.
///
/// # Errors
///
/// Only if a template cannot be written, which is our own fault.
pub fn index(view: &PageView) -> anyhow::Result<String> {
    let clock = Clock::of(view);
    let headline = headline::headline(view);
    let rows = rows::rows(view);
    let has_figure = |head: &Summary| head.figure.is_some();
    let body = Index {
        tone: headline.tone,
        sentence: markup::sentence(&headline.sentence, &clock),
        facts: markup::sentence(&headline.facts, &clock),
        verified: verified(view, &clock),
        today: clock.today().to_string(),
        until: clock.instant(view.believe_until),
        seen: view.verified_at.map(|at| clock.instant(at)),
        figures: rows.iter().any(|row| match row {
            Row::Group { head, .. } => has_figure(head),
            Row::Component(row) => has_figure(&row.head),
        }),
        rows,
        quiet: history::last_fortnight(view, &clock),
    }
    .render_once()?;
    let title = format!("{} · {}", headline::plain(&headline.sentence, &clock), balanced(&view.name));
    Frame::new(view, "", "", title).render(body)
}

/// "Verified 16:15 UTC, 20 November 2026. Do not rely on it after 16:25."
fn verified(view: &PageView, clock: &Clock<'_>) -> String {
    let until = markup::time(view.believe_until, &clock.time(view.believe_until), clock);
    match view.verified_at {
        Some(at) => {
            format!("Verified {}. Do not rely on it after {until}.", markup::time(at, &clock.full(at), clock))
        }
        None if headline::all_by_hand(view) => {
            format!("Set by hand. Do not rely on this page after {until}.")
        }
        None => format!("Nothing was seen yet. Do not rely on this page after {until}."),
    }
}

/// The page of one component: its bar, its days, its figures and, where switched on, its response times.
/// `None` where the page has no such component.
pub fn component(view: &PageView, component_id: &str) -> Option<String> {
    let found = find(view, component_id)?;
    let clock = Clock::of(view);
    let ComponentRow { head, days, .. } = rows::component_row(found, &clock);
    // A state that began before the first drawn day is only known to be older than that.
    let drawn = found.days.first().is_some_and(|first| clock.date(found.since) > first.date);
    let since = match (found.waiting, found.stale_since) {
        (false, None) if drawn => markup::sentence(&[headline::Piece::Since(found.since)], &clock),
        _ => String::new(),
    };
    let title = format!("{} · {}", balanced(&found.name), balanced(&view.name));
    let body = Component {
        head,
        description: found.description.as_deref().map(balanced),
        since,
        at: markup::time(view.now, &clock.full(view.now), &clock),
        listing: days,
        windows: if found.showcase { uptime::windows(found, view) } else { Vec::new() },
        chart: found.response.as_ref().and_then(|response| chart::chart(response, &clock)),
        today: clock.today().to_string(),
    };
    let body = body.render_once().ok()?;
    Frame::new(view, "../", &format!("components/{}", found.id), title).render(body).ok()
}

fn find<'a>(view: &'a PageView, id: &str) -> Option<&'a ComponentView> {
    view.items.iter().find_map(|item| match item {
        Item::Component(component) => (component.id == id).then_some(component),
        Item::Group(group) => group.children.iter().find(|child| child.id == id),
    })
}

/// A page in the index of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its public address.
    pub url: String,
}

/// The index of the listed pages, at a root that no page owns. It says where the pages are and nothing of
/// what they say, so it cannot be out of date.
///
/// # Errors
/// Only if the template cannot be written, which is our own fault.
pub fn directory(entries: &[Entry]) -> anyhow::Result<String> {
    Ok(Directory { entries }.render_once()?)
}

/// The one body of every 404: it names no page and depends on nothing.
pub fn not_found() -> String {
    // Without a value to render, nothing can fail; an empty body would still be the same for all.
    NotFound.render_once().unwrap_or_default()
}
