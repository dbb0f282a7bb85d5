//! Clients that are slow, or stop in the middle: each is cut off within its bound, and its place is free again.

use super::*;
use crate::bind;
use std::io::ErrorKind;
use std::time::Instant;

/// Far past every bound of [`hasty`], and far below what a listener grants in earnest.
pub(super) const BOUND: Duration = Duration::from_secs(10);
/// How long a slow client waits before it goes on.
const BEAT: Duration = Duration::from_millis(20);
/// More than the kernel holds for a client that reads nothing.
const LARGE: usize = 32 << 20;
const ASK: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n";
const BATCH: &str =
    "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\n";

/// One connection, and short timeouts.
fn hasty() -> Limits {
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

/// Reads wait for `wait`.
fn tcp(running: &Running, wait: Duration) -> TcpStream {
    let stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    stream.set_read_timeout(Some(wait)).expect("a socket takes a time-out");
    stream
}

/// In the clear, and over TLS beside it.
pub(super) fn both_ways(
    serves: Serves,
    limits: Limits,
    try_one: impl Fn(&Running, &dyn Fn(Duration) -> Box<dyn Stream>) + Sync,
) {
    let start = |tls| {
        let bound = bind(&[listener(serves, tls)]).expect("a free port");
        Running::start_limited(site(), bound, limits)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let plain = start(None);
            try_one(&plain, &|wait| Box::new(tcp(&plain, wait)));
        });
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (certificate, files) = certified(directory.path());
        let secure = start(Some(files));
        try_one(&secure, &|wait| {
            let mut stream = tls_client(&certificate, tcp(&secure, BOUND));
            stream.conn.complete_io(&mut stream.sock).expect("a handshake");
            stream.sock.set_read_timeout(Some(wait)).expect("a socket takes a time-out");
            Box::new(stream)
        });
    });
}

fn listener(serves: Serves, tls: Option<TlsFiles>) -> Listener {
    Listener { address: SocketAddr::from(([127, 0, 0, 1], 0)), serves, tls }
}

/// What comes within a beat. `None` once the connection has ended.
fn beat(stream: &mut dyn Stream) -> Option<Vec<u8>> {
    let mut some = [0; 4096];
    match stream.read(&mut some) {
        Ok(0) => None,
        Ok(read) => Some(some[..read].to_vec()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Sends `more` once in a beat until the connection ends; what was answered.
fn dribble(stream: &mut dyn Stream, more: &[u8]) -> String {
    let (began, mut answered) = (Instant::now(), Vec::new());
    while let Some(read) = beat(stream) {
        answered.extend(read);
        assert!(began.elapsed() < BOUND, "it is never cut; answered: {}", String::from_utf8_lossy(&answered));
        if stream.write_all(more).and_then(|()| stream.flush()).is_err() {
            break;
        }
    }
    while let Some(read) = beat(stream).filter(|read| !read.is_empty()) {
        answered.extend(read);
    }
    String::from_utf8_lossy(&answered).into_owned()
}

/// Asks and reads the answer, on a connection that stays.
fn ask(stream: &mut dyn Stream) {
    stream.write_all(ASK).and_then(|()| stream.flush()).expect("it reads");
    let (began, mut answered) = (Instant::now(), Vec::new());
    while !answered.ends_with(b"shared") {
        answered.extend(beat(stream).expect("the connection stays"));
        assert!(began.elapsed() < BOUND, "no answer: {}", String::from_utf8_lossy(&answered));
    }
}

fn say(stream: &mut dyn Stream, head: &str) {
    stream.write_all(head.as_bytes()).and_then(|()| stream.flush()).expect("it reads");
}

#[test]
fn a_further_head_has_as_long_as_the_first() {
    both_ways(PUBLIC, hasty(), |_, connect| {
        let mut slow = connect(BEAT);
        say(&mut *slow, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
        let answered = dribble(&mut *slow, b"x");
        assert!(answered.starts_with("HTTP/1.1 408 "), "{answered}");

        let mut slow = connect(BEAT);
        ask(&mut *slow);
        say(&mut *slow, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
        assert_eq!(dribble(&mut *slow, b"x"), "");
        ask(&mut *connect(BEAT));
    });
}

#[test]
fn a_body_that_is_dribbled_or_stops_is_refused() {
    let framings = ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"];
    both_ways(PRIVATE, hasty(), |running, connect| {
        for (framing, piece) in framings.iter().zip([&b"x"[..], b"1\r\nx\r\n"]) {
            for piece in [piece, b""] {
                let mut slow = connect(BEAT);
                say(&mut *slow, &format!("{BATCH}{framing}"));
                let answered = dribble(&mut *slow, piece);
                assert!(answered.starts_with("HTTP/1.1 408 "), "{framing:?} {piece:?}: {answered}");
            }
        }
        assert!(running.inbox.bodies.lock().expect("not poisoned").is_empty());
    });
}

#[test]
fn a_body_that_nobody_reads_is_not_waited_for() {
    let framings = ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"];
    both_ways(PUBLIC, hasty(), |_, connect| {
        for (framing, piece) in framings.iter().zip([&b"x"[..], b"1\r\nx\r\n"]) {
            for piece in [piece, b""] {
                let mut slow = connect(BEAT);
                say(&mut *slow, &format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}"));
                let answered = dribble(&mut *slow, piece);
                assert!(answered.starts_with("HTTP/1.1 405 "), "{framing:?} {piece:?}: {answered}");
            }
        }
    });
}

#[test]
fn a_body_without_end_that_nobody_reads_is_cut_however_fast_it_comes() {
    let bound = bind(&[listener(PUBLIC, None)]).expect("a free port");
    let running = Running::start_limited(site(), bound, hasty());
    let mut fast = tcp(&running, BEAT);
    fast.set_write_timeout(Some(BOUND)).expect("a socket takes a time-out");
    say(&mut fast, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = [format!("{:x}\r\n", 1 << 16).into_bytes(), vec![b'x'; 1 << 16], b"\r\n".to_vec()].concat();
    let began = Instant::now();
    while fast.write_all(&chunk).is_ok() {
        assert!(began.elapsed() < BOUND, "it is never cut");
    }
}

#[test]
fn an_answer_that_is_not_taken_is_given_up_and_the_place_is_free() {
    both_ways(PUBLIC, hasty(), |_, connect| {
        for then in ["close", "keep-alive"] {
            let mut deaf = connect(BEAT);
            say(&mut *deaf, &format!("GET /large HTTP/1.1\r\nHost: h\r\nConnection: {then}\r\n\r\n"));
            // One connection at once: the next is served when the deaf one is gone.
            ask(&mut *connect(BEAT));
            drop(deaf);
        }
    });
}

#[test]
fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    both_ways(PUBLIC, hasty(), |_, connect| {
        let mut slow = connect(BOUND);
        say(&mut *slow, "GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let (began, pause) = (Instant::now(), crossbeam_channel::never::<()>());
        let (mut taken, mut some) = (0, vec![0; 1 << 18]);
        while slow.read_exact(&mut some).is_ok() {
            taken += some.len();
            let _slow = pause.recv_timeout(Duration::from_millis(10));
        }
        assert_eq!(taken, LARGE, "all of it, and less of the head than would fill another piece");
        assert!(began.elapsed() > hasty().answer_pause, "it was not slow: {:?}", began.elapsed());
    });
}

#[test]
fn an_agent_on_a_slow_link_gets_its_batch_in() {
    let limits = Limits { body_pause: Duration::from_secs(2), body_rate: 4 << 10, ..hasty() };
    both_ways(PRIVATE, limits, |running, connect| {
        let (chunks, piece) = (120, [b'x'; 1 << 10]);
        let mut slow = connect(BEAT);
        let length = chunks * piece.len();
        say(&mut *slow, &format!("{BATCH}Content-Length: {length}\r\n\r\n"));
        let began = Instant::now();
        for _ in 0..chunks {
            assert_eq!(beat(&mut *slow).as_deref(), Some(&b""[..]), "nothing to say yet");
            slow.write_all(&piece).and_then(|()| slow.flush()).expect("it reads");
        }
        assert!(began.elapsed() > limits.body_pause, "it was not slow: {:?}", began.elapsed());
        let mut answered = Vec::new();
        while !answered.starts_with(b"HTTP/1.1 200 ") {
            answered.extend(beat(&mut *slow).expect("an answer"));
            assert!(began.elapsed() < BOUND, "no answer: {}", String::from_utf8_lossy(&answered));
        }
        let taken = running.inbox.bodies.lock().expect("not poisoned").pop().expect("a batch");
        assert_eq!(taken.len(), length);
    });
}

#[test]
fn an_idle_connection_stays_as_long_as_it_may() {
    both_ways(PUBLIC, hasty(), |_, connect| {
        let mut idle = connect(BEAT);
        for _ in 0..2 {
            ask(&mut *idle);
            let asked = Instant::now();
            // Past every other bound. The HTTP layer counts in half seconds.
            while asked.elapsed() < Duration::from_millis(1_500) {
                assert_eq!(beat(&mut *idle).as_deref(), Some(&b""[..]), "after {:?}", asked.elapsed());
            }
        }
        assert_eq!(dribble(&mut *idle, b""), "", "and it ends then");
    });
}
