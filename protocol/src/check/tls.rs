//! The `tls` check: a full handshake, at once or after STARTTLS, and the server's certificate.

use std::net::IpAddr;
use std::path::Path;

use url::Host;

use super::IpVersion;
use super::definition::Canonical;
use super::kind::Definition;
use super::target::{self, Handshake};
use crate::strict::{Table, refuse};

/// A `tls` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// `host`: the target.
    pub host: Host<String>,
    /// `port`; default 443, or that of the protocol in `starttls`.
    pub port: u16,
    /// `ip_version`.
    pub ip: IpVersion,
    /// `starttls`: the protocol that upgrades to TLS.
    pub starttls: Option<StartTls>,
    /// `ehlo`: the name sent to an SMTP server. `None`: the host's full name, or its address.
    pub ehlo: Option<String>,
    /// Settings of the handshake.
    pub handshake: Handshake,
}

/// A protocol that starts in plain text and upgrades to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// `"smtp"` (RFC 3207)
    Smtp,
    /// `"imap"` (RFC 9051)
    Imap,
    /// `"pop3"` (RFC 2595)
    Pop3,
    /// `"postgres"`: the SSLRequest of PostgreSQL's protocol
    Postgres,
}

impl StartTls {
    /// All, in the order of the reference documentation.
    pub const ALL: [Self; 4] = [Self::Smtp, Self::Imap, Self::Pop3, Self::Postgres];

    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Postgres => "postgres",
        }
    }

    /// The port of its variant with implicit TLS.
    fn port_of_tls(self) -> Option<u16> {
        match self {
            Self::Smtp => Some(465),
            Self::Imap => Some(993),
            Self::Pop3 => Some(995),
            Self::Postgres => None,
        }
    }

    /// The default port.
    fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Imap => 143,
            Self::Pop3 => 110,
            Self::Postgres => 5432,
        }
    }
}

impl Definition for Tls {
    fn read(table: &Table<'_>) -> Option<Self> {
        let host = target::host(table);
        let starttls = table.choice("starttls", &StartTls::ALL.map(|one| (one.name(), one))).optional();
        let ehlo = ehlo(table, starttls);
        let handshake = Handshake::read(table, host.as_ref());
        let port = target::port(table).or(starttls.map_or(443, StartTls::port));
        if let Some(asked) = starttls.filter(|asked| asked.port_of_tls() == Some(port)) {
            let wrong = format!("starttls can never work: on port {port} a server speaks TLS at once");
            let remedy = format!("Remove starttls, or use port {}.", asked.port());
            table.refuse("starttls", wrong, remedy);
        }
        Some(Self {
            port,
            ip: target::ip_version(table, "host", host.as_ref()),
            starttls,
            ehlo,
            host: host?,
            handshake: handshake?,
        })
    }

    fn canonical(&self, form: &mut Canonical) {
        form.field("host", &self.host);
        form.field("port", self.port);
        form.field("ip_version", self.ip.name());
        form.optional("starttls", self.starttls.map(StartTls::name));
        form.optional("ehlo", self.ehlo.as_ref());
        self.handshake.canonical(form);
    }

    fn target(&self) -> Option<Host<String>> {
        Some(self.host.clone())
    }

    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        self.handshake.ca_file.iter().map(|file| ("ca_file", file.as_path())).collect()
    }
}

fn ehlo(table: &Table<'_>, starttls: Option<StartTls>) -> Option<String> {
    let name = table.string("ehlo").convert(|text| match smtp_name(&text) {
        Some(name) => Ok(name),
        None => refuse(
            format!("must be a host name or an IP address; it is \"{text}\""),
            "Write it such as \"monitor.example.com\" or \"192.0.2.1\".",
        ),
    });
    let name = name.optional();
    if table.has("ehlo") && starttls != Some(StartTls::Smtp) {
        let wrong = "ehlo has no effect without starttls = \"smtp\"";
        table.refuse("ehlo", wrong, "Add starttls = \"smtp\", or remove ehlo.");
    }
    name
}

/// As in EHLO (RFC 5321, section 4.1.3): a name, or an address in brackets.
fn smtp_name(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let bare = bare.strip_prefix("IPv6:").unwrap_or(bare);
    if let Ok(address) = bare.parse() {
        return Some(address_literal(address));
    }
    match target::read_host(text)? {
        Host::Domain(name) => Some(name.trim_end_matches('.').to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// An address as in EHLO: `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
#[must_use]
pub fn address_literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Kind;
    use crate::check::read::tests::{effects, hash, kind_of};

    const LEAST: &str = "type = \"tls\"\nhost = \"mail.example.com\"\n";

    fn tls(keys: &str) -> Tls {
        let Kind::Tls(tls) = kind_of(LEAST, keys) else { panic!("a tls check") };
        *tls
    }

    #[test]
    fn every_key_has_its_effect() {
        let plain = tls("");
        assert_eq!((plain.host.to_string().as_str(), plain.port), ("mail.example.com", 443));
        assert_eq!((plain.starttls, plain.ip), (None, IpVersion::Any));
        assert_eq!(plain.handshake.server_name.to_string(), "mail.example.com");
        assert!(plain.handshake.verify);
        for (name, port) in [("smtp", 25), ("imap", 143), ("pop3", 110), ("postgres", 5432)] {
            let asked = tls(&format!("starttls = \"{name}\""));
            assert_eq!((asked.starttls.map(StartTls::name), asked.port), (Some(name), port));
        }
        assert_eq!(tls("starttls = \"smtp\"\nport = 587").port, 587);
        assert_eq!(tls("ip_version = \"4\"").ip, IpVersion::V4);
        assert_eq!(tls("server_name = \"192.0.2.1\"").handshake.server_name.to_string(), "192.0.2.1");
        for (written, sent) in [
            ("Monitor.Example.com.", "monitor.example.com"),
            ("192.0.2.1", "[192.0.2.1]"),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("2001:DB8::1", "[IPv6:2001:db8::1]"),
            ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
            ("münchen.example", "xn--mnchen-3ya.example"),
        ] {
            let asked = tls(&format!("starttls = \"smtp\"\nehlo = \"{written}\""));
            assert_eq!(asked.ehlo.as_deref(), Some(sent));
        }
        for wrong in ["a b", "a\r\nRSET", "[x]", "[::1", "", "https://a/"] {
            assert_eq!(smtp_name(wrong), None, "{wrong:?}");
        }
        assert!(!tls("verify = false").handshake.verify);
        assert_eq!(tls("certificate_days = 21").handshake.certificate_days, Some(21));
        assert_eq!(tls("ca_file = \"/ca.pem\"").plain_files(), [("ca_file", Path::new("/ca.pem"))]);
        assert_eq!(tls("").target(), Some(Host::Domain("mail.example.com".to_owned())));
    }

    // Agents report this hash, so it must not change.
    #[test]
    fn the_definition_hash_is_pinned_and_covers_every_key() {
        let full = "starttls = \"smtp\"\nport = 587\ncertificate_days = 7";
        let pinned = ["8c3d3ddc7c0337b5d3f9d6535ec9f80a", "b9831de34b50265a73636622a43907d5"];
        assert_eq!([hash(LEAST, ""), hash(LEAST, full)], pinned);
        effects(
            LEAST,
            &[
                "port = 8443",
                "ip_version = \"6\"",
                "starttls = \"imap\"\nport = 443",
                "starttls = \"postgres\"\nport = 443",
                "starttls = \"smtp\"\nport = 443",
                "starttls = \"smtp\"\nport = 443\nehlo = \"a.example\"",
                "server_name = \"a.example\"",
                "verify = false",
                "ca_file = \"/a\"",
                "certificate_days = 7",
            ],
        );
    }
}
