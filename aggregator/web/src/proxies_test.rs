use super::*;
use actix_web::test::TestRequest;
use proptest::prelude::*;

fn proxies(client_from: ClientFrom) -> TrustedProxies {
    let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|one| one.parse().expect("a network"));
    TrustedProxies { networks: networks.to_vec(), client_from }
}

fn client(proxies: &TrustedProxies, peer: &str, lines: &[&str]) -> String {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    proxies.client_behind(peer.parse().expect("an address"), &lines).address.to_string()
}

#[test]
fn a_proxy_that_names_nobody_is_no_client_of_an_audience() {
    let table: &[(&[&str], bool)] = &[
        (&[], false),
        (&["unknown"], false),
        (&["192.0.2.7, unknown"], false),
        (&["192.0.2.7, unknown, 10.0.0.2"], false),
        (&[",, "], false),
        (&["192.0.2.7"], true),
        (&["unknown, 192.0.2.7"], true),
        (&["unknown, 192.0.2.7, 10.0.0.2"], true),
        // Somebody in the network of the proxies, as the proxy says.
        (&["10.0.0.7"], true),
    ];
    for (lines, named) in table {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let client = proxies(ClientFrom::XForwardedFor).client_behind(IpAddr::from([10, 0, 0, 1]), &lines);
        assert_eq!(client.is_named, *named, "{lines:?}");
    }
}

#[test]
fn the_client_is_the_rightmost_hop_that_is_no_proxy() {
    let proxies = proxies(ClientFrom::XForwardedFor);
    let table: &[(&str, &[&str], &str)] = &[
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["192.0.2.7"], "192.0.2.7"),
        ("192.0.2.9", &["192.0.2.7"], "192.0.2.9"),
        ("10.0.0.1", &["198.51.100.1, 192.0.2.7, 10.9.9.9"], "192.0.2.7"),
        ("10.0.0.1", &["198.51.100.1", "192.0.2.7", "10.9.9.9"], "192.0.2.7"),
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", &["192.0.2.7:4711"], "192.0.2.7"),
        ("10.0.0.1", &["2001:db8:2::7"], "2001:db8:2::7"),
        ("10.0.0.1", &["[2001:db8:2::7]:4711"], "2001:db8:2::7"),
        ("10.0.0.1", &["[2001:db8:2::7]"], "2001:db8:2::7"),
        ("2001:db8:1::5", &["192.0.2.7"], "192.0.2.7"),
        ("::ffff:10.0.0.1", &["::ffff:192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", &["192.0.2.7,, ,"], "192.0.2.7"),
        // What is no address ends the way at the proxy that reported it.
        ("10.0.0.1", &["192.0.2.7, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["192.0.2.7, _hidden"], "10.0.0.1"),
        ("10.0.0.1", &["192.0.2.7, 1.2.3"], "10.0.0.1"),
        ("10.0.0.1", &["192.0.2.7:99999"], "10.0.0.1"),
        ("10.0.0.1", &["192.0.2.7:"], "10.0.0.1"),
        ("10.0.0.1", &["[192.0.2.7]"], "10.0.0.1"),
        ("10.0.0.1", &["[2001:db8:2::7"], "10.0.0.1"),
        ("10.0.0.1", &["fe80::1%eth0"], "10.0.0.1"),
        ("10.0.0.1", &["'; DROP TABLE audit; --"], "10.0.0.1"),
        ("10.0.0.1", &["\u{1f980}"], "10.0.0.1"),
    ];
    for (peer, lines, expected) in table {
        assert_eq!(client(&proxies, peer, lines), *expected, "{peer} {lines:?}");
    }
}

#[test]
fn an_element_of_forwarded_is_read_strictly() {
    let proxies = proxies(ClientFrom::Forwarded);
    let table: &[(&[&str], &str)] = &[
        (&["for=192.0.2.7"], "192.0.2.7"),
        (&["For=192.0.2.7;proto=https;by=10.0.0.1"], "192.0.2.7"),
        (&["proto=https ; for=\"192.0.2.7:4711\""], "192.0.2.7"),
        (&["for=\"[2001:db8:2::7]\""], "2001:db8:2::7"),
        (&["for=\"[2001:db8:2::7]:_x\", for=10.0.0.2"], "2001:db8:2::7"),
        (&["for=198.51.100.1", "for=192.0.2.7, for=10.0.0.2"], "192.0.2.7"),
        (&["for=\"19\\2.0.2.7\""], "192.0.2.7"),
        (&["for=192.0.2.7;host=\"a,b\""], "192.0.2.7"),
        // An open quote of the client hides nothing.
        (&["for=\"198.51.100.1, for=192.0.2.7"], "192.0.2.7"),
        (&["for=\"198.51.100.1", "for=192.0.2.7"], "192.0.2.7"),
        (&["host=\"\\\", for=\"[2001:db8:2::7]\""], "2001:db8:2::7"),
        // Neither is an address.
        (&["for=unknown"], "10.0.0.1"),
        (&["for=_hidden"], "10.0.0.1"),
        (&["for=192.0.2.7:80"], "10.0.0.1"),
        (&["for=2001:db8:2::7"], "10.0.0.1"),
        (&["for=\"2001:db8:2::7\""], "10.0.0.1"),
        (&["for=192.0.2.7;for=192.0.2.8"], "10.0.0.1"),
        (&["for=192.0.2.7 x"], "10.0.0.1"),
        (&["for = 192.0.2.7"], "10.0.0.1"),
        (&["proto=https"], "10.0.0.1"),
        (&["192.0.2.7"], "10.0.0.1"),
        (&["for=\"192.0.2.7"], "10.0.0.1"),
    ];
    for (lines, expected) in table {
        assert_eq!(client(&proxies, "10.0.0.1", lines), *expected, "{lines:?}");
    }
}

#[test]
fn only_the_header_that_the_listener_names_is_read() {
    let request = TestRequest::default()
        .peer_addr("10.0.0.1:1".parse().expect("an address"))
        .insert_header(("x-forwarded-for", "192.0.2.1"))
        .append_header(("forwarded", "for=192.0.2.2"))
        .insert_header(("x-real-ip", "192.0.2.3"))
        .to_http_request();
    let of = |proxies: TrustedProxies| proxies.client(&request).map(|client| client.to_string());
    assert_eq!(of(proxies(ClientFrom::XForwardedFor)).as_deref(), Some("192.0.2.1"));
    assert_eq!(of(proxies(ClientFrom::Forwarded)).as_deref(), Some("192.0.2.2"));
    assert_eq!(of(proxies(ClientFrom::ProxyProtocol)).as_deref(), Some("10.0.0.1"));
    assert_eq!(of(TrustedProxies::default()).as_deref(), Some("10.0.0.1"));
}

/// Adds what a proxy adds that was asked from `from`, to the last line or as a line of its own.
fn add(lines: &mut Vec<Vec<u8>>, from: IpAddr, kind: ClientFrom, own_line: bool) {
    let text = match (kind, from) {
        (ClientFrom::Forwarded, IpAddr::V6(six)) => format!("for=\"[{six}]:4711\";proto=https"),
        (ClientFrom::Forwarded, four) => format!("for={four}"),
        (_, other) => other.to_string(),
    };
    match lines.last_mut().filter(|_| !own_line) {
        Some(line) => line.extend_from_slice(format!(", {text}").as_bytes()),
        None => lines.push(text.into_bytes()),
    }
}

fn outside() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (1u8..9, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| IpAddr::from([a, b, c, d])),
        any::<[u16; 6]>().prop_map(|[a, b, c, d, e, f]| IpAddr::from([0x2001, 0xdb9, a, b, c, d, e, f])),
    ]
}

fn inside() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 3]>().prop_map(|[b, c, d]| IpAddr::from([10, b, c, d])),
        any::<[u16; 5]>().prop_map(|[a, b, c, d, e]| IpAddr::from([0x2001, 0xdb8, 1, a, b, c, d, e])),
    ]
}

/// What a client may send: bytes of any kind, and what looks like the headers of proxies.
fn forged() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..], 0..12),
        Just(b"10.0.0.1".to_vec()),
        Just(b"for=\"".to_vec()),
        Just(b", for=10.0.0.1;by=\"".to_vec()),
        Just(b"\\\"".to_vec()),
        Just(b"\"\\".to_vec()),
        Just(b",".to_vec()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever a client sends, it is taken for itself, however many proxies stand between.
    #[test]
    fn no_client_is_taken_for_another(
        mut lines in proptest::collection::vec(forged(), 0..4),
        attacker in outside(),
        between in proptest::collection::vec((inside(), any::<bool>()), 1..5),
        forwarded in any::<bool>(),
    ) {
        let kind = if forwarded { ClientFrom::Forwarded } else { ClientFrom::XForwardedFor };
        let mut asked_from = attacker;
        for (proxy, own_line) in &between {
            add(&mut lines, asked_from, kind, *own_line);
            asked_from = *proxy;
        }
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(proxies(kind).client_behind(asked_from, &lines).address, attacker);
        // Without a proxy, nothing that it sends counts.
        prop_assert_eq!(proxies(kind).client_behind(attacker, &lines).address, attacker);
    }
}
