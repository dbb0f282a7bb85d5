//! `robots.txt`.

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Search engines may index pages, history and feeds: people who search for an outage should find them. The JSON below
/// `api/` is for programs and would only displace pages in search results (Statuspage excludes it, too). Private pages
/// are not listed: they are a 404 like all paths that do not exist, and a line here would reveal them. For `*` inside a
/// path see RFC 9309 §2.2.3.
pub const BODY: &str = "User-agent: *\nDisallow: /api/\nDisallow: /status/*/api/\n";

/// The file at a page's own host, which also names the page's sitemap.
pub(crate) fn of_page(url: &str) -> String {
    format!("{BODY}\nSitemap: {url}/sitemap.xml\n")
}
