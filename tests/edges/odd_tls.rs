//! Unusual certificates, chains in which an issuer expires first, and servers whose versions or suites we do
//! not support.

use std::path::Path;

use skerry_agent::probe::{CertificateSeen, Observed};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Certificate, Validity};
use skerry_tests::parts::checks;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::openssl::{Odd, OpenSsl};
use skerry_tests::parts::postfix::Postfix;
use skerry_tests::parts::until;
use std::time::Duration;

use crate::observing::{assert_down, assert_seen, assert_up, observe, run};

/// Accepts whatever OpenSSL still supports.
const ANYTHING: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers DEFAULT:@SECLEVEL=0;";

async fn serve(certificate: Certificate, server: &str) -> Nginx {
    Nginx::start(&Site { certificate: Some(certificate), server: server.to_owned(), ..Site::default() }).await
}

fn tls(nginx: &Nginx, keys: &str) -> String {
    format!("type = \"tls\"\nhost = \"localhost\"\nport = {}\n{keys}", nginx.port())
}

fn trusting(file: &Path) -> String {
    format!("ca_file = \"{}\"\n", file.display())
}

fn certificate(seen: &Observed) -> &CertificateSeen {
    seen.certificate.as_ref().expect("a certificate")
}

/// No library messages: neither debug output nor links to its manual.
fn assert_plain(words: &str) {
    for strange in ["https://", "docs.rs", "Other(", "Error", "{", "::", "UnknownIssuer", "peer"] {
        assert!(!words.contains(strange), "{words:?} holds {strange:?}");
    }
}

#[tokio::test]
async fn without_verification_no_key_and_no_signature_fails_the_check() {
    let authority = OpenSsl::authority(3_650);
    for (odd, version, key, signature) in [
        (Odd::Rsa, 3, "RSA 2048 bits", "RSA with SHA-256"),
        (Odd::Rsa1024, 3, "RSA 1024 bits", "RSA with SHA-256"),
        (Odd::P521, 3, "ECDSA P-521", "RSA with SHA-256"),
        (Odd::Ed25519, 3, "Ed25519", "RSA with SHA-256"),
        (Odd::Sha1, 3, "RSA 2048 bits", "RSA with SHA-1"),
        (Odd::Version1, 1, "RSA 2048 bits", "RSA with SHA-256"),
        (Odd::Device, 1, "RSA 2048 bits", "RSA with SHA-256"),
        (Odd::NoHost, 3, "RSA 2048 bits", "RSA with SHA-256"),
        (Odd::ForClients, 3, "RSA 2048 bits", "RSA with SHA-256"),
        (Odd::Endless, 3, "RSA 2048 bits", "RSA with SHA-256"),
    ] {
        for protocol in ["TLSv1.2", "TLSv1.3"] {
            let server = format!("ssl_protocols {protocol}; ssl_ciphers DEFAULT:@SECLEVEL=0;");
            let nginx = serve(authority.sign(odd), &server).await;
            let seen = observe(&tls(&nginx, "verify = false")).await;
            assert_eq!(seen.outcome, Outcome::Up, "{odd:?} over {protocol}: {}", seen.detail);
            let shown = certificate(&seen);
            assert_eq!((shown.version, shown.key.as_str()), (version, key));
            assert_eq!(shown.signature, signature);
            let url = format!("type = \"http\"\nurl = \"{}\"\nverify = false", nginx.url("/"));
            assert_up(&observe(&url).await);
        }
    }
}

#[tokio::test]
async fn each_certificate_fault_has_a_clear_message() {
    let authority = OpenSsl::authority(3_650);
    for (odd, reason, words) in [
        (Odd::Rsa, Reason::None, ""),
        (Odd::Ed25519, Reason::None, ""),
        (Odd::Endless, Reason::None, ""),
        (Odd::Rsa1024, Reason::TlsFailed, "the server's key is RSA 1024 bits"),
        (Odd::P521, Reason::TlsFailed, "the server's key is ECDSA P-521"),
        (Odd::Sha1, Reason::TlsFailed, "CN=localhost is signed by RSA with SHA-1"),
        (Odd::Version1, Reason::TlsFailed, "CN=localhost is of X.509 version 1"),
        (Odd::Device, Reason::TlsUntrusted, "CN=localhost is signed by itself"),
        (Odd::NoHost, Reason::TlsWrongName, "not for localhost: it names no host"),
        (Odd::ForClients, Reason::TlsFailed, "CN=localhost is not made for servers"),
    ] {
        let nginx = serve(authority.sign(odd), ANYTHING).await;
        let seen = observe(&tls(&nginx, &trusting(&authority.file()))).await;
        let outcome = if reason == Reason::None { Outcome::Up } else { Outcome::Down };
        assert_seen(&seen, outcome, reason, words);
        assert_plain(&seen.detail);
        if odd != Odd::P521 {
            assert!(seen.certificate.is_some(), "{odd:?}: what fails is shown too");
        }
    }
    let usual = Authority::new();
    for (made, words) in [
        (usual.sign(&["localhost"], Validity::EXPIRED), "the certificate of CN=localhost expired 20"),
        (
            usual.sign(&["localhost"], Validity::NOT_YET),
            "the certificate of CN=localhost is not valid before 20",
        ),
        (
            usual.sign(&["a.test", "192.0.2.1"], Validity::GOOD),
            "not for localhost: it names a.test, 192.0.2.1",
        ),
        (
            Authority::new().sign(&["localhost"], Validity::GOOD),
            "no trusted authority vouches for the certificate of CN=localhost, issued by CN=Test Authority; the server sent \
             no intermediate certificate",
        ),
    ] {
        let nginx = serve(made, "").await;
        let seen = observe(&tls(&nginx, &trusting(&usual.file()))).await;
        assert!(seen.detail.contains(words), "{}", seen.detail);
        assert_plain(&seen.detail);
    }
}

#[tokio::test]
async fn days_left_are_those_of_the_first_expiry_on_the_verified_path() {
    let authority = OpenSsl::authority(3_650);
    let stranger = Authority::new();
    let ended = stranger.sign(&["stray.test"], Validity::EXPIRED);
    let soon = serve(authority.below_an_intermediate(6, &[&ended]), "").await;
    let days = |file: &Path| format!("{}certificate_days = 14\n", trusting(file));
    let words = "the certificate of CN=Intermediate expires 20";
    let seen = observe(&tls(&soon, &days(&authority.file()))).await;
    assert_seen(&seen, Outcome::Degraded, Reason::TlsExpiresSoon, words);
    assert_eq!(certificate(&seen).subject, "CN=Intermediate");
    let url = format!("type = \"http\"\nurl = \"{}\"\n{}", soon.url("/"), days(&authority.file()));
    assert_seen(&observe(&url).await, Outcome::Degraded, Reason::TlsExpiresSoon, words);
    let tcp = format!(
        "type = \"tcp\"\nhost = \"localhost\"\nport = {}\ntls = true\n{}",
        soon.port(),
        days(&authority.file())
    );
    assert_seen(&observe(&tcp).await, Outcome::Degraded, Reason::TlsExpiresSoon, words);
    // There is a path only if it was verified.
    let seen = observe(&tls(&soon, "verify = false\ncertificate_days = 14")).await;
    assert_up(&seen);
    assert_eq!(certificate(&seen).subject, "CN=localhost");
    // Certificates beside the path do not count.
    let good = serve(authority.below_an_intermediate(1_000, &[&ended]), "").await;
    let seen = observe(&tls(&good, &days(&authority.file()))).await;
    assert_up(&seen);
    assert_eq!(certificate(&seen).subject, "CN=localhost");
    // The authority is the end of the path.
    let brief = OpenSsl::authority(5);
    let nginx = serve(brief.sign(Odd::Rsa), "").await;
    let seen = observe(&tls(&nginx, &days(&brief.file()))).await;
    assert_seen(&seen, Outcome::Degraded, Reason::TlsExpiresSoon, "the certificate of CN=Root expires 20");
}

#[tokio::test]
async fn an_unsupported_server_is_reported_with_what_it_offers() {
    let authority = Authority::new();
    let keys = trusting(&authority.file());
    let speaks = "; this program speaks TLS 1.2 and 1.3";
    for (protocol, suites, words) in [
        ("TLSv1", "ALL", format!("the server offers TLS 1.0 at most{speaks}")),
        ("TLSv1.1", "ALL", format!("the server offers TLS 1.1 at most{speaks}")),
        ("TLSv1 TLSv1.1", "ALL", format!("the server offers TLS 1.1 at most{speaks}")),
        (
            "TLSv1.2",
            "ECDHE-ECDSA-AES128-SHA",
            "the server offers TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA of TLS 1.2; this program".to_owned(),
        ),
    ] {
        let server = format!("ssl_protocols {protocol}; ssl_ciphers {suites}:@SECLEVEL=0;");
        let nginx = serve(authority.sign(&["localhost"], Validity::GOOD), &server).await;
        for keys in [keys.as_str(), "verify = false"] {
            assert_down(&observe(&tls(&nginx, keys)).await, Reason::TlsFailed, &words);
        }
        let url = format!("type = \"http\"\nurl = \"{}\"\nverify = false", nginx.url("/"));
        assert_down(&observe(&url).await, Reason::TlsFailed, &words);
    }
    let rsa = OpenSsl::authority(90);
    let server = "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA256:@SECLEVEL=0;";
    let nginx = serve(rsa.sign(Odd::Rsa), server).await;
    let words = "the server offers TLS_RSA_WITH_AES_128_CBC_SHA256 of TLS 1.2";
    assert_down(&observe(&tls(&nginx, &trusting(&rsa.file()))).await, Reason::TlsFailed, words);
    let plain = Nginx::start(&Site::default()).await;
    let words = "the server speaks HTTP in plain text on this port, not TLS";
    assert_down(&observe(&tls(&plain, "verify = false")).await, Reason::TlsFailed, words);
    let https = format!("type = \"http\"\nurl = \"https://localhost:{}/\"\nverify = false", plain.port());
    assert_down(&observe(&https).await, Reason::TlsFailed, words);
}

#[tokio::test]
async fn an_old_mail_server_is_reported_as_well() {
    let authority = Authority::new();
    let old = "smtpd_tls_protocols = TLSv1\ntls_medium_cipherlist = ALL:@SECLEVEL=0\n\
               tls_high_cipherlist = ALL:@SECLEVEL=0\n";
    let postfix = Postfix::start_with(Some(&authority.sign(&["mail.test"], Validity::GOOD)), old).await;
    let keys = format!(
        "type = \"tls\"\nhost = \"127.0.0.1\"\nport = {}\nstarttls = \"smtp\"\nverify = false",
        postfix.port()
    );
    assert_down(&observe(&keys).await, Reason::TlsFailed, "the server offers TLS 1.0 at most");
}

/// The half in its own process, whose authorities are in a file that changes.
#[tokio::test]
#[ignore = "the half of another test that needs its own process"]
#[expect(clippy::disallowed_methods, reason = "what the other half tells this one")]
async fn half_whose_authorities_change() {
    let Ok(target) = std::env::var("TARGET") else { return };
    let [port, authority, trusted] = target.split('|').collect::<Vec<_>>()[..] else { panic!("{target}") };
    let check = checks::read(&format!("type = \"tls\"\nhost = \"localhost\"\nport = {port}"));
    let prober = skerry_agent::probe::Prober::new().expect("a prober");
    assert_down(&run(&prober, &check).await, Reason::TlsUntrusted, "no trusted authority");
    std::fs::copy(authority, trusted).expect("copied");
    until("the new authority is trusted", Duration::from_secs(30), async || {
        run(&prober, &check).await.outcome == Outcome::Up
    })
    .await;
}

#[tokio::test]
async fn the_systems_authorities_are_read_again() {
    let (authority, other) = (Authority::new(), Authority::new());
    let nginx = serve(authority.sign(&["localhost"], Validity::GOOD), "").await;
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = folder.path().join("trusted.pem");
    std::fs::copy(other.file(), &trusted).expect("copied");
    let child = tokio::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", "odd_tls::half_whose_authorities_change"])
        .env("TARGET", format!("{}|{}|{}", nginx.port(), authority.file().display(), trusted.display()))
        .env("SSL_CERT_FILE", &trusted)
        .output()
        .await
        .expect("runs");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}
