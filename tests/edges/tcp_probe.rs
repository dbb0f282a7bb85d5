//! The `tcp` check against real and misbehaving servers.

use std::time::Duration;

use skerry_agent::probe::Findings;
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::free_port;
use skerry_tests::parts::misbehaving::FullBacklog;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::postfix::Postfix;
use skerry_tests::parts::script::{Scripted, Step};

use crate::observing::{assert_down, assert_seen, assert_up, observe, observe_over};

const SHORT: Duration = Duration::from_millis(600);

fn tcp(port: u16, keys: &str) -> String {
    format!("type = \"tcp\"\nhost = \"127.0.0.1\"\nport = {port}\n{keys}")
}

/// With a timeout that expires.
fn short(port: u16, keys: &str) -> String {
    tcp(port, &format!("timeout = \"600ms\"\n{keys}"))
}

fn text(findings: &Findings) -> &str {
    let Findings::Said(text) = findings else { panic!("no banner: {findings:?}") };
    text
}

#[tokio::test]
async fn a_connection_succeeds_and_is_timed_over_either_family() {
    let nginx = Nginx::start(&Site::default()).await;
    let seen = observe(&tcp(nginx.port(), "")).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert_eq!((phases.dns_us, phases.tls_us, phases.first_byte_us), (None, None, None));
    assert!(Duration::from_micros(phases.connect_us.expect("it connected").into()) <= seen.total);
    let at = |host: &str, keys: &str| {
        format!("type = \"tcp\"\nhost = \"{host}\"\nport = {}\n{keys}", nginx.port())
    };
    assert_up(&observe(&at("::1", "")).await);
    for ip in ["any", "4", "6"] {
        let seen = observe(&at("localhost", &format!("ip_version = \"{ip}\""))).await;
        assert_up(&seen);
        assert!(seen.phases.expect("phases").dns_us.is_some());
    }
    let other = observe_over(IpVersion::V4, &at("::1", "")).await;
    assert_down(&other, Reason::DnsNotFound, "::1 is not of the IP version");
}

#[tokio::test]
async fn an_unreachable_and_a_silent_target_have_their_own_reasons() {
    let port = free_port();
    assert_down(&observe(&tcp(port, "")).await, Reason::ConnectRefused, "127.0.0.1");
    let seen = observe(&format!("type = \"tcp\"\nhost = \"::1\"\nport = {port}")).await;
    assert_down(&seen, Reason::ConnectRefused, "[::1]");
    let full = FullBacklog::new();
    let seen = observe(&short(full.address().port(), "")).await;
    assert_down(&seen, Reason::ConnectTimeout, "did not open");
    assert!(seen.total >= SHORT, "{:?}", seen.total);
    let seen = observe("type = \"tcp\"\nhost = \"no-such-host.invalid\"\nport = 1").await;
    assert_down(&seen, Reason::DnsNotFound, "no-such-host.invalid");
}

#[tokio::test]
async fn the_greeting_and_reply_of_a_real_server_match() {
    let postfix = Postfix::start(None).await;
    let seen = observe(&tcp(postfix.port(), "expect = '^220 mail\\.test ESMTP'")).await;
    assert_up(&seen);
    assert!(text(&seen.findings).starts_with("220 mail.test ESMTP Postfix"), "{:?}", seen.findings);
    let phases = seen.phases.expect("phases");
    assert!(phases.connect_us.is_some() && phases.first_byte_us.is_some());
    let quit = "send = \"QUIT\\r\\n\"\nexpect = '(?m)^221 '";
    assert_up(&observe(&tcp(postfix.port(), quit)).await);
    let seen = observe(&tcp(postfix.port(), "send = \"QUIT\\r\\n\"\nexpect = 'Exim'")).await;
    assert_down(&seen, Reason::BannerMismatch, "what the server said: \"220 mail.test");
    // Over IPv6, too.
    let keys = format!("type = \"tcp\"\nhost = \"::1\"\nport = {}\nexpect = '^220 '", postfix.port());
    assert_up(&observe(&keys).await);
}

#[tokio::test]
async fn configured_bytes_arrive_unchanged() {
    let script = [Step::Expect(b"\n"), Step::Echo, Step::Stall];
    let server = Scripted::start_at("[::1]:0", &script).await;
    let keys = format!(
        "type = \"tcp\"\nhost = \"::1\"\nport = {}\nsend = \"PING \\u0000é\\r\\n\"\nexpect = '^PING \\x00é\\r\\n$'",
        server.port()
    );
    assert_up(&observe(&keys).await);
}

#[tokio::test]
async fn tls_comes_before_any_data() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost", "inner.test"], Validity { from: -80, to: 10 }));
    let site = Site { certificate, ..Site::default() };
    let nginx = Nginx::start(&site).await;
    let trust = format!("tls = true\nca_file = \"{}\"", authority.file().display());
    let ask = "send = \"HEAD / HTTP/1.0\\r\\n\\r\\n\"\nexpect = '^HTTP/1.1 200 '";
    let at =
        |keys: &str| format!("type = \"tcp\"\nhost = \"localhost\"\nport = {}\n{keys}\n{ask}", nginx.port());
    let seen = observe(&at(&trust)).await;
    assert_up(&seen);
    assert!(seen.phases.expect("phases").tls_us.is_some());
    assert!(seen.certificate.expect("a certificate").subject.contains("localhost"));
    assert_up(&observe(&at(&format!("{trust}\nserver_name = \"inner.test\""))).await);
    assert_up(&observe(&at("tls = true\nverify = false")).await);
    assert_up(&observe(&at(&format!("{trust}\ncertificate_days = 7"))).await);
    let soon = observe(&at(&format!("{trust}\ncertificate_days = 14"))).await;
    assert_seen(&soon, Outcome::Degraded, Reason::TlsExpiresSoon, "days");
    let other = observe(&at(&format!("{trust}\nserver_name = \"other.test\""))).await;
    assert_down(&other, Reason::TlsWrongName, "");
    // A TLS server answers plain text with 400.
    assert_down(&observe(&at("")).await, Reason::BannerMismatch, "400");
}

#[tokio::test]
async fn bad_certificates_have_their_own_reasons() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (certificate, reason) in [
        (authority.sign(&["127.0.0.1"], Validity::EXPIRED), Reason::TlsExpired),
        (authority.sign(&["127.0.0.1"], Validity::NOT_YET), Reason::TlsNotYetValid),
        (stranger.sign(&["127.0.0.1"], Validity::GOOD), Reason::TlsUntrusted),
    ] {
        let nginx = Nginx::start(&Site { certificate: Some(certificate), ..Site::default() }).await;
        let trust = format!("tls = true\nca_file = \"{}\"", authority.file().display());
        assert_down(&observe(&tcp(nginx.port(), &trust)).await, reason, "");
        assert_up(&observe(&tcp(nginx.port(), "tls = true\nverify = false")).await);
    }
    let plain = Nginx::start(&Site::default()).await;
    assert_down(&observe(&tcp(plain.port(), "tls = true\nverify = false")).await, Reason::TlsFailed, "");
}

#[tokio::test]
async fn data_from_misbehaving_servers_is_limited_and_named() {
    let expect = "expect = '^220 '";
    let endless = Scripted::start(&[Step::Endless(b"spam and eggs ")]).await;
    let seen = observe(&tcp(endless.port(), expect)).await;
    assert_down(&seen, Reason::BannerMismatch, "what the server said: \"spam and eggs");
    assert!(seen.total < Duration::from_secs(5), "{:?}", seen.total);

    let slow = Scripted::start(&[Step::Drip(b"220 mail.test\r\n"), Step::Stall]).await;
    let seen = observe(&tcp(slow.port(), "expect = '^220 mail'")).await;
    assert_up(&seen);
    assert!(seen.phases.expect("phases").transfer_us.expect("it dripped") > 200_000);
    let seen = observe(&short(slow.port(), "expect = '^220 mail\\.test\\r\\n'")).await;
    assert_down(&seen, Reason::BannerMismatch, "within the timeout: \"220");

    let other = Scripted::start(&[Step::Send(b"SSH-2.0-OpenSSH_9.9\r\n"), Step::Stall]).await;
    let seen = observe(&short(other.port(), expect)).await;
    assert_down(&seen, Reason::BannerMismatch, "within the timeout: \"SSH-2.0-OpenSSH_9.9");
    let closing = Scripted::start(&[Step::Send(b"500 \x1b[31mno\xff\r\n")]).await;
    let seen = observe(&tcp(closing.port(), expect)).await;
    assert_down(&seen, Reason::BannerMismatch, "said: \"500  [31mno\u{fffd}");

    let silent = Scripted::start(&[Step::Stall]).await;
    assert_down(&observe(&short(silent.port(), expect)).await, Reason::Timeout, "said nothing");
    let mute = Scripted::start(&[]).await;
    assert_down(&observe(&tcp(mute.port(), expect)).await, Reason::ConnectionReset, "without a word");
    let resetting = Scripted::start(&[Step::Send(b"22"), Step::Expect(b"x"), Step::Reset]).await;
    let seen = observe(&tcp(resetting.port(), "send = \"x\"\nexpect = '^220 '")).await;
    assert_down(&seen, Reason::ConnectionReset, "");
}

#[tokio::test]
async fn a_slow_greeting_degrades() {
    let slow = Scripted::start(&[Step::Drip(b"220 mail.test\r\n"), Step::Stall]).await;
    let keys = |above| format!("expect = '^220 mail'\ndegraded_above = \"{above}\"");
    assert_up(&observe(&tcp(slow.port(), &keys("9s"))).await);
    let seen = observe(&tcp(slow.port(), &keys("200ms"))).await;
    assert_seen(&seen, Outcome::Degraded, Reason::Slow, "more than 200 ms");
}
