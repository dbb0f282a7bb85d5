//! The files of a copy: which output stands at which path, so that a static server answers as the aggregator does, and the
//! order in which they are written.

use super::manifest::is_inside;
use bytes::Bytes;
use skerry_domain::time::Timestamp;
use skerry_publish::archive::Archive;
use skerry_publish::html::SUBSCRIBE_PATH;
use skerry_publish::output::{CacheClass, Output, Publication, Site};
use skerry_publish::outputs::HTML;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What links comes after what it links to. The data of `status.json` comes last: the script of a page fetches the page anew
/// when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Asset,
    /// Incidents, maintenance, announcements.
    Announced,
    /// Components, months.
    Below,
    Inner,
    Index,
    /// The list of pages, the 404.
    Shared,
    Data,
    Status,
}

/// The contents of a file.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Rendered(Arc<Output>),
    /// It is in the archive of a page, which renders it.
    Archived {
        archive: Arc<dyn Archive>,
        path: String,
        version: Version,
    },
}

/// Tells versions of a page of an archive apart: the page and its version.
pub(super) type Version = (Bytes, Timestamp);

#[derive(Clone, Debug)]
pub(super) struct File {
    /// The root of the page that it belongs to, `""` or `status/<slug>/`. What cannot be written holds up only what has
    /// the same.
    pub(super) root: String,
    pub(super) rank: Rank,
    pub(super) content: Content,
}

/// All files of a copy by path. `not_found` is the page that a static server shows for a path that does not exist.
pub(super) fn files(site: &Site, not_found: &Arc<Output>) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    let mut add = |root: &str, path: &str, rank, content| {
        let is_html = is_html(&content);
        let name = format!("{root}{}", name_of(path, is_html));
        // Names are letters, digits and hyphens; nothing else may become a path.
        if is_inside(&name) && (is_html || has_extension(path)) {
            files.insert(name, File { root: root.to_owned(), rank, content });
        }
    };
    match &site.root {
        Some(page) => add_page("", page, &mut add),
        None => {
            for (path, output) in &site.shared {
                add("", path, rank_of(path), Content::Rendered(Arc::clone(output)));
            }
        }
    }
    let is_root = |page: &Arc<Publication>| site.root.as_ref().is_some_and(|root| Arc::ptr_eq(root, page));
    for (slug, page) in site.by_slug.iter().filter(|(_, page)| !is_root(page)) {
        add_page(&format!("status/{slug}/"), page, &mut add);
    }
    // The list and the 404 may speak another language than the page at the root, and have a script of their own.
    for shown in site.directory.iter().chain([not_found]) {
        let html = String::from_utf8_lossy(&shown.identity.bytes);
        let named = site
            .shared
            .iter()
            .filter(|(path, _)| path.starts_with("assets/") && html.contains(path.as_str()));
        for (path, output) in named {
            add("", path, Rank::Asset, Content::Rendered(Arc::clone(output)));
        }
    }
    if let Some(directory) = &site.directory {
        add("", "status/index", Rank::Shared, Content::Rendered(Arc::clone(directory)));
    }
    add("", "404", Rank::Shared, Content::Rendered(Arc::clone(not_found)));
    files
}

fn add_page(root: &str, page: &Publication, add: &mut impl FnMut(&str, &str, Rank, Content)) {
    let below = format!("{SUBSCRIBE_PATH}/");
    let is_form = |path: &str| path == SUBSCRIBE_PATH || path.starts_with(&below);
    for (path, output) in page.outputs.iter().filter(|(path, _)| !is_form(path)).chain(&page.copied) {
        // Crawlers read it at the root of a host only.
        if root.is_empty() || path != "robots.txt" {
            add(root, path, rank_of(path), Content::Rendered(Arc::clone(output)));
        }
    }
    let Some(archive) = &page.archive else { return };
    let of = page.outputs.get("").map(|index| index.surrogate_key.clone()).unwrap_or_default();
    let closed = archive.versions().into_iter().filter(|(path, _)| !page.outputs.contains_key(path));
    for (path, version) in closed {
        let (archive, version) = (Arc::clone(archive), (of.clone(), version));
        add(root, &path, rank_of(&path), Content::Archived { archive, path: path.clone(), version });
    }
}

fn is_html(content: &Content) -> bool {
    match content {
        Content::Rendered(output) => output.content_type == HTML,
        Content::Archived { .. } => true,
    }
}

/// A static server knows the type of a file by its extension. What has none stands at another path, too, which has one.
fn has_extension(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// The name of the file: pages get the extension that static servers know them by.
fn name_of(path: &str, is_html: bool) -> String {
    match path {
        "" => "index.html".to_owned(),
        path if is_html && !path.ends_with(".html") => format!("{path}.html"),
        path => path.to_owned(),
    }
}

fn rank_of(path: &str) -> Rank {
    let first = path.split('/').next().unwrap_or_default();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    match (first, extension) {
        // What the page of an incident or a maintenance links to: its form, and its event.
        ("assets", _) | ("maintenance", Some("ics")) => Rank::Asset,
        ("subscribe", _) if path.contains('/') => Rank::Asset,
        ("incidents" | "maintenance" | "announcements", _) => Rank::Announced,
        _ if path.is_empty() => Rank::Index,
        _ if path == "api/v2/status.json" => Rank::Status,
        ("components" | "history" | "uptime", _) if path.contains('/') => Rank::Below,
        ("api", _) | (_, Some("json" | "rss" | "atom" | "xml" | "ics")) => Rank::Data,
        _ => Rank::Inner,
    }
}

/// Tells two contents of a file apart, with the headers that they are stored with.
pub(super) fn tag_of(output: &Output) -> String {
    let hash = String::from_utf8_lossy(&output.identity.etag).replace('"', "");
    let class = match output.cache {
        CacheClass::Live => "live",
        CacheClass::Closed => "closed",
        CacheClass::Immutable => "immutable",
    };
    format!("{hash}-{class}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_server_finds_what_visitors_ask_for() {
        let table = [
            ("", true, "index.html", Rank::Index),
            ("history", true, "history.html", Rank::Inner),
            ("history/2026-10", true, "history/2026-10.html", Rank::Below),
            ("incidents/abc", true, "incidents/abc.html", Rank::Announced),
            ("maintenance/abc/calendar.ics", false, "maintenance/abc/calendar.ics", Rank::Asset),
            ("subscribe", true, "subscribe.html", Rank::Inner),
            ("subscribe/incidents/abc", true, "subscribe/incidents/abc.html", Rank::Asset),
            ("widget.html", true, "widget.html", Rank::Inner),
            ("badge.svg", false, "badge.svg", Rank::Inner),
            ("uptime.csv", false, "uptime.csv", Rank::Inner),
            ("feed.atom", false, "feed.atom", Rank::Data),
            ("components/abc/calendar.ics", false, "components/abc/calendar.ics", Rank::Below),
            ("api/v2/summary.json", false, "api/v2/summary.json", Rank::Data),
            ("api/v2/status.json", false, "api/v2/status.json", Rank::Status),
            ("assets/0123.js", false, "assets/0123.js", Rank::Asset),
        ];
        for (path, html, name, rank) in table {
            assert_eq!((name_of(path, html).as_str(), rank_of(path)), (name, rank), "{path}");
            assert!(html || has_extension(path), "{path}");
        }
        assert!(!has_extension("logo") && has_extension("logo.svg") && !has_extension("a.b/logo"));
    }
}
