//! Domain names as people write them, and their canonical form: lower case, without the final dot, in ASCII.

use std::fmt::Write as _;
use std::net::IpAddr;

use url::Host;

const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

/// The canonical form of a name. The error continues a sentence that starts with the key.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    if text == "." {
        return Ok(text.to_owned());
    }
    if !text.is_ascii() {
        // Parsed as browsers parse a host (UTS 46). An address in unusual digits is not a name.
        return match Host::parse(text) {
            Ok(Host::Domain(ascii)) if !text.contains('%') && ascii.is_ascii() => canonical(&ascii),
            _ => Err(format!("is not a valid domain name: \"{text}\"")),
        };
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > MAX_NAME || name.split('.').any(|label| label.is_empty() || label.len() > MAX_LABEL) {
        return Err(format!("is not a valid domain name: \"{text}\""));
    }
    if !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"();@:".contains(&byte)) {
        return Err(format!("is not a valid domain name: \"{text}\""));
    }
    Ok(name.to_ascii_lowercase())
}

/// The name below `in-addr.arpa` or `ip6.arpa` for an address (RFC 1035, RFC 3596).
pub(super) fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let mut name = String::with_capacity(72);
            for octet in address.octets().iter().rev() {
                // Writing to a String cannot fail.
                let _ = write!(name, "{:x}.{:x}.", octet & 15, octet >> 4);
            }
            name + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_final_dot() {
        assert_eq!(canonical("Example.COM.").as_deref(), Ok("example.com"));
        assert_eq!(canonical("_sip._tcp.example").as_deref(), Ok("_sip._tcp.example"));
        assert_eq!(canonical(".").as_deref(), Ok("."));
        for (written, ascii) in [
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("MÜNCHEN.Example.", "xn--mnchen-3ya.example"),
            ("mu\u{308}nchen.example", "xn--mnchen-3ya.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("_dmarc.münchen.example", "_dmarc.xn--mnchen-3ya.example"),
            ("*.münchen.example", "*.xn--mnchen-3ya.example"),
            ("s1_2024._domainkey.bücher.example", "s1_2024._domainkey.xn--bcher-kva.example"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(ascii), "{written}");
        }
        let long = "a".repeat(64);
        let long_in_ascii = "ü".repeat(60);
        for wrong in [
            "",
            "a..b",
            ".a",
            "a b",
            "a\"b",
            "mün chen.example",
            "ü..b",
            "ü%41.example",
            "１.２.３.４",
            "ü\u{fffd}.example",
            long.as_str(),
            long_in_ascii.as_str(),
            "http://a/",
            "http://ü/",
        ] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_a_reverse_name() {
        let reverse = |text: &str| reverse(text.parse().expect("an address"));
        assert_eq!(reverse("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        assert_eq!(
            reverse("2001:db8::1"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        );
    }
}
