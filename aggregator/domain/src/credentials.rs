//! Credentials: whether an agent may deliver, enrolment tokens, and the result of redeeming one. Only hashes are kept,
//! so a leak grants no access.

use super::state::AgentKey;
use super::time::Timestamp;

/// Hash of a token. 160 random bits need no slow hash.
pub type TokenHash = [u8; 32];

/// The hash of a token.
#[must_use]
pub fn token_hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// Whether an agent may deliver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It may deliver.
    #[default]
    Active,
    /// It may not deliver for now; its credential stays.
    Disabled,
    /// Its credential was taken away.
    Revoked,
    /// It is no longer listed, and its name is free for another agent; its history stays.
    Removed,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Revoked, Self::Removed];

    /// The name as stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// An enrolment token, which an agent exchanges once for its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The agent it was made for.
    pub agent: AgentKey,
    /// The end of its validity.
    pub until: Timestamp,
    /// When it was redeemed.
    pub used: Option<Timestamp>,
}

/// The result of redeeming an enrolment token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The new credential is valid from now on.
    Enrolled {
        /// The workspace's name.
        workspace: String,
        /// The agent's name.
        name: String,
        /// The agent's location.
        location: String,
    },
    /// No such token exists, or a newer one replaced it.
    Unknown,
    /// It was redeemed before.
    Used {
        /// The agent it was made for.
        name: String,
        /// When it was redeemed.
        at: Timestamp,
    },
    /// It has expired.
    Expired {
        /// The agent it was made for.
        name: String,
    },
}
