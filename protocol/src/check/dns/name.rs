//! Domain names as people write them, and as two of them are compared: lower case, no final dot.

use std::fmt::Write as _;
use std::net::IpAddr;

const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

/// The form in which names are compared. The error goes on from the key's name.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    if text == "." {
        return Ok(text.to_owned());
    }
    if !text.is_ascii() {
        return Err(format!("holds letters outside ASCII: \"{text}\""));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > MAX_NAME || name.split('.').any(|label| label.is_empty() || label.len() > MAX_LABEL) {
        return Err(format!("is no domain name: \"{text}\""));
    }
    if !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"();@:".contains(&byte)) {
        return Err(format!("is no domain name: \"{text}\""));
    }
    Ok(name.to_ascii_lowercase())
}

/// The name under `in-addr.arpa` or `ip6.arpa` that stands for an address (RFC 1035, RFC 3596).
pub(super) fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let mut name = String::with_capacity(72);
            for octet in address.octets().iter().rev() {
                // Writing to a string cannot fail.
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
        let long = "a".repeat(64);
        for wrong in ["", "a..b", ".a", "a b", "a\"b", "münchen.example", long.as_str(), "http://a/"] {
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
