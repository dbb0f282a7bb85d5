//! What a scan finds. Neither of these shows a secret in `Debug`.

use std::fmt::{self, Debug, Display, Formatter};
use std::ops::Range;
use std::sync::Arc;

/// Why something may not be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Four dotted octets, in decimal, octal or hexadecimal; or an IPv4 address as the host of a URL, in any form.
    Ipv4Address,
    /// An IPv6 address.
    Ipv6Address,
    /// A host name that ends in this private suffix.
    PrivateSuffix(Arc<str>),
    /// A name that is private to the workspace.
    PrivateName,
    /// A match of this secret pattern.
    SecretPattern(Arc<str>),
    /// A private key in PEM.
    PrivateKey,
    /// A URL that contains a password.
    UrlPassword,
    /// A character that would control a terminal or reorder the text around it.
    UnfitCharacter,
}

impl Rule {
    /// Whether what the rule finds must not even be logged.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self, Self::SecretPattern(_) | Self::PrivateKey | Self::UrlPassword)
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4Address => f.write_str("IPv4 address"),
            Self::Ipv6Address => f.write_str("IPv6 address"),
            Self::PrivateSuffix(suffix) => write!(f, "host name that ends in {suffix}"),
            Self::PrivateName => f.write_str("private name"),
            Self::SecretPattern(pattern) => write!(f, "secret pattern {pattern}"),
            Self::PrivateKey => f.write_str("private key"),
            Self::UrlPassword => f.write_str("password in a URL"),
            Self::UnfitCharacter => f.write_str("character that cannot be shown"),
        }
    }
}

/// Something in the source, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the source.
    pub at: Range<usize>,
    /// Why.
    pub rule: Rule,
    /// What stands in its place. `None`: an admin has released it, and it stays.
    pub replacement: Option<String>,
}

/// What the second scan still found: the text cannot be published.
#[derive(Clone, PartialEq, Eq)]
pub struct Remainder {
    /// Why.
    pub rule: Rule,
    /// What is shown, as a reader sees it. For the author alone.
    pub shown: String,
}

impl Debug for Remainder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown: &dyn Debug = if self.rule.is_secret() { &"…" } else { &self.shown };
        f.debug_struct("Remainder").field("rule", &self.rule).field("shown", shown).finish()
    }
}

/// A stretch of a text that a rule forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) at: Range<usize>,
    pub(crate) rule: Rule,
}

impl Hit {
    pub(crate) const fn new(at: Range<usize>, rule: Rule) -> Self {
        Self { at, rule }
    }
}

/// Sorts hits and joins those that overlap; the first rule names the whole.
pub(crate) fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.at.start, std::cmp::Reverse(hit.at.end)));
    let mut whole: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match whole.last_mut() {
            Some(last) if hit.at.start < last.at.end => last.at.end = last.at.end.max(hit.at.end),
            _ => whole.push(hit),
        }
    }
    whole
}
