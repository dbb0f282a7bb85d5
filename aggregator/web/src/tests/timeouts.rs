//! Clients that are slow or stop in the middle: each is disconnected in time, and another can connect in its place.

use super::*;
use crate::bind;
use std::io::ErrorKind;
use std::time::Instant;

/// Far longer than every limit of [`short_limits`], and far shorter than the default limits.
pub(super) const CUT_OFF_BOUND: Duration = Duration::from_secs(10);
/// How long a slow client waits before it continues.
const PAUSE: Duration = Duration::from_millis(20);
/// More than the kernel buffers for a client that reads nothing.
const LARGE: usize = 32 << 20;
const REQUEST: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n";
const BATCH: &str =
    "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";

/// One connection and short timeouts.
fn short_limits() -> Limits {
    Limits {
        workers: 1,
        connections: 1,
        head_time: Duration::from_secs(1),
        keep_alive: Duration::from_secs(3),
        body_pause: Duration::from_millis(500),
        body_rate: 64 << 10,
        answer_pause: Duration::from_millis(500),
        ..Limits::default()
    }
}

pub(super) trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

fn site() -> Site {
    let mut site = two_pages();
    let large = output("text/plain", CacheClass::Live, &[], &"0123456789abcdef".repeat(LARGE / 16));
    site.shared.insert("large".into(), large);
    site
}

/// Connects with a read timeout.
fn tcp(running: &TestServer, wait: Duration) -> TcpStream {
    let stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    stream.set_read_timeout(Some(wait)).expect("a socket takes a time-out");
    stream
}

/// Runs a test without TLS and with TLS at the same time.
pub(super) fn plain_and_tls(
    serves: Serves,
    limits: Limits,
    try_one: impl Fn(&TestServer, &dyn Fn(Duration) -> Box<dyn Stream>) + Sync,
) {
    let start = |tls| {
        let bound = bind(&[listener(serves, tls)]).expect("a free port");
        TestServer::start_limited(site(), bound, limits)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let plain = start(None);
            try_one(&plain, &|wait| Box::new(tcp(&plain, wait)));
        });
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (certificate, files) = create_certificate(directory.path());
        let secure = start(Some(files));
        try_one(&secure, &|wait| {
            let mut stream = tls_client(&certificate, tcp(&secure, CUT_OFF_BOUND));
            stream.conn.complete_io(&mut stream.sock).expect("a handshake");
            stream.sock.set_read_timeout(Some(wait)).expect("a socket takes a time-out");
            Box::new(stream)
        });
    });
}

fn listener(serves: Serves, tls: Option<TlsFiles>) -> Listener {
    Listener {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        serves,
        tls,
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }
}

/// Reads what arrives within the read timeout. Returns `None` once the connection has ended.
fn read_some(stream: &mut dyn Stream) -> Option<Vec<u8>> {
    let mut some = [0; 4096];
    match stream.read(&mut some) {
        Ok(0) => None,
        Ok(read) => Some(some[..read].to_vec()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Sends `more` after every pause until the connection ends. Returns the response.
fn dribble(stream: &mut dyn Stream, more: &[u8]) -> String {
    let (began, mut answered) = (Instant::now(), Vec::new());
    while let Some(read) = read_some(stream) {
        answered.extend(read);
        assert!(began.elapsed() < CUT_OFF_BOUND, "still connected: {}", String::from_utf8_lossy(&answered));
        if stream.write_all(more).and_then(|()| stream.flush()).is_err() {
            break;
        }
    }
    while let Some(read) = read_some(stream).filter(|read| !read.is_empty()) {
        answered.extend(read);
    }
    String::from_utf8_lossy(&answered).into_owned()
}

/// Sends a request and reads the response on a connection that stays open.
fn request(stream: &mut dyn Stream) {
    stream.write_all(REQUEST).and_then(|()| stream.flush()).expect("it reads");
    let (began, mut answered) = (Instant::now(), Vec::new());
    while !answered.ends_with(b"shared") {
        answered.extend(read_some(stream).expect("the connection stays"));
        assert!(began.elapsed() < CUT_OFF_BOUND, "no answer: {}", String::from_utf8_lossy(&answered));
    }
}

fn send(stream: &mut dyn Stream, head: &str) {
    stream.write_all(head.as_bytes()).and_then(|()| stream.flush()).expect("it reads");
}

#[test]
fn a_later_head_has_the_same_timeout_as_the_first() {
    plain_and_tls(PUBLIC, short_limits(), |_, connect| {
        let mut slow = connect(PAUSE);
        send(&mut *slow, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
        let answered = dribble(&mut *slow, b"x");
        assert!(answered.starts_with("HTTP/1.1 408 "), "{answered}");

        let mut slow = connect(PAUSE);
        request(&mut *slow);
        send(&mut *slow, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
        assert_eq!(dribble(&mut *slow, b"x"), "");
        request(&mut *connect(PAUSE));
    });
}

#[test]
fn a_body_that_is_slow_or_stops_is_rejected() {
    let framings = ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"];
    plain_and_tls(PRIVATE, short_limits(), |running, connect| {
        for (framing, piece) in framings.iter().zip([&b"x"[..], b"1\r\nx\r\n"]) {
            for piece in [piece, b""] {
                let mut slow = connect(PAUSE);
                send(&mut *slow, &format!("{BATCH}{framing}"));
                let answered = dribble(&mut *slow, piece);
                assert!(answered.starts_with("HTTP/1.1 408 "), "{framing:?} {piece:?}: {answered}");
            }
        }
        assert!(running.ingest.bodies.lock().expect("not poisoned").is_empty());
    });
}

#[test]
fn a_request_with_an_unread_body_is_answered_without_waiting_for_it() {
    let framings = ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"];
    plain_and_tls(PUBLIC, short_limits(), |_, connect| {
        for (framing, piece) in framings.iter().zip([&b"x"[..], b"1\r\nx\r\n"]) {
            for piece in [piece, b""] {
                let mut slow = connect(PAUSE);
                send(&mut *slow, &format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}"));
                let answered = dribble(&mut *slow, piece);
                assert!(answered.starts_with("HTTP/1.1 405 "), "{framing:?} {piece:?}: {answered}");
            }
        }
    });
}

#[test]
fn an_endless_unread_body_is_cut_off_however_fast_it_arrives() {
    let bound = bind(&[listener(PUBLIC, None)]).expect("a free port");
    let running = TestServer::start_limited(site(), bound, short_limits());
    let mut fast = tcp(&running, PAUSE);
    fast.set_write_timeout(Some(CUT_OFF_BOUND)).expect("a socket takes a time-out");
    send(&mut fast, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = [format!("{:x}\r\n", 1 << 16).into_bytes(), vec![b'x'; 1 << 16], b"\r\n".to_vec()].concat();
    let began = Instant::now();
    while fast.write_all(&chunk).is_ok() {
        assert!(began.elapsed() < CUT_OFF_BOUND, "it is never cut");
    }
}

#[test]
fn a_client_that_does_not_read_its_response_is_disconnected() {
    plain_and_tls(PUBLIC, short_limits(), |_, connect| {
        for then in ["close", "keep-alive"] {
            let mut stalled = connect(PAUSE);
            send(&mut *stalled, &format!("GET /large HTTP/1.1\r\nHost: h\r\nConnection: {then}\r\n\r\n"));
            // Only one connection is allowed: the next is served once the stalled one is gone.
            request(&mut *connect(PAUSE));
            drop(stalled);
        }
    });
}

#[test]
fn a_client_that_reads_its_response_slowly_gets_all_of_it() {
    plain_and_tls(PUBLIC, short_limits(), |_, connect| {
        let mut slow = connect(CUT_OFF_BOUND);
        send(&mut *slow, "GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let (began, pause) = (Instant::now(), crossbeam_channel::never::<()>());
        let (mut taken, mut some) = (0, vec![0; 1 << 18]);
        while slow.read_exact(&mut some).is_ok() {
            taken += some.len();
            let _slow = pause.recv_timeout(Duration::from_millis(10));
        }
        assert_eq!(taken, LARGE, "all of it, and of the head less than one more chunk");
        assert!(began.elapsed() > short_limits().answer_pause, "it was not slow: {:?}", began.elapsed());
    });
}

#[test]
fn a_batch_over_a_slow_link_is_accepted() {
    let limits = Limits { body_pause: Duration::from_secs(2), body_rate: 4 << 10, ..short_limits() };
    plain_and_tls(PRIVATE, limits, |running, connect| {
        let (chunks, piece) = (120, [b'x'; 1 << 10]);
        let mut slow = connect(PAUSE);
        let length = chunks * piece.len();
        send(&mut *slow, &format!("{BATCH}Content-Length: {length}\r\n\r\n"));
        let began = Instant::now();
        for _ in 0..chunks {
            assert_eq!(read_some(&mut *slow).as_deref(), Some(&b""[..]), "nothing to send yet");
            slow.write_all(&piece).and_then(|()| slow.flush()).expect("it reads");
        }
        assert!(began.elapsed() > limits.body_pause, "it was not slow: {:?}", began.elapsed());
        let mut answered = Vec::new();
        while !answered.starts_with(b"HTTP/1.1 200 ") {
            answered.extend(read_some(&mut *slow).expect("an answer"));
            assert!(began.elapsed() < CUT_OFF_BOUND, "no answer: {}", String::from_utf8_lossy(&answered));
        }
        let taken = running.ingest.bodies.lock().expect("not poisoned").pop().expect("a batch");
        assert_eq!(taken.len(), length);
    });
}

#[test]
fn an_idle_connection_stays_open_until_its_timeout() {
    plain_and_tls(PUBLIC, short_limits(), |_, connect| {
        let mut idle = connect(PAUSE);
        for _ in 0..2 {
            request(&mut *idle);
            let asked = Instant::now();
            // Longer than every other limit. The HTTP layer counts in half seconds.
            while asked.elapsed() < Duration::from_millis(1_500) {
                assert_eq!(read_some(&mut *idle).as_deref(), Some(&b""[..]), "after {:?}", asked.elapsed());
            }
        }
        assert_eq!(dribble(&mut *idle, b""), "", "and it ends then");
    });
}
