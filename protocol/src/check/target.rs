//! Keys of several kinds: whom a check asks, and what it asks of a TLS handshake.

use std::net::IpAddr;
use std::path::PathBuf;

use url::Host;

use super::IpVersion;
use super::definition::Canonical;
use crate::strict::{Entry, Table, refuse};

/// What is asked of a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// `server_name`: the name that is asked for and must stand in the certificate; default the host.
    pub server_name: Host<String>,
    /// `verify`: check the certificate's chain and name; default true.
    pub verify: bool,
    /// `ca_file`: further trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// `certificate_days`: degraded when the certificate ends sooner than this many days.
    pub certificate_days: Option<u32>,
}

impl Handshake {
    const KEYS: [&str; 4] = ["server_name", "verify", "ca_file", "certificate_days"];

    /// Reads the keys of a handshake; `host` is the default of the name.
    pub(super) fn read(table: &Table<'_>, host: Option<&Host<String>>) -> Option<Self> {
        let handshake = Self::keys(table, host)?;
        if !handshake.verify && handshake.ca_file.is_some() {
            table.refuse("ca_file", "ca_file has no effect with verify = false", "Remove one of the two.");
        }
        Some(handshake)
    }

    /// As [`Self::read`], of a check that may speak TLS or not. Where it does not, each key is refused: it has
    /// no meaning for the `why` of that, and what would give it one is `cure`.
    pub(super) fn read_where(
        spoken: bool,
        table: &Table<'_>,
        host: Option<&Host<String>>,
        why: &str,
        cure: &str,
    ) -> Option<Self> {
        if spoken {
            return Self::read(table, host);
        }
        // Asked for all the same, so that they are known keys.
        let _ = Self::keys(table, host);
        for key in Self::KEYS.into_iter().filter(|key| table.has(key)) {
            table.refuse(key, format!("{key} has no effect {why}"), format!("{cure}, or remove {key}."));
        }
        None
    }

    fn keys(table: &Table<'_>, host: Option<&Host<String>>) -> Option<Self> {
        let server_name = host_entry(table.string("server_name")).optional();
        Some(Self {
            verify: table.boolean("verify").or(true),
            ca_file: table.path("ca_file").optional(),
            certificate_days: table.integer("certificate_days", 1, 3_650).optional().map(|days| days as u32),
            server_name: server_name.or_else(|| host.cloned())?,
        })
    }

    pub(super) fn canonical(&self, form: &mut Canonical) {
        form.field("server_name", &self.server_name);
        form.field("verify", self.verify);
        form.field("own_authority", self.ca_file.is_some());
        form.optional("certificate_days", self.certificate_days);
    }
}

/// `host`, required: a name or an IP address, without scheme and port.
pub(super) fn host(table: &Table<'_>) -> Option<Host<String>> {
    host_entry(table.string("host")).required("host = \"db.example.com\"")
}

fn host_entry(entry: Entry<'_, String>) -> Entry<'_, Host<String>> {
    entry.convert(|text| match read_host(&text) {
        Some(host) => Ok(host),
        None => refuse(
            format!("must be a host name or an IP address; it is \"{text}\""),
            "Write it without scheme, port and path, such as \"db.example.com\", \"192.0.2.1\" or \"2001:db8::1\".",
        ),
    })
}

/// A host name or an address without brackets.
pub(super) fn read_host(text: &str) -> Option<Host<String>> {
    if let Ok(address) = text.parse() {
        return Some(match address {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        });
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !text.contains('%') && is_name(&name) => Some(Host::Domain(name)),
        _ => None,
    }
}

/// RFC 1035: labels of 1 to 63 bytes, 253 in all; a dot at the end is the root. What a zone file reads as more
/// than a letter is none.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()));
    labels && !name.contains(['"', '(', ')', ';'])
}

/// `port`, a TCP port.
pub(super) fn port<'t>(table: &'t Table<'_>) -> Entry<'t, u16> {
    table.integer("port", 1, 65_535).convert(|port| Ok(port as u16))
}

/// `ip_version`, default any. `host` is whom the check asks, as `key` names it: an address has its family.
pub(super) fn ip_version(table: &Table<'_>, key: &str, host: Option<&Host<String>>) -> IpVersion {
    let ip = table.choice("ip_version", &IpVersion::ALL.map(|ip| (ip.name(), ip))).or(IpVersion::Any);
    let other = match (host, ip) {
        (Some(Host::Ipv4(_)), IpVersion::V6) => "an IPv4 address",
        (Some(Host::Ipv6(_)), IpVersion::V4) => "an IPv6 address",
        _ => return ip,
    };
    let (named, asked) = if key == "url" { ("the host of url", "host") } else { (key, key) };
    let wrong = format!("ip_version can never match: {named} is {other}");
    table.refuse("ip_version", wrong, format!("Remove ip_version, or name another {asked}."));
    ip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_else() {
        for (text, shown) in [
            ("db.example.com", "db.example.com"),
            ("DB.Example.com.", "db.example.com."),
            ("bücher.example", "xn--bcher-kva.example"),
            ("_sip.example.com", "_sip.example.com"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "[2001:db8::1]"),
        ] {
            assert_eq!(read_host(text).map(|host| host.to_string()).as_deref(), Some(shown), "{text}");
        }
        let long = format!("{}.example", "a".repeat(64));
        let wrong = [
            "https://a/",
            "a:25",
            "a/b",
            "a b",
            "a..b",
            ".",
            "1.2.3",
            "0x7f.1",
            "a%41",
            "a;b",
            "[::1]",
            &long,
        ];
        for text in wrong {
            assert_eq!(read_host(text), None, "{text}");
        }
    }
}
