//! The pages for people: the index, history, uptime, a component's own page and the one 404.
//!
//! Every link is relative to the page's root, because the same bytes answer at `/` and at `/status/<slug>/`;
//! absolute addresses come from the view alone. Nothing here depends on who reads. All text from the
//! configuration is escaped; nothing arrives from the private side.

mod assets;
mod bar;
mod chart;
mod component;
mod days;
mod figures;
mod frame;
mod headline;
mod history;
mod markup;
mod past;
mod rows;
mod uptime;
mod words;

pub use assets::{Asset, FAVICON_ICO, FAVICON_ICO_TYPE, assets, content_security_policy};
pub use component::component;
pub use history::{history, is_closed, months};
pub use uptime::uptime;

use crate::texts;
use crate::view::{ComponentView, PageView};
use frame::Frame;
use rows::Row;
use sailfish::TemplateSimple;
use skerry_domain::time::Timestamp;
use words::{Clock, Tone, balanced};

/// What a page that can grow old says of its age; the script greys it after `until`.
struct Live {
    /// Instants, as `datetime` has them.
    until: String,
    seen: Option<String>,
    /// "Verified 16:15 UTC, 20 November 2026. Valid until 16:18.", as markup.
    words: String,
}

#[derive(TemplateSimple)]
#[template(path = "index.stpl")]
struct Index {
    tone: Tone,
    sentence: String,
    facts: String,
    live: Live,
    today: String,
    rows: Vec<Row>,
    explained: figures::Explained,
    days: Vec<past::DayRow>,
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
    let body = Index {
        tone: headline.tone,
        sentence: markup::sentence(&headline.sentence, &clock),
        facts: markup::sentence(&headline.facts, &clock),
        live: Live::of(view, &clock),
        today: clock.today().to_string(),
        explained: figures::Explained::of_rows(&rows, view, &clock),
        days: history::last_fortnight(view, rows.iter().any(Row::is_cut), &clock),
        rows,
    }
    .render_once()?;
    let title = format!("{} · {}", headline::plain(&headline.sentence, &clock), balanced(&view.name));
    Frame::new(view, "", "", title).render(body)
}

impl Live {
    fn of(view: &PageView, clock: &Clock<'_>) -> Self {
        let words = match view.verified_at {
            Some(at) => texts::age::verified(&markup::time(at, &clock.full(at), clock)),
            None if headline::all_by_hand(view) => texts::SET_BY_TEAM.to_owned(),
            None => texts::age::NOTHING_REPORTED.to_owned(),
        };
        Self::new(&words, view.verified_at, view, clock)
    }

    /// Of one component: what is set by hand or out of sight is not verified.
    fn of_component(component: &ComponentView, view: &PageView, clock: &Clock<'_>) -> Self {
        let unseen = component.waiting || component.stale_since.is_some();
        if !component.manual && !unseen {
            return Self::of(view, clock);
        }
        let words = texts::age::as_of(&markup::time(view.now, &clock.full(view.now), clock));
        Self::new(&words, None, view, clock)
    }

    fn new(words: &str, seen: Option<Timestamp>, view: &PageView, clock: &Clock<'_>) -> Self {
        let until = markup::time(view.believe_until, &clock.time(view.believe_until), clock);
        Self {
            until: clock.instant(view.believe_until),
            seen: seen.map(|at| clock.instant(at)),
            words: texts::age::valid_until(words, &until),
        }
    }
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
