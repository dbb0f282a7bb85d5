use super::*;
use crate::{ServeError, bind};
use std::time::Instant;

fn post(running: &TestServer, lines: &[&str], body: &[u8]) -> Answer {
    let mut request = "POST /agent/v1/batch HTTP/1.1\r\nHost: h\r\nConnection: close\r\n".to_owned();
    for line in lines {
        request += &format!("{line}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n", body.len());
    running.send(0, &[request.as_bytes(), body].concat())
}

fn detail(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("problem details are JSON");
    assert_eq!(problem["status"].as_u64().map(|status| status.to_string()).as_deref(), Some(answer.code()));
    problem["detail"].as_str().expect("a sentence").to_owned()
}

#[test]
fn every_ingest_answer_has_its_status_and_is_never_cached() {
    let running = TestServer::start(Site::default(), &[PRIVATE]);
    let zstd = "Content-Encoding: zstd";
    let taken = post(&running, &[zstd, "Authorization: bearer good"], b"bytes");
    assert_eq!((taken.code(), taken.header("content-type")), ("200", Some("application/x-protobuf")));
    let reply = Reply { protocol: 1, acknowledged_through: 7, ..Reply::default() };
    assert_eq!(taken.body, reply.to_bytes());
    assert_eq!(*running.ingest.bodies.lock().expect("not poisoned"), [Bytes::from_static(b"bytes")]);

    let mut answers = vec![taken];
    let table = [
        ("Authorization: Bearer unknown", "401", "does not know"),
        ("Authorization: Basic good", "401", "does not know"),
        ("Authorization: Bearer other-workspace", "403", "not this agent"),
        ("Authorization: Bearer broken", "400", "16 bytes"),
        ("Authorization: Bearer busy", "503", "send it again"),
        ("Authorization: Bearer full", "503", "disk is full"),
        ("Authorization: Bearer flood", "429", "exceeds its limit"),
    ];
    for (authorization, code, words) in table {
        let answer = post(&running, &[zstd, authorization], b"bytes");
        assert_eq!(answer.code(), code, "{authorization}");
        assert!(detail(&answer).contains(words), "{authorization}");
        let retry = match authorization.rsplit(' ').next() {
            Some("busy") => Some("3"),
            Some("full") => Some("5"),
            Some("flood") => Some("9"),
            _ => None,
        };
        assert_eq!(answer.header("retry-after"), retry);
        assert_eq!(answer.header("www-authenticate"), (code == "401").then_some("Bearer"));
        answers.push(answer);
    }
    for encoding in ["X: y", "Content-Encoding: gzip", "Content-Encoding: zstd, gzip"] {
        let answer = post(&running, &[encoding, "Authorization: Bearer good"], b"bytes");
        assert_eq!(answer.code(), "415", "{encoding}");
        answers.push(answer);
    }
    let wrong = running.request(0, "GET", "h", "/agent/v1/batch", &[]);
    assert_eq!((wrong.code(), wrong.header("allow")), ("405", Some("POST")));
    answers.push(wrong);
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn a_body_over_the_limit_is_rejected_with_either_framing() {
    let running = TestServer::start(Site::default(), &[PRIVATE]);
    let lines = "Host: h\r\nContent-Encoding: zstd\r\nAuthorization: Bearer good\r\nConnection: close\r\n";
    let declared = format!("POST /agent/v1/batch HTTP/1.1\r\n{lines}Content-Length: 1048577\r\n\r\n");
    let answer = running.send(0, &[declared.as_bytes(), &[0; 1_048_577]].concat());
    assert_eq!(answer.code(), "413");
    assert!(detail(&answer).contains("1048576"));
    let chunked =
        format!("POST /agent/v1/batch HTTP/1.1\r\n{lines}Transfer-Encoding: chunked\r\n\r\n100001\r\n");
    assert_eq!(
        running.send(0, &[chunked.as_bytes(), &[0; 0x0010_0001], b"\r\n0\r\n\r\n"].concat()).code(),
        "413"
    );
    let whole = format!("POST /agent/v1/batch HTTP/1.1\r\n{lines}Content-Length: 1048576\r\n\r\n");
    assert_eq!(running.send(0, &[whole.as_bytes(), &[0; 1 << 20]].concat()).code(), "200");
}

#[test]
fn health_readiness_and_metrics_are_served() {
    let running = TestServer::start(Site::default(), &[PRIVATE]);
    let health = running.get("h", "/healthz", &[]);
    assert_eq!((health.code(), health.text().as_str()), ("200", "ok\n"));
    let ready = running.get("127.0.0.1", "/readyz", &[]);
    assert_eq!((ready.code(), ready.text().as_str()), ("200", r#"{"ready":true,"reasons":[]}"#));
    running.operations.reasons.lock().expect("not poisoned").push("no fresh observation".into());
    let not_ready = running.get("127.0.0.1", "/readyz", &[]);
    let said = r#"{"ready":false,"reasons":["no fresh observation"]}"#;
    assert_eq!((not_ready.code(), not_ready.text().as_str()), ("503", said));
    let metrics = running.get("127.0.0.1", "/metrics", &[]);
    let classic = "# TYPE skerry_x_total counter\nskerry_x_total 1\n";
    assert_eq!(metrics.text(), classic);
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let asked = running.get(
        "127.0.0.1",
        "/metrics",
        &["Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1"],
    );
    assert_eq!(asked.text(), METRICS);
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(asked.header("content-type"), Some(open_metrics));
    assert_eq!(running.request(0, "DELETE", "h", "/healthz", &[]).code(), "405");
}

#[test]
fn what_needs_no_token_answers_under_known_names_only() {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let names = vec!["metrics.example".to_owned()];
    let bound =
        bind(&[Listener { address, serves: PRIVATE, tls: None, names, proxies: TrustedProxies::default() }])
            .expect("a free port");
    let running = TestServer::start_bound(two_pages(), bound);
    for path in ["/metrics", "/readyz"] {
        for (host, code) in [
            ("metrics.example:9090", "200"),
            ("[::1]:8081", "200"),
            ("localhost", "200"),
            ("rebound.example", "421"),
        ] {
            assert_eq!(running.get(host, path, &[]).code(), code, "{host} {path}");
        }
    }
    assert_eq!(running.get("rebound.example", "/healthz", &[]).code(), "200", "it says nothing");
}

#[test]
fn metrics_require_a_token_if_one_is_configured() {
    let running = TestServer::start(Site::default(), &[PRIVATE]);
    *running.operations.token.lock().expect("not poisoned") = Some("s3cret");
    for lines in [&[][..], &["Authorization: Bearer s3cre"], &["Authorization: Basic s3cret"]] {
        let refused = running.get("127.0.0.1", "/metrics", lines);
        assert_eq!(
            (refused.code(), refused.header("www-authenticate")),
            ("401", Some("Bearer")),
            "{lines:?}"
        );
        assert_eq!(refused.header("cache-control"), Some("no-store"));
        assert!(!refused.text().contains("skerry_x"));
    }
    let read = running.get("127.0.0.1", "/metrics", &["Authorization: Bearer s3cret"]);
    assert_eq!(read.code(), "200");
    assert!(read.text().contains("skerry_x"));
    assert_eq!(running.get("h", "/healthz", &[]).code(), "200", "the other endpoints require none");
    *running.operations.token.lock().expect("not poisoned") = Some("");
    assert_eq!(running.get("127.0.0.1", "/metrics", &["Authorization: Bearer "]).code(), "503");
}

#[test]
fn what_a_listener_does_not_serve_does_not_exist_there() {
    let only_admin = Serves { admin: true, ..Serves::default() };
    let running = TestServer::start(two_pages(), &[PUBLIC, PRIVATE, only_admin]);
    let not_found = running.request(0, "GET", "any", "/never", &[]);
    for path in ["/", "/status/a/", "/assets/0a1b.js", "/robots.txt", "/never"] {
        assert_eq!(running.request(1, "GET", "a.example", path, &[]), not_found, "{path}");
    }
    assert_eq!(running.request(2, "POST", "h", "/agent/v1/batch", &["Content-Length: 0"]), not_found);
    assert_eq!(running.request(2, "GET", "h", "/healthz", &[]).code(), "200");
    assert_eq!(running.request(0, "GET", "h", "/healthz", &[]), not_found);
}

#[test]
fn the_error_names_a_port_in_use_and_the_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound");
    let error = bind(&[Listener {
        address,
        serves: PUBLIC,
        tls: None,
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }])
    .expect_err("refused");
    assert!(matches!(error, ServeError::InUse(_)));
    let said = error.to_string();
    assert!(said.contains(&address.to_string()) && said.contains("[[listen]]"), "{said}");
}

#[test]
fn the_error_names_an_unusable_tls_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("not-a-certificate.pem");
    std::fs::write(&file, "hello").expect("writable");
    let tls = Some(TlsFiles { certificate: file.clone(), key: file });
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let said = bind(&[Listener {
        address,
        serves: PUBLIC,
        tls,
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }])
    .expect_err("refused")
    .to_string();
    assert!(said.contains("not-a-certificate.pem"), "{said}");
}

#[test]
fn handshakes_that_never_end_block_no_other_client() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (certificate, files) = create_certificate(directory.path());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = bind(&[Listener {
        address,
        serves: PUBLIC,
        tls: Some(files),
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }])
    .expect("usable files");
    let limits = Limits { workers: 1, head_time: Duration::from_secs(60), ..Limits::default() };
    let running = TestServer::start_limited(two_pages(), bound, limits);
    let hanging: Vec<TcpStream> = (0..500)
        .map(|_| {
            let mut stream = TcpStream::connect(running.addresses[0]).expect("it listens");
            // The header of a TLS record that never arrives.
            stream.write_all(&[0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]).expect("it is sent");
            stream
        })
        .collect();
    let socket = TcpStream::connect(running.addresses[0]).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    let mut stream = tls_client(&certificate, socket);
    stream
        .write_all(b"GET /robots.txt HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        .expect("the handshake succeeds while theirs hang");
    let mut raw = Vec::new();
    let _end = stream.read_to_end(&mut raw);
    assert_eq!(Answer::parse(&raw).code(), "200");
    drop(hanging);
}

#[test]
fn a_listener_with_a_certificate_speaks_only_tls() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (certificate, files) = create_certificate(directory.path());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = bind(&[Listener {
        address,
        serves: PUBLIC,
        tls: Some(files),
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }])
    .expect("usable files");
    let running = TestServer::start_bound(two_pages(), bound);

    let socket = TcpStream::connect(running.addresses[0]).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    let mut stream = tls_client(&certificate, socket);
    stream
        .write_all(b"GET /robots.txt HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        .expect("the handshake succeeds");
    let mut raw = Vec::new();
    // The connection may end without a closing alert; the length of the body is checked.
    let _end = stream.read_to_end(&mut raw);
    let answer = Answer::parse(&raw);
    assert_eq!((answer.code(), answer.text().as_str()), ("200", "a"));

    let mut plain = TcpStream::connect(running.addresses[0]).expect("it listens");
    plain.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    plain.write_all(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").expect("it reads");
    let mut raw = Vec::new();
    let _reset = plain.read_to_end(&mut raw);
    assert!(!raw.starts_with(b"HTTP"), "a page was served without TLS");
}

#[test]
fn a_stop_closes_idle_connections_and_does_not_wait_for_them() {
    // A second socket keeps the port, so that no other program can listen there after the stop.
    let held = tokio::net::TcpSocket::new_v4().expect("a socket");
    held.set_reuseaddr(true).expect("shared");
    held.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = held.local_addr().expect("bound");
    let bound = bind(&[Listener {
        address,
        serves: PUBLIC,
        tls: None,
        names: Vec::new(),
        proxies: TrustedProxies::default(),
    }])
    .expect("ours");
    let mut running = TestServer::start_limited(two_pages(), bound, Limits::default());
    let mut idle = TcpStream::connect(running.addresses[0]).expect("it listens");
    idle.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    idle.write_all(b"GET /never HTTP/1.1\r\nHost: h\r\n\r\n").expect("it reads");
    let mut start = [0; 12];
    idle.read_exact(&mut start).expect("it answers and keeps the connection");
    let began = Instant::now();
    running.stop();
    // An idle connection would otherwise stay open this long.
    assert!(began.elapsed() < Limits::default().keep_alive, "{:?}", began.elapsed());
    assert!(TcpStream::connect(running.addresses[0]).is_err(), "nobody listens any more");
}

#[test]
fn public_responses_are_counted_by_kind() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let whole = running.get("a.example", "/robots.txt", &[]);
    running.request(0, "HEAD", "a.example", "/robots.txt", &[]);
    running.get("a.example", "/robots.txt", &["If-None-Match: *"]);
    running.get("a.example", "/never", &[]);
    running.request(0, "POST", "a.example", "/", &[]);
    let mut registry = prometheus_client::registry::Registry::with_prefix("skerry");
    running.traffic.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("a String takes everything");
    let expected = [
        "skerry_public_answers_whole_total 2".to_owned(),
        "skerry_public_answers_not_modified_total 1".to_owned(),
        "skerry_public_answers_not_found_total 1".to_owned(),
        "skerry_public_answers_other_total 1".to_owned(),
        format!("skerry_public_body_bytes_total {}", whole.body.len()),
    ];
    for line in expected {
        assert!(text.lines().any(|found| found == line), "{line} in:\n{text}");
    }
}
