//! Poisoning: whatever a client adds to a request, no byte of a public answer changes, and nothing that a cache may keep is
//! wrong for the next client.

use super::*;

/// Header lines that some servers read, and that must change nothing here.
const LINES: [&str; 34] = [
    "X-Forwarded-For: 192.0.2.7",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Server: evil.example",
    "X-Forwarded-Scheme: nothttps",
    "X-Host: evil.example",
    "X-Real-IP: 127.0.0.1",
    "X-Original-URL: /status/hidden/",
    "X-Rewrite-URL: /status/hidden/",
    "X-HTTP-Method-Override: POST",
    "X-Method-Override: DELETE",
    "Forwarded: for=127.0.0.1;host=evil.example;proto=http",
    "Via: 1.1 evil.example",
    "True-Client-IP: 127.0.0.1",
    "CF-Connecting-IP: 127.0.0.1",
    "Client-IP: 127.0.0.1",
    "Cookie: skerry-p1=good; session=1",
    "Authorization: Bearer good",
    "Accept: application/json",
    "Accept-Language: de, ar;q=0.9",
    "Origin: https://evil.example",
    "Referer: https://evil.example/",
    "User-Agent: evil",
    "Range: bytes=0-1",
    "If-Range: \"x\"",
    "If-Match: \"x\"",
    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
    "Pragma: no-cache",
    "Cache-Control: no-cache",
    "Save-Data: on",
    "Sec-Fetch-Site: cross-site",
    "Upgrade: websocket",
];

const PATHS: [&str; 8] = [
    "/",
    "/api/v2/status.json",
    "/components/abc/badge.svg",
    "/history/2026-10",
    "/robots.txt",
    "/assets/0a1b.js",
    "/never",
    "/status/hidden/",
];

#[test]
fn no_header_changes_a_byte() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    for path in PATHS {
        for encoding in ["X-A: b", "Accept-Encoding: br"] {
            let plain = running.get("a.example", path, &[encoding]);
            for line in LINES {
                assert_eq!(running.get("a.example", path, &[encoding, line]), plain, "{path} {line}");
                let twice = running.get("a.example", path, &[encoding, line, line]);
                assert_eq!(twice, plain, "{path} {line} twice");
            }
            let all: Vec<&str> = std::iter::once(encoding).chain(LINES).collect();
            assert_eq!(running.get("a.example", path, &all), plain, "{path}: all at once");
            let long = format!("X-Long: {}", "a".repeat(60_000));
            assert_eq!(
                running.get("a.example", path, &[encoding, &long, LINES[1], LINES[1]]),
                plain,
                "{path}: long"
            );
        }
    }
}

#[test]
fn no_query_changes_a_byte() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    for path in PATHS {
        let plain = running.get("a.example", path, &[]);
        for query in
            ["utm_source=x", "callback=evil", "_method=POST", "path=../hidden", "a=%00", "page=2&page=3"]
        {
            assert_eq!(running.get("a.example", &format!("{path}?{query}"), &[]), plain, "{path}?{query}");
        }
    }
}

/// A cache takes these for the path of a page, or a server for another path.
#[test]
fn an_encoded_path_is_the_uniform_404() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let nothing = running.get("a.example", "/never", &[]);
    for path in [
        "//",
        "/./",
        "/../",
        "/%2e/",
        "/%2e%2e/",
        "/history%2f2026-10",
        "/history%2F2026-10",
        "/history/2026-10/",
        "/history//2026-10",
        "/HISTORY/2026-10",
        "/history/2026-10;a=b",
        "/history/2026-10%00",
        "/history/2026-10%20",
        "/history/2026-10.css",
        "/history/2026-10/a.css",
        "/history%5c2026-10",
        "/%68istory/2026-10",
        "/assets/../",
        "/assets/0a1b.js/",
        "/index.html",
        "/%",
        "/%zz",
    ] {
        assert_eq!(running.get("a.example", path, &[]), nothing, "{path}");
    }
}

#[test]
fn a_host_shows_its_own_page_and_no_answer_repeats_it() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let nothing = running.get("a.example", "/never", &[]);
    for host in [
        "evil.example",
        "a.example.evil.example",
        "evil.example#a.example",
        "a.example@evil.example",
        "",
        "[::1]",
    ] {
        let answer = running.get(host, "/", &[]);
        assert!(answer == nothing || answer.code() == "400", "{host}: {}", answer.status);
        let page = running.get(host, "/status/a/", &[]);
        let text = format!("{:?}{}", page.headers, page.text());
        assert!(!text.contains("evil"), "{host}");
    }
    let same = running.get("a.example", "/", &[]);
    for host in ["A.EXAMPLE", "a.example.", "a.example:1"] {
        assert_eq!(running.get(host, "/", &[]), same, "{host}");
    }
    // A second name is refused, or changes nothing.
    let twice = running.get("a.example", "/", &["Host: evil.example"]);
    assert!(twice == same || twice.code() == "400", "{}", twice.status);
}

#[test]
fn no_other_method_is_answered_with_something_to_keep() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE", "BAN", "PROPFIND", "get", "OPTIONS"] {
        for path in PATHS {
            let answer = running.request(0, method, "a.example", path, &["Content-Length: 0"]);
            let kept = answer.header("cache-control");
            assert!(kept.is_none_or(|kept| kept == "no-store"), "{method} {path}: {kept:?}");
            assert!(["204", "400", "405"].contains(&answer.code()), "{method} {path}: {}", answer.status);
            assert!(!answer.text().contains("operational"), "{method} {path}");
        }
    }
}

/// Sends a head and a second request behind it: at most one answer, which refuses, and nothing to keep.
fn is_refused(running: &TestServer, head: &str) {
    let second = "GET /history/2026-10 HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let mut stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    let _closed = stream.write_all(format!("{head}{second}").as_bytes());
    let mut raw = Vec::new();
    let _reset = stream.read_to_end(&mut raw);
    let text = String::from_utf8_lossy(&raw).to_ascii_lowercase();
    let begin: String = head.chars().take(200).collect();
    assert!(text.matches("http/1.1 ").count() <= 1, "{begin:?}: {text}");
    assert!(!text.contains("cache-control: public"), "{begin:?}: {text}");
    let refuses = text.starts_with("http/1.1 4") || text.starts_with("http/1.1 5");
    assert!(text.is_empty() || refuses, "{begin:?}: {text}");
}

#[test]
fn a_head_beyond_all_limits_is_refused() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let long = format!("X-Long: {}\r\n", "a".repeat(200_000));
    let many: String = (0..500).map(|number| format!("X-{number}: a\r\n")).collect();
    let cookies = "Cookie: a=b\r\n".repeat(500);
    for path in PATHS {
        for lines in [&long, &many, &cookies] {
            is_refused(&running, &format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n"));
        }
        is_refused(
            &running,
            &format!("GET {path}?{} HTTP/1.1\r\nHost: a.example\r\n\r\n", "a".repeat(200_000)),
        );
    }
    assert_eq!(running.get("a.example", "/", &[]).code(), "200", "others are served");
}

/// Lines about a body, and what follows the head, that programs read in different ways.
const BODIES: [(&str, &str); 20] = [
    ("Content-Length: 0\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
    ("Content-Length: 5\r\nContent-Length: 6", "abcde"),
    ("Content-Length: 5, 6", "abcde"),
    ("Content-Length: 5 6", "abcde"),
    ("Content-Length: +5", "abcde"),
    ("Content-Length: -1", ""),
    ("Content-Length: 0x5", "abcde"),
    ("Content-Length: 18446744073709551621", "abcde"),
    ("Content-Length : 5", "abcde"),
    ("Content-Length: 5\n", "abcde"),
    ("Transfer-Encoding: xchunked", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
    ("Transfer-Encoding : chunked", "0\r\n\r\n"),
    ("Transfer-Encoding: \u{b}chunked", "0\r\n\r\n"),
    ("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
    ("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
    ("X: a\rTransfer-Encoding: chunked", "0\r\n\r\n"),
    ("X: a\nTransfer-Encoding: chunked", "0\r\n\r\n"),
];

/// What two programs could read in two ways ends the connection, so that no second request is in it.
#[test]
fn a_request_of_two_meanings_brings_one_answer_at_most_and_nothing_to_keep() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let heads = [
        "GET / HTTP/1.1\nHost: a.example\n\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nX: a\nGET /evil HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nX\0: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a.example\r\n\r\n",
        "GET /\u{e4} HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let bodies = BODIES.iter().flat_map(|(lines, body)| {
        ["GET", "HEAD", "POST"]
            .map(|method| format!("{method} / HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n\r\n{body}"))
    });
    let heads = heads.into_iter().map(str::to_owned).chain(bodies);
    for head in heads {
        is_refused(&running, &head);
    }
    let page = running.get("a.example", "/", &[]);
    assert_eq!(page.code(), "200", "others are served");
}
