//! Checks an HTTP response against every kind of assertion. See [`crate::hostile`].

use bytes::{Bytes, BytesMut};
use http::Method;
use jiff::Timestamp;
use skerry_protocol::check::{Http, Kind};
use skerry_protocol::strict::Document;

use super::assertion;
use super::content::charset::Text;
use super::content::coding::Codings;
use super::cookies::Jar;
use super::http1::framing::{Framing, Next};
use super::http1::head;
use super::redirect::{self, Hop};
use crate::probe::fault::Fault;
use crate::probe::hostile::is_fit_to_show;

/// Maximum size of a body that is decoded, bytes.
const MAX_BODY: u64 = 1 << 16;

/// Parses `bytes` as a response: the status in the first two bytes, header lines up to an empty one, the
/// body.
pub(crate) fn answer(bytes: &[u8]) {
    show(head::read(&Bytes::copy_from_slice(bytes)).map(drop));
    let Some(([high, low], rest)) = bytes.split_first_chunk::<2>() else { return };
    let code = 100 + u16::from_be_bytes([*high, *low]) % 500;
    let end = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
    let (lines, body) = rest.split_at(end);
    let Some(http) = demanding() else { return };
    show(judge(
        &http,
        &[format!("HTTP/1.1 {code}\n").as_bytes(), lines].concat(),
        body.get(2..).unwrap_or_default(),
    ));
}

fn judge(http: &Http, lines: &[u8], body: &[u8]) -> Result<(), Fault> {
    let read = head::read(&Bytes::copy_from_slice(lines))?;
    let (status, headers) = (read.head.status, &read.head.headers);
    let body = framed(Framing::of(&Method::GET, &read)?, body)?;
    show(assertion::check_head(http, status, headers));
    let codings = Codings::of(headers);
    if let Ok(body) = codings.decode(body, MAX_BODY).inspect_err(is_fit_to_show) {
        show(assertion::check_body(http, &Text::of(headers, &body), codings.unknown.as_deref()));
    }
    let mut jar = Jar::default();
    jar.take(&http.url, headers, Timestamp::UNIX_EPOCH);
    let hop = Hop { url: http.url.clone(), method: Method::GET, with_body: false, at_origin: true };
    if let Some(next) = redirect::follow(&hop, status, headers)? {
        assert!(matches!(next.url.scheme(), "http" | "https"), "led to {}", next.url);
        jar.header(&next.url);
    }
    Ok(())
}

/// The body in `bytes`, after which the connection ends.
fn framed(mut framing: Framing, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let (mut body, mut buffer) = (Vec::new(), BytesMut::from(bytes));
    while let Next::Data(length) = framing.next(&mut buffer)? {
        body.extend_from_slice(&buffer.split_to(length));
    }
    Ok(body)
}

fn show(ended: Result<(), Fault>) {
    if let Err(fault) = ended {
        is_fit_to_show(&fault);
    }
}

/// A check that uses every kind of assertion.
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
