//! UDP, TCP, TLS and HTTPS over IPv4 and IPv6, and what is measured of each.

use skerry_tests::parts::nginx::{Nginx, Site};

use super::*;

fn over(transport: DnsTransport, server: NameServer) -> Dns {
    Dns { transport, ..check(server, "www.example.test", Record::A) }
}

fn tls(authority: &Authority, host: &str) -> Handshake {
    Handshake {
        server_name: at(host, 0).host,
        verify: true,
        ca_file: Some(authority.file()),
        certificate_days: None,
    }
}

fn https(tls: Handshake) -> DnsTransport {
    DnsTransport::Https { tls, path: "/dns-query".to_owned() }
}

#[tokio::test]
async fn every_transport_reaches_both_servers_over_both_families() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost", "127.0.0.1", "::1"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let unbound = Unbound::start(&certificate, bind.port).await;
    let ports =
        [[bind.port, bind.tls_port, bind.https_port], [unbound.port, unbound.tls_port, unbound.https_port]];
    for [port, tls_port, https_port] in ports {
        for host in ["127.0.0.1", "::1", "localhost"] {
            for (transport, port, shown) in [
                (DnsTransport::Udp, port, "udp"),
                (DnsTransport::Tcp, port, "tcp"),
                (DnsTransport::Tls(tls(&authority, host)), tls_port, "tls"),
                (https(tls(&authority, host)), https_port, "https"),
            ] {
                let seen = observe(over(transport, at(host, port))).await;
                assert_eq!(seen.outcome, Outcome::Up, "{shown} to {host}: {}", seen.detail);
                let dns = found(&seen).expect("an answer");
                assert_eq!((dns.transport, dns.truncated, dns.server.port()), (shown, false, port));
                assert_eq!(texts(&seen), ["192.0.2.1", "192.0.2.2"]);
                let phases = seen.phases.expect("phases");
                assert!(phases.first_byte_us.is_some());
                assert_eq!(phases.dns_us.is_some(), host == "localhost");
                assert_eq!(phases.connect_us.is_some(), shown != "udp");
                assert_eq!(phases.tls_us.is_some(), ["tls", "https"].contains(&shown));
                assert_eq!(phases.transfer_us.is_some(), shown == "https");
                assert_eq!(seen.certificate.is_some(), phases.tls_us.is_some());
            }
        }
    }
}

#[tokio::test]
async fn the_address_family_can_be_chosen() {
    let bind = Named::start(&Authority::new().sign(&["localhost"], Validity::GOOD)).await;
    for (ip, v6) in [(IpVersion::V4, false), (IpVersion::V6, true)] {
        let seen = observe(Dns { ip, ..over(DnsTransport::Udp, at("localhost", bind.port)) }).await;
        assert_up(&seen);
        assert_eq!(found(&seen).expect("an answer").server.is_ipv6(), v6);
    }
    let other = Dns { ip: IpVersion::V6, ..over(DnsTransport::Udp, at("127.0.0.1", bind.port)) };
    assert_down(&observe(other).await, Reason::DnsNotFound, "127.0.0.1 is not of the IP version");
}

#[tokio::test]
async fn a_truncated_answer_is_queried_again_over_tcp() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let unbound = Unbound::start(&certificate, bind.port).await;
    for port in [bind.port, unbound.port] {
        let seen = observe(check(at("127.0.0.1", port), LARGE, Record::Txt)).await;
        assert_up(&seen);
        let dns = found(&seen).expect("an answer");
        assert_eq!((dns.transport, dns.truncated, dns.answers.len()), ("tcp", true, 20));
        assert!(dns.to_string().ends_with("over tcp, truncated over udp"), "{dns}");
        let phases = seen.phases.expect("phases");
        assert!(phases.connect_us.is_some() && phases.first_byte_us.is_some());
    }
}

#[tokio::test]
async fn bad_certificates_have_their_own_reasons() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (certificate, reason) in [
        (authority.sign(&["localhost"], Validity::EXPIRED), Reason::TlsExpired),
        (authority.sign(&["localhost"], Validity::NOT_YET), Reason::TlsNotYetValid),
        (authority.sign(&["other.test"], Validity::GOOD), Reason::TlsWrongName),
        (stranger.sign(&["localhost"], Validity::GOOD), Reason::TlsUntrusted),
    ] {
        let bind = Named::start(&certificate).await;
        let believing = Handshake { verify: false, ca_file: None, ..tls(&authority, "localhost") };
        let strict = tls(&authority, "localhost");
        for (transport, port) in
            [(DnsTransport::Tls(strict.clone()), bind.tls_port), (https(strict), bind.https_port)]
        {
            assert_down(&observe(over(transport, at("localhost", port))).await, reason, "");
        }
        for (transport, port) in
            [(DnsTransport::Tls(believing.clone()), bind.tls_port), (https(believing), bind.https_port)]
        {
            assert_up(&observe(over(transport, at("localhost", port))).await);
        }
    }
}

#[tokio::test]
async fn another_name_in_the_certificate_can_be_configured_and_its_expiry_is_watched() {
    let authority = Authority::new();
    let bind = Named::start(&authority.sign(&["dns.test"], Validity { from: -80, to: 10 })).await;
    let named = |days| Handshake { certificate_days: days, ..tls(&authority, "dns.test") };
    let server = || at("127.0.0.1", bind.tls_port);
    assert_up(&observe(over(DnsTransport::Tls(named(Some(7))), server())).await);
    let seen = observe(over(DnsTransport::Tls(named(Some(14))), server())).await;
    assert_seen(&seen, Outcome::Degraded, Reason::TlsExpiresSoon, "in 9 days");
    let seen = observe(over(DnsTransport::Tls(tls(&authority, "127.0.0.1")), server())).await;
    assert_down(&seen, Reason::TlsWrongName, "");
}

#[tokio::test]
async fn a_web_server_without_dns_is_reported() {
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let bind = Named::start(&certificate).await;
    let path = "/elsewhere".to_owned();
    let transport = DnsTransport::Https { tls: tls(&authority, "localhost"), path };
    let seen = observe(over(transport, at("localhost", bind.https_port))).await;
    assert_down(&seen, Reason::StatusMismatch, "404");
    for (server, reason, words) in [
        ("location = /dns-query { return 200 hello; }", Reason::HeaderMismatch, "Content-Type"),
        (
            "location = /dns-query { default_type application/dns-message; return 200 hello; }",
            Reason::ProtocolError,
            "another question",
        ),
        (
            "location = /dns-query { root DIR/files; default_type application/dns-message; error_page 405 =200 $uri; }",
            Reason::BodyTooLarge,
            "65535",
        ),
    ] {
        let site =
            Site { server: server.to_owned(), certificate: Some(certificate.clone()), ..Site::default() };
        let nginx = Nginx::start(&site).await;
        std::fs::write(nginx.files().join("dns-query"), vec![0; 70_000]).expect("writes");
        let transport = https(tls(&authority, "localhost"));
        assert_down(&observe(over(transport, at("localhost", nginx.port()))).await, reason, words);
    }
}
