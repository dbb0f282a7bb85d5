//! Pipelined requests on one connection, with and without TLS: requests sent ahead are not read before their turn, and
//! what follows a rejected body is not treated as a request.

use super::timeouts::{CUT_OFF_BOUND, Stream, plain_and_tls};
use super::*;

fn read_all(stream: &mut dyn Stream) -> String {
    let mut all = Vec::new();
    let _reset = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

fn codes(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

#[test]
fn the_requests_of_a_client_that_reads_no_responses_are_left_in_its_socket() {
    // More than kernels buffer for a connection over loopback.
    const LIMIT: usize = 48 << 20;
    let limits = Limits { workers: 1, answer_pause: Duration::from_secs(4), ..Limits::default() };
    plain_and_tls(PUBLIC, limits, |_, connect| {
        for request in
            ["HEAD /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n", "GET /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n"]
        {
            let mut stalled = connect(CUT_OFF_BOUND);
            let many = request.repeat(1_000);
            let mut sent = 0;
            while sent < LIMIT && stalled.write_all(many.as_bytes()).and_then(|()| stalled.flush()).is_ok() {
                sent += many.len();
            }
            assert!(sent < LIMIT, "{sent} bytes of requests were read, although no response was");
        }
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let batch = "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";
    let requests = [
        "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("{batch}Content-Length: 5\r\n\r\nG\r\n\r\n"),
        "HEAD /never HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("{batch}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nA: b\r\n\r\n"),
        "\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        format!("{batch}Content-Length: 0\r\n\r\n"),
    ];
    let expected = ["200", "200", "404", "200", "200", "200"];
    const ROUNDS: usize = 40;
    plain_and_tls(PRIVATE, Limits { workers: 1, ..Limits::default() }, |running, connect| {
        let all = requests.concat().repeat(ROUNDS)
            + "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        for piece in [all.len(), 4_001, 97] {
            running.ingest.bodies.lock().expect("not poisoned").clear();
            let mut stream = connect(CUT_OFF_BOUND);
            for piece in all.as_bytes().chunks(piece) {
                stream.write_all(piece).and_then(|()| stream.flush()).expect("it reads");
            }
            let answers = read_all(&mut *stream);
            let mut expected_codes = expected.repeat(ROUNDS);
            expected_codes.push("200");
            assert_eq!(codes(&answers), expected_codes, "in pieces of {piece}");
            let bodies = running.ingest.bodies.lock().expect("not poisoned");
            let received: Vec<&[u8]> = bodies.iter().map(AsRef::as_ref).collect();
            assert_eq!(received, [&b"G\r\n\r\n"[..], b"hello!", b""].repeat(ROUNDS), "in pieces of {piece}");
        }
    });
}

#[test]
fn an_unknown_agent_is_rejected_before_its_body_is_read() {
    plain_and_tls(PRIVATE, Limits { workers: 1, ..Limits::default() }, |_, connect| {
        for token in ["Authorization: Bearer unknown\r\n", "Authorization: Bearer other-workspace\r\n", ""] {
            for framing in ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"] {
                let mut stream = connect(CUT_OFF_BOUND);
                let head = format!(
                    "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\n{token}{framing}\r\n"
                );
                send(&mut *stream, &head);
                let answered = read_all(&mut *stream);
                let expected = if token.contains("other") { "403" } else { "401" };
                assert_eq!(codes(&answered), [expected], "{answered}");
            }
        }
    });
}

fn send(stream: &mut dyn Stream, text: &str) {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).expect("it reads");
}

#[test]
fn what_follows_a_rejected_body_is_not_a_request() {
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
    plain_and_tls(everything, Limits { workers: 1, ..Limits::default() }, |_, connect| {
        for (head, code) in refused {
            for body in bodies {
                let mut stream = connect(CUT_OFF_BOUND);
                send(&mut *stream, &format!("{head}{body}GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"));
                let answered = read_all(&mut *stream);
                assert_eq!(codes(&answered), [code], "{head}{body}: {answered}");
                assert!(answered.contains("connection: close\r\n"), "{answered}");
            }
        }
        // Without a body the connection stays.
        let mut stream = connect(CUT_OFF_BOUND);
        send(
            &mut *stream,
            "POST / HTTP/1.1\r\nHost: h\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(codes(&read_all(&mut *stream)), ["405", "200"]);
    });
}

#[test]
fn a_chunk_size_with_a_blank_after_it_is_rejected() {
    plain_and_tls(PRIVATE, Limits { workers: 1, ..Limits::default() }, |running, connect| {
        for size in ["5 ", "5\t", "5  ", "5 ;a=b"] {
            let mut stream = connect(CUT_OFF_BOUND);
            let head = "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";
            send(
                &mut *stream,
                &format!("{head}Transfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n"),
            );
            let answered = read_all(&mut *stream);
            assert_eq!(codes(&answered).first(), Some(&"400"), "{size:?}: {answered}");
        }
        assert!(running.ingest.bodies.lock().expect("not poisoned").is_empty());
    });
}
