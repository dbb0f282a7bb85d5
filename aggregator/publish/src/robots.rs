//! `robots.txt`.

use crate::view::PageView;

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Search engines may index pages, history and feeds: people who search for an outage should find them. The JSON below
/// `api/` is for programs and would only displace pages in search results (Statuspage excludes it, too). Private pages
/// are not listed: they are a 404 like all paths that do not exist, and a line here would reveal them. For `*` inside a
/// path see RFC 9309 §2.2.3.
pub const BODY: &str = "User-agent: *\nDisallow: /api/\nDisallow: /status/*/api/\n";

/// The file at a page's own host, which also names the page's sitemap. A page that asks search engines not to list it has
/// none: it names nothing for them. It is not disallowed, since a crawler must read a page to be asked.
pub(crate) fn of_page(view: &PageView) -> String {
    match view.noindex {
        true => BODY.to_owned(),
        false => format!("{BODY}\nSitemap: {}/sitemap.xml\n", view.url),
    }
}
