//! Who may deliver: whether an agent is taken, the tokens by which it enrols, and what became of one that was brought.
//! Only hashes are known: what leaks from here opens nothing.

use super::state::AgentKey;
use super::time::Timestamp;

/// Hash of a token. 160 random bits need no slow hash.
pub type TokenHash = [u8; 32];

/// The hash of a token.
#[must_use]
pub fn token_hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// Whether an agent is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    #[default]
    Active,
    /// Not for now; its credential stays.
    Disabled,
    /// Its credential is gone.
    Revoked,
    /// It is listed no more, and its name is free for another; what it saw stays.
    Removed,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Revoked, Self::Removed];

    /// As it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
        }
    }

    /// From [`Self::name`].
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// A token of one use, which an agent exchanges for its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// For whom it was made.
    pub agent: AgentKey,
    /// Until when it is valid.
    pub until: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// What became of a token of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The credential given with it is valid now.
    Enrolled {
        /// The workspace's name.
        workspace: String,
        /// The agent's name.
        name: String,
        /// The failure domain it stands in.
        location: String,
    },
    /// No such token was made here, or a newer one replaced it.
    Unknown,
    /// It was used before.
    Used {
        /// For whom it was made.
        name: String,
        /// When it was used.
        at: Timestamp,
    },
    /// It is too late.
    Expired {
        /// For whom it was made.
        name: String,
    },
}
