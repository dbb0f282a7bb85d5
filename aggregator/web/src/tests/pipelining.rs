//! One request after another on a connection, in the clear and over TLS: what is sent ahead waits with its sender,
//! and what follows a body that was refused is no request.

use super::timeouts::{BOUND, Stream, both_ways};
use super::*;

fn whole(stream: &mut dyn Stream) -> String {
    let mut all = Vec::new();
    let _reset = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

fn codes(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

#[test]
fn a_client_that_asks_and_asks_and_takes_nothing_is_not_read_on() {
    // More than kernels hold for a connection over loopback.
    const MOST: usize = 48 << 20;
    let limits = Limits { workers: 1, answer_pause: Duration::from_secs(4), ..Limits::default() };
    both_ways(PUBLIC, limits, |_, connect| {
        for ask in
            ["HEAD /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n", "GET /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n"]
        {
            let mut deaf = connect(BOUND);
            let many = ask.repeat(1_000);
            let mut sent = 0;
            while sent < MOST && deaf.write_all(many.as_bytes()).and_then(|()| deaf.flush()).is_ok() {
                sent += many.len();
            }
            assert!(sent < MOST, "{sent} bytes of requests were read, and no answer was taken");
        }
    });
}

#[test]
fn requests_that_come_at_once_are_answered_in_turn() {
    let batch = "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";
    let requests = [
        "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("{batch}Content-Length: 5\r\n\r\nG\r\n\r\n"),
        "HEAD /never HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("{batch}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nA: b\r\n\r\n"),
        "\r\nGET /readyz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("{batch}Content-Length: 0\r\n\r\n"),
    ];
    let expected = ["200", "200", "404", "200", "200", "200"];
    const ROUNDS: usize = 40;
    both_ways(PRIVATE, Limits { workers: 1, ..Limits::default() }, |running, connect| {
        let all = requests.concat().repeat(ROUNDS)
            + "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        for piece in [all.len(), 4_001, 97] {
            running.inbox.bodies.lock().expect("not poisoned").clear();
            let mut stream = connect(BOUND);
            for piece in all.as_bytes().chunks(piece) {
                stream.write_all(piece).and_then(|()| stream.flush()).expect("it reads");
            }
            let answers = whole(&mut *stream);
            let mut wanted = expected.repeat(ROUNDS);
            wanted.push("200");
            assert_eq!(codes(&answers), wanted, "in pieces of {piece}");
            let bodies = running.inbox.bodies.lock().expect("not poisoned");
            let said: Vec<&[u8]> = bodies.iter().map(AsRef::as_ref).collect();
            assert_eq!(said, [&b"G\r\n\r\n"[..], b"hello!", b""].repeat(ROUNDS), "in pieces of {piece}");
        }
    });
}

#[test]
fn a_stranger_is_refused_before_its_body_is_read() {
    both_ways(PRIVATE, Limits { workers: 1, ..Limits::default() }, |_, connect| {
        for token in ["Authorization: Bearer unknown\r\n", "Authorization: Bearer other-workspace\r\n", ""] {
            for framing in ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"] {
                let mut stranger = connect(BOUND);
                let head = format!(
                    "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\n{token}{framing}\r\n"
                );
                stream_says(&mut *stranger, &head);
                let answered = whole(&mut *stranger);
                let expected = if token.contains("other") { "403" } else { "401" };
                assert_eq!(codes(&answered), [expected], "{answered}");
            }
        }
    });
}

fn stream_says(stream: &mut dyn Stream, text: &str) {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).expect("it reads");
}

#[test]
fn what_follows_a_refused_body_is_no_request() {
    let everything = Serves { public: true, ..PRIVATE };
    let bodies =
        ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"];
    let refused = [
        ("POST / HTTP/1.1\r\nHost: h\r\n", "405"),
        ("PUT /never HTTP/1.1\r\nHost: h\r\n", "405"),
        ("POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\n", "415"),
        ("POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\n", "401"),
        (
            "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer broken\r\n",
            "400",
        ),
        (
            "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer no-room\r\n",
            "503",
        ),
        ("POST /agent/v1/enroll HTTP/1.1\r\nHost: h\r\n", "400"),
    ];
    both_ways(everything, Limits { workers: 1, ..Limits::default() }, |_, connect| {
        for (head, code) in refused {
            for body in bodies {
                let mut stream = connect(BOUND);
                stream_says(&mut *stream, &format!("{head}{body}GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"));
                let answered = whole(&mut *stream);
                assert_eq!(codes(&answered), [code], "{head}{body}: {answered}");
                assert!(answered.contains("connection: close\r\n"), "{answered}");
            }
        }
        // Without a body the connection stays.
        let mut stream = connect(BOUND);
        stream_says(
            &mut *stream,
            "POST / HTTP/1.1\r\nHost: h\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(codes(&whole(&mut *stream)), ["405", "200"]);
    });
}

#[test]
fn the_size_of_a_chunk_has_no_blank_behind_it() {
    both_ways(PRIVATE, Limits { workers: 1, ..Limits::default() }, |running, connect| {
        for size in ["5 ", "5\t", "5  ", "5 ;a=b"] {
            let mut stream = connect(BOUND);
            let head = "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";
            stream_says(
                &mut *stream,
                &format!("{head}Transfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n"),
            );
            let answered = whole(&mut *stream);
            assert_eq!(codes(&answered).first(), Some(&"400"), "{size:?}: {answered}");
        }
        assert!(running.inbox.bodies.lock().expect("not poisoned").is_empty());
    });
}
