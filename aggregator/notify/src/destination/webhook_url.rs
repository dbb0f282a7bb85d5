//! Which URL a subscriber may give for a webhook. What it says is canonicalised by the `url` crate as browsers do
//! (decimal, octal, hexadecimal and short forms of addresses, percent-encoded and international names), and judged after.

use super::addresses::Reach;
use std::fmt;
use url::{Host, Url};

/// Bytes of a URL.
const LONGEST: usize = 2_048;

/// Ports at and above 1024 that belong to protocols which a request could be mistaken for: the rest of the list of ports
/// that browsers refuse (Fetch standard, "bad port").
const OTHER_PROTOCOLS: [u16; 19] = [
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
    6697, 10080,
];

/// Last labels of names that are never public (RFC 6761, 6762, 7686, 8375, 9476, and ICANN for `internal`).
const NEVER_PUBLIC: [&str; 9] =
    ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// It is no URL with a host.
    NoUrl,
    /// It is longer than 2,048 bytes.
    TooLong,
    /// It holds spaces, control characters or backslashes, which programs read differently.
    OddCharacters,
    /// It does not begin with `https://`.
    NotHttps,
    /// It holds a user name or a password.
    Credentials,
    /// It names a port of another protocol.
    Port(u16),
    /// It names an address or a network that is not public.
    NotPublic,
    /// It is not one of the service's own URLs for incoming messages.
    NotOfService,
    /// It is of Microsoft's connectors, which were retired in May 2026; workflows take their place.
    RetiredConnector,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUrl => f.write_str("is not a URL"),
            Self::TooLong => write!(f, "is longer than {LONGEST} bytes"),
            Self::OddCharacters => f.write_str("holds a space, a control character or a backslash"),
            Self::NotHttps => f.write_str("does not begin with https://"),
            Self::Credentials => f.write_str("holds a user name or a password"),
            Self::Port(port) => write!(f, "names port {port}, which is not one of HTTPS"),
            Self::NotPublic => f.write_str("names a host that is not public"),
            Self::NotOfService => f.write_str("is not a URL of that service for incoming messages"),
            Self::RetiredConnector => f.write_str(
                "is of a connector, which Microsoft retired in May 2026: create a workflow that posts to a channel when a \
                 webhook request is received, and use its URL",
            ),
        }
    }
}

impl std::error::Error for UrlFault {}

/// Reads the URL of a webhook; `plain_http` allows `http://`. Its host may still resolve to an address that must not be
/// reached, which is found out at each connection.
///
/// # Errors
/// Why it is refused.
pub fn webhook_url(text: &str, plain_http: bool, reach: &Reach) -> Result<Url, UrlFault> {
    let mut url = read(text)?;
    match url.scheme() {
        "https" => {}
        "http" if plain_http => {}
        _ => return Err(UrlFault::NotHttps),
    }
    check_port(&url)?;
    match url.host() {
        None => return Err(UrlFault::NoUrl),
        Some(Host::Ipv4(address)) if !reach.allows(address.into()) => return Err(UrlFault::NotPublic),
        Some(Host::Ipv6(address)) if !reach.allows(address.into()) => return Err(UrlFault::NotPublic),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {}
        Some(Host::Domain(name)) => {
            // One destination has one name, whether its root is written or not.
            let name = name.trim_end_matches('.').to_owned();
            let last = name.rsplit_once('.').map(|(_, last)| last);
            if reach.is_only_public() && last.is_none_or(|last| NEVER_PUBLIC.contains(&last)) {
                return Err(UrlFault::NotPublic);
            }
            url.set_host(Some(&name)).map_err(|_| UrlFault::NoUrl)?;
        }
    }
    Ok(url)
}

/// Reads a URL of HTTP or HTTPS without credentials; what follows `#` is never sent and left out.
pub(super) fn read(text: &str) -> Result<Url, UrlFault> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(UrlFault::TooLong);
    }
    if text.chars().any(|one| one.is_whitespace() || one.is_control() || one == '\\') {
        return Err(UrlFault::OddCharacters);
    }
    let mut url = Url::parse(text).map_err(|_| UrlFault::NoUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::Credentials);
    }
    url.set_fragment(None);
    Ok(url)
}

fn check_port(url: &Url) -> Result<(), UrlFault> {
    // The port of the scheme is none.
    match url.port() {
        None => Ok(()),
        Some(port) if port < 1_024 || OTHER_PROTOCOLS.contains(&port) => Err(UrlFault::Port(port)),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Reach = Reach::Public { also: Vec::new() };

    fn fault(text: &str) -> UrlFault {
        webhook_url(text, false, &PUBLIC).expect_err(text)
    }

    #[test]
    fn an_https_url_of_a_public_host_is_taken_as_one_form() {
        let table = [
            ("https://hooks.acme.com/status?key=1", "https://hooks.acme.com/status?key=1"),
            ("  HTTPS://Hooks.ACME.com:443/status#part ", "https://hooks.acme.com/status"),
            ("https://acme.com.:8443/", "https://acme.com:8443/"),
            ("https://bücher.de/", "https://xn--bcher-kva.de/"),
            ("https://bücher。de/", "https://xn--bcher-kva.de/"),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://0x08080808/", "https://8.8.8.8/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
            ("https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"),
        ];
        for (text, expected) in table {
            assert_eq!(webhook_url(text, false, &PUBLIC).expect(text).as_str(), expected);
        }
    }

    #[test]
    fn what_is_refused_is_refused_for_its_reason() {
        let table = [
            ("", UrlFault::NoUrl),
            ("hooks.acme.com", UrlFault::NoUrl),
            ("https://", UrlFault::NoUrl),
            ("https://a b.com/", UrlFault::OddCharacters),
            ("https://acme.com/\r\nX-Header: 1", UrlFault::OddCharacters),
            ("https://acme.com\\@10.0.0.1/", UrlFault::OddCharacters),
            ("http://acme.com/", UrlFault::NotHttps),
            ("ftp://acme.com/", UrlFault::NotHttps),
            ("file:///etc/passwd", UrlFault::NotHttps),
            ("gopher://127.0.0.1:6379/_x", UrlFault::NotHttps),
            ("https://user@acme.com/", UrlFault::Credentials),
            ("https://:word@acme.com/", UrlFault::Credentials),
            ("https://acme.com:22/", UrlFault::Port(22)),
            ("https://acme.com:80/", UrlFault::Port(80)),
            ("https://acme.com:6000/", UrlFault::Port(6000)),
            ("https://localhost/", UrlFault::NotPublic),
            ("https://LOCALHOST./", UrlFault::NotPublic),
            ("https://metadata.google.internal/", UrlFault::NotPublic),
            ("https://intranet/", UrlFault::NotPublic),
            ("https://printer.local/", UrlFault::NotPublic),
            ("https://2130706433/", UrlFault::NotPublic),
            ("https://0177.0.0.1/", UrlFault::NotPublic),
            ("https://127.1/", UrlFault::NotPublic),
            ("https://127.0.0.1./", UrlFault::NotPublic),
            ("https://①②⑦.⓪.⓪.①/", UrlFault::NotPublic),
            ("https://%31%32%37.0.0.1/", UrlFault::NotPublic),
            ("https://[::1]/", UrlFault::NotPublic),
            ("https://[::ffff:a00:1]/", UrlFault::NotPublic),
        ];
        for (text, expected) in table {
            assert_eq!(fault(text), expected, "{text}");
        }
        assert_eq!(fault(&format!("https://acme.com/{}", "x".repeat(2_048))), UrlFault::TooLong);
    }

    #[test]
    fn operators_may_allow_plain_http_and_their_own_networks() {
        assert!(webhook_url("http://hooks.acme.com/", true, &PUBLIC).is_ok());
        assert_eq!(webhook_url("ftp://acme.com/", true, &PUBLIC), Err(UrlFault::NotHttps));
        let own = Reach::Public { also: vec!["10.0.0.0/8".parse().expect("a network")] };
        assert!(webhook_url("https://10.1.2.3/", false, &own).is_ok());
        assert!(
            webhook_url("https://intranet/", false, &own).is_ok(),
            "its address is judged when it is known"
        );
        assert_eq!(webhook_url("https://192.168.0.1/", false, &own), Err(UrlFault::NotPublic));
    }
}
