//! `robots.txt`: the same for a page on its own host and for a host that no page owns.

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Pages, history and feeds are there to be found: who looks for "is it down" should land on them. The JSON
/// below `api/` is for programs; in an index of words it would only crowd the pages out (Statuspage says the
/// same). A private page needs no line here: it is a 404 like everything that does not exist, and naming it
/// would give it away. `*` inside a path: RFC 9309 §2.2.3.
pub const BODY: &str = "User-agent: *\nDisallow: /api/\nDisallow: /status/*/api/\n";
