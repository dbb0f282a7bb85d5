//! The key beside the database that makes the secret links of subscribers, and the digests of addresses. A link names its
//! subscriber and proves that we made it, so that nothing of it is stored.

use anyhow::Context as _;
use skerry_domain::state::{SubscriberKey, WorkspaceKey};
use skerry_domain::subscriber::{Channel, Sensitive, Subscriber, mailbox};
use skerry_domain::workspaces::Workspaces;
use skerry_host::{random, secret_files};
use std::fmt;
use std::path::{Path, PathBuf};

/// The name of its file.
const FILE: &str = "subscriber-secret";
/// Hexadecimal digits of the proof in a token: 128 bits.
const PROOF_DIGITS: usize = 32;
/// The length of the id of a subscriber.
const ID_LENGTH: usize = 12;

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Shows and changes the subscription, and ends it.
    Manage,
    /// Ends it with one request, and shows nothing of it.
    Unsubscribe,
    /// Confirms what was asked for last.
    Confirm,
}

impl LinkPurpose {
    fn name(self) -> &'static str {
        match self {
            Self::Manage => "manage",
            Self::Unsubscribe => "unsubscribe",
            Self::Confirm => "confirm",
        }
    }
}

/// Makes and reads the tokens of links.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key beside `database`, which is made if there is none.
    ///
    /// # Errors
    /// The key cannot be read or kept.
    pub fn of(database: &Path) -> anyhow::Result<Self> {
        let path = Self::file(database);
        let key = secret_files::read_or_make(&path, || Ok(random::bytes::<32>().to_vec()))?;
        let key = key.try_into().ok().with_context(|| {
            format!(
                "{} does not hold the secret of subscribers' links: restore it from a backup, or remove it, and the links in \
                 messages that were sent no longer work",
                path.display()
            )
        })?;
        Ok(Self(key))
    }

    /// Its file beside `database`, which a backup of the database does not hold.
    #[must_use]
    pub fn file(database: &Path) -> PathBuf {
        database.with_file_name(FILE)
    }

    #[cfg(test)]
    pub(crate) fn fixed(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The token of a link, which stands in a URL as it is. That of [`LinkPurpose::Confirm`] ends with the next message that
    /// holds one, that of [`LinkPurpose::Manage`] when the subscriber ends it.
    #[must_use]
    pub fn token(&self, purpose: LinkPurpose, subscriber: &Subscriber) -> String {
        format!("{}{}", subscriber.id, self.proof(purpose, subscriber))
    }

    /// The subscriber that a token names, if we made it for this purpose.
    #[must_use]
    pub fn subscriber(
        &self,
        workspaces: &Workspaces,
        purpose: LinkPurpose,
        token: &str,
    ) -> Option<(WorkspaceKey, SubscriberKey)> {
        if !token.is_ascii() || token.len() != ID_LENGTH + PROOF_DIGITS {
            return None;
        }
        let (id, proof) = token.split_at(ID_LENGTH);
        let mut found = workspaces.iter().filter_map(|(workspace, state)| {
            let key = state.subscriber_with_id(id)?;
            Some((workspace, key, state.subscribers.get(&key)?))
        });
        let (workspace, key, subscriber) = found.next()?;
        // The comparison of hashes takes no time that depends on them.
        let known = blake3::hash(self.proof(purpose, subscriber).as_bytes());
        (known == blake3::hash(proof.as_bytes())).then_some((workspace, key))
    }

    /// The digest of an address: it is known again, and cannot be read. All spellings of a mailbox have one.
    #[must_use]
    pub fn digest(&self, channel: Channel, address: &Sensitive) -> [u8; 32] {
        let address = match channel {
            Channel::Email => mailbox(address.reveal()),
            _ => address.reveal().to_owned(),
        };
        let text = [b"address\0", channel.name().as_bytes(), b"\0", address.as_bytes()].concat();
        *blake3::keyed_hash(&self.0, &text).as_bytes()
    }

    fn proof(&self, purpose: LinkPurpose, subscriber: &Subscriber) -> String {
        let version = match purpose {
            // Whoever confirms is shown the link to manage.
            LinkPurpose::Confirm if subscriber.link_version > 0 => {
                format!("{}-{}", subscriber.asked_at.map_or(0, |at| at.0), subscriber.link_version)
            }
            LinkPurpose::Confirm => subscriber.asked_at.map_or(0, |at| at.0).to_string(),
            LinkPurpose::Manage => subscriber.link_version.to_string(),
            LinkPurpose::Unsubscribe => 0.to_string(),
        };
        let text = format!("{}\0{}\0{version}", purpose.name(), subscriber.id);
        let mut proof = blake3::keyed_hash(&self.0, text.as_bytes()).to_hex().to_string();
        proof.truncate(PROOF_DIGITS);
        proof
    }
}

/// Says nothing of the key.
impl fmt::Debug for LinkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkKey")
    }
}
