//! HTTP/2 over TLS with the crate h2 as the client, and with frames of our own: the same bytes as over HTTP/1.1, and limits
//! on what one connection can take up.

use super::*;
use crate::bind;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use std::future::Future;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::client::TlsStream;

/// Far longer than a limit of these tests.
const BOUND: Duration = Duration::from_secs(20);
const LARGE: usize = 4 << 20;

struct Secure {
    running: TestServer,
    certificate: rcgen::Certificate,
    _folder: tempfile::TempDir,
}

type Tls = TlsStream<tokio::net::TcpStream>;

impl Secure {
    fn start(serves: Serves, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (certificate, files) = create_certificate(folder.path());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let proxies = TrustedProxies::default();
        let bound = bind(&[Listener { address, serves, tls: Some(files), names: Vec::new(), proxies }]);
        let mut site = two_pages();
        let large = output("text/plain", CacheClass::Live, &[], &"0123456789abcdef".repeat(LARGE / 16));
        site.shared.insert("large".into(), large);
        let running = TestServer::start_limited(site, bound.expect("a free port"), limits);
        Self { running, certificate, _folder: folder }
    }

    async fn tls(&self) -> Tls {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let socket = tokio::net::TcpStream::connect(self.running.addresses[0]).await.expect("it listens");
        let name = rustls::pki_types::ServerName::try_from("a.example").expect("a host name");
        let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, socket).await;
        let stream = stream.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        stream
    }

    async fn connect(&self) -> (SendRequest<Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
        let (sender, connection) = h2::client::handshake(self.tls().await).await.expect("HTTP/2");
        (sender, tokio::spawn(connection))
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(BOUND, test).await.expect("in time") });
}

fn limits() -> Limits {
    Limits { workers: 1, ..Limits::default() }
}

fn request(method: &str, path: &str, lines: &[(&str, &str)]) -> http::Request<()> {
    let mut request = http::Request::builder().method(method).uri(format!("https://a.example{path}"));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

async fn read(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        all.extend_from_slice(&data);
    }
    Ok(all)
}

async fn answer(sender: &mut SendRequest<Bytes>, request: http::Request<()>, body: &[u8]) -> Answer {
    let mut ready = sender.clone().ready().await.expect("it takes requests");
    let (response, mut stream) = ready.send_request(request, body.is_empty()).expect("a request");
    if !body.is_empty() {
        stream.send_data(Bytes::copy_from_slice(body), true).expect("a body");
    }
    let (parts, mut body) = response.await.expect("an answer").into_parts();
    let text = |value: &http::HeaderValue| value.to_str().expect("ASCII").to_owned();
    let mut headers: BTreeMap<String, String> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    assert_eq!(headers.len(), parts.headers.len(), "each is sent once");
    assert!(headers.remove("date").is_some(), "an origin dates its answers");
    let status =
        format!("HTTP/1.1 {} {}", parts.status.as_str(), parts.status.canonical_reason().unwrap_or_default());
    Answer { status, headers, body: read(&mut body).await.expect("a body") }
}

#[test]
fn the_same_bytes_come_over_both_versions() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let (mut sender, _connection) = secure.connect().await;
        let page = answer(&mut sender, request("GET", "/", &[]), b"").await;
        let etag = page.header("etag").expect("a validator").to_owned();
        type Lines<'a> = Vec<(&'a str, &'a str)>;
        let table: [(&str, &str, Lines<'_>); 9] = [
            ("GET", "/", vec![]),
            ("GET", "/", vec![("accept-encoding", "br")]),
            ("GET", "/", vec![("if-none-match", &etag)]),
            ("HEAD", "/", vec![]),
            ("GET", "/never", vec![]),
            ("GET", "/status/b/", vec![]),
            ("GET", "/%2e%2e/", vec![("x-forwarded-host", "evil.example"), ("cookie", "a=b")]),
            ("POST", "/", vec![]),
            ("OPTIONS", "/api/v2/status.json", vec![]),
        ];
        for (method, path, lines) in table {
            let second = answer(&mut sender, request(method, path, &lines), b"").await;
            let mut stream = tls_client(
                &secure.certificate,
                TcpStream::connect(secure.running.addresses[0]).expect("it listens"),
            );
            let mut head = format!("{method} {path} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n");
            for (name, value) in &lines {
                head += &format!("{name}: {value}\r\n");
            }
            stream.write_all(format!("{head}\r\n").as_bytes()).expect("it reads");
            let mut raw = Vec::new();
            let _end = stream.read_to_end(&mut raw);
            let mut first = Answer::parse(&raw);
            first.headers.remove("connection");
            assert_eq!(first, second, "{method} {path} {lines:?}");
        }
    });
}

#[test]
fn the_404_is_the_same_for_everything_that_is_not_public() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let (mut sender, _connection) = secure.connect().await;
        let nothing = answer(&mut sender, request("GET", "/never", &[]), b"").await;
        assert_eq!(nothing.code(), "404");
        for path in ["/status/hidden/", "/status/intern/", "/v1/pages", "/agent/v1/batch", "/metrics"] {
            assert_eq!(answer(&mut sender, request("GET", path, &[]), b"").await, nothing, "{path}");
        }
    });
}

#[test]
fn batches_arrive_whole() {
    let secure = Secure::start(PRIVATE, limits());
    run(async {
        let (mut sender, _connection) = secure.connect().await;
        let lines = [("content-encoding", "zstd"), ("authorization", "Bearer good")];
        for size in [5, 60_000] {
            let body = vec![b'x'; size];
            let reply = answer(&mut sender, request("POST", "/agent/v1/batch", &lines), &body).await;
            assert_eq!(reply.code(), "200", "{}", reply.text());
            assert_eq!(
                secure.running.ingest.bodies.lock().expect("not poisoned").pop(),
                Some(Bytes::from(body))
            );
        }
        let refused = answer(&mut sender, request("POST", "/agent/v1/batch", &lines[..1]), b"body").await;
        assert_eq!(refused.code(), "401");
        let client = answer(&mut sender, request("GET", "/v1/client", &[]), b"").await;
        assert_eq!(client.text(), "127.0.0.1");
    });
}

#[test]
fn a_request_that_two_programs_could_read_in_two_ways_is_refused() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let (mut sender, _connection) = secure.connect().await;
        for lines in [&[("host", "b.example")][..], &[("host", "a.example"), ("host", "b.example")]] {
            let mut ready = sender.clone().ready().await.expect("it takes requests");
            let (response, _) = ready.send_request(request("GET", "/", lines), true).expect("a request");
            let reset = response.await.expect_err("no answer");
            assert_eq!(reset.reason(), Some(Reason::PROTOCOL_ERROR), "{lines:?}");
        }
        let same = answer(&mut sender, request("GET", "/", &[("host", "A.example")]), b"").await;
        assert_eq!(same.code(), "200");
    });
}

#[test]
fn a_connection_has_so_many_streams_and_so_large_headers() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let (mut sender, connection) = h2::client::handshake(secure.tls().await).await.expect("HTTP/2");
        let driving = tokio::spawn(connection);
        assert_eq!(answer(&mut sender, request("GET", "/robots.txt", &[]), b"").await.code(), "200");
        assert_eq!(sender.current_max_send_streams(), 100);
        let long = "x".repeat(40_000);
        let mut ready = sender.clone().ready().await.expect("it takes requests");
        let (response, _) =
            ready.send_request(request("GET", "/", &[("x-long", &long)]), true).expect("a request");
        match response.await {
            Ok(response) => assert_eq!(response.status(), 431),
            Err(error) => assert!(error.is_reset() || error.is_go_away(), "{error}"),
        }
        drop(driving);
    });
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Writes until the server closes the connection; `more` is sent again and again.
async fn is_closed(stream: &mut Tls, first: &[u8], more: &[u8]) -> bool {
    let mut sent = stream.write_all(first).await;
    for _ in 0..10_000 {
        if sent.is_err() {
            return true;
        }
        sent = stream.write_all(more).await;
    }
    false
}

#[test]
fn a_flood_of_frames_ends_the_connection() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let begun = [PREFACE, &frame(4, 0, 0, &[])].concat();
        // The beginning of a head that never ends: a field without index, of 4 bytes each time.
        let head = frame(1, 0, 1, &[0x82, 0x87, 0x84]);
        let field = [0x00, 0x01, b'a', 0x7f, 0x81, 0x7f];
        let field = [&field[..], &[b'b'; 256]].concat();
        let mut stream = secure.tls().await;
        assert!(
            is_closed(&mut stream, &[&begun[..], &head].concat(), &frame(9, 0, 1, &field)).await,
            "fields"
        );
        let mut stream = secure.tls().await;
        assert!(
            is_closed(&mut stream, &[&begun[..], &head].concat(), &frame(9, 0, 1, &[])).await,
            "empty frames"
        );
        let (mut sender, _connection) = secure.connect().await;
        assert_eq!(
            answer(&mut sender, request("GET", "/", &[]), b"").await.code(),
            "200",
            "others are served"
        );
    });
}

#[test]
fn requests_that_are_withdrawn_at_once_end_the_connection() {
    let secure = Secure::start(PUBLIC, limits());
    run(async {
        let mut stream = secure.tls().await;
        let head = [&[0x82, 0x87, 0x84, 0x41, 9][..], b"a.example"].concat();
        let mut sent = stream.write_all(&[PREFACE, &frame(4, 0, 0, &[])].concat()).await;
        let mut ids = (1..).step_by(2);
        let mut withdrawn = 0;
        while sent.is_ok() && withdrawn < 100_000 {
            let many = ids.by_ref().take(100);
            let many = many.flat_map(|id| [frame(1, 5, id, &head), frame(3, 0, id, &[0, 0, 0, 8])].concat());
            sent = stream.write_all(&many.collect::<Vec<_>>()).await;
            withdrawn += 100;
        }
        assert!(sent.is_err(), "{withdrawn} requests were withdrawn");
        let (mut sender, _connection) = secure.connect().await;
        assert_eq!(
            answer(&mut sender, request("GET", "/", &[]), b"").await.code(),
            "200",
            "others are served"
        );
    });
}

#[test]
fn a_client_that_says_nothing_or_reads_nothing_is_cut_off() {
    let limits = Limits {
        head_time: Duration::from_millis(500),
        keep_alive: Duration::from_millis(500),
        answer_pause: Duration::from_millis(500),
        ..limits()
    };
    let secure = Secure::start(PUBLIC, limits);
    run(async {
        let mut silent = secure.tls().await;
        let mut read = Vec::new();
        let _end = silent.read_to_end(&mut read).await;
        // An idle connection is closed in order; the client's own last frame may meet a closed socket.
        let (sender, connection) = secure.connect().await;
        let closed = connection.await.expect("no panic");
        assert!(closed.as_ref().err().is_none_or(h2::Error::is_io), "{closed:?}");
        drop(sender);
        // A response that nobody reads is given up, and the connection goes on.
        let (sender, _connection) = secure.connect().await;
        let mut ready = sender.clone().ready().await.expect("it takes requests");
        let (response, _) = ready.send_request(request("GET", "/large", &[]), true).expect("a request");
        let mut body = response.await.expect("a head").into_body();
        let mut all = 0;
        let ended = loop {
            match body.data().await {
                Some(Ok(data)) => all += data.len(),
                ended => break ended,
            }
        };
        assert_eq!(ended.and_then(Result::err).and_then(|error| error.reason()), Some(Reason::CANCEL));
        assert!(all <= 1 << 20, "{all} bytes were sent");
    });
}

#[test]
fn a_large_response_arrives_whole_and_a_stop_waits_for_it() {
    let mut secure = Secure::start(PUBLIC, limits());
    run(async {
        let (mut sender, _connection) = secure.connect().await;
        let large = answer(&mut sender, request("GET", "/large", &[]), b"").await;
        assert_eq!(large.body.len(), LARGE);
        let connection = secure.connect().await;
        secure.running.stop();
        drop(connection);
    });
}
