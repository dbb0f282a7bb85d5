//! The head and body of an HTTP answer against every kind of assertion. See [`crate::hostile`].

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use skerry_protocol::check::{Http, Kind};
use skerry_protocol::strict::Document;

use super::assertion;
use super::redirect::{self, Hop};
use crate::probe::fault::Fault;
use crate::probe::hostile::is_fit_to_show;

/// Reads `bytes` as an answer: a status in the first two bytes, header lines up to an empty one, the body.
pub(crate) fn answer(bytes: &[u8]) {
    let Some(([high, low], rest)) = bytes.split_first_chunk::<2>() else { return };
    let code = 100 + u16::from_be_bytes([*high, *low]) % 500;
    let Ok(status) = StatusCode::from_u16(code) else { return };
    let end = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
    let (head, body) = rest.split_at(end);
    let headers = headers(head);
    let Some(http) = demanding() else { return };
    show(assertion::check_head(&http, status, &headers));
    show(assertion::check_body(&http, &headers, body.get(2..).unwrap_or_default()));
    if redirect::is_redirect(status) {
        let hop = Hop { url: http.url, method: Method::GET, with_body: false, at_origin: true };
        show(redirect::follow(&hop, status, &headers).map(|next| {
            assert!(matches!(next.url.scheme(), "http" | "https"), "led to {}", next.url);
        }));
    }
}

fn show(ended: Result<(), Fault>) {
    if let Err(fault) = ended {
        is_fit_to_show(&fault);
    }
}

fn headers(head: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// A check that asks for everything that can be asked of an answer.
fn demanding() -> Option<Http> {
    let document = Document::parse("demanding.toml", DEMANDING).ok()?;
    let check = document.root().tables("check", &["name"]).iter().find_map(skerry_protocol::check::read)?;
    match check.kind {
        Kind::Http(http) => Some(*http),
        _ => None,
    }
}

const DEMANDING: &str = r#"
[[check]]
name = "demanding"
type = "http"
url = "https://example.com/a/b?c=d"
status = [200, "301-308"]
body_contains = ["ok"]
body_matches = ['(?i)status.{0,40}ok']
json = [{ path = "$.status", equals = "ok" }, { path = "$.count", equals = 1.5 }, { path = "$..name" }]
response_headers = { Content-Type = '^text/' }
"#;
