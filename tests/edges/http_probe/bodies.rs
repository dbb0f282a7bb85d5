//! Where bodies end, and their text after content codings and charset.

use super::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use skerry_tests::parts::http_server::{Ending, HttpServer, answer};
use std::io::Write;

const TEXT: &[u8] = b"<html><body>All systems operational</body></html>";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
}

fn each_coding(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(bytes).expect("in memory");
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
    raw.write_all(bytes).expect("in memory");
    let mut br = Vec::new();
    brotli::CompressorWriter::new(&mut br, 4096, 5, 22).write_all(bytes).expect("in memory");
    vec![
        ("gzip", gzip(bytes)),
        ("deflate", zlib.finish().expect("in memory")),
        ("deflate", raw.finish().expect("in memory")),
        ("br", br),
        ("zstd", zstd::encode_all(bytes, 3).expect("in memory")),
    ]
}

/// A check of `url` that expects `wanted` in the body, with additional keys.
fn looks_for(wanted: &str, url: &str, keys: &str) -> String {
    format!("type = \"http\"\nurl = \"{url}\"\nbody_contains = ['{wanted}']\n{keys}")
}

#[tokio::test]
async fn a_body_ends_where_its_head_says() {
    let authority = Authority::new();
    let certificate = authority.sign(&["127.0.0.1"], Validity::GOOD);
    let trusting = format!("ca_file = \"{}\"\nhttp_version = \"1.1\"", authority.file().display());
    const CUT: Option<Reason> = Some(Reason::ConnectionReset);
    for (bytes, ending, broken) in [
        ("HTTP/1.0 200 OK\r\n\r\nhello", Ending::CloseTcp, None),
        ("HTTP/1.0 200 OK\r\n\r\nhello", Ending::Reset, None),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", Ending::CloseTcp, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ending::CloseTcp, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ending::Reset, None),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            Ending::CloseTcp,
            None,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", Ending::CloseTcp, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", Ending::Close, CUT),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", Ending::CloseTcp, CUT),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", Ending::Reset, CUT),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Ending::CloseTcp, CUT),
        ("HTTP/1.1 200 OK\r\nContent-Le", Ending::CloseTcp, CUT),
    ] {
        let answers = move |_: &str| bytes.as_bytes().to_vec();
        let plain = HttpServer::start(ending, answers).await;
        let tls = HttpServer::start_tls(&certificate, ending, answers).await;
        for (target, keys) in [(&plain, ""), (&tls, trusting.as_str())] {
            let asks_nothing = format!("type = \"http\"\nurl = \"{}\"\n{keys}", target.url("/"));
            for check in [asks_nothing, looks_for("hello", &target.url("/"), keys)] {
                let seen = observing::observe(&check).await;
                let outcome = if broken.is_some() { Outcome::Down } else { Outcome::Up };
                let reason = broken.unwrap_or(Reason::None);
                assert_eq!(
                    (seen.outcome, seen.reason),
                    (outcome, reason),
                    "{bytes:?} {ending:?}: {}",
                    seen.detail
                );
                assert!(!seen.detail.contains("docs.rs"), "{}", seen.detail);
            }
        }
    }
}

#[tokio::test]
async fn a_truncated_body_is_reported_with_its_length() {
    let target = HttpServer::with(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello").await;
    let seen = observing::observe(&looks_for("hello", &target.url("/"), "")).await;
    observing::assert_down(&seen, Reason::ConnectionReset, "after 5 of its 50 bytes");
}

#[tokio::test]
async fn an_encoded_body_is_decoded_even_if_not_requested() {
    for (coding, body) in each_coding(TEXT) {
        let lines = format!("Content-Encoding: {coding}\r\nContent-Type: text/html\r\n");
        let target = HttpServer::start(Ending::Close, move |_| answer("200 OK", &lines, &body)).await;
        for keys in ["", "headers = { Accept-Encoding = \"gzip, deflate, br\" }"] {
            assert_up(&observing::observe(&looks_for("operational", &target.url("/"), keys)).await);
        }
        let seen = observing::observe(&looks_for("absent", &target.url("/"), "")).await;
        observing::assert_down(&seen, Reason::BodyMismatch, "does not contain \"absent\"");
    }
}

#[tokio::test]
async fn json_is_read_after_a_byte_order_mark_and_an_encoding() {
    const JSON: &[u8] = b"\xef\xbb\xbf{\"status\":\"ok\"}";
    for (lines, json) in [("", JSON.to_vec()), ("Content-Encoding: gzip\r\n", gzip(JSON))] {
        let target = HttpServer::start(Ending::Close, move |_| answer("200 OK", lines, &json)).await;
        let asks = format!(
            "type = \"http\"\nurl = \"{}\"\njson = [{{ path = \"$.status\", equals = \"ok\" }}]",
            target.url("/")
        );
        assert_up(&observing::observe(&asks).await);
    }
}

#[tokio::test]
async fn a_real_server_compresses_over_http_1_and_2() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost"], Validity::GOOD));
    let server = "gzip on; gzip_min_length 1; gzip_types text/plain; gzip_http_version 1.0;
                  location = /page { default_type text/plain; root DIR/files; }";
    let nginx = Nginx::start(&Site { certificate, http2: true, ..plain(server) }).await;
    std::fs::write(nginx.files().join("page"), TEXT.repeat(100)).expect("writes");
    for version in ["1.1", "2"] {
        let keys = format!(
            "ca_file = \"{}\"\nhttp_version = \"{version}\"\nheaders = {{ Accept-Encoding = \"gzip\" }}
             response_headers = {{ Content-Encoding = \"gzip\" }}",
            authority.file().display()
        );
        assert_up(&observing::observe(&looks_for("operational", &nginx.url("/page"), &keys)).await);
    }
}

#[tokio::test]
async fn an_undecodable_body_is_reported() {
    let bomb = gzip(&vec![0; 32 << 20]);
    let cut = gzip(TEXT)[..30].to_vec();
    for (coding, body, reason, words) in [
        ("gzip", bomb, Reason::BodyTooLarge, "larger than 1048576 bytes once its gzip is decoded"),
        ("gzip", cut, Reason::ProtocolError, "its gzip does not come to an end"),
        ("gzip", b"plain text".to_vec(), Reason::ProtocolError, "the body is not gzip"),
        ("aes128gcm", b"secret".to_vec(), Reason::BodyMismatch, "not one we can decode: aes128gcm"),
    ] {
        let lines = format!("Content-Encoding: {coding}\r\n");
        let target = HttpServer::start(Ending::Close, move |_| answer("200 OK", &lines, &body)).await;
        let seen = observing::observe(&looks_for("operational", &target.url("/"), "")).await;
        observing::assert_down(&seen, reason, words);
        let asks_nothing = format!("type = \"http\"\nurl = \"{}\"", target.url("/"));
        assert_up(&observing::observe(&asks_nothing).await);
    }
}

#[tokio::test]
async fn text_is_read_in_its_own_charset() {
    for (kind, body) in [
        ("text/plain; charset=ISO-8859-1", &b"l'\xe9tat est bon"[..]),
        ("text/html; charset=utf-8", "\u{feff}l'état est bon".as_bytes()),
        ("text/html", b"<meta charset=windows-1252>l'\xe9tat est bon"),
        ("text/html; charset=iso-8859-1", "\u{feff}l'état est bon".as_bytes()),
        ("text/plain", b"\xff\xfel\0'\0\xe9\0t\0a\0t\0 \0e\0s\0t\0 \0b\0o\0n\0"),
        ("application/xml", b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><p>l'\xe9tat est bon</p>"),
    ] {
        let lines = format!("Content-Type: {kind}\r\n");
        let target = HttpServer::start(Ending::Close, move |_| answer("200 OK", &lines, body)).await;
        let asks = format!(
            "type = \"http\"\nurl = \"{}\"\nbody_contains = [\"l'état\"]\nbody_matches = ['état est \\w+']",
            target.url("/")
        );
        assert_up(&observing::observe(&asks).await);
    }
}
