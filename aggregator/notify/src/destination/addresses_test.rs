//! Both ends of every special network, and their neighbours outside.

use super::*;
use proptest::prelude::*;

fn routable(text: &str) -> bool {
    is_globally_routable(text.parse().expect(text))
}

#[test]
fn special_networks_of_ipv4_end_where_the_registry_says() {
    // First and last address of each, and the nearest public neighbours.
    let table = [
        ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
        ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
        ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
        ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
        ("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17")),
        ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
        ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
        ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
        ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
        ("192.31.196.0", "192.31.196.255", Some("192.31.195.255"), Some("192.31.197.0")),
        ("192.52.193.0", "192.52.193.255", Some("192.52.192.255"), Some("192.52.194.0")),
        ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
        ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
        ("192.175.48.0", "192.175.48.255", Some("192.175.47.255"), Some("192.175.49.0")),
        ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
        ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
        ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
        ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
    ];
    for (first, last, before, after) in table {
        assert!(!routable(first) && !routable(last), "{first} to {last}");
        for public in before.into_iter().chain(after) {
            assert!(routable(public), "{public}");
        }
    }
}

#[test]
fn special_networks_of_ipv6_end_where_the_registry_says() {
    let never = [
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::8.8.8.8", // unspecified, loopback, compatible
        "::ffff:0:127.0.0.1",
        "::ffff:0:8.8.8.8", // translated (RFC 2765)
        "64:ff9b:1::1",
        "64:ff9b:1:ffff:ffff:ffff:808:808", // local translation
        "64:ff9b:0:1::808:808",             // no translation that we know
        "100::1",
        "100:0:0:1::1", // discard, dummy
        "200::1",
        "400::1",
        "1fff:ffff::1", // before the first unicast network
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", // Teredo
        "2001:1::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:30::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2001:db8:ffff:ffff::1",
        "2002::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2002:ffff:ffff::1",
        "2a00::5efe:10.0.0.1",
        "2a00::200:5efe:10.0.0.1", // ISATAP
        "3ffe::1",
        "3ffe:ffff::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fe80::1",
        "febf:ffff::1",
        "fec0::1",
        "feff::1", // link-local, site-local
        "ff00::1",
        "ff02::1",
        "ff0e::1",
        "ffff:ffff::1",
    ];
    for text in never {
        assert!(!routable(text), "{text}");
    }
    let public = [
        "2000::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2001:ffff::1",
        "2003::1",
        "2400::1",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "3ffd:ffff::1",
        "3fff:1000::1",
        "3fff:ffff::1",
    ];
    for text in public {
        assert!(routable(text), "{text}");
    }
}

#[test]
fn operators_may_allow_networks_or_everything() {
    let loopback: IpAddr = "127.0.0.1".parse().expect("an address");
    let mapped: IpAddr = "::ffff:127.0.0.1".parse().expect("an address");
    let other: IpAddr = "127.0.0.2".parse().expect("an address");
    let also = |networks: &[&str]| Reach::Public {
        also: networks.iter().map(|text| text.parse().expect("a network")).collect(),
    };
    assert!(!also(&[]).allows(loopback) && also(&[]).is_only_public());
    let one = also(&["127.0.0.1/32"]);
    assert!(one.allows(loopback) && one.allows(mapped) && !one.allows(other) && !one.is_only_public());
    assert!(Reach::Any.allows(loopback) && !Reach::Any.is_only_public());
}

proptest! {
    /// Whatever an IPv6 address carries can be no more public than the IPv4 address itself.
    #[test]
    fn an_address_that_stands_for_another_is_judged_by_that(bits in any::<u32>()) {
        let inner = Ipv4Addr::from_bits(bits);
        let public = is_globally_routable(inner.into());
        prop_assert_eq!(is_globally_routable(inner.to_ipv6_mapped().into()), public);
        let nat64: Ipv6Addr = format!("64:ff9b::{inner}").parse().expect("an address");
        prop_assert_eq!(is_globally_routable(nat64.into()), public);
        for refused in [format!("::{inner}"), format!("64:ff9b:1::{inner}"), format!("::ffff:0:{inner}"),
            format!("2002:{:x}:{:x}::1", bits >> 16, bits & 0xffff)] {
            let refused: Ipv6Addr = refused.parse().expect("an address");
            prop_assert!(!is_globally_routable(refused.into()), "{}", refused);
        }
    }
}
