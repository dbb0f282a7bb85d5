//! Response heads that violate the standard and that browsers accept.

use super::*;
use skerry_tests::parts::http_server::{Ending, HttpServer, answer};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";

fn asks_for_ok(target: &HttpServer) -> String {
    format!("type = \"http\"\nurl = \"{}\"\nbody_contains = [\"ok\"]\n", target.url("/"))
}

#[tokio::test]
async fn an_odd_head_is_read_as_browsers_read_it() {
    let many: String = (0..500).map(|number| format!("X-{number}: y\r\n")).collect();
    let long = format!("Set-Cookie: a={}\r\n", "x".repeat(100_000));
    for (what, bytes) in [
        (
            "a control character in a cookie",
            [HEAD, "Set-Cookie: a=b\x01c; path=/\r\n\r\nok"].concat().into_bytes(),
        ),
        ("a blank before the colon", [HEAD, "Server : Embedded\r\n\r\nok"].concat().into_bytes()),
        ("a blank in a name", [HEAD, "X Powered By: me\r\n\r\nok"].concat().into_bytes()),
        ("no colon", [HEAD, "garbage line\r\n\r\nok"].concat().into_bytes()),
        ("no name", [HEAD, ": nothing\r\n\r\nok"].concat().into_bytes()),
        ("a zero byte", [HEAD, "X-A: a\0b\r\n\r\nok"].concat().into_bytes()),
        ("a folded value", [HEAD, "X-A: one\r\n two\r\n\r\nok"].concat().into_bytes()),
        ("a carriage return in a value", [HEAD, "X-A: one\rtwo\r\n\r\nok"].concat().into_bytes()),
        ("more than 100 lines", [HEAD, &many, "\r\nok"].concat().into_bytes()),
        ("a long line", [HEAD, &long, "\r\nok"].concat().into_bytes()),
        ("line feeds only", HEAD.replace("\r\n", "\n").into_bytes().into_iter().chain(*b"\nok").collect()),
        ("a blank line first", ["\r\n", HEAD, "\r\nok"].concat().into_bytes()),
        ("lower case", HEAD.replace("HTTP", "http").into_bytes().into_iter().chain(*b"\r\nok").collect()),
        (
            "a reason with control characters",
            HEAD.replace("OK", "O\x01K").into_bytes().into_iter().chain(*b"\r\nok").collect(),
        ),
        ("two blanks", HEAD.replace(" 200 ", "  200  ").into_bytes().into_iter().chain(*b"\r\nok").collect()),
        ("another version", HEAD.replace("1.1", "2.0").into_bytes().into_iter().chain(*b"\r\nok").collect()),
        ("a radio station", b"ICY 200 OK\r\nicy-name: radio\r\n\r\nok".to_vec()),
        ("a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok".to_vec()),
        ("a length twice", [HEAD, "Content-Length: 2\r\n\r\nok"].concat().into_bytes()),
        (
            "chunks in HTTP/1.0",
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_vec(),
        ),
        (
            "hints first",
            [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".to_vec(), answer("200 OK", "", b"ok")].concat(),
        ),
    ] {
        let target = HttpServer::with(&bytes).await;
        let seen = observing::observe(&asks_for_ok(&target)).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Up, Reason::None), "{what}: {}", seen.detail);
    }
}

#[tokio::test]
async fn assertions_apply_to_what_remains_of_an_odd_head() {
    let target = HttpServer::with(
        [HEAD, "X-Bad: a\x01b\r\nX-Folded: one\r\n two\r\nServer : Embedded\r\n\r\nok"].concat().as_bytes(),
    )
    .await;
    let asks = |asked: &str| format!("{}response_headers = {{ {asked} }}", asks_for_ok(&target));
    for asked in ["X-Folded = '^one two$'", "Server = '^Embedded$'"] {
        assert_up(&observing::observe(&asks(asked)).await);
    }
    let seen = observing::observe(&asks("X-Bad = ''")).await;
    observing::assert_down(&seen, Reason::HeaderMismatch, "x-bad is missing");
}

#[tokio::test]
async fn a_response_that_is_not_http_has_a_clear_message() {
    for (bytes, words) in [
        (&b"<html>ok</html>"[..], "does not begin as HTTP does: \"<html>ok</html>\""),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.9"),
        (b"\x15\x03\x01\0\x02\x02\x46", "https in url"),
        (b"\0\0\x12\x04\0\0\0\0\0", "http_version = \"2\""),
        (b"HTTP/1.1 099 x\r\n\r\n", "no status in the first line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "two lengths"),
    ] {
        let target = HttpServer::start(Ending::Never, move |_| bytes.to_vec()).await;
        let seen = observing::observe(&asks_for_ok(&target)).await;
        observing::assert_down(&seen, Reason::ProtocolError, words);
    }
}

#[tokio::test]
async fn a_redirect_without_a_valid_location_is_the_response() {
    for lines in ["", "Location: \r\n", "Location: a\x01b\r\n"] {
        let target = HttpServer::start(Ending::Close, move |_| answer("302 Found", lines, b"ok")).await;
        let seen = observing::observe(&asks_for_ok(&target)).await;
        observing::assert_down(&seen, Reason::StatusMismatch, "302 Found, expected 200-299");
        let right = format!("{}status = [200, 302]", asks_for_ok(&target));
        assert_up(&observing::observe(&right).await);
    }
}

#[tokio::test]
async fn a_location_may_be_in_latin_1() {
    let target = HttpServer::start(Ending::Close, |request| {
        if request.starts_with("GET /caf%E9?q=%FC ") {
            return answer("200 OK", "", b"ok");
        }
        [&b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9?q=\xfc\r\nContent-Length: 0\r\n\r\n"[..]].concat()
    })
    .await;
    assert_up(&observing::observe(&asks_for_ok(&target)).await);
}

#[tokio::test]
async fn a_large_head_is_read_over_http_2() {
    let lines: String =
        (0..60).map(|number| format!("add_header X-{number} {};\n", "y".repeat(1500))).collect();
    let nginx = Nginx::start(&Site { http2: true, ..plain(&lines) }).await;
    let keys = format!(
        "type = \"http\"\nurl = \"{}\"\nhttp_version = \"2\"\nresponse_headers = {{ X-59 = '^y{{1500}}$' }}",
        nginx.url("/")
    );
    assert_up(&observing::observe(&keys).await);
}
