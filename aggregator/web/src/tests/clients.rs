//! Whose request it is: what proxies say, and what anybody may say.

use super::*;
use crate::{ClientFrom, TrustedProxies, bind};

fn behind(client_from: ClientFrom, network: &str, tls: Option<TlsFiles>) -> Listener {
    let proxies = TrustedProxies { networks: vec![network.parse().expect("a network")], client_from };
    let serves = Serves { public: true, ..PRIVATE };
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    Listener { address, serves, tls, names: Vec::new(), proxies }
}

fn start(client_from: ClientFrom, network: &str) -> TestServer {
    let listener = behind(client_from, network, None);
    TestServer::start_bound(two_pages(), bind(&[listener]).expect("a free port"))
}

/// The client that the API sees.
fn client(running: &TestServer, lines: &[&str]) -> String {
    running.request(0, "GET", "h", "/v1/client", lines).text()
}

const REQUEST: &[u8] = b"GET /v1/client HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// Header of version 2 with an address of IPv4.
fn version_2(command: u8, source: [u8; 4], more: &[u8]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\x00\r\nQUIT\n".to_vec();
    header.extend([0x20 | command, 0x11]);
    header.extend(u16::try_from(12 + more.len()).expect("short").to_be_bytes());
    header.extend(source);
    header.extend([127, 0, 0, 1, 0x12, 0x34, 0, 80]);
    header.extend(more);
    header
}

/// Sends the bytes in two pieces and reads until the server closes.
fn send(running: &TestServer, bytes: &[u8], cut: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    stream.set_nodelay(true).expect("a socket");
    let (one, other) = bytes.split_at(cut.min(bytes.len()));
    let _closed = stream.write_all(one).and_then(|()| stream.write_all(other));
    let mut raw = Vec::new();
    let _reset = stream.read_to_end(&mut raw);
    raw
}

#[test]
fn only_a_trusted_proxy_names_the_client() {
    let trusted = start(ClientFrom::XForwardedFor, "127.0.0.0/8");
    assert_eq!(client(&trusted, &[]), "127.0.0.1");
    assert_eq!(client(&trusted, &["X-Forwarded-For: 198.51.100.1, 192.0.2.7"]), "192.0.2.7");
    assert_eq!(client(&trusted, &["Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7"]), "127.0.0.1");
    let other = start(ClientFrom::XForwardedFor, "10.0.0.0/8");
    assert_eq!(client(&other, &["X-Forwarded-For: 192.0.2.7"]), "127.0.0.1");
    let standard = start(ClientFrom::Forwarded, "127.0.0.1/32");
    assert_eq!(client(&standard, &["Forwarded: for=\"[2001:db8::7]:99\""]), "2001:db8::7");
}

#[test]
fn the_proxy_protocol_names_the_client_in_both_versions() {
    let running = start(ClientFrom::ProxyProtocol, "127.0.0.0/8");
    let long = [&[0x20, 2, 0][..], &[0; 512]].concat();
    let table: [(Vec<u8>, &str); 7] = [
        (b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n".to_vec(), "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 80\r\n".to_vec(), "2001:db8::7"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 80\r\n".to_vec(), "192.0.2.7"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (version_2(1, [192, 0, 2, 7], &[]), "192.0.2.7"),
        (version_2(1, [192, 0, 2, 7], &long), "192.0.2.7"),
        (version_2(0, [192, 0, 2, 7], &[]), "127.0.0.1"),
    ];
    for (header, expected) in table {
        for cut in [0, 1, 14, header.len()] {
            let answer = Answer::parse(&send(&running, &[&header, REQUEST].concat(), cut));
            assert_eq!(answer.text(), expected, "{header:?} cut at {cut}");
        }
    }
    // What the request says does not count there.
    let forged = b"PROXY TCP4 192.0.2.7 127.0.0.1 1 80\r\nGET /v1/client HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n";
    assert_eq!(Answer::parse(&send(&running, forged, 0)).text(), "192.0.2.7");
}

/// Opens a connection of this client and asks; `None`: it was closed.
fn kept_open(running: &TestServer, client: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    let head = format!("PROXY TCP4 {client} 127.0.0.1 4711 80\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    let _closed = stream.write_all(head.as_bytes());
    matches!(stream.read(&mut [0; 1]), Ok(1)).then_some(stream)
}

#[test]
fn one_network_has_so_many_connections_and_proxies_have_any_number() {
    let bound = bind(&[behind(ClientFrom::ProxyProtocol, "127.0.0.0/8", None)]).expect("a free port");
    let limits = Limits { workers: 1, connections_of_client: 2, ..Limits::default() };
    let running = TestServer::start_limited(two_pages(), bound, limits);
    let open: Vec<_> = (0..2).map(|_| kept_open(&running, "192.0.2.7").expect("few")).collect();
    assert!(kept_open(&running, "192.0.2.7").is_none(), "too many");
    let others: Vec<_> = (0..4).map(|_| kept_open(&running, "127.0.0.9")).collect();
    assert!(others.iter().all(Option::is_some), "the proxies themselves");
    assert!(kept_open(&running, "192.0.2.8").is_some(), "another network");
    drop(open);
    let ends = std::time::Instant::now() + Duration::from_secs(20);
    while kept_open(&running, "192.0.2.7").is_none() {
        assert!(std::time::Instant::now() < ends, "its connections have ended");
    }
}

#[test]
fn a_connection_that_says_nothing_takes_no_place_of_a_handshake() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (certificate, files) = create_certificate(folder.path());
    let bound = bind(&[behind(ClientFrom::XForwardedFor, "10.0.0.0/8", Some(files))]).expect("a free port");
    let limits = Limits { workers: 1, head_time: Duration::from_millis(500), ..Limits::default() };
    let running = TestServer::start_limited(two_pages(), bound, limits);
    let mut silent = TcpStream::connect(running.addresses[0]).expect("it listens");
    silent.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    assert_eq!(silent.read(&mut [0; 1]).expect("it is closed"), 0, "after the time for a head");
    let mut stream = tls_client(&certificate, TcpStream::connect(running.addresses[0]).expect("it listens"));
    stream.write_all(REQUEST).expect("the handshake succeeds");
    let mut raw = Vec::new();
    let _end = stream.read_to_end(&mut raw);
    assert_eq!(Answer::parse(&raw).text(), "127.0.0.1");
}

#[test]
fn a_broken_header_of_the_proxy_protocol_is_refused() {
    let running = start(ClientFrom::ProxyProtocol, "127.0.0.0/8");
    let table: [Vec<u8>; 7] = [
        Vec::new(),
        b"PROXY TCP4 192.0.2 127.0.0.1 1 80\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7 127.0.0.1 1 80\n".to_vec(),
        b"PROXY TCP5 192.0.2.7 127.0.0.1 1 80\r\n".to_vec(),
        [&b"PROXY UNKNOWN "[..], &[b'a'; 8_000]].concat(),
        version_2(7, [192, 0, 2, 7], &[]),
        version_2(1, [192, 0, 2, 7], &[0; 60_000]),
    ];
    for header in table {
        let answer = send(&running, &[&header, REQUEST].concat(), 0);
        assert!(answer.is_empty(), "{:?}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn a_header_of_the_proxy_protocol_from_elsewhere_is_no_request() {
    let running = start(ClientFrom::ProxyProtocol, "10.0.0.0/8");
    let header = b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n";
    let answer = send(&running, &[header, REQUEST].concat(), 0);
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{:?}", String::from_utf8_lossy(&answer));
    assert_eq!(client(&running, &[]), "127.0.0.1", "who sends none is served");
}

#[test]
fn a_proxy_that_says_nothing_is_cut_off_and_the_header_stands_before_tls() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (certificate, files) = create_certificate(folder.path());
    let bound = bind(&[behind(ClientFrom::ProxyProtocol, "127.0.0.0/8", Some(files))]).expect("a free port");
    let limits = Limits { workers: 1, head_time: Duration::from_millis(500), ..Limits::default() };
    let running = TestServer::start_limited(two_pages(), bound, limits);
    assert!(send(&running, b"PROXY TCP4 192.0.2.7", 0).is_empty(), "it is cut off");
    let mut socket = TcpStream::connect(running.addresses[0]).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    socket.write_all(b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 443\r\n").expect("it reads");
    let mut stream = tls_client(&certificate, socket);
    stream.write_all(REQUEST).expect("the handshake succeeds");
    let mut raw = Vec::new();
    let _end = stream.read_to_end(&mut raw);
    assert_eq!(Answer::parse(&raw).text(), "192.0.2.7");
}
