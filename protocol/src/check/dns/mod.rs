//! The `dns` check: one query to one name server, and assertions on the answer.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use url::Host;

use super::IpVersion;
use super::definition::Canonical;
use super::kind::Definition;
use super::target::Handshake;
use crate::strict::Table;

mod answer;
mod name;
mod read;
mod record;
mod text;

pub use answer::Answers;
pub use record::Record;
pub use text::{printable, quoted};

/// A `dns` check.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    /// `query`: the queried name, in lower case and without the final dot; the root is `.`. With `record =
    /// "PTR"` an address stands for its reverse name.
    pub query: String,
    /// `record`: the queried type; default `A`.
    pub record: Record,
    /// `server`: the name server. `None`: the system's first one.
    pub server: Option<NameServer>,
    /// `transport`: default UDP.
    pub transport: DnsTransport,
    /// `rcode`: the expected response code; default `NOERROR`.
    pub rcode: Rcode,
    /// `answers` and `match`: the expected records. `None`: any; with `rcode = "NOERROR"` at least one.
    pub answers: Option<Answers>,
    /// `min_ttl`: degraded if a TTL in the answer is lower.
    pub min_ttl: Option<Duration>,
    /// `recursion`: ask for recursion; default true.
    pub recursion: bool,
    /// `ip_version` for reaching the server.
    pub ip: IpVersion,
}

/// A name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Name or address.
    pub host: Host<String>,
    /// Port; defaults to the transport's.
    pub port: u16,
}

impl std::fmt::Display for NameServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The transport of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsTransport {
    /// `"udp"`: repeated over TCP if the answer is truncated (RFC 7766).
    Udp,
    /// `"tcp"`
    Tcp,
    /// `"tls"`: RFC 7858.
    Tls(Handshake),
    /// `"https"`: RFC 8484, by POST.
    Https {
        /// TLS settings.
        tls: Handshake,
        /// `path`, default `/dns-query`.
        path: String,
    },
}

impl DnsTransport {
    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls(_) => "tls",
            Self::Https { .. } => "https",
        }
    }

    /// The TLS settings, if it uses TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&Handshake> {
        match self {
            Self::Udp | Self::Tcp => None,
            Self::Tls(tls) | Self::Https { tls, .. } => Some(tls),
        }
    }
}

/// A response code (RFC 6895, section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcode(pub u16);

impl Rcode {
    /// No error.
    pub const NOERROR: Self = Self(0);

    /// The codes that servers answer with, and their names.
    pub const NAMED: [(&'static str, Self); 12] = [
        ("NOERROR", Self(0)),
        ("FORMERR", Self(1)),
        ("SERVFAIL", Self(2)),
        ("NXDOMAIN", Self(3)),
        ("NOTIMP", Self(4)),
        ("REFUSED", Self(5)),
        ("YXDOMAIN", Self(6)),
        ("YXRRSET", Self(7)),
        ("NXRRSET", Self(8)),
        ("NOTAUTH", Self(9)),
        ("NOTZONE", Self(10)),
        ("BADVERS", Self(16)),
    ];

    /// The name, or `RCODE` and the number.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match Self::NAMED.iter().find(|(_, known)| *known == self) {
            Some((name, _)) => Cow::Borrowed(name),
            None => Cow::Owned(format!("RCODE{}", self.0)),
        }
    }
}

impl Definition for Dns {
    fn read(table: &Table<'_>) -> Option<Self> {
        read::read(table)
    }

    fn canonical(&self, form: &mut Canonical) {
        form.field("query", &self.query);
        form.field("record", self.record.name());
        form.optional("server", self.server.as_ref());
        form.field("transport", self.transport.name());
        if let DnsTransport::Https { path, .. } = &self.transport {
            form.field("path", path);
        }
        if let Some(tls) = self.transport.tls() {
            tls.canonical(form);
        }
        form.field("rcode", self.rcode.0);
        if let Some(answers) = &self.answers {
            form.field("match", answers.name());
            for answer in answers.records() {
                form.field("answer", answer);
            }
        }
        form.optional("min_ttl_ms", self.min_ttl.map(|ttl| ttl.as_millis()));
        form.field("recursion", self.recursion);
        form.field("ip_version", self.ip.name());
    }

    fn target(&self) -> Option<Host<String>> {
        self.server.as_ref().map(|server| server.host.clone())
    }

    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        let file = self.transport.tls().and_then(|tls| tls.ca_file.as_deref());
        file.map(|file| ("ca_file", file)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
