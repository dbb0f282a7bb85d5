//! Where a redirect leads and what may be sent there. Pure.
//!
//! Methods change as in browsers (WHATWG fetch). Credentials and bodies stay with their origin; once a run
//! has left it they are not sent again.

use http::{HeaderMap, Method, StatusCode, header};
use skerry_protocol::wire::Reason;
use url::Url;

use crate::probe::fault::Fault;

/// Maximum length of a redirect's URL, bytes.
const MAX_URL: usize = 8 << 10;

/// The next request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Method,
    /// Whether to send the body.
    pub(super) with_body: bool,
    /// Whether this is still the check's origin, which gets credentials and the check's own headers.
    pub(super) at_origin: bool,
}

/// Whether `status` is a redirect.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The request after `hop`, which was answered with `status` and `headers`; `None` if that response is final.
/// A redirect status without a `Location` is final, too.
pub(super) fn follow(hop: &Hop, status: StatusCode, headers: &HeaderMap) -> Result<Option<Hop>, Fault> {
    let locations = || headers.get_all(header::LOCATION).iter().map(|value| value.as_bytes().trim_ascii());
    let Some(location) = locations().find(|location| !location.is_empty()).filter(|_| is_redirect(status))
    else {
        return Ok(None);
    };
    let url = target(&hop.url, location)?;
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
    Ok(Some(Hop { url, method, with_body, at_origin: hop.at_origin && same_origin }))
}

/// Resolves `location` against `from`. Bytes that are not UTF-8 are sent back unchanged, as in browsers,
/// except in a host, which is read as Latin-1.
fn joined(from: &Url, location: &[u8]) -> Result<Url, url::ParseError> {
    if let Ok(text) = std::str::from_utf8(location) {
        return from.join(text);
    }
    let escaped: String = location
        .iter()
        .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    from.join(&escaped).or_else(|_| from.join(&location.iter().copied().map(char::from).collect::<String>()))
}

/// The URL without its query, which may contain secrets.
pub(super) fn place(url: &Url) -> &str {
    &url[..url::Position::AfterPath]
}

fn target(from: &Url, location: &[u8]) -> Result<Url, Fault> {
    let bad = |why: String| Fault::down(Reason::BadRedirect, why);
    if location.len() > MAX_URL {
        return Err(bad(format!("the Location of a redirect has {} bytes", location.len())));
    }
    // Without the query, as in `place`.
    let before_query = location.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let mut url = joined(from, location).map_err(|error| {
        bad(format!("a redirect to {:?}: {error}", String::from_utf8_lossy(before_query)))
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad(format!("a redirect to {}:, which is neither http nor https", url.scheme())));
    }
    // Credentials in a URL come from the target, not from the check.
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
        let status = StatusCode::from_u16(status).expect("a status");
        follow(hop, status, &answer(Some(location))).map(|next| next.expect("a redirect"))
    }

    fn led_to(from: &str, location: &[u8]) -> Option<String> {
        let location = http::HeaderValue::from_bytes(location).expect("a header value");
        let headers = [(header::LOCATION, location)].into_iter().collect();
        let next = follow(&hop(from, Method::GET, false), StatusCode::FOUND, &headers).ok()??;
        Some(next.url.into())
    }

    #[test]
    fn without_a_place_to_go_the_answer_is_the_last() {
        let from = hop("http://a/x", Method::GET, false);
        for status in [301, 302, 303, 307, 308] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(follow(&from, status, &answer(None)), Ok(None));
            assert_eq!(follow(&from, status, &answer(Some(" "))), Ok(None), "as browsers take an empty one");
        }
        assert_eq!(follow(&from, StatusCode::OK, &answer(Some("/y"))), Ok(None));
        let mut two = answer(Some(""));
        two.append(header::LOCATION, "/y".parse().expect("a value"));
        assert!(
            follow(&from, StatusCode::FOUND, &two).is_ok_and(|next| next.is_some()),
            "the first that is one"
        );
    }

    #[test]
    fn a_location_may_hold_any_byte() {
        for (location, url) in [
            (&b"/caf\xe9"[..], "http://a/caf%E9"),
            ("/café".as_bytes(), "http://a/caf%C3%A9"),
            (b"/caf%e9?q=\xe9", "http://a/caf%e9?q=%E9"),
            (b"http://b\xfccher.test/\xe9", "http://xn--bcher-kva.test/%C3%A9"),
            ("http://bücher.test/".as_bytes(), "http://xn--bcher-kva.test/"),
            (b"/with blank", "http://a/with%20blank"),
            (b" /y ", "http://a/y"),
        ] {
            assert_eq!(led_to("http://a/x", location).as_deref(), Some(url), "{}", location.escape_ascii());
        }
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
        for location in ["http://", "ftp://a/", "javascript:1", long.as_str()] {
            let fault = follow(&from, StatusCode::FOUND, &answer(Some(location))).expect_err("refused");
            assert_eq!(fault.reason, Reason::BadRedirect, "{location:?}");
        }
        let fault =
            follow(&from, StatusCode::FOUND, &answer(Some("http://[x/y?token=s"))).expect_err("no host");
        assert_eq!(fault.detail, "a redirect to \"http://[x/y\": invalid IPv6 address");
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
