//! The key beside the database that signs cookies and tokens of restricted pages.

use anyhow::Context as _;
use skerry_domain::time::{SECOND, Timestamp};
use skerry_host::{random, secret_files};
use skerry_publish::view::FeedToken;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

fn path(database: &Path) -> PathBuf {
    database.with_file_name("sign-in-secret")
}

/// Signs for all pages. What it signs for a page with a password ends with that password.
#[derive(Clone)]
pub struct SignInKey([u8; 32]);

impl SignInKey {
    /// The key beside `database`, which is made if there is none.
    ///
    /// # Errors
    /// The key cannot be read or kept.
    pub fn of(database: &Path) -> anyhow::Result<Self> {
        let path = path(database);
        let key = secret_files::read_or_make(&path, || Ok(random::bytes::<32>().to_vec()))?;
        Self::in_file(&path, key)
    }

    /// The key beside `database`. `None`: none was made yet.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn read(database: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(database);
        match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
            Ok(key) => Self::in_file(&path, key).map(Some),
        }
    }

    fn in_file(path: &Path, key: Vec<u8>) -> anyhow::Result<Self> {
        let key = key.try_into().ok().with_context(|| {
            format!(
                "{} does not hold the secret of sign-ins: remove it, and everybody signs in again",
                path.display()
            )
        })?;
        Ok(Self(key))
    }

    #[cfg(test)]
    pub(crate) fn fixed(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn sign(&self, purpose: &str, page: &str, password: &[u8]) -> blake3::Hash {
        let text = [purpose.as_bytes(), b"\0", page.as_bytes(), b"\0", password].concat();
        blake3::keyed_hash(&self.0, &text)
    }

    /// A cookie that is valid `until` then, in seconds since 1970. Pages are named by their ids.
    pub(super) fn cookie(&self, page: &str, password: &[u8], until: i64) -> String {
        let signature = self.sign(&format!("cookie {until}"), page, password);
        format!("{until}.{}", signature.to_hex())
    }

    pub(super) fn knows_cookie(&self, page: &str, password: &[u8], value: &str, now: Timestamp) -> bool {
        let Some((until, signature)) = value.split_once('.') else { return false };
        let (Ok(until), Ok(signature)) = (until.parse::<i64>(), blake3::Hash::from_hex(signature)) else {
            return false;
        };
        // The comparison of hashes takes no time that depends on them.
        now.0 / SECOND < until && self.sign(&format!("cookie {until}"), page, password) == signature
    }

    /// The token of the feeds and calendars of a page.
    pub(crate) fn feed_token(&self, page: &str, password: &[u8]) -> FeedToken {
        FeedToken::new(self.sign("feeds", page, password).to_hex().to_string())
    }

    /// The token of the link to the preview of a page.
    pub(crate) fn preview_token(&self, page: &str, nonce: [u8; 16]) -> String {
        self.sign("preview", page, &nonce).to_hex().to_string()
    }

    pub(super) fn knows_feed_token(&self, page: &str, password: &[u8], token: &str) -> bool {
        blake3::Hash::from_hex(token).is_ok_and(|token| self.sign("feeds", page, password) == token)
    }
}

/// Says nothing of the key.
impl fmt::Debug for SignInKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignInKey")
    }
}
