//! The `tls` check against real servers, with and without STARTTLS, and against hostile ones.

use std::sync::Arc;
use std::time::Duration;

use skerry_agent::clock::{Clock, CorrectedClock};
use skerry_agent::probe::{Findings, Observed, Prober};
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::certificates::{Authority, Certificate, Validity};
use skerry_tests::parts::checks;
use skerry_tests::parts::free_port;
use skerry_tests::parts::misbehaving::FullBacklog;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::nginx_mail::NginxMail;
use skerry_tests::parts::postfix::Postfix;
use skerry_tests::parts::postgres::Postgres;
use skerry_tests::parts::script::{Scripted, Step};

use crate::observing::{assert_down, assert_seen, assert_up, observe, observe_over, run};

fn tls(host: &str, port: u16, keys: &str) -> String {
    format!("type = \"tls\"\nhost = \"{host}\"\nport = {port}\n{keys}")
}

fn trusting(authority: &Authority) -> String {
    format!("ca_file = \"{}\"\n", authority.file().display())
}

async fn serve(certificate: Certificate) -> Nginx {
    Nginx::start(&Site { certificate: Some(certificate), ..Site::default() }).await
}

#[tokio::test]
async fn a_full_handshake_shows_its_phases_and_the_chain() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost", "::1"], Validity::GOOD));
    let server = "ssl_protocols TLSv1.3;".to_owned();
    let nginx = Nginx::start(&Site { certificate, server, ..Site::default() }).await;
    for host in ["localhost", "::1"] {
        let seen = observe(&tls(host, nginx.port(), &trusting(&authority))).await;
        assert_up(&seen);
        let phases = seen.phases.expect("phases");
        assert!(phases.connect_us.is_some() && phases.tls_us.is_some() && phases.first_byte_us.is_none());
        let Findings::Handshake(shown) = &seen.findings else { panic!("{:?}", seen.findings) };
        assert_eq!((shown.version, shown.cipher_suite.starts_with("TLS13_")), ("TLSv1_3", true));
        assert_eq!(shown.chain.first(), seen.certificate.as_ref());
    }
    let seen = observe(&tls("localhost", nginx.port(), "")).await;
    assert_ne!(seen.outcome, Outcome::Up, "without ca_file nobody vouches for it");
    assert_up(&observe(&tls("localhost", nginx.port(), "verify = false")).await);
}

#[tokio::test]
async fn bad_certificates_have_their_own_reasons() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (certificate, reason) in [
        (authority.sign(&["localhost"], Validity::EXPIRED), Reason::TlsExpired),
        (authority.sign(&["localhost"], Validity::NOT_YET), Reason::TlsNotYetValid),
        (authority.sign(&["other.test"], Validity::GOOD), Reason::TlsWrongName),
        (stranger.sign(&["localhost"], Validity::GOOD), Reason::TlsUntrusted),
        (authority.self_signed(&["localhost"], false), Reason::TlsUntrusted),
    ] {
        let nginx = serve(certificate).await;
        assert_down(&observe(&tls("localhost", nginx.port(), &trusting(&authority))).await, reason, "");
        assert_up(&observe(&tls("localhost", nginx.port(), "verify = false")).await);
    }
}

/// As on an agent: the local clock is right here, and the aggregator's is what the test sets.
#[tokio::test]
async fn only_results_that_depend_on_which_clock_is_right_are_inconclusive() {
    const DAY: i64 = 86_400_000;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let soon = Validity { from: -80, to: 10 };
    let (up, down, doubt) = (Outcome::Up, Outcome::Down, (Outcome::Inconclusive, Reason::OwnClock));
    for (certificate, unknown, right, month_ahead) in [
        (
            authority.sign(&["localhost"], Validity::GOOD),
            (up, Reason::None),
            (up, Reason::None),
            (up, Reason::None),
        ),
        (authority.sign(&["localhost"], soon), doubt, (Outcome::Degraded, Reason::TlsExpiresSoon), doubt),
        (
            authority.sign(&["localhost"], Validity::EXPIRED),
            doubt,
            (down, Reason::TlsExpired),
            (down, Reason::TlsExpired),
        ),
        (
            authority.sign(&["localhost"], Validity::NOT_YET),
            doubt,
            (down, Reason::TlsNotYetValid),
            (up, Reason::None),
        ),
        // At any time.
        (
            authority.sign(&["other.test"], Validity::EXPIRED),
            (down, Reason::TlsWrongName),
            (down, Reason::TlsExpired),
            (down, Reason::TlsExpired),
        ),
        (
            stranger.sign(&["localhost"], Validity::NOT_YET),
            (down, Reason::TlsUntrusted),
            (down, Reason::TlsNotYetValid),
            (down, Reason::TlsUntrusted),
        ),
    ] {
        let nginx = serve(certificate).await;
        let keys = format!("{}certificate_days = 14\n", trusting(&authority));
        let check = checks::read(&tls("localhost", nginx.port(), &keys));
        let clock = Arc::new(CorrectedClock::new(Clock::open().expect("a clock")));
        let prober = Prober::by(Arc::clone(&clock)).expect("a prober");
        let now = clock.wall_times().local;
        for (time, expected) in [(None, unknown), (Some(now), right), (Some(now + 40 * DAY), month_ahead)] {
            time.into_iter().for_each(|time| clock.set(time));
            let seen = run(&prober, &check).await;
            assert_eq!((seen.outcome, seen.reason), expected, "{time:?}: {}", seen.detail);
        }
    }
}

#[tokio::test]
async fn another_server_name_can_be_configured_and_days_left_are_counted() {
    let authority = Authority::new();
    let nginx = serve(authority.sign(&["shop.test"], Validity { from: -80, to: 10 })).await;
    let at = |keys: &str| tls("127.0.0.1", nginx.port(), &format!("{}{keys}", trusting(&authority)));
    assert_up(&observe(&at("server_name = \"shop.test\"")).await);
    assert_down(&observe(&at("")).await, Reason::TlsWrongName, "");
    assert_up(&observe(&at("server_name = \"shop.test\"\ncertificate_days = 7")).await);
    let seen = observe(&at("server_name = \"shop.test\"\ncertificate_days = 14")).await;
    assert_seen(&seen, Outcome::Degraded, Reason::TlsExpiresSoon, "days");
}

#[tokio::test]
async fn an_unreachable_target_and_a_slow_handshake_have_their_own_reasons() {
    assert_down(&observe(&tls("127.0.0.1", free_port(), "")).await, Reason::ConnectRefused, "127.0.0.1");
    let other = observe_over(IpVersion::V6, &tls("127.0.0.1", 1, "")).await;
    assert_down(&other, Reason::DnsNotFound, "127.0.0.1 is not of the IP version");
    let full = FullBacklog::new();
    let seen = observe(&tls("127.0.0.1", full.address().port(), "timeout = \"600ms\"")).await;
    assert_down(&seen, Reason::ConnectTimeout, "did not open");
    // The server that agrees to TLS is slow to listen.
    let nginx = serve(Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    let script = [Step::Expect(b"\x2f"), Step::Drip(b"S"), Step::Relay(nginx.port())];
    let slow = Scripted::start(&script).await;
    let keys = "starttls = \"postgres\"\nverify = false\ndegraded_above = ";
    let at = |above: &str| tls("127.0.0.1", slow.port(), &format!("{keys}\"{above}\""));
    assert_up(&observe(&at("9s")).await);
    let seen = observe(&at("40ms")).await;
    assert_seen(&seen, Outcome::Degraded, Reason::Slow, "more than 40 ms");
}

/// Up with a certificate, its wrong name is detected, and without TLS the refusal is reported; over both
/// families.
async fn offers_starttls(protocol: &str, authority: &Authority, with: u16, without: u16, refusal: &str) {
    let keys = format!("{}starttls = \"{protocol}\"\n", trusting(authority));
    let at = |host: &str, port, more: &str| tls(host, port, &format!("{keys}{more}"));
    for host in ["127.0.0.1", "::1"] {
        let seen: Observed = observe(&at(host, with, "server_name = \"mail.test\"")).await;
        assert_up(&seen);
        let phases = seen.phases.expect("phases");
        assert!(phases.first_byte_us.is_some() && phases.tls_us.is_some(), "{phases:?}");
        assert!(seen.certificate.expect("a certificate").subject.contains("mail.test"));
    }
    assert_down(&observe(&at("127.0.0.1", with, "")).await, Reason::TlsWrongName, "");
    assert_down(&observe(&at("127.0.0.1", without, "")).await, Reason::StarttlsRefused, refusal);
}

fn of_mail(authority: &Authority) -> Certificate {
    authority.sign(&["mail.test"], Validity::GOOD)
}

#[tokio::test]
async fn starttls_works_with_postfix() {
    let authority = Authority::new();
    let with = Postfix::start(Some(&of_mail(&authority))).await;
    let without = Postfix::start(None).await;
    offers_starttls("smtp", &authority, with.port(), without.port(), "does not offer STARTTLS").await;
}

/// Some servers reject names that are not fully qualified, such as Postfix with
/// `reject_non_fqdn_helo_hostname`.
#[tokio::test]
async fn a_mail_server_gets_a_full_name_or_an_address() {
    let authority = Authority::new();
    let strict = "smtpd_helo_required = yes\nsmtpd_delay_reject = no\n\
                  smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname\n";
    let postfix = Postfix::start_with(Some(&of_mail(&authority)), strict).await;
    let keys = format!("{}starttls = \"smtp\"\nserver_name = \"mail.test\"\n", trusting(&authority));
    for host in ["127.0.0.1", "::1"] {
        assert_up(&observe(&tls(host, postfix.port(), &keys)).await);
    }
    for (ehlo, line) in [
        ("", None),
        ("ehlo = \"monitor.example\"\n", Some("EHLO monitor.example")),
        ("ehlo = \"2001:db8::1\"\n", Some("EHLO [IPv6:2001:db8::1]")),
    ] {
        use Step::{Echo, Expect, Send};
        let repeats = [Send(b"220 a\r\n"), Expect(b"\r\n"), Send(b"550 you said "), Echo];
        let server = Scripted::start(&repeats).await;
        let keys = format!("starttls = \"smtp\"\nverify = false\n{ehlo}");
        let seen = observe(&tls("127.0.0.1", server.port(), &keys)).await;
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let own = if own.contains('.') { own } else { "[127.0.0.1]".to_owned() };
        let line = line.map_or_else(|| format!("EHLO {own}"), str::to_owned);
        assert_down(&seen, Reason::StarttlsRefused, &format!("550 you said {line}"));
    }
}

#[tokio::test]
async fn starttls_works_with_postgres() {
    let authority = Authority::new();
    let with = Postgres::start(Some(&of_mail(&authority))).await;
    let without = Postgres::start(None).await;
    offers_starttls("postgres", &authority, with.port(), without.port(), "has no TLS").await;
}

#[tokio::test]
async fn starttls_works_with_mail_proxies() {
    let authority = Authority::new();
    for (protocol, refusal) in [("imap", "a BAD"), ("pop3", "-ERR"), ("smtp", "does not offer STARTTLS")] {
        let with = NginxMail::start(protocol, Some(&of_mail(&authority))).await;
        let without = NginxMail::start(protocol, None).await;
        offers_starttls(protocol, &authority, with.port(), without.port(), refusal).await;
    }
}

/// The observation of a check with `starttls = protocol` against a scripted server.
async fn against(protocol: &str, script: &[Step]) -> Observed {
    let server = Scripted::start(script).await;
    let keys = format!("starttls = \"{protocol}\"\nverify = false\ntimeout = \"2s\"");
    observe(&tls("127.0.0.1", server.port(), &keys)).await
}

#[tokio::test]
async fn plain_text_after_the_starttls_reply_is_rejected() {
    use Step::{Expect, Send, Stall};
    let words = "more in plain text";
    let smtp = [
        Send(b"220 mail.test\r\n"),
        Expect(b"\r\n"),
        Send(b"250-mail.test\r\n250 STARTTLS\r\n"),
        Expect(b"STARTTLS\r\n"),
        Send(b"220 go on\r\n250 forged\r\n"),
        Stall,
    ];
    assert_down(&against("smtp", &smtp).await, Reason::ProtocolError, words);
    let imap = [Send(b"* OK\r\n"), Expect(b"\r\n"), Send(b"a OK begin\r\n* CAPABILITY FORGED\r\n"), Stall];
    assert_down(&against("imap", &imap).await, Reason::ProtocolError, words);
    let pop3 = [Send(b"+OK\r\n"), Expect(b"\r\n"), Send(b"+OK begin\r\n+OK forged\r\n"), Stall];
    assert_down(&against("pop3", &pop3).await, Reason::ProtocolError, words);
    let postgres = [Expect(b"\x04\xd2\x16\x2f"), Send(b"Sforged"), Stall];
    assert_down(&against("postgres", &postgres).await, Reason::ProtocolError, words);
}

#[tokio::test]
async fn invalid_starttls_replies_are_named() {
    use Step::{Drip, Endless, Expect, Send, Stall};
    for (protocol, script, reason, words) in [
        ("smtp", vec![Send(b"554 go away\r\n")], Reason::BannerMismatch, "greets with \"554 go away\""),
        (
            "smtp",
            vec![Send(b"220 a\r\n"), Expect(b"\r\n"), Send(b"502 command not implemented\r\n")],
            Reason::StarttlsRefused,
            "does not know EHLO, and so offers no STARTTLS: it answers \"502 command not implemented\"",
        ),
        (
            "smtp",
            vec![Send(b"220 a\r\n"), Expect(b"\r\n"), Send(b"550 5.7.1 not you\r\n")],
            Reason::StarttlsRefused,
            "the server answers \"550 5.7.1 not you\"",
        ),
        ("imap", vec![Send(b"* PREAUTH hi\r\n")], Reason::StarttlsRefused, "greets with PREAUTH"),
        ("smtp", vec![Send(b"hello\r\n")], Reason::ProtocolError, "no reply of SMTP"),
        ("smtp", vec![Endless(b"220-spam\r\n")], Reason::ProtocolError, "more than"),
        ("smtp", vec![Endless(b"220 no end of the line ")], Reason::ProtocolError, "more than"),
        ("smtp", vec![], Reason::ConnectionReset, "closed the connection before TLS"),
        ("smtp", vec![Stall], Reason::Timeout, "did not agree"),
        (
            "smtp",
            vec![Drip(b"220 slow as can be, and then more of the same, so that no end is near")],
            Reason::Timeout,
            "did not agree",
        ),
        (
            "smtp",
            vec![
                Send(b"220 a\r\n"),
                Expect(b"\r\n"),
                Send(b"250 STARTTLS\r\n"),
                Expect(b"\r\n"),
                Send(b"454 not now\r\n"),
            ],
            Reason::StarttlsRefused,
            "454 not now",
        ),
        ("imap", vec![Send(b"* BYE\r\n")], Reason::BannerMismatch, "* BYE"),
        (
            "imap",
            vec![Send(b"* OK\r\n"), Expect(b"\r\n"), Send(b"a NO\r\n")],
            Reason::StarttlsRefused,
            "a NO",
        ),
        ("imap", vec![Send(b"* OK\r\n"), Endless(b"* spam\r\n")], Reason::ProtocolError, "more than"),
        ("pop3", vec![Send(b"-ERR full\r\n")], Reason::BannerMismatch, "-ERR full"),
        ("pop3", vec![Send(b"+OK\r\n"), Expect(b"\r\n"), Send(b"-ERR\r\n")], Reason::StarttlsRefused, "-ERR"),
        ("postgres", vec![Expect(b"\x2f"), Send(b"E")], Reason::StarttlsRefused, "error"),
        ("postgres", vec![Send(b"220 mail\r\n")], Reason::ProtocolError, "no answer of PostgreSQL"),
        ("postgres", vec![Expect(b"\x2f"), Send(b"S"), Expect(b""), Send(b"not TLS")], Reason::TlsFailed, ""),
    ] {
        let seen = against(protocol, &script).await;
        assert_eq!((seen.outcome, seen.reason), (Outcome::Down, reason), "{script:?}: {}", seen.detail);
        assert!(seen.detail.contains(words), "{script:?}: {}", seen.detail);
    }
}

#[tokio::test]
async fn bytes_that_are_not_tls_fail_the_handshake() {
    use Step::{Endless, Expect, Send, Stall};
    let at = |port| tls("127.0.0.1", port, "verify = false\ntimeout = \"1s\"");
    for script in [
        vec![Send(b"SSH-2.0-OpenSSH_9.9\r\n"), Stall],
        vec![Endless(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff")],
        vec![Expect(b""), Send(b"\x15\x03\x03\x00\x02\x02\x28")],
    ] {
        let server = Scripted::start(&script).await;
        assert_down(&observe(&at(server.port())).await, Reason::TlsFailed, "");
    }
    let silent = Scripted::start(&[Stall]).await;
    let seen = observe(&at(silent.port())).await;
    assert_down(&seen, Reason::Timeout, "the TLS handshake did not end");
    assert!(seen.total < Duration::from_secs(4), "{:?}", seen.total);
    let closing = Scripted::start(&[]).await;
    assert_down(&observe(&at(closing.port())).await, Reason::ConnectionReset, "");
}
