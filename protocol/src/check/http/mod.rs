//! The `http` check: a request and assertions on the response.

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
    /// `url`: absolute, `http` or `https`, without credentials.
    pub url: Url,
    /// `method`, default `GET`.
    pub method: ::http::Method,
    /// `headers`: sent as written and in this order.
    pub headers: Vec<SentHeader>,
    /// `body`: sent as written.
    pub body: Option<String>,
    /// `auth`: credentials, with the secret in a file.
    pub auth: Option<Auth>,
    /// `status`: the expected codes; default 200 to 299.
    pub status: Vec<StatusRange>,
    /// `redirects`: maximum number followed; default 5. With 0 the redirect itself is checked.
    pub redirects: u32,
    /// `body_contains`: the body must contain each of these.
    pub body_contains: Vec<String>,
    /// `body_matches`: each regular expression must match the body.
    pub body_matches: Vec<Pattern>,
    /// `json`: JSON paths (RFC 9535) and their expected results.
    pub json: Vec<JsonAssertion>,
    /// `response_headers`: names and regular expressions for their values.
    pub response_headers: Vec<(::http::HeaderName, Pattern)>,
    /// `certificate_days`: degraded if the certificate expires within this many days.
    pub certificate_days: Option<u32>,
    /// `verify`: verify the certificate's chain and name; default true.
    pub verify: bool,
    /// `ca_file`: additional trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// `max_body`: maximum number of body bytes read, default 1 MiB. A larger body is down if an assertion
    /// needs it; otherwise the rest is not read.
    pub max_body: u64,
    /// `http_version`.
    pub version: HttpVersion,
    /// `ip_version`.
    pub ip: IpVersion,
    /// `reuse_connection`: keep the connection between runs; default false.
    pub reuse_connection: bool,
}

/// A request header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentHeader {
    /// The name as written, because some servers are case-sensitive.
    pub written: String,
    /// The normalized name.
    pub name: ::http::HeaderName,
    /// Its value.
    pub value: ::http::HeaderValue,
}

impl SentHeader {
    /// A header with this name as `written`; `None` if the name is invalid.
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
    /// First code.
    pub from: u16,
    /// Last code.
    pub to: u16,
}

/// `json = [{ path = "$.status", equals = "ok" }]`
#[derive(Clone, Debug)]
pub struct JsonAssertion {
    /// The path as written.
    pub path: String,
    /// The parsed path.
    pub query: serde_json_path::JsonPath,
    /// Its expected result.
    pub expect: JsonExpectation,
}

impl PartialEq for JsonAssertion {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.expect == other.expect
    }
}

/// The expected result of a JSON path.
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
    /// `"2"`: on plain HTTP with prior knowledge.
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
