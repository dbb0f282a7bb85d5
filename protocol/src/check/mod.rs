//! The definition of a check: what is measured, how, and when it counts as failed. Plain values; [`read`]
//! reads them from a `[[check]]` table.

use std::time::Duration;

use crate::strict::Item;

mod definition;
mod dependencies;
mod dns;
mod exec;
mod heartbeat;
mod http;
mod kind;
mod labels;
mod ping;
mod read;
mod target;
mod tcp;
mod tls;

pub use crate::strict::Scalar;
pub use dependencies::{MAX_PARENTS, refuse_cycles, undeclared_parents};
pub use dns::{Answers, Dns, DnsTransport, NameServer, Rcode, Record, printable, quoted};
pub use exec::Exec;
pub use heartbeat::{Due, Heartbeat};
pub use http::{Auth, Http, HttpVersion, JsonAssertion, JsonExpectation, SentHeader, StatusRange};
pub use kind::Kind;
pub use labels::{Labels, MAX_LABELS, is_label_name, is_label_value, read_labels};
pub use ping::Ping;
pub use read::read;
pub use target::Handshake;
pub use tcp::Tcp;
pub use tls::{StartTls, Tls, address_literal};

/// The definition of one check, for both programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Unique in the workspace; 1 to 100 characters.
    pub name: String,
    /// What is measured.
    pub kind: Kind,
    /// From start to start.
    pub interval: Duration,
    /// Limits the whole run, from name resolution to the last byte.
    pub timeout: Duration,
    /// From start to start while a change is unconfirmed.
    pub retry_interval: Duration,
    /// Number of consecutive bad observations for hard `down` or `degraded`.
    pub fall: u32,
    /// Number of consecutive observations that are not down for leaving `down`.
    pub rise: u32,
    /// A run slower than this is `degraded`.
    pub degraded_above: Option<Duration>,
    /// Severity of the problems it opens.
    pub severity: Severity,
    /// Labels, by which components choose it.
    pub labels: Labels,
    /// Locations that run the check; empty: all.
    pub locations: Vec<String>,
    /// Names of the checks whose outage explains a failure of this one, its parents.
    pub depends_on: Vec<String>,
}

impl Check {
    /// Whether agents at this location run it.
    #[must_use]
    pub fn runs_at(&self, location: &str) -> bool {
        self.locations.is_empty() || self.locations.iter().any(|named| named == location)
    }
}

/// How long the last conclusive observation of a check with this interval counts, ms: three intervals and ten seconds.
/// After that the check is silent, and nothing is known about its target.
#[must_use]
pub fn silence_limit_ms(interval_ms: i64) -> i64 {
    interval_ms.saturating_mul(3).saturating_add(10_000)
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
    /// All, lowest first.
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

/// A valid regular expression.
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
    /// `"any"`: the resolver's order, with the other family as fallback.
    Any,
    /// `"4"`
    V4,
    /// `"6"`
    V6,
}

impl IpVersion {
    /// All, in the order of the reference documentation.
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
