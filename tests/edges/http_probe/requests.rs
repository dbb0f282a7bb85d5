//! The exact bytes of requests.

use super::*;
use skerry_tests::parts::http_server::{Ending, HttpServer, answer};

async fn sent(keys: &str) -> String {
    let target = HttpServer::start(Ending::Close, |_| answer("200 OK", "", b"ok")).await;
    let check = format!("type = \"http\"\nurl = \"{}\"\n{keys}", target.url("/a?b=c"));
    assert_up(&observing::observe(&check).await);
    let request = target.requests().remove(0);
    request.replace(target.url("").trim_start_matches("http://"), "HERE")
}

const AGENT: &str = concat!("User-Agent: skerry-agent/", env!("CARGO_PKG_VERSION"), "\r\n");

#[tokio::test]
async fn host_comes_first_and_names_are_in_their_usual_case() {
    let expected =
        format!("GET /a?b=c HTTP/1.1\r\nHost: HERE\r\n{AGENT}Accept: */*\r\nConnection: close\r\n\r\n");
    assert_eq!(sent("").await, expected);
}

#[tokio::test]
async fn headers_are_sent_as_configured() {
    let keys = "headers = { X-Zebra = \"1\", SOAPAction = \"a\", host = \"inner.test\", Accept = \"b\", x-ant = \"2\" }";
    let expected = format!(
        "GET /a?b=c HTTP/1.1\r\nHost: inner.test\r\n{AGENT}X-Zebra: 1\r\nSOAPAction: a\r\nAccept: b\r\nx-ant: 2\r\n\
         Connection: close\r\n\r\n"
    );
    assert_eq!(sent(keys).await, expected);
}

#[tokio::test]
async fn a_length_is_sent_where_a_body_is_expected() {
    for (keys, length, body) in [
        ("", None, ""),
        ("method = \"DELETE\"", None, ""),
        ("method = \"POST\"", Some("0"), ""),
        ("method = \"PUT\"", Some("0"), ""),
        ("method = \"PATCH\"", Some("0"), ""),
        ("method = \"PUT\"\nbody = \"\"", Some("0"), ""),
        ("method = \"POST\"\nbody = '{\"a\":1}'", Some("7"), "{\"a\":1}"),
        ("method = \"DELETE\"\nbody = \"x\"", Some("1"), "x"),
    ] {
        let request = sent(keys).await;
        let (head, sent_body) = request.split_once("\r\n\r\n").expect("a head");
        let sent_length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        assert_eq!((sent_length, sent_body), (length, body), "{keys}");
    }
}

/// A server answers before it has read the request, as with 413, and then stops reading.
#[tokio::test]
async fn an_answer_may_come_before_the_request_is_sent() {
    let nginx = Nginx::start(&plain("client_max_body_size 1; location / { return 413; }")).await;
    let seen =
        observe(Http { method: Method::POST, body: Some("x".repeat(4 << 20)), ..check(&nginx.url("/")) })
            .await;
    observing::assert_down(&seen, Reason::StatusMismatch, "413 ");
}
