//! Heads as browsers read them.

use super::*;

fn head(text: &[u8]) -> Result<ReadHead, Fault> {
    let mut searched = 0;
    let end = end(text, &mut searched)?.expect("the head is whole");
    read(&Bytes::copy_from_slice(&text[..end]))
}

fn with(lines: &[u8]) -> HeaderMap {
    let text = [b"HTTP/1.1 200 OK\r\n", lines, b"\r\nX-After: kept\r\n\r\nbody"].concat();
    let read = head(&text).unwrap_or_else(|fault| panic!("{}: {}", text.escape_ascii(), fault.detail));
    assert_eq!(read.head.status, 200);
    assert_eq!(read.head.headers["x-after"], "kept", "{}", text.escape_ascii());
    read.head.headers
}

#[test]
fn an_odd_line_is_left_out_and_nothing_else() {
    for line in [
        &b"Set-Cookie: ___utm=a\x01b; path=/"[..],
        b"Set-Cookie: a\x7fb",
        b"X Powered By: me",
        b"garbage line",
        b": nothing",
        b" folded before any header",
        b"X\xe9: y",
        b"X-A: a\x00b",
        b"(X): y",
        b"no colon\r\n and its continuation: y",
    ] {
        assert_eq!(with(line).len(), 1, "{}", line.escape_ascii());
    }
}

#[test]
fn what_can_be_understood_is_kept() {
    for (line, value) in [
        (&b"X-A: one"[..], &b"one"[..]),
        (b"X-A:one", b"one"),
        (b"X-A : one", b"one"),
        (b"X-A\t: \t one \t ", b"one"),
        (b"x-a: one\r\n two\r\n\tthree", b"one two three"),
        (b"X-A:\r\n one", b"one"),
        (b"X-A: one\r\n \t", b"one"),
        (b"X-A: one\rtwo", b"one two"),
        (b"X-A: caf\xe9", b"caf\xe9"),
        (b"X-A: one\ttwo", b"one\ttwo"),
        (b"X-A: one\n", b"one"),
        (b"X-A: one\r", b"one"),
        (b"X-A:", b""),
    ] {
        let read = head(&[b"HTTP/1.1 200 OK\r\n", line, b"\r\n\r\n"].concat()).expect("a head");
        assert_eq!(read.head.headers["x-a"].as_bytes(), value, "{}", line.escape_ascii());
    }
}

#[test]
fn status_lines() {
    for (line, status, is_1_1) in [
        (&b"HTTP/1.1 200 OK"[..], 200, true),
        (b"HTTP/1.0 404 Not Found", 404, false),
        (b"http/1.1 200 ok", 200, true),
        (b"HTTP/1.1 200", 200, true),
        (b"HTTP/1.1 200 ", 200, true),
        (b"HTTP/1.1 \t 200   OK", 200, true),
        (b"HTTP/1.1 200 D\xe9j\xe0 \x01", 200, true),
        (b"HTTP/1.1 999 Request denied", 999, true),
        (b"HTTP/2.0 200 OK", 200, true),
        (b"HTTP/2 200", 200, true),
        (b"HTTP/1 200 OK", 200, false),
        (b"HTTP 200 OK", 200, false),
        (b"ICY 200 OK", 200, false),
        (b"\r\n\nHTTP/1.1 204 No Content", 204, true),
        (b"\xef\xbb\xbfHTTP/1.1 200 OK", 200, true),
    ] {
        for end in [&b"\r\n\r\n"[..], b"\n\n", b"\r\nA: b\r\n\r\n", b"\nA: b\n\r\n"] {
            let read = head(&[line, end].concat()).expect("a head");
            assert_eq!((read.head.status.as_u16(), read.is_1_1), (status, is_1_1), "{}", line.escape_ascii());
        }
    }
    for line in ["HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 OK", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 099 x"]
    {
        let fault = head(format!("{line}\r\n\r\n").as_bytes()).err().expect("no status");
        assert_eq!(fault.reason, Reason::ProtocolError, "{line}");
        assert!(fault.detail.contains(&format!("\"{line}\"")), "{}", fault.detail);
    }
}

#[test]
fn what_is_not_http_is_said_at_its_first_bytes() {
    for (bytes, words) in [
        (&b"SSH-2.0-OpenSSH_9.9\r\n"[..], "\"SSH-2.0-OpenSSH_9.9\""),
        (b"<html>ok</html>", "\"<html>ok</html>\""),
        (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
        (b"\0\0\x12\x04\0\0\0\0\0", "http_version"),
    ] {
        let fault = end(bytes, &mut 0).expect_err("not HTTP");
        assert_eq!(fault.reason, Reason::ProtocolError);
        assert!(fault.detail.contains(words), "{}", fault.detail);
    }
}

#[test]
fn the_end_is_found_however_the_bytes_come() {
    for text in
        [&b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nxy"[..], b"HTTP/1.1 200 OK\nA: b\n\nxy", b"ICY 200 OK\r\n\r\nxy"]
    {
        let mut searched = 0;
        for length in 0..text.len() - 2 {
            assert_eq!(end(&text[..length], &mut searched), Ok(None), "{length}");
        }
        assert_eq!(end(text, &mut searched), Ok(Some(text.len() - 2)));
    }
}

#[test]
fn a_head_is_limited_in_bytes_and_not_in_lines() {
    let line = |length: usize| format!("HTTP/1.1 200 OK\r\nSet-Cookie: a={}\r\n\r\n", "x".repeat(length));
    assert!(head(line(40_000).as_bytes()).is_ok());
    assert!(head(line(200_000).as_bytes()).is_ok());
    assert_eq!(head(line(MAX_HEAD).as_bytes()).err().map(|fault| fault.reason), Some(Reason::ProtocolError));
    let lines: String = (0..5000).map(|number| format!("X-{number}: y\r\n")).collect();
    let read = head(format!("HTTP/1.1 200 OK\r\n{lines}\r\n").as_bytes()).expect("a head");
    assert_eq!(read.head.headers.len(), 5000);
    let lines: String = (0..50_000).map(|number| format!("{number:x}:\n")).collect();
    let many = head(format!("HTTP/1.1 200 OK\n{lines}\n").as_bytes());
    assert!(many.is_err_and(|fault| fault.reason == Reason::ProtocolError));
}

#[test]
fn who_keeps_the_connection() {
    for (text, keeps) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nConnection: Upgrade, Close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true),
    ] {
        assert_eq!(head(text.as_bytes()).expect("a head").keeps_alive(), keeps, "{text}");
    }
}
