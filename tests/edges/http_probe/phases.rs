//! Each phase is measured separately.

use super::*;
use skerry_tests::parts::http_server::{Ending, HttpServer};

#[tokio::test]
async fn a_plain_target_is_up_with_its_phases() {
    let nginx = Nginx::start(&Site::default()).await;
    let seen = observe(check(&nginx.url("/"))).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    let sum: Duration = [phases.dns_us, phases.connect_us, phases.first_byte_us, phases.transfer_us]
        .into_iter()
        .map(micros)
        .sum();
    assert_eq!(phases.tls_us, None, "plain HTTP has no handshake");
    assert!(sum <= seen.total, "{sum:?} of {:?}", seen.total);
    let literal = observe(check(&nginx.url_at("127.0.0.1", "/"))).await;
    assert_up(&literal);
    assert_eq!(literal.phases.expect("phases").dns_us, None, "an address needs no resolver");
}

#[tokio::test]
async fn a_slow_answer_shows_in_first_byte_and_nowhere_else() {
    let nginx = Nginx::start(&Site {
        http: "limit_req_zone $server_port zone=one:64k rate=1r/s;".into(),
        server: "location / { limit_req zone=one burst=5; root DIR/files; try_files /page =404; }".into(),
        ..Site::default()
    })
    .await;
    std::fs::write(nginx.files().join("page"), "ok").expect("writes");
    let prober = Prober::new().expect("a prober");
    let mut check = named(check(&nginx.url("/")), TIMEOUT);
    check.degraded_above = Some(Duration::from_millis(200));
    run(&prober, &check).await;
    let seen = run(&prober, &check).await;
    assert_seen(&seen, Outcome::Degraded, Reason::Slow, "more than 200 ms");
    let phases = seen.phases.expect("phases");
    assert!(micros(phases.first_byte_us) > Duration::from_millis(250), "{phases:?}");
    assert!(micros(phases.connect_us) < Duration::from_millis(200), "{phases:?}");
    assert!(micros(phases.transfer_us) < Duration::from_millis(200), "{phases:?}");
}

#[tokio::test]
async fn a_slow_body_shows_in_transfer() {
    let nginx =
        Nginx::start(&plain("location / { limit_rate 40k; root DIR/files; try_files /page =404; }")).await;
    std::fs::write(nginx.files().join("page"), vec![b'x'; 60 << 10]).expect("writes");
    let seen = observe(check(&nginx.url("/"))).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert!(micros(phases.transfer_us) > Duration::from_millis(500), "{phases:?}");
    assert!(micros(phases.first_byte_us) < Duration::from_millis(500), "{phases:?}");
    let seen = observe_within(check(&nginx.url("/")), SHORT).await;
    assert_down(&seen, Reason::Timeout);
    assert!(seen.detail.contains("body"), "{}", seen.detail);
}

#[tokio::test]
async fn a_connection_is_new_unless_reuse_is_configured() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let prober = Prober::new().expect("a prober");
    let fresh = named(check(&nginx.url("/")), TIMEOUT);
    let kept = named(Http { reuse_connection: true, ..check(&nginx.url("/")) }, TIMEOUT);
    for _ in 0..2 {
        assert_up(&run(&prober, &fresh).await);
    }
    assert_up(&run(&prober, &kept).await);
    let seen = run(&prober, &kept).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert_eq!((phases.dns_us, phases.connect_us), (None, None), "nothing was opened");
    until("nginx logs", TIMEOUT, async || nginx.requests().len() == 4).await;
    let connections: Vec<String> = nginx.requests().into_iter().map(|mut line| line.remove(0)).collect();
    assert_ne!(connections[0], connections[1]);
    assert_eq!(connections[2], connections[3]);
    nginx.restart().await;
    let seen = run(&prober, &kept).await;
    assert_up(&seen);
    assert!(seen.phases.expect("phases").connect_us.is_some(), "the old connection is gone");
}

#[tokio::test]
async fn bytes_after_a_response_are_never_the_next_response() {
    const POISON: &str = "HTTP/1.1 500 Poison\r\nContent-Length: 6\r\n\r\nPOISON";
    const CHUNKS: &str = "2\r\nok\r\n0\r\n\r\n";
    for (what, answer, reused) in [
        ("nothing", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(), true),
        ("an answer", format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{POISON}"), false),
        ("an empty line", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n".to_owned(), false),
        ("a body after 204", format!("HTTP/1.1 204 No Content\r\nContent-Length: 48\r\n\r\n{POISON}"), false),
        (
            "an answer after chunks",
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}{POISON}"),
            false,
        ),
        (
            "nothing, but two ends are named",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 200\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}"),
            false,
        ),
        (
            "nothing, but HTTP/1.0 knows no chunks",
            format!(
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}"
            ),
            false,
        ),
    ] {
        let target = HttpServer::start(Ending::Never, move |_| answer.clone().into_bytes()).await;
        let prober = Prober::new().expect("a prober");
        let kept = named(Http { reuse_connection: true, ..check(&target.url("/")) }, TIMEOUT);
        assert_up(&run(&prober, &kept).await);
        let seen = run(&prober, &kept).await;
        assert_up(&seen);
        assert_eq!(seen.phases.expect("phases").connect_us.is_none(), reused, "after {what}");
    }
}

#[tokio::test]
async fn the_first_byte_is_the_first_byte_and_not_the_whole_head() {
    let target = Misbehaving::start(Misbehaviour::SlowHead).await;
    let seen = observe(check(&target.url())).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert!(micros(phases.first_byte_us) < Duration::from_millis(300), "{phases:?}");
    assert!(micros(phases.transfer_us) > Duration::from_millis(300), "{phases:?}");
}
