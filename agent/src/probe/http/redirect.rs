//! Where a redirect leads and what may be sent there. Pure.
//!
//! Methods change as in browsers (WHATWG fetch); credentials and bodies stay with the origin they were
//! written for, and once a run has left it they do not come back.

use http::{HeaderMap, Method, StatusCode, header};
use skerry_protocol::wire::Reason;
use url::Url;

use crate::probe::fault::Fault;

/// Longest address a redirect may name, bytes.
const MAX_URL: usize = 8 << 10;

/// The request that is to be sent next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Method,
    /// The body goes along.
    pub(super) with_body: bool,
    /// Still at the origin of the check: credentials and its own headers go along.
    pub(super) at_origin: bool,
}

/// Whether `status` asks to go elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The hop after `hop`, which was answered with `status` and `headers`.
pub(super) fn follow(hop: &Hop, status: StatusCode, headers: &HeaderMap) -> Result<Hop, Fault> {
    let url = target(&hop.url, headers)?;
    let same_origin = url.origin() == hop.url.origin();
    let becomes_get = match status.as_u16() {
        303 => hop.method != Method::GET && hop.method != Method::HEAD,
        301 | 302 => hop.method == Method::POST,
        _ => false,
    };
    let (method, with_body) =
        if becomes_get { (Method::GET, false) } else { (hop.method.clone(), hop.with_body) };
    if with_body && !same_origin {
        return Err(Fault::down(
            Reason::BadRedirect,
            format!(
                "{} redirects to another origin, where the body is not sent: {}",
                status.as_u16(),
                place(&url)
            ),
        ));
    }
    Ok(Hop { url, method, with_body, at_origin: hop.at_origin && same_origin })
}

/// An address without its query, which may hold secrets.
pub(super) fn place(url: &Url) -> &str {
    &url[..url::Position::AfterPath]
}

fn target(from: &Url, headers: &HeaderMap) -> Result<Url, Fault> {
    let bad = |why: String| Fault::down(Reason::BadRedirect, why);
    let location =
        headers.get(header::LOCATION).ok_or_else(|| bad("a redirect without a Location".to_owned()))?;
    let text = std::str::from_utf8(location.as_bytes())
        .map_err(|_| bad("the Location of a redirect is not text".to_owned()))?;
    if text.len() > MAX_URL {
        return Err(bad(format!("the Location of a redirect has {} bytes", text.len())));
    }
    let mut url = from.join(text).map_err(|error| bad(format!("a redirect to {text:?}: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad(format!("a redirect to {}:, which is neither http nor https", url.scheme())));
    }
    // Credentials in an address come from the target, not from the check.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(url: &str, method: Method, with_body: bool) -> Hop {
        Hop { url: Url::parse(url).expect("a URL"), method, with_body, at_origin: true }
    }

    fn answer(location: Option<&str>) -> HeaderMap {
        location.map(|text| (header::LOCATION, text.parse().expect("a header value"))).into_iter().collect()
    }

    fn followed(hop: &Hop, status: u16, location: &str) -> Result<Hop, Fault> {
        follow(hop, StatusCode::from_u16(status).expect("a status"), &answer(Some(location)))
    }

    #[test]
    fn methods_change_as_in_browsers() {
        use Method as M;
        for (status, method, body, expected, body_kept) in [
            (301, M::POST, true, M::GET, false),
            (302, M::POST, true, M::GET, false),
            (303, M::POST, true, M::GET, false),
            (303, M::PUT, true, M::GET, false),
            (303, M::HEAD, false, M::HEAD, false),
            (301, M::PUT, true, M::PUT, true),
            (301, M::HEAD, false, M::HEAD, false),
            (307, M::POST, true, M::POST, true),
            (308, M::POST, true, M::POST, true),
            (308, M::GET, false, M::GET, false),
        ] {
            let next = followed(&hop("http://a/x", method.clone(), body), status, "/y").expect("follows");
            assert_eq!((next.method, next.with_body), (expected, body_kept), "{status} {method}");
        }
    }

    #[test]
    fn what_belongs_to_an_origin_stays_there() {
        let from = hop("https://a/x", Method::GET, false);
        for (location, kept) in [
            ("/y", true),
            ("https://a:443/y", true),
            ("http://a/y", false),
            ("https://a:8443/y", false),
            ("https://b/y", false),
            ("//b/y", false),
        ] {
            let next = followed(&from, 302, location).expect("follows");
            assert_eq!(next.at_origin, kept, "{location}");
        }
        let away = Hop { at_origin: false, ..hop("https://b/x", Method::GET, false) };
        let back = followed(&away, 302, "https://a/y").expect("follows");
        assert!(!back.at_origin, "credentials do not come back");
    }

    #[test]
    fn a_body_never_goes_to_another_origin() {
        let from = hop("https://a/x", Method::POST, true);
        let fault = followed(&from, 307, "https://b/y?token=s").expect_err("refused");
        assert_eq!(fault.reason, Reason::BadRedirect);
        assert!(!fault.detail.contains("token"), "{}", fault.detail);
    }

    #[test]
    fn a_redirect_to_nowhere_is_named() {
        let from = hop("http://a/x", Method::GET, false);
        let long = "x".repeat(MAX_URL + 1);
        for location in [None, Some("http://"), Some("ftp://a/"), Some("javascript:1"), Some(long.as_str())] {
            let fault = follow(&from, StatusCode::FOUND, &answer(location)).expect_err("refused");
            assert_eq!(fault.reason, Reason::BadRedirect, "{location:?}");
        }
    }

    #[test]
    fn relative_addresses_are_resolved_and_cleaned() {
        let from = hop("http://a/d/x?q=1", Method::GET, false);
        assert_eq!(followed(&from, 302, "y?z=1#f").expect("follows").url.as_str(), "http://a/d/y?z=1");
        assert_eq!(followed(&from, 302, "http://u:p@a/y").expect("follows").url.as_str(), "http://a/y");
    }

    #[test]
    fn only_five_codes_redirect() {
        let redirects: Vec<u16> =
            (100..600).filter(|code| StatusCode::from_u16(*code).is_ok_and(is_redirect)).collect();
        assert_eq!(redirects, [301, 302, 303, 307, 308]);
    }
}
