//! Builds the request of one hop. The check's own headers win over every default; what could carry
//! credentials stays with the origin of the check.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use http_body_util::Full;
use skerry_protocol::check::{Auth, Http};
use skerry_protocol::secret;
use skerry_protocol::wire::{Outcome, Reason};
use tokio::io::AsyncReadExt;
use url::{Position, Url};

use super::redirect::Hop;
use crate::probe::fault::Fault;

/// Largest secret, bytes.
const MAX_SECRET: u64 = 8 << 10;
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")));
/// The check's headers that may be shown to an origin it did not name.
const HARMLESS: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::ACCEPT_ENCODING,
    header::CACHE_CONTROL,
    header::USER_AGENT,
];

/// The request of `hop` for a connection that speaks HTTP/2 or not.
pub(super) fn build(
    check: &Http,
    hop: &Hop,
    authorization: Option<&HeaderValue>,
    http2: bool,
) -> Result<Request<Full<Bytes>>, Fault> {
    let mut headers = HeaderMap::with_capacity(check.headers.len() + 4);
    for (name, value) in &check.headers {
        if hop.at_origin || HARMLESS.contains(name) {
            headers.append(name, value.clone());
        }
    }
    if !hop.with_body && check.body.is_some() {
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            headers.remove(name);
        }
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    if let Some(authorization) = authorization.filter(|_| hop.at_origin) {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    let authority = match headers.remove(header::HOST) {
        Some(own) => own,
        None => HeaderValue::from_str(&hop.url[Position::BeforeHost..Position::AfterPort])
            .map_err(|error| cannot_send(&hop.url, &error))?,
    };
    let path = PathAndQuery::try_from(&hop.url[Position::BeforePath..Position::AfterQuery])
        .map_err(|error| cannot_send(&hop.url, &error))?;
    let uri = if http2 {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if hop.url.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority =
            Some(Authority::try_from(authority.as_bytes()).map_err(|error| cannot_send(&hop.url, &error))?);
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| cannot_send(&hop.url, &error))?
    } else {
        headers.insert(header::HOST, authority);
        if !check.reuse_connection {
            headers.entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
        }
        Uri::from(path)
    };
    let body = match &check.body {
        Some(body) if hop.with_body => Full::new(Bytes::copy_from_slice(body.as_bytes())),
        _ => Full::default(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = hop.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// A request that HTTP has no form for says nothing about the target.
fn cannot_send(url: &Url, error: &dyn std::fmt::Display) -> Fault {
    Fault {
        outcome: Outcome::Inconclusive,
        reason: Reason::Other,
        detail: format!("{} cannot be asked for: {error}", super::redirect::place(url)),
    }
}

/// The `Authorization` of a check, its secret read now, so that a rotated one is used at once. A password may be
/// empty, hold blanks and be in any encoding; a token is none of these.
pub(super) async fn authorization(auth: &Auth) -> Result<HeaderValue, Fault> {
    let (text, file) = match auth {
        Auth::Basic { user, password_file } => {
            let read = read_secret(password_file).await?;
            let both = [user.as_bytes(), b":", secret::first_line(&read)].concat();
            (format!("Basic {}", BASE64.encode(both)).into_bytes(), password_file)
        }
        Auth::Bearer { token_file } => {
            let read = read_secret(token_file).await?;
            let token = secret::token(&read);
            if token.is_empty() {
                return Err(unreadable(token_file, &"its first line is empty"));
            }
            ([b"Bearer ", token].concat(), token_file)
        }
    };
    let mut value = HeaderValue::from_bytes(&text)
        .map_err(|_| unreadable(file, &"its first line cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::own(format!("secret file {}: {why}", file.display()))
}

async fn read_secret(file: &Path) -> Result<Vec<u8>, Fault> {
    let metadata = tokio::fs::metadata(file).await.map_err(|error| unreadable(file, &error))?;
    if !metadata.is_file() {
        // A pipe would hold a thread until someone writes to it.
        return Err(unreadable(file, &"not a regular file"));
    }
    let opened = tokio::fs::File::open(file).await.map_err(|error| unreadable(file, &error))?;
    let mut read = Vec::new();
    opened.take(MAX_SECRET).read_to_end(&mut read).await.map_err(|error| unreadable(file, &error))?;
    if secret::is_utf16(&read) {
        return Err(unreadable(file, &"it is in UTF-16; save it in UTF-8"));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::example;
    use http::Method;

    fn hop(check: &Http, at_origin: bool) -> Hop {
        Hop {
            url: check.url.clone(),
            method: check.method.clone(),
            with_body: check.body.is_some(),
            at_origin,
        }
    }

    fn header<'a>(request: &'a Request<Full<Bytes>>, name: &str) -> Option<&'a str> {
        request.headers().get(name).map(|value| value.to_str().expect("text"))
    }

    #[test]
    fn defaults_stand_where_the_check_is_silent() {
        let check = Http { url: Url::parse("http://example.test:8080/a?b=c#d").expect("a URL"), ..example() };
        let request = build(&check, &hop(&check, true), None, false).expect("builds");
        assert_eq!(request.uri(), "/a?b=c");
        assert_eq!(header(&request, "host"), Some("example.test:8080"));
        assert_eq!(header(&request, "user-agent"), Some(concat!("skerry-agent/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(header(&request, "connection"), Some("close"));
    }

    #[test]
    fn the_checks_own_headers_win() {
        let own = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
        let check = Http {
            headers: vec![own(header::HOST, "inner.test"), own(header::USER_AGENT, "mine")],
            reuse_connection: true,
            ..example()
        };
        let request = build(&check, &hop(&check, true), None, false).expect("builds");
        assert_eq!(header(&request, "host"), Some("inner.test"));
        assert_eq!(header(&request, "user-agent"), Some("mine"));
        assert_eq!(header(&request, "connection"), None);
        let request = build(&check, &hop(&check, true), None, true).expect("builds");
        assert_eq!(request.uri(), "http://inner.test/", "HTTP/2 carries it as :authority");
        assert_eq!(header(&request, "host"), None);
    }

    #[test]
    fn nothing_secret_leaves_the_origin() {
        let own = |name: &'static str| (HeaderName::from_static(name), HeaderValue::from_static("s"));
        let check = Http {
            method: Method::POST,
            headers: vec![own("authorization"), own("cookie"), own("x-api-key"), own("host"), own("accept")],
            ..example()
        };
        let secret = HeaderValue::from_static("Bearer t");
        let at_home = build(&check, &hop(&check, true), Some(&secret), false).expect("builds");
        assert_eq!(header(&at_home, "authorization"), Some("Bearer t"));
        assert_eq!(header(&at_home, "x-api-key"), Some("s"));
        let away = build(&check, &hop(&check, false), Some(&secret), false).expect("builds");
        for name in ["authorization", "cookie", "x-api-key"] {
            assert_eq!(header(&away, name), None, "{name}");
        }
        assert_eq!((header(&away, "accept"), header(&away, "host")), (Some("s"), Some("example.test")));
    }

    #[tokio::test]
    async fn secrets_are_the_first_line_of_a_bounded_regular_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("secret");
        let basic = Auth::Basic { user: "u".into(), password_file: file.clone() };
        let missing = authorization(&basic).await.expect_err("no file");
        assert_eq!((missing.outcome, missing.reason), (Outcome::Inconclusive, Reason::OwnResources));
        assert!(missing.detail.contains("secret"), "{}", missing.detail);
        std::fs::write(&file, "pass\r\nsecond line\n").expect("writes");
        assert_eq!(authorization(&basic).await.expect("reads"), "Basic dTpwYXNz");
        let bearer = Auth::Bearer { token_file: file.clone() };
        assert_eq!(authorization(&bearer).await.expect("reads"), "Bearer pass");
        for (written, password) in [
            (b"\n".as_slice(), b"".as_slice()),
            (b"", b""),
            (b"\xef\xbb\xbfpass\n", b"pass"),
            (b"pass \n", b"pass "),
            (b"Gr\xf6\xdfe\n", b"Gr\xf6\xdfe"),
        ] {
            std::fs::write(&file, written).expect("writes");
            let expected = format!("Basic {}", BASE64.encode([b"u:", password].concat()));
            assert_eq!(authorization(&basic).await.expect("reads"), expected, "{written:?}");
        }
        std::fs::write(&file, b"\xef\xbb\xbf\t pass \r\n").expect("writes");
        assert_eq!(authorization(&bearer).await.expect("reads"), "Bearer pass");
        std::fs::write(&file, " \n").expect("writes");
        assert!(authorization(&bearer).await.expect_err("empty").detail.contains("empty"));
        std::fs::write(&file, b"\xff\xfep\0").expect("writes");
        assert!(authorization(&basic).await.expect_err("no UTF-8").detail.contains("save it in UTF-8"));
        let folder = Auth::Bearer { token_file: directory.path().to_owned() };
        assert!(authorization(&folder).await.expect_err("a folder").detail.contains("regular file"));
    }
}
