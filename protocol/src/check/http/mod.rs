//! The `http` check: an HTTP request and what is asked of the answer.

use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::definition::Canonical;
use super::kind::Definition;
use super::{IpVersion, Pattern, Scalar};
use crate::strict::Table;

mod canonical;
mod read;

/// An `http` check.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// `url`: absolute, `http` or `https`, without credentials in it.
    pub url: Url,
    /// `method`, default `GET`.
    pub method: ::http::Method,
    /// `headers`: sent as written, in the order in which they are written.
    pub headers: Vec<SentHeader>,
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
    pub ca_file: Option<PathBuf>,
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

/// A header that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentHeader {
    /// Its name as it is written: there are servers that look for it so.
    pub written: String,
    /// Its name.
    pub name: ::http::HeaderName,
    /// Its value.
    pub value: ::http::HeaderValue,
}

impl SentHeader {
    /// A header by the name that is `written`; none where that is no name of a header.
    #[must_use]
    pub fn new(written: &str, value: ::http::HeaderValue) -> Option<Self> {
        let name = ::http::HeaderName::from_bytes(written.as_bytes()).ok()?;
        Some(Self { written: written.to_owned(), name, value })
    }
}

/// Credentials of an `http` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Basic (RFC 7617); the password is the file's first line.
    Basic {
        /// User name.
        user: String,
        /// File with the password.
        password_file: PathBuf,
    },
    /// Bearer (RFC 6750); the token is the file's first line.
    Bearer {
        /// File with the token.
        token_file: PathBuf,
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

impl Definition for Http {
    fn read(table: &Table<'_>) -> Option<Self> {
        read::read(table)
    }

    fn canonical(&self, form: &mut Canonical) {
        canonical::canonical(self, form);
    }

    fn target(&self) -> Option<Host<String>> {
        self.url.host().map(|host| host.to_owned())
    }

    fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        match &self.auth {
            None => Vec::new(),
            Some(Auth::Basic { password_file, .. }) => vec![("auth", password_file)],
            Some(Auth::Bearer { token_file }) => vec![("auth", token_file)],
        }
    }

    fn plain_files(&self) -> Vec<(&'static str, &Path)> {
        self.ca_file.iter().map(|file| ("ca_file", file.as_path())).collect()
    }
}
