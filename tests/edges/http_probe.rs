//! The `http` check against real nginx, and against servers that break HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use regex::Regex;
use skerry_agent::probe::{Observed, Prober};
use skerry_protocol::check::{
    Auth, Check, Http, HttpVersion, IpVersion, JsonAssertion, JsonExpectation, Kind, Pattern, Scalar,
    Severity, StatusRange,
};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::misbehaving::{FullBacklog, Manner, Misbehaving};
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::{free_port, until};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);

/// A check of `url` as the configuration makes it when nothing else is given.
fn check(url: &str) -> Http {
    Http {
        url: url::Url::parse(url).expect("a URL"),
        method: Method::GET,
        headers: Vec::new(),
        body: None,
        auth: None,
        status: vec![StatusRange { from: 200, to: 299 }],
        redirects: 5,
        body_contains: Vec::new(),
        body_matches: Vec::new(),
        json: Vec::new(),
        response_headers: Vec::new(),
        certificate_days: None,
        verify: true,
        ca_file: None,
        max_body: 1 << 20,
        version: HttpVersion::Auto,
        ip: IpVersion::Any,
        reuse_connection: false,
    }
}

fn named(http: Http, timeout: Duration) -> Check {
    Check {
        name: "target".into(),
        kind: Kind::Http(Box::new(http)),
        interval: Duration::from_secs(30),
        timeout,
        retry_interval: Duration::from_secs(10),
        fall: 3,
        rise: 2,
        degraded_above: None,
        severity: Severity::High,
        labels: BTreeMap::new(),
        locations: Vec::new(),
    }
}

async fn run(prober: &Prober, check: &Check) -> Observed {
    prober.observe(check, Instant::now() + check.timeout).await
}

async fn observe_within(http: Http, timeout: Duration) -> Observed {
    run(&Prober::new().expect("a prober"), &named(http, timeout)).await
}

async fn observe(http: Http) -> Observed {
    observe_within(http, TIMEOUT).await
}

#[track_caller]
fn assert_up(seen: &Observed) {
    assert_eq!((seen.outcome, seen.reason, seen.detail.as_str()), (Outcome::Up, Reason::None, ""));
}

#[track_caller]
fn assert_down(seen: &Observed, reason: Reason) {
    assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{}", seen.detail);
    assert!(!seen.detail.is_empty() && seen.detail.len() <= 200);
}

fn plain(server: &str) -> Site {
    Site { server: server.to_owned(), ..Site::default() }
}

fn micros(phase: Option<u32>) -> Duration {
    Duration::from_micros(phase.expect("the phase happened").into())
}

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
async fn what_is_asked_arrives_as_asked() {
    let nginx = Nginx::start(&plain("location = /echo { return 200 $request_method; }")).await;
    let seen = observe(Http {
        method: Method::PUT,
        headers: vec![(HeaderName::from_static("host"), HeaderValue::from_static("inner.test"))],
        body: Some("{}".into()),
        body_contains: vec!["PUT".into()],
        ..check(&nginx.url("/echo"))
    })
    .await;
    assert_up(&seen);
    until("nginx logs the request", TIMEOUT, async || !nginx.requests().is_empty()).await;
    let request = nginx.requests().remove(0);
    let agent = concat!("skerry-agent/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request[1..6], ["PUT", "/echo", "HTTP/1.1", "inner.test", agent]);
}

#[tokio::test]
async fn an_outage_and_its_end_are_seen() {
    let mut nginx = Nginx::start(&Site::default()).await;
    let prober = Prober::new().expect("a prober");
    let check = named(check(&nginx.url("/")), TIMEOUT);
    assert_up(&run(&prober, &check).await);
    nginx.answer_with(Some(503));
    let seen = run(&prober, &check).await;
    assert_down(&seen, Reason::StatusMismatch);
    assert!(seen.detail.starts_with("503 "), "{}", seen.detail);
    nginx.answer_with(None);
    assert_up(&run(&prober, &check).await);
    nginx.kill().await;
    assert_down(&run(&prober, &check).await, Reason::ConnectRefused);
    nginx.restart().await;
    assert_up(&run(&prober, &check).await);
}

#[tokio::test]
async fn assertions_hold_or_are_named() {
    let nginx = Nginx::start(&plain(
        "location = /json { default_type application/json; return 200 '{\"status\":\"ok\",\"queue\":3}'; }",
    ))
    .await;
    let json = |wanted: i64| JsonAssertion {
        path: "$.queue".into(),
        query: serde_json_path::JsonPath::parse("$.queue").expect("a path"),
        expect: JsonExpectation::Equals(Scalar::Integer(wanted)),
    };
    let pattern = |text: &str| Pattern(Regex::new(text).expect("an expression"));
    let base = check(&nginx.url("/json"));
    assert_up(&observe(Http { json: vec![json(3)], body_contains: vec!["ok".into()], ..base.clone() }).await);
    assert_down(&observe(Http { json: vec![json(4)], ..base.clone() }).await, Reason::BodyMismatch);
    let headers = |text| vec![(http::header::CONTENT_TYPE, pattern(text))];
    assert_up(&observe(Http { response_headers: headers("json$"), ..base.clone() }).await);
    let seen = observe(Http { response_headers: headers("^text/"), ..base.clone() }).await;
    assert_down(&seen, Reason::HeaderMismatch);
    let seen = observe(Http { json: vec![json(3)], ..check(&nginx.url("/")) }).await;
    assert_down(&seen, Reason::BodyNotJson);
}

#[tokio::test]
async fn a_valid_certificate_is_verified_and_shown() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost", "127.0.0.1"], Validity::GOOD));
    let nginx = Nginx::start(&Site { certificate, ..Site::default() }).await;
    for host in ["localhost", "127.0.0.1"] {
        let seen = observe(Http { ca_file: Some(authority.file()), ..check(&nginx.url_at(host, "/")) }).await;
        assert_up(&seen);
        assert!(seen.phases.expect("phases").tls_us.is_some());
        let shown = seen.certificate.expect("a certificate");
        assert!(shown.subject.contains("localhost"), "{}", shown.subject);
        assert!(shown.issuer.contains("Test Authority"), "{}", shown.issuer);
    }
    let seen = observe(check(&nginx.url("/"))).await;
    assert_ne!(seen.outcome, Outcome::Up, "without ca_file nobody vouches for it");
}

#[tokio::test]
async fn bad_certificates_have_their_own_reasons() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (certificate, reason) in [
        (authority.sign(&["localhost"], Validity::EXPIRED), Reason::TlsExpired),
        (authority.sign(&["localhost"], Validity::NOT_YET), Reason::TlsNotYetValid),
        (authority.sign(&["other.test"], Validity::GOOD), Reason::TlsWrongName),
        (authority.self_signed(&["localhost"], false), Reason::TlsUntrusted),
        (authority.self_signed(&["localhost"], true), Reason::TlsUntrusted),
        (stranger.sign(&["localhost"], Validity::GOOD), Reason::TlsUntrusted),
    ] {
        let nginx = Nginx::start(&Site { certificate: Some(certificate), ..Site::default() }).await;
        let trusting = Http { ca_file: Some(authority.file()), ..check(&nginx.url("/")) };
        assert_down(&observe(trusting.clone()).await, reason);
        let seen = observe(Http { verify: false, ..trusting }).await;
        assert_up(&seen);
        assert!(seen.certificate.is_some(), "what is not verified is still read");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_named_in_ca_file_is_trusted() {
    let authority = Authority::new();
    for as_authority in [false, true] {
        let certificate = authority.self_signed(&["localhost"], as_authority);
        let ca_file = Some(certificate.certificate.clone());
        let nginx = Nginx::start(&Site { certificate: Some(certificate), ..Site::default() }).await;
        assert_up(&observe(Http { ca_file: ca_file.clone(), ..check(&nginx.url("/")) }).await);
        let seen = observe(Http { ca_file, ..check(&nginx.url_at("127.0.0.1", "/")) }).await;
        assert_down(&seen, Reason::TlsWrongName);
    }
}

#[tokio::test]
async fn a_certificate_that_ends_soon_degrades() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost"], Validity { from: -80, to: 10 }));
    let nginx = Nginx::start(&Site { certificate, ..Site::default() }).await;
    let days = |days| Http {
        certificate_days: Some(days),
        ca_file: Some(authority.file()),
        ..check(&nginx.url("/"))
    };
    assert_up(&observe(days(7)).await);
    let seen = observe(days(14)).await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Degraded, Reason::TlsExpiresSoon), "{}", seen.detail);
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_fails_the_handshake() {
    let nginx = Nginx::start(&Site::default()).await;
    let seen = observe(check(&nginx.url("/").replace("http:", "https:"))).await;
    assert!(matches!(seen.reason, Reason::TlsFailed | Reason::OwnResources), "{seen:?}");
    let seen = observe(Http { verify: false, ..check(&nginx.url("/").replace("http:", "https:")) }).await;
    assert_down(&seen, Reason::TlsFailed);
}

#[tokio::test]
async fn a_slow_answer_shows_in_first_byte_and_nowhere_else() {
    let nginx = Nginx::start(&Site {
        http: "limit_req_zone $server_port zone=one:64k rate=2r/s;".into(),
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
    assert_eq!((seen.outcome, seen.reason), (Outcome::Degraded, Reason::Slow), "{}", seen.detail);
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
async fn redirects_are_followed_to_their_end() {
    let nginx = Nginx::start(&plain(
        "location = /a { return 301 /b; } location = /b { return 302 /c; } location = /c { return 307 /; }
         location = /loop { return 302 /pool; } location = /pool { return 302 /loop; }
         location /n { return 302 ${uri}x; }
         location = /scheme { return 302 ftp://localhost/; }",
    ))
    .await;
    let at = |path: &str, redirects| Http { redirects, ..check(&nginx.url(path)) };
    let seen = observe(Http { body_contains: vec!["ok".into()], ..at("/a", 3) }).await;
    assert_up(&seen);
    assert_down(&observe(at("/a", 2)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/loop", 20)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/n", 9)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/scheme", 5)).await, Reason::BadRedirect);
    assert_down(&observe(at("/a", 0)).await, Reason::StatusMismatch);
    let itself = Http { status: vec![StatusRange { from: 301, to: 301 }], ..at("/a", 0) };
    assert_up(&observe(itself).await);
}

#[tokio::test]
async fn credentials_stay_at_their_origin() {
    let elsewhere = Nginx::start(&Site::default()).await;
    let nginx = Nginx::start(&plain(&format!(
        "location = /away {{ return 302 {}; }}
         location = /private {{ auth_basic private; auth_basic_user_file DIR/files/users; root DIR/files;
                                try_files /page =404; }}",
        elsewhere.url("/landed")
    )))
    .await;
    std::fs::write(nginx.files().join("users"), "watch:{PLAIN}s3cret\n").expect("writes");
    std::fs::write(nginx.files().join("page"), "private").expect("writes");
    let password_file = nginx.files().join("password");
    std::fs::write(&password_file, "s3cret\n").expect("writes");
    let auth = Some(Auth::Basic { user: "watch".into(), password_file: password_file.clone() });
    let with = |path: &str| Http { auth: auth.clone(), ..check(&nginx.url(path)) };

    let seen = observe(check(&nginx.url("/private"))).await;
    assert_down(&seen, Reason::StatusMismatch);
    assert_up(&observe(Http { body_contains: vec!["private".into()], ..with("/private") }).await);
    assert_up(&observe(with("/away")).await);
    until("the other origin logs", TIMEOUT, async || !elsewhere.requests().is_empty()).await;
    assert_eq!(elsewhere.requests()[0][6], "-", "no Authorization there");
    until("this origin logs", TIMEOUT, async || nginx.requests().len() == 3).await;
    assert!(nginx.requests()[2][6].starts_with("Basic "), "the credentials were sent here");

    std::fs::remove_file(&password_file).expect("removes");
    let seen = observe(with("/private")).await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources));
    assert!(seen.detail.contains("password"), "{}", seen.detail);
}

#[tokio::test]
async fn http2_by_alpn_and_by_prior_knowledge() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost"], Validity::GOOD));
    let tls = Nginx::start(&Site { certificate: certificate.clone(), http2: true, ..Site::default() }).await;
    let at = |version| Http {
        version,
        ca_file: Some(authority.file()),
        body_contains: vec!["ok".into()],
        ..check(&tls.url("/"))
    };
    for version in [HttpVersion::Auto, HttpVersion::Http1, HttpVersion::Http2] {
        assert_up(&observe(at(version)).await);
    }
    until("nginx logs", TIMEOUT, async || tls.requests().len() == 3).await;
    let spoken: Vec<String> = tls.requests().into_iter().map(|mut request| request.remove(3)).collect();
    assert_eq!(spoken, ["HTTP/2.0", "HTTP/1.1", "HTTP/2.0"]);

    let plain = Nginx::start(&Site { http2: true, ..Site::default() }).await;
    let seen = observe(Http { version: HttpVersion::Http2, ..check(&plain.url("/")) }).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert!(phases.first_byte_us.is_some() && phases.transfer_us.is_some());

    let old = Nginx::start(&Site { certificate, ..Site::default() }).await;
    let only2 = Http { url: old.url("/").parse().expect("a URL"), ..at(HttpVersion::Http2) };
    assert_eq!(observe(only2).await.outcome, Outcome::Down);
}

#[tokio::test]
async fn both_families() {
    let nginx = Nginx::start(&Site::default()).await;
    assert_up(&observe(check(&nginx.url_at("[::1]", "/"))).await);
    for ip in [IpVersion::Any, IpVersion::V4, IpVersion::V6] {
        assert_up(&observe(Http { ip, ..check(&nginx.url("/")) }).await);
    }
}

#[tokio::test]
async fn a_connection_is_new_unless_reuse_is_asked() {
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
async fn an_endless_body_is_read_so_far_and_no_further() {
    let target = Misbehaving::start(Manner::EndlessBody).await;
    let seen = observe(check(&target.url())).await;
    assert_up(&seen);
    assert!(seen.total < TIMEOUT / 2, "{:?}", seen.total);
    let asked = Http { body_contains: vec!["never".into()], ..check(&target.url()) };
    assert_down(&observe(asked).await, Reason::BodyTooLarge);
}

#[tokio::test]
async fn broken_http_is_named() {
    for (manner, reason) in [
        (Manner::ResetInBody, Reason::ConnectionReset),
        (Manner::ResetBeforeHead, Reason::ConnectionReset),
        (Manner::CloseInHead, Reason::ConnectionReset),
        (Manner::Garbage, Reason::ProtocolError),
        (Manner::GarbledChunks, Reason::ProtocolError),
        (Manner::HugeHead, Reason::ProtocolError),
    ] {
        let target = Misbehaving::start(manner).await;
        let seen = observe(check(&target.url())).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{manner:?}: {}", seen.detail);
    }
}

#[tokio::test]
async fn the_deadline_holds_and_says_what_it_cut_off() {
    for (manner, words) in [(Manner::DripHead, "head"), (Manner::Silent, "head")] {
        let target = Misbehaving::start(manner).await;
        let seen = observe_within(check(&target.url()), SHORT).await;
        assert_down(&seen, Reason::Timeout);
        assert!(seen.detail.contains(words), "{manner:?}: {}", seen.detail);
        assert!(seen.total >= SHORT, "{:?}", seen.total);
        assert!(seen.phases.expect("phases").connect_us.is_some(), "the connection did open");
    }
    let full = FullBacklog::new();
    let seen = observe_within(check(&format!("http://{}/", full.address())), SHORT).await;
    assert_down(&seen, Reason::ConnectTimeout);
    assert_eq!(seen.phases.expect("phases").connect_us, None);
}

#[tokio::test]
async fn the_first_byte_is_the_first_byte_and_not_the_whole_head() {
    let target = Misbehaving::start(Manner::SlowHead).await;
    let seen = observe(check(&target.url())).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert!(micros(phases.first_byte_us) < Duration::from_millis(300), "{phases:?}");
    assert!(micros(phases.transfer_us) > Duration::from_millis(300), "{phases:?}");
}

#[tokio::test]
async fn nobody_there_is_named() {
    let refused = observe(check(&format!("http://127.0.0.1:{}/", free_port()))).await;
    assert_down(&refused, Reason::ConnectRefused);
    let unknown = observe(check("http://no-such-host.invalid/")).await;
    assert_down(&unknown, Reason::DnsNotFound);
    assert!(unknown.detail.contains("no-such-host.invalid"), "{}", unknown.detail);
}
