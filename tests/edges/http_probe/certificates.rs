//! Handshakes with valid and invalid certificates.

use super::*;

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
async fn a_certificate_that_expires_on_a_kept_connection_is_judged_again() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost"], Validity { from: -80, to: 10 }));
    let nginx = Nginx::start(&Site { certificate, ..Site::default() }).await;
    let trusting = Http { ca_file: Some(authority.file()), ..check(&nginx.url("/")) };
    let kept = named(Http { reuse_connection: true, ..trusting }, TIMEOUT);
    let clock = Arc::new(CorrectedClock::new(Clock::open().expect("a clock")));
    let prober = Prober::by(Arc::clone(&clock)).expect("a prober");
    let now = clock.wall_times().local;
    clock.set(now);
    assert_up(&run(&prober, &kept).await);
    let seen = run(&prober, &kept).await;
    assert_up(&seen);
    assert_eq!(seen.phases.expect("phases").connect_us, None, "nothing was opened");
    clock.set(now + 20 * 24 * 3_600_000);
    // This host's clock has not moved, and both clocks decide.
    let seen = run(&prober, &kept).await;
    assert_seen(&seen, Outcome::Inconclusive, Reason::OwnClock, "whether the certificate is valid");
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
    assert_seen(&seen, Outcome::Degraded, Reason::TlsExpiresSoon, "in 9 days");
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_fails_the_handshake() {
    let nginx = Nginx::start(&Site::default()).await;
    let seen = observe(check(&nginx.url("/").replace("http:", "https:"))).await;
    assert!(matches!(seen.reason, Reason::TlsFailed | Reason::OwnResources), "{seen:?}");
    let seen = observe(Http { verify: false, ..check(&nginx.url("/").replace("http:", "https:")) }).await;
    assert_down(&seen, Reason::TlsFailed);
}
