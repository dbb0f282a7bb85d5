//! The feeds of a page and of its components. `feed.*` has an entry for each update, `history.*` one for each incident and
//! each maintenance, which is revised in place, as on Statuspage. No byte depends on when a feed is rendered, and no id on
//! the host or on the order. Maintenance that was cancelled before it began is in none of them.

mod atom;
mod history;
mod json;
mod rss;
mod updates;

use crate::overall_status::components;
use crate::texts::statuspage;
use crate::view::{ComponentView, PageView};
use crate::{html, stable_id};
use jiff::tz::TimeZone;
use skerry_domain::time::Timestamp;
use updates::Updates;

/// The `Content-Type` of RSS.
pub const RSS: &str = "application/rss+xml; charset=utf-8";
/// The `Content-Type` of Atom.
pub const ATOM: &str = "application/atom+xml; charset=utf-8";
/// The `Content-Type` of JSON Feed.
pub const JSON: &str = "application/feed+json; charset=utf-8";

/// The most entries of a feed; older updates are on the pages that its entries link to.
const LONGEST: usize = 100;
/// The same for a feed of a component.
const LONGEST_OF_COMPONENT: usize = 25;

/// A rendered feed.
pub(crate) struct Rendered {
    /// The path below the page's root.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// What all formats are written from. Texts are plain unless they say otherwise.
struct Feed<'a> {
    /// A URN.
    id: String,
    title: String,
    /// The name of the page, which is its author.
    author: &'a str,
    /// BCP 47.
    language: &'static str,
    /// What it is about.
    description: &'static str,
    /// The address of the page that it is about.
    home: String,
    /// Its path below the page's root, without its extension.
    path: String,
    /// The address of the page's root.
    root: &'a str,
    /// Behind the path of its own address.
    query: String,
    /// The zone of the dates in RSS.
    zone: TimeZone,
    /// When it was new, if it has no entries.
    created_at: Timestamp,
    entries: Vec<&'a Entry>,
}

impl Feed<'_> {
    fn address(&self, extension: &str) -> String {
        format!("{}/{}.{extension}{}", self.root, self.path, self.query)
    }

    /// When one of its entries last changed.
    fn updated(&self) -> Timestamp {
        self.entries.iter().map(|entry| entry.updated).max().unwrap_or(self.created_at)
    }
}

/// An entry. Texts are plain unless they say otherwise.
struct Entry {
    /// A URN.
    id: String,
    title: String,
    /// An address.
    link: String,
    published: Timestamp,
    /// Never earlier than `published`.
    updated: Timestamp,
    /// HTML that needs nothing else to be safe.
    html: String,
    /// When a maintenance begins and ends, in Statuspage's feeds.
    maintenance: Option<(Timestamp, Timestamp)>,
}

/// All feeds of a page and of its components.
pub(crate) fn render(view: &PageView) -> anyhow::Result<Vec<Rendered>> {
    let updates = Updates::of(view);
    let mut feeds = Vec::new();
    let of_page = of_page(view, &updates);
    let rss = rss::render(&of_page)?;
    feeds.push(Rendered { path: "feed.xml".to_owned(), content_type: RSS, bytes: rss.clone() });
    feeds.push(Rendered { path: "feed.rss".to_owned(), content_type: RSS, bytes: rss });
    feeds.push(of(&of_page, "atom")?);
    feeds.push(of(&of_page, "json")?);
    let entries = history::entries(view);
    let history = Feed {
        id: stable_id::urn(view, "feed", "history"),
        title: statuspage::history(&html::balanced(&view.name)),
        path: "history".to_owned(),
        zone: view.time_zone.clone(),
        entries: entries.iter().collect(),
        ..empty(view)
    };
    feeds.push(of(&history, "rss")?);
    feeds.push(of(&history, "atom")?);
    for component in components(view) {
        let feed = of_component(view, component, &updates);
        for extension in ["rss", "atom", "json"] {
            feeds.push(of(&feed, extension)?);
        }
    }
    Ok(feeds)
}

fn of(feed: &Feed<'_>, extension: &str) -> anyhow::Result<Rendered> {
    let (content_type, bytes) = match extension {
        "rss" => (RSS, rss::render(feed)?),
        "atom" => (ATOM, atom::render(feed)?),
        _ => (JSON, json::render(feed)?),
    };
    Ok(Rendered { path: format!("{}.{extension}", feed.path), content_type, bytes })
}

fn empty(view: &PageView) -> Feed<'_> {
    Feed {
        id: stable_id::urn(view, "feed", ""),
        title: html::balanced(&view.name),
        author: &view.name,
        language: view.language.tag(),
        description: view.texts().feed.description(),
        home: format!("{}/", view.url),
        path: "feed".to_owned(),
        root: &view.url,
        query: view.feed_query(),
        zone: TimeZone::UTC,
        created_at: view.created_at,
        entries: Vec::new(),
    }
}

fn of_page<'a>(view: &'a PageView, updates: &'a Updates<'a>) -> Feed<'a> {
    Feed { entries: updates.newest(LONGEST, |_| true), ..empty(view) }
}

fn of_component<'a>(view: &'a PageView, component: &ComponentView, updates: &'a Updates<'a>) -> Feed<'a> {
    let path = format!("components/{}", component.id);
    Feed {
        id: stable_id::urn(view, "feed", &component.id),
        title: view.texts().feed.of_component(&html::balanced(&view.name), &html::balanced(&component.name)),
        home: format!("{}/{path}", view.url),
        path: format!("{path}/feed"),
        entries: updates.newest(LONGEST_OF_COMPONENT, |update| update.names(&component.id)),
        ..empty(view)
    }
}

#[cfg(test)]
mod tests;
