//! Which agent may report what: the checks its token covers, which definition of a check applies, and why an agent that
//! runs a check does not count for it.

use std::collections::BTreeSet;

/// Why an agent that runs a check does not count for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// The check is a heartbeat, which only the aggregator reports.
    Heartbeat,
    /// Its token does not cover the check.
    Limited,
    /// Others report the check, and an operator has not allowed it yet.
    Asks,
    /// Its definition differs from that of the agents that count.
    Definition,
}

impl Held {
    const ALL: [Self; 4] = [Self::Heartbeat, Self::Limited, Self::Asks, Self::Definition];

    /// The name as stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Limited => "limited",
            Self::Asks => "asks",
            Self::Definition => "definition",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|held| held.name() == name)
    }

    /// The text for operators, after "is rejected: ".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Heartbeat => "the configuration declares a heartbeat of this name",
            Self::Limited => "its token does not allow this check",
            Self::Asks => "it waits for skerry-aggregator agent allow",
            Self::Definition => "conflicting definition",
        }
    }
}

/// What an operator allows an agent to report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Patterns of check names; `None`: every check.
    pub checks: Option<Vec<String>>,
    /// Checks of other agents that it may join where new reporters need permission.
    pub allowed: BTreeSet<String>,
}

impl Permit {
    /// Whether it may report the check of that name at all.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.checks.as_ref().is_none_or(|patterns| patterns.iter().any(|one| matches(one, name)))
    }

    /// Whether it may join others in reporting it.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|one| matches(one, name))
    }
}

/// Whether `name` matches `pattern`, in which `*` stands for any characters, or none.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

/// Length of a hash, and of each half of what is kept if an agent sends both.
const HASH: usize = 16;

/// What is kept of a definition: the hash of all of it, followed by the hash of its assertions if the agent sends that.
#[must_use]
pub fn definition(mut whole: Vec<u8>, asserts: &[u8]) -> Vec<u8> {
    if whole.len() == HASH && asserts.len() == HASH {
        whole.extend_from_slice(asserts);
    }
    whole
}

/// Whether two definitions assert the same. Without the second hash, which older agents do not send, they must be equal
/// as a whole.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let whole = |hash: &[u8]| hash.len().min(HASH);
    let both_tell = one.len() == 2 * HASH && other.len() == 2 * HASH;
    one[..whole(one)] == other[..whole(other)] || both_tell && one[HASH..] == other[HASH..]
}

/// Whether some of them do not assert the same.
pub fn differ<'a>(mut definitions: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    // A definition with both hashes can be compared with most others.
    let Some(first) = definitions.clone().max_by_key(|one| one.len()) else { return false };
    definitions.any(|one| !same(one, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_compared_by_what_they_assert_where_both_tell() {
        let told = |whole: u8, asserts: u8| definition(vec![whole; 16], &[asserts; 16]);
        let table = [
            (told(1, 9), told(1, 9), true),
            (told(1, 9), told(2, 9), true),
            (told(1, 9), told(2, 8), false),
            (told(1, 9), vec![1; 16], true),
            (told(1, 9), vec![2; 16], false),
            (vec![1; 16], vec![1; 16], true),
            (vec![1; 16], vec![2; 16], false),
            (vec![], told(1, 9), false),
            (vec![], vec![], true),
            (vec![1; 3], vec![1; 3], true),
            (vec![1; 3], vec![1; 4], false),
        ];
        for (one, other, alike) in &table {
            assert_eq!((same(one, other), same(other, one)), (*alike, *alike), "{one:?} and {other:?}");
            assert_eq!(differ([&one[..], &other[..]].into_iter()), !alike, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        let table = [
            ("shop", "shop", true),
            ("shop", "shop-1", false),
            ("shop-*", "shop-1", true),
            ("shop-*", "shop-", true),
            ("shop-*", "my-shop-1", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("a*a", "a", false),
            ("*ab", "aab", true),
            ("*a*", "bab", true),
            ("**", "x", true),
        ];
        for (pattern, name, fits) in table {
            assert_eq!(matches(pattern, name), fits, "{pattern:?} and {name:?}");
        }
    }
}
