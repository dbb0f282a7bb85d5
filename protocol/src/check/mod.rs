//! The definition of a check: what is measured, how, and when it counts as failed.
//! These are plain values; [`read`] makes them from a `[[check]]` table.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::strict::Item;

mod definition;
mod dns;
mod exec;
mod heartbeat;
mod http;
mod kind;
mod ping;
mod read;
mod target;
mod tcp;
mod tls;

pub use crate::strict::Scalar;
pub use dns::{Answers, Dns, DnsTransport, NameServer, Rcode, Record, printable, quoted};
pub use exec::Exec;
pub use heartbeat::{Due, Heartbeat};
pub use http::{Auth, Http, HttpVersion, JsonAssertion, JsonExpectation, SentHeader, StatusRange};
pub use kind::Kind;
pub use ping::Ping;
pub use read::read;
pub use target::Handshake;
pub use tcp::Tcp;
pub use tls::{StartTls, Tls, address_literal};

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

/// A regular expression that was checked when it was read.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

impl Pattern {
    fn read(item: &Item<'_>) -> Option<Self> {
        let text = item.text()?;
        match regex::Regex::new(&text) {
            Ok(regex) => Some(Self(regex)),
            Err(error) => {
                let message = error.to_string();
                let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                item.refuse(
                    &format!("is not a valid regular expression: {last}"),
                    "See https://docs.rs/regex#syntax; in single quotes TOML leaves backslashes as they are.",
                )
            }
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
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

impl IpVersion {
    /// All, in the order of the reference.
    pub const ALL: [Self; 3] = [Self::Any, Self::V4, Self::V6];

    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::V4 => "4",
            Self::V6 => "6",
        }
    }
}
