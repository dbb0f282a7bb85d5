//! What comes of answers that are giant, endless, slow or none, and of certificates that are not acceptable.

use super::names::{Record, Zone};
use super::{DEADLINES, answer, client, post};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use skerry_notify::destination::Reach;
use skerry_notify::http::{Deadlines, HttpClient};
use skerry_notify::{Class, Outcome};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::http_server::{self, Ending, HttpServer};
use skerry_tests::parts::misbehaving::{FullBacklog, Misbehaving, Misbehaviour};
use std::sync::Arc;
use std::time::Duration;

/// For what never answers.
const SOON: Deadlines = Deadlines { connect: Duration::from_millis(300), total: Duration::from_millis(300) };

const UNTRUSTED: &str = "TLS: its certificate is self-signed or of an unknown authority, or an intermediate certificate is missing";

fn any(deadlines: Deadlines) -> HttpClient {
    client(Reach::Any, &Arc::default(), Vec::new(), deadlines)
}

#[tokio::test]
async fn the_status_decides_and_nothing_else_is_shown() {
    let body = b"secret words of an internal server";
    for (status, lines, class, text) in [
        ("200 OK", "", Class::Success, "HTTP 200"),
        ("202 Come in", "", Class::Success, "HTTP 202"),
        ("410 Gone", "", Class::Gone, "HTTP 410"),
        ("429 Slow down", "Retry-After: 7\r\n", Class::RateLimited, "HTTP 429"),
        ("503 secret", "Retry-After: 120\r\n", Class::Unavailable, "HTTP 503"),
    ] {
        let server = HttpServer::with(&http_server::answer(status, lines, body)).await;
        let outcome = post(&any(DEADLINES), &server.url("/hook?key=secret")).await;
        assert_eq!((answer(&outcome).class, answer(&outcome).text.as_str()), (class, text));
        if let Outcome::Later { after, .. } = &outcome {
            let asked = lines.trim_end().strip_prefix("Retry-After: ").and_then(|value| value.parse().ok());
            assert_eq!(*after, asked.map(Duration::from_secs));
        }
        assert!(!format!("{outcome:?}").contains("secret"), "{outcome:?}");
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        let head = requests[0].to_ascii_lowercase();
        assert!(head.contains(concat!("user-agent: skerry/", env!("CARGO_PKG_VERSION"))), "{head}");
        assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
    }
}

#[tokio::test]
async fn no_cookie_is_kept() {
    let server = HttpServer::start(Ending::Never, |_| {
        http_server::answer("200 OK", "Set-Cookie: session=1; Path=/\r\n", b"")
    })
    .await;
    let client = any(DEADLINES);
    for _ in 0..2 {
        assert_eq!(answer(&post(&client, &server.url("/")).await).class, Class::Success);
    }
    assert!(server.requests().iter().all(|request| !request.to_ascii_lowercase().contains("cookie:")));
}

#[tokio::test]
async fn giant_and_endless_answers_end() {
    for (behaviour, class) in [
        (Misbehaviour::EndlessBody, Class::Success),
        (Misbehaviour::ResetInBody, Class::Success),
        (Misbehaviour::GarbledChunks, Class::Success),
        (Misbehaviour::SlowHead, Class::Success),
        (Misbehaviour::HugeHead, Class::Unreachable),
        (Misbehaviour::Garbage, Class::Unreachable),
        (Misbehaviour::CloseInHead, Class::Unreachable),
        (Misbehaviour::ResetBeforeHead, Class::Unreachable),
    ] {
        let server = Misbehaving::start(behaviour).await;
        let outcome = post(&any(DEADLINES), &server.url()).await;
        assert_eq!(answer(&outcome).class, class, "{behaviour:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_never_answers_is_given_up_in_time() {
    for behaviour in [Misbehaviour::Silent, Misbehaviour::DripHead] {
        let server = Misbehaving::start(behaviour).await;
        let outcome = post(&any(SOON), &server.url()).await;
        assert_eq!(answer(&outcome).class, Class::Timeout, "{behaviour:?}: {outcome:?}");
    }
    let full = FullBacklog::new();
    let outcome = post(&any(SOON), &format!("http://{}/", full.address())).await;
    assert_eq!(answer(&outcome).class, Class::Timeout, "{outcome:?}");
}

#[tokio::test]
async fn what_is_not_there_is_unreachable() {
    let port = skerry_tests::parts::free_port();
    let outcome = post(&any(DEADLINES), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(
        (answer(&outcome).class, answer(&outcome).text.as_str()),
        (Class::Unreachable, "connect: refused")
    );
    let outcome = post(&any(DEADLINES), "http://nobody.acme.com/").await;
    assert_eq!(answer(&outcome).class, Class::Unreachable);
    assert!(answer(&outcome).text.starts_with("its name is not resolved: "), "{outcome:?}");
}

#[tokio::test]
async fn certificates_that_are_not_acceptable_are_refused_for_their_reason() {
    let (ours, other) = (Authority::new(), Authority::new());
    let trusted = || vec![CertificateDer::from_pem_file(ours.file()).expect("a certificate")];
    let loopback = vec!["127.0.0.1".parse().expect("an address")];
    let zone = Zone::new([("hook.acme.com".to_owned(), Record::Addresses(loopback))]);
    let client = client(Reach::Any, &Arc::new(zone), trusted(), DEADLINES);
    let names = &["hook.acme.com"];
    for (certificate, class, text) in [
        (ours.sign(names, Validity::GOOD), Class::Success, "HTTP 200"),
        (ours.sign(names, Validity::EXPIRED), Class::Tls, "TLS: its certificate has expired"),
        (ours.sign(names, Validity::NOT_YET), Class::Tls, "TLS: its certificate is not valid yet"),
        (
            ours.sign(&["other.acme.com"], Validity::GOOD),
            Class::Tls,
            "TLS: its certificate is for another name",
        ),
        (other.sign(names, Validity::GOOD), Class::Tls, UNTRUSTED),
        (ours.self_signed(names, false), Class::Tls, UNTRUSTED),
        (ours.self_signed(names, true), Class::Tls, "TLS: its certificate is self-signed"),
    ] {
        let server =
            HttpServer::start_tls(&certificate, Ending::Close, |_| http_server::answer("200 OK", "", b""))
                .await;
        let outcome = post(&client, &server.url("/").replace("127.0.0.1", "hook.acme.com")).await;
        assert_eq!((answer(&outcome).class, answer(&outcome).text.as_str()), (class, text));
        assert_eq!(server.requests().len(), usize::from(class == Class::Success), "nothing was sent before");
    }
    let plain = Misbehaving::start(Misbehaviour::Garbage).await;
    let outcome = post(&client, &plain.url().replace("http://127.0.0.1", "https://hook.acme.com")).await;
    assert_eq!(
        (answer(&outcome).class, answer(&outcome).text.as_str()),
        (Class::Tls, "TLS: it does not speak TLS")
    );
}
