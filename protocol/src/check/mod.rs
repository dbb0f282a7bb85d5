//! The definition of a check: what is measured, how, and when it counts as failed.
//! These are plain values; [`read`] makes them from a `[[check]]` table.

use std::collections::BTreeMap;
use std::time::Duration;

mod definition;
mod http;
mod read;

pub use crate::strict::Scalar;
pub use read::read;

/// One check, as both programs read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Unique in the workspace; 1 to 100 characters.
    pub name: String,
    /// What is measured.
    pub kind: Kind,
    /// Start to start.
    pub interval: Duration,
    /// The whole run, from name resolution to the last byte.
    pub timeout: Duration,
    /// Start to start while a change is unconfirmed.
    pub retry_interval: Duration,
    /// Consecutive bad observations that make it hard `down` or `degraded`.
    pub fall: u32,
    /// Consecutive observations that are not down, to leave `down`.
    pub rise: u32,
    /// A run slower than this is `degraded`.
    pub degraded_above: Option<Duration>,
    /// Severity of the problems it opens.
    pub severity: Severity,
    /// Free labels for operators.
    pub labels: BTreeMap<String, String>,
    /// Where a shared definition is run; empty: everywhere.
    pub locations: Vec<String>,
}

impl Check {
    /// An agent at this location runs it.
    #[must_use]
    pub fn runs_at(&self, location: &str) -> bool {
        self.locations.is_empty() || self.locations.iter().any(|named| named == location)
    }
}

/// What kind of check, with the keys of that kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// An HTTP request.
    Http(Box<Http>),
}

impl Kind {
    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
        }
    }
}

/// Severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`, the default
    High,
    /// `critical`
    Critical,
}

impl Severity {
    /// All, mildest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// An `http` check.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// `url`: absolute, `http` or `https`, without credentials in it.
    pub url: url::Url,
    /// `method`, default `GET`.
    pub method: ::http::Method,
    /// `headers`: sent as written.
    pub headers: Vec<(::http::HeaderName, ::http::HeaderValue)>,
    /// `body`: sent as written.
    pub body: Option<String>,
    /// `auth`: credentials, their secret in a file.
    pub auth: Option<Auth>,
    /// `status`: what counts as right; default 200 to 299.
    pub status: Vec<StatusRange>,
    /// `redirects`: how many to follow, default 5; 0 looks at the redirect itself.
    pub redirects: u32,
    /// `body_contains`: each must stand in the body.
    pub body_contains: Vec<String>,
    /// `body_matches`: each regular expression must match the body.
    pub body_matches: Vec<Pattern>,
    /// `json`: JSON paths (RFC 9535) and what they must yield.
    pub json: Vec<JsonAssertion>,
    /// `response_headers`: name and the expression its value must match.
    pub response_headers: Vec<(::http::HeaderName, Pattern)>,
    /// `certificate_days`: degraded when the certificate ends sooner than this many days.
    pub certificate_days: Option<u32>,
    /// `verify`: check the certificate's chain and name; default true.
    pub verify: bool,
    /// `ca_file`: further trusted authorities (PEM).
    pub ca_file: Option<std::path::PathBuf>,
    /// `max_body`: largest body read, bytes, default 1 MiB; one that is larger is down when the body is
    /// asserted on, else read so far and closed.
    pub max_body: u64,
    /// `http_version`.
    pub version: HttpVersion,
    /// `ip_version`.
    pub ip: IpVersion,
    /// `reuse_connection`: keep the connection between runs; default false.
    pub reuse_connection: bool,
}

/// Credentials of an `http` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Basic (RFC 7617); the password is the file's first line.
    Basic {
        /// User name.
        user: String,
        /// File with the password.
        password_file: std::path::PathBuf,
    },
    /// Bearer (RFC 6750); the token is the file's first line.
    Bearer {
        /// File with the token.
        token_file: std::path::PathBuf,
    },
}

/// Status codes `from..=to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    /// First.
    pub from: u16,
    /// Last.
    pub to: u16,
}

/// A regular expression that was checked when it was read.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// `json = [{ path = "$.status", equals = "ok" }]`
#[derive(Clone, Debug)]
pub struct JsonAssertion {
    /// The path as written.
    pub path: String,
    /// The path, parsed.
    pub query: serde_json_path::JsonPath,
    /// What it must yield.
    pub expect: JsonExpectation,
}

impl PartialEq for JsonAssertion {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.expect == other.expect
    }
}

/// What a JSON path must yield.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonExpectation {
    /// At least one node.
    Exists,
    /// Exactly one node, equal to this; numbers compare by value.
    Equals(Scalar),
    /// At least one node whose text matches.
    Matches(Pattern),
}

/// `http_version`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// `"auto"`: ALPN decides; plain HTTP is 1.1.
    Auto,
    /// `"1.1"`
    Http1,
    /// `"2"`: with prior knowledge on plain HTTP.
    Http2,
}

/// `ip_version`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// `"any"`: what the resolver says first, the other family as fallback.
    Any,
    /// `"4"`
    V4,
    /// `"6"`
    V6,
}
