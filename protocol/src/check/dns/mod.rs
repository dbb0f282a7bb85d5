//! The `dns` check: one question to one name server, and what is asked of the answer.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Host;

use super::IpVersion;
use super::definition::Canonical;
use super::kind::Definition;
use crate::strict::Table;

mod answer;
mod name;
mod read;
mod record;

pub use answer::Answers;
pub use record::Record;

/// A `dns` check.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    /// `query`: the name that is asked for, in lower case and without the final dot; the root is `.`. With
    /// `record = "PTR"` an address stands for its reverse name.
    pub query: String,
    /// `record`: the type that is asked for, default `A`.
    pub record: Record,
    /// `server`: who is asked. `None`: the first name server of the system.
    pub server: Option<NameServer>,
    /// `transport`: how it is asked, default UDP.
    pub transport: DnsTransport,
    /// `rcode`: the response code that is right, default `NOERROR`.
    pub rcode: Rcode,
    /// `answers` and `match`: which records are right. `None`: any, but where `rcode` is `NOERROR` there
    /// must be one.
    pub answers: Option<Answers>,
    /// `min_ttl`: degraded when an answer may be kept shorter than this.
    pub min_ttl: Option<Duration>,
    /// `recursion`: ask the server to find the answer elsewhere if it has to, default true.
    pub recursion: bool,
    /// `ip_version`: how the server is reached.
    pub ip: IpVersion,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its name or address.
    pub host: Host<String>,
    /// Its port; the transport's own where the configuration names none.
    pub port: u16,
}

impl std::fmt::Display for NameServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How a name server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsTransport {
    /// `"udp"`: over TCP once more if the answer is truncated (RFC 7766).
    Udp,
    /// `"tcp"`
    Tcp,
    /// `"tls"`: RFC 7858.
    Tls(DnsTls),
    /// `"https"`: RFC 8484, by POST.
    Https {
        /// Its TLS.
        tls: DnsTls,
        /// `path`, default `/dns-query`.
        path: String,
    },
}

/// Whom to believe on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsTls {
    /// `server_name`: the name in the certificate; default the host in `server`.
    pub server_name: Host<String>,
    /// `verify`: check the certificate's chain and name; default true.
    pub verify: bool,
    /// `ca_file`: further trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// `certificate_days`: degraded when the certificate ends sooner than this many days.
    pub certificate_days: Option<u32>,
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

    /// Its TLS, if it has any.
    #[must_use]
    pub fn tls(&self) -> Option<&DnsTls> {
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

    /// Those that a server answers a question with, and their names.
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
            form.field("server_name", &tls.server_name);
            form.field("verify", tls.verify);
            form.field("own_authority", tls.ca_file.is_some());
            form.optional("certificate_days", tls.certificate_days);
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
        form.field(
            "ip_version",
            match self.ip {
                IpVersion::Any => "any",
                IpVersion::V4 => "4",
                IpVersion::V6 => "6",
            },
        );
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
