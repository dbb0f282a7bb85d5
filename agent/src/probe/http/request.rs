//! Builds the request of one hop. The check's headers override every default; what could carry credentials
//! stays with the check's origin.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, header};
use skerry_host::secret_files;
use skerry_protocol::check::{Auth, Http};
use skerry_protocol::wire::{Outcome, Reason};
use url::{Position, Url};

use super::exchange::Credentials;
use super::message::Request;
use super::redirect::Hop;
use crate::probe::fault::Fault;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")));
/// The check's headers that may be sent to another origin.
const HARMLESS: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::ACCEPT_ENCODING,
    header::CACHE_CONTROL,
    header::USER_AGENT,
];

/// The check's headers that describe its body.
const OF_THE_BODY: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

/// Builds the request of `hop` for HTTP/2 or HTTP/1: the check's own headers as written and in their order,
/// after the defaults that it does not override and before what we add.
pub(super) fn build<'a>(
    check: &'a Http,
    hop: &Hop,
    credentials: Credentials<'_>,
    http2: bool,
) -> Result<Request<'a>, Fault> {
    let drops_body = !hop.with_body && check.body.is_some();
    let goes_along = |name: &HeaderName| {
        (hop.at_origin || HARMLESS.contains(name)) && !(drops_body && OF_THE_BODY.contains(name))
    };
    let own = || check.headers.iter().filter(|header| goes_along(&header.name));
    let has = |name: &HeaderName| own().any(|header| header.name == *name);
    let mut fields: Vec<(&str, HeaderValue)> = Vec::with_capacity(check.headers.len() + 5);
    if !has(&header::USER_AGENT) {
        fields.push(("User-Agent", USER_AGENT));
    }
    if !has(&header::ACCEPT) {
        fields.push(("Accept", HeaderValue::from_static("*/*")));
    }
    let sets_authorization = credentials.authorization.is_some() && hop.at_origin;
    for header in own() {
        if header.name != header::HOST && !(sets_authorization && header.name == header::AUTHORIZATION) {
            fields.push((&header.written, header.value.clone()));
        }
    }
    if let Some(authorization) = credentials.authorization.filter(|_| hop.at_origin) {
        fields.push(("Authorization", authorization.clone()));
    }
    if let Some(cookies) = credentials.cookies {
        fields.push(("Cookie", cookies.clone()));
    }
    if !http2 && !check.reuse_connection {
        fields.push(("Connection", HeaderValue::from_static("close")));
    }
    let host = own().find(|header| header.name == header::HOST).map(|header| header.value.clone());
    let authority = match host {
        Some(own) => own,
        None => HeaderValue::from_str(&hop.url[Position::BeforeHost..Position::AfterPort])
            .map_err(|error| cannot_send(&hop.url, &error))?,
    };
    let path = PathAndQuery::try_from(&hop.url[Position::BeforePath..Position::AfterQuery])
        .map_err(|error| cannot_send(&hop.url, &error))?;
    Ok(Request {
        method: hop.method.clone(),
        https: hop.url.scheme() == "https",
        authority,
        path,
        fields,
        body: check.body.as_ref().filter(|_| hop.with_body).map(String::as_bytes),
    })
}

/// A request that HTTP cannot express says nothing about the target.
fn cannot_send(url: &Url, error: &dyn std::fmt::Display) -> Fault {
    Fault {
        outcome: Outcome::Inconclusive,
        reason: Reason::Other,
        detail: format!("{} cannot be asked for: {error}", super::redirect::place(url)),
    }
}

/// The `Authorization` of a check. Reads the secret now, so that a rotated one is used at once. A password
/// may be empty, contain blanks and use any encoding; a token may not.
pub(super) async fn authorization(auth: &Auth) -> Result<HeaderValue, Fault> {
    let (text, file) = match auth {
        Auth::Basic { user, password_file } => {
            let password = read_secret(password_file, secret_files::password).await?;
            let both = [user.as_bytes(), b":", &password].concat();
            (format!("Basic {}", BASE64.encode(both)).into_bytes(), password_file)
        }
        Auth::Bearer { token_file } => {
            let token = read_secret(token_file, secret_files::token).await?;
            ([b"Bearer ", token.as_slice()].concat(), token_file)
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

/// Reads on a thread that may block.
async fn read_secret(file: &Path, read: fn(&Path) -> std::io::Result<Vec<u8>>) -> Result<Vec<u8>, Fault> {
    let path = file.to_owned();
    let read = tokio::task::spawn_blocking(move || read(&path)).await;
    let read = read.map_err(|error| unreadable(file, &error))?;
    read.map_err(|error| unreadable(file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::example;
    use http::Method;
    use skerry_protocol::check::SentHeader;

    fn hop(check: &Http, at_origin: bool) -> Hop {
        Hop {
            url: check.url.clone(),
            method: check.method.clone(),
            with_body: check.body.is_some(),
            at_origin,
        }
    }

    fn header<'a>(request: &'a Request<'_>, name: &str) -> Option<&'a str> {
        let field = request.fields.iter().find(|(written, _)| written.eq_ignore_ascii_case(name))?;
        Some(field.1.to_str().expect("text"))
    }

    fn own(name: &'static str, value: &'static str) -> SentHeader {
        SentHeader::new(name, HeaderValue::from_static(value)).expect("a header name")
    }

    const NONE: Credentials<'_> = Credentials { authorization: None, cookies: None };

    #[test]
    fn defaults_stand_where_the_check_is_silent() {
        let check = Http { url: Url::parse("http://example.test:8080/a?b=c#d").expect("a URL"), ..example() };
        let request = build(&check, &hop(&check, true), NONE, false).expect("builds");
        assert_eq!(request.path, "/a?b=c");
        assert_eq!(request.authority, "example.test:8080");
        assert_eq!(header(&request, "user-agent"), Some(concat!("skerry-agent/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(header(&request, "connection"), Some("close"));
        assert_eq!(header(&request, "cookie"), None);
    }

    #[test]
    fn the_checks_own_headers_win() {
        let check = Http {
            headers: vec![own("host", "inner.test"), own("user-AGENT", "mine")],
            reuse_connection: true,
            ..example()
        };
        for http2 in [false, true] {
            let request = build(&check, &hop(&check, true), NONE, http2).expect("builds");
            assert_eq!(request.authority, "inner.test");
            assert_eq!(header(&request, "user-agent"), Some("mine"));
            assert_eq!((header(&request, "connection"), header(&request, "host")), (None, None));
        }
    }

    #[test]
    fn headers_stand_as_they_are_written_and_in_their_order() {
        let check = Http {
            headers: vec![own("X-Zebra", "1"), own("SOAPAction", "a"), own("Host", "h"), own("x-ant", "2")],
            ..example()
        };
        let cookies = HeaderValue::from_static("a=1");
        let with_cookies = Credentials { cookies: Some(&cookies), ..NONE };
        let request = build(&check, &hop(&check, true), with_cookies, false).expect("builds");
        let names: Vec<&str> = request.fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["User-Agent", "Accept", "X-Zebra", "SOAPAction", "x-ant", "Cookie", "Connection"]);
    }

    #[test]
    fn nothing_secret_leaves_the_origin() {
        let check = Http {
            method: Method::POST,
            headers: ["Authorization", "Cookie", "X-Api-Key", "Host", "Accept"]
                .map(|name| own(name, "s"))
                .to_vec(),
            ..example()
        };
        let secret = HeaderValue::from_static("Bearer t");
        let with_secret = Credentials { authorization: Some(&secret), ..NONE };
        let at_home = build(&check, &hop(&check, true), with_secret, false).expect("builds");
        assert_eq!(header(&at_home, "authorization"), Some("Bearer t"));
        assert_eq!(header(&at_home, "x-api-key"), Some("s"));
        let away = build(&check, &hop(&check, false), with_secret, false).expect("builds");
        for name in ["authorization", "cookie", "x-api-key"] {
            assert_eq!(header(&away, name), None, "{name}");
        }
        assert_eq!(header(&away, "accept"), Some("s"));
        assert_eq!(away.authority, "example.test");
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
