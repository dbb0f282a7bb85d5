//! What a visitor of a restricted page shows: a cookie, a token of feeds, a form of the page itself.

use super::restricted::RestrictedPage;
use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, ORIGIN};
use std::borrow::Cow;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The longest value of a cookie or a token that is looked at.
const MAX_VALUE: usize = 256;

/// The cookies of the page and the token in the query.
pub(super) struct Credentials<'r> {
    request: &'r HttpRequest,
    name: String,
}

impl<'r> Credentials<'r> {
    pub(super) fn of(request: &'r HttpRequest, page: &RestrictedPage) -> Self {
        Self { request, name: cookie_name(page) }
    }

    /// The values of the page's cookie.
    pub(super) fn cookies(&self) -> impl Iterator<Item = &'r str> {
        let lines = self.request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, value)| *name == self.name && value.len() <= MAX_VALUE).map(|(_, value)| value)
    }

    /// The token of the page's feeds: `?token=…`.
    pub(super) fn token(&self) -> Option<Cow<'r, str>> {
        let query = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        let mut tokens = query.filter(|(key, value)| key == "token" && value.len() <= MAX_VALUE);
        tokens.next().map(|(_, token)| token)
    }
}

/// Whether programs that cannot sign in read the output: feeds and calendars.
pub(super) fn is_feed(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let depth = path.split('/').count();
    let of_component = path.starts_with("components/") && depth == 3;
    (depth == 1 || of_component)
        && matches!(
            file,
            "feed.rss"
                | "feed.xml"
                | "feed.atom"
                | "feed.json"
                | "history.rss"
                | "history.atom"
                | "calendar.ics"
        )
}

/// Only a browser that reached the page by HTTPS sends a cookie of this prefix back, and only to the host that set it.
fn cookie_name(page: &RestrictedPage) -> String {
    let prefix = if is_secure(page) { "__Host-" } else { "" };
    format!("{prefix}skerry-{}", page.id)
}

fn is_secure(page: &RestrictedPage) -> bool {
    page.url().starts_with("https://")
}

/// The value of `Set-Cookie`. A proxy may ask for other paths than visitors: the cookie is for all of them, as its prefix
/// demands.
pub(super) fn cookie(page: &RestrictedPage, value: &str, seconds: u32) -> String {
    let secure = if is_secure(page) { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", cookie_name(page))
}

/// Whether a form comes from the page itself: as the browser says, or else by its origin, which is that of the page's
/// address or of the host that was asked.
pub(super) fn is_same_origin(headers: &HeaderMap, url: &str, host: &str) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE);
    if let Some(site) = sites.next() {
        return site == "same-origin" && sites.next().is_none();
    }
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let Some(origin) = origin.and_then(|origin| url::Url::parse(origin).ok()) else { return false };
    let own = url::Url::parse(url).is_ok_and(|own| own.origin() == origin.origin());
    own || (!host.is_empty() && origin.host_str() == Some(host))
}

/// Whether a form evidently comes from elsewhere. Where browsers name no origin it does not.
pub(super) fn is_foreign(headers: &HeaderMap, url: &str, host: &str) -> bool {
    let is_named =
        headers.contains_key(SEC_FETCH_SITE) || headers.get(ORIGIN).is_some_and(|origin| origin != "null");
    is_named && !is_same_origin(headers, url, host)
}

/// The password of a form; empty if it has none.
pub(super) fn password(form: &[u8]) -> String {
    let mut fields = url::form_urlencoded::parse(form);
    fields.find(|(name, _)| name == "password").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use skerry_publish::output::Publication;
    use skerry_publish::view::Place;
    use std::sync::Arc;

    fn page(url: &str) -> RestrictedPage {
        let publication = Arc::new(Publication { place: Place::at(url), ..Publication::default() });
        RestrictedPage { id: "k1".to_owned(), publication, ..RestrictedPage::default() }
    }

    #[test]
    fn the_cookie_is_bound_to_its_host_where_there_is_tls() {
        assert_eq!(
            cookie(&page("https://status.example.com/status/a"), "v", 60),
            "__Host-skerry-k1=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie(&page("http://127.0.0.1:8080"), "v", 60),
            "skerry-k1=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn only_the_cookie_of_the_page_counts() {
        let request = TestRequest::default()
            .insert_header((COOKIE, "a=b; __Host-skerry-k2=x;  __Host-skerry-k1=one"))
            .append_header((COOKIE, "skerry-k1=two;__Host-skerry-k1=three; __Host-skerry-k1"))
            .to_http_request();
        let page = page("https://status.example.com");
        assert_eq!(Credentials::of(&request, &page).cookies().collect::<Vec<_>>(), ["one", "three"]);
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let url = "https://status.example.com/status/a";
        /// Headers, whether it is of the page itself, whether it is evidently of another one.
        type Row<'a> = (&'a [(&'a str, &'a str)], bool, bool);
        let table: [Row<'_>; 10] = [
            (&[("sec-fetch-site", "same-origin")], true, false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], true, false),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://status.example.com")], false, true),
            (&[("sec-fetch-site", "cross-site")], false, true),
            (&[("sec-fetch-site", "none")], false, true),
            (&[("origin", "https://status.example.com")], true, false),
            (&[("origin", "http://10.0.0.5:8080")], true, false),
            (&[("origin", "https://evil.example")], false, true),
            (&[("origin", "null")], false, false),
            (&[], false, false),
        ];
        for (lines, expected, foreign) in table {
            let mut request = TestRequest::default();
            for line in lines {
                request = request.append_header(*line);
            }
            let request = request.to_http_request();
            assert_eq!(is_same_origin(request.headers(), url, "10.0.0.5"), expected, "{lines:?}");
            assert_eq!(is_foreign(request.headers(), url, "10.0.0.5"), foreign, "{lines:?}");
        }
    }

    #[test]
    fn feeds_and_calendars_are_known_by_their_exact_paths() {
        for path in [
            "feed.rss",
            "history.atom",
            "calendar.ics",
            "components/a/feed.json",
            "components/a/calendar.ics",
        ] {
            assert!(is_feed(path), "{path}");
        }
        for path in [
            "",
            "uptime.csv",
            "api/v2/feed.rss",
            "components/feed.rss",
            "components/a/b/feed.rss",
            "x/feed.rss",
        ] {
            assert!(!is_feed(path), "{path}");
        }
    }
}
