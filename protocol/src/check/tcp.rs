//! The `tcp` check: connects, optionally with TLS, and matches what the server sends.

use std::path::Path;

use url::Host;

use super::definition::Canonical;
use super::kind::Definition;
use super::target::{self, Handshake};
use super::{IpVersion, Pattern};
use crate::strict::{Table, refuse};

/// A `tcp` check.
#[derive(Clone, Debug, PartialEq)]
pub struct Tcp {
    /// `host`: the target.
    pub host: Host<String>,
    /// `port`.
    pub port: u16,
    /// `ip_version`.
    pub ip: IpVersion,
    /// `tls`: begin with a TLS handshake; default false.
    pub tls: Option<Handshake>,
    /// `send`: sent as written once the connection is open.
    pub send: Option<String>,
    /// `expect`: must match what the server sends.
    pub expect: Option<Pattern>,
}

impl Definition for Tcp {
    fn read(table: &Table<'_>) -> Option<Self> {
        let host = target::host(table);
        let port = target::port(table).required("port = 5432");
        // The refused value is reported; keys that depend on it are not.
        let tls = table.boolean("tls").or(table.has("tls"));
        let (why, cure) = ("without tls = true", "Add tls = true");
        Some(Self {
            ip: target::ip_version(table, "host", host.as_ref()),
            tls: Handshake::read_where(tls, table, host.as_ref(), why, cure),
            send: table.text("send").convert(not_empty).optional(),
            expect: table.item("expect").and_then(|item| Pattern::read(&item)),
            host: host?,
            port: port?,
        })
    }

    fn canonical(&self, form: &mut Canonical) {
        form.field("host", &self.host);
        form.field("port", self.port);
        form.field("ip_version", self.ip.name());
        form.field("tls", self.tls.is_some());
        if let Some(handshake) = &self.tls {
            handshake.canonical(form);
        }
        form.optional("send", self.send.as_ref());
        form.optional("expect", self.expect.as_ref().map(|pattern| pattern.0.as_str()));
    }

    fn target(&self) -> Option<Host<String>> {
        Some(self.host.clone())
    }

    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        let file = self.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        file.map(|file| ("ca_file", file)).into_iter().collect()
    }
}

fn not_empty(text: String) -> Result<String, crate::strict::Refusal> {
    if text.is_empty() { refuse("is empty", "Give it a value or remove the key.") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Kind;
    use crate::check::read::tests::{effects, hash, kind_of};

    const LEAST: &str = "type = \"tcp\"\nhost = \"db.example.com\"\nport = 5432\n";

    fn tcp(keys: &str) -> Tcp {
        let Kind::Tcp(tcp) = kind_of(LEAST, keys) else { panic!("a tcp check") };
        *tcp
    }

    #[test]
    fn every_key_has_its_effect() {
        let plain = tcp("");
        assert_eq!((plain.host.to_string().as_str(), plain.port), ("db.example.com", 5432));
        assert_eq!((plain.tls, plain.send, plain.expect, plain.ip), (None, None, None, IpVersion::Any));
        assert_eq!(tcp("ip_version = \"6\"").ip, IpVersion::V6);
        assert_eq!(tcp("send = \"PING\\r\\n\"").send.as_deref(), Some("PING\r\n"));
        assert!(tcp("expect = '^\\+PONG'").expect.expect("a pattern").0.is_match("+PONG\r\n"));
        let own = tcp("tls = true").tls.expect("a handshake");
        assert_eq!((own.server_name.to_string().as_str(), own.verify), ("db.example.com", true));
        let keys =
            "tls = true\nserver_name = \"inner.example\"\nca_file = \"/ca.pem\"\ncertificate_days = 14";
        let asked = tcp(keys).tls.expect("a handshake");
        assert_eq!(asked.server_name.to_string(), "inner.example");
        assert_eq!((asked.ca_file, asked.certificate_days), (Some("/ca.pem".into()), Some(14)));
        assert!(!tcp("tls = true\nverify = false").tls.expect("a handshake").verify);
        assert_eq!(tcp(keys).plain_files(), [("ca_file", Path::new("/ca.pem"))]);
        assert_eq!(tcp("").target(), Some(Host::Domain("db.example.com".to_owned())));
    }

    // Agents report this hash, so it must not change.
    #[test]
    fn the_definition_hash_is_pinned_and_covers_every_key() {
        let full = "tls = true\nsend = \"a\"\nexpect = \"b\"\ncertificate_days = 7";
        let pinned = ["67b7df757743ea22e62d83bea1e48665", "d846c89b4ea0aba6e35347f7ddfe9d33"];
        assert_eq!([hash(LEAST, ""), hash(LEAST, full)], pinned);
        effects(
            LEAST,
            &[
                "ip_version = \"4\"",
                "tls = true",
                "tls = true\nserver_name = \"a.example\"",
                "tls = true\nverify = false",
                "tls = true\nca_file = \"/a\"",
                "tls = true\ncertificate_days = 7",
                "send = \"a\"",
                "expect = \"a\"",
            ],
        );
    }
}
