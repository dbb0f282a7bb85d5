//! Who may see restricted pages: passwords, the cookies that they are exchanged for, and the tokens of feeds. Cookies
//! and tokens are signed with a key beside the database and with the password in force, so that a new password ends all
//! of them. What a request shows is compared with what is in memory.

mod key;
mod passwords;
mod tries;

pub use key::SignInKey;
pub(crate) use passwords::Known;
pub use passwords::Passwords;

use crate::engine::Engine;
use anyhow::Context;
use argon2::{Argon2, PasswordHash, PasswordVerifier as _};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_publish::html::NotSignedIn;
use skerry_web::{RestrictedPage, SignIns};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tries::Tries;
pub(crate) use tries::wider;

/// How long a cookie is valid.
const LIFETIME_SECONDS: u32 = 7 * 86_400;
/// Passwords that are compared with hashes at a time: each takes 19 MiB or what the hash asks for.
const AT_ONCE: usize = 2;
/// How many may wait for that, and how long: the tries at one page keep nobody from another.
const WAITING: usize = 32;
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// What a hash may ask for: KiB, passes, lanes.
const MOST_COSTLY: (u32, u32, u32) = (64 << 10, 4, 4);

/// Checks passwords, cookies and tokens.
pub struct PageSignIns {
    engine: Engine,
    key: SignInKey,
    passwords: Passwords,
    tries: Tries,
    checks: Arc<Semaphore>,
    waiting: Semaphore,
}

impl PageSignIns {
    /// Signs with `key`.
    #[must_use]
    pub fn new(engine: Engine, key: SignInKey, passwords: Passwords) -> Self {
        let (checks, waiting) = (Arc::new(Semaphore::new(AT_ONCE)), Semaphore::new(WAITING));
        Self { engine, key, passwords, tries: Tries::default(), checks, waiting }
    }

    /// The password of the page. `None`: nobody can sign in, or it is for networks alone.
    fn password_of(&self, page: &RestrictedPage) -> Option<Arc<[u8]>> {
        self.passwords.of(page.password_file.as_ref()?)
    }

    fn knows(&self, page: &RestrictedPage, value: &str, now: Timestamp) -> bool {
        let password = self.password_of(page);
        password.is_some_and(|password| self.key.knows_cookie(&page.id, &password, value, now))
    }

    fn limit(&self, page: &RestrictedPage, client: Option<IpAddr>) -> Result<(), NotSignedIn> {
        self.tries.check(&page.id, client).map_err(|wait| {
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
            NotSignedIn::TooManyTries(minute_after(self.engine.now() + wait))
        })
    }

    /// The line of the page's password file, read now. `None`: nobody can sign in.
    async fn line_of(&self, page: &RestrictedPage) -> Option<Arc<[u8]>> {
        let (passwords, file) = (self.passwords.clone(), page.password_file.clone()?);
        tokio::task::spawn_blocking(move || passwords.read_now(&file)).await.ok()?
    }

    /// Waits for one of the few places for costly comparisons. `None`: too many wait, or it takes too long.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let _waiting = self.waiting.try_acquire().ok()?;
        let place = Arc::clone(&self.checks).acquire_owned();
        tokio::time::timeout(LONGEST_WAIT, place).await.ok()?.ok()
    }

    /// Whether this is the password. `None`: it could not be found out.
    async fn compare(&self, page: &RestrictedPage, tried: String, line: Arc<[u8]>) -> Option<bool> {
        if !is_hash(&line) {
            // Digests are compared, since their comparison takes no time that depends on the passwords.
            return Some(Sha256::digest(tried) == Sha256::digest(&*line));
        }
        let place = self.place().await?;
        let name = page.name.clone();
        let compared = tokio::task::spawn_blocking(move || {
            let _place = place;
            let right = is_right(&tried, &line);
            right.inspect_err(|error| {
                tracing::warn!(%error, page = name, "password_file is unfit: nobody can sign in to this page");
            })
        });
        compared.await.ok()?.ok()
    }
}

fn is_hash(line: &[u8]) -> bool {
    line.starts_with(b"$")
}

/// "16:30" UTC, not before that instant.
pub(crate) fn minute_after(at: Timestamp) -> String {
    let minute = (at.0 + 60 * SECOND - 1).div_euclid(60 * SECOND) * 60;
    let at = jiff::Timestamp::from_second(minute).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%H:%M").to_string()
}

/// Why nobody could sign in by a file with this line, if it holds a hash.
pub(crate) fn unfit(line: &[u8]) -> Option<String> {
    is_hash(line).then(|| hash_of(line).err())?.map(|error| error.to_string())
}

/// Whether `tried` is the password that this is the hash of.
fn is_right(tried: &str, line: &[u8]) -> anyhow::Result<bool> {
    let hash = hash_of(line)?;
    Ok(Argon2::default().verify_password(tried.as_bytes(), &hash).is_ok())
}

/// The hash that a line holds, if it is one that we compare with.
fn hash_of(line: &[u8]) -> anyhow::Result<PasswordHash> {
    let hash = std::str::from_utf8(line).context("it holds no text")?;
    let hash = PasswordHash::new(hash)
        .map_err(|error| anyhow::anyhow!("it holds no hash that is known: {error}"))?;
    anyhow::ensure!(hash.algorithm.as_str() == "argon2id", "its hash is not one of Argon2id");
    let cost =
        argon2::Params::try_from(&hash).map_err(|error| anyhow::anyhow!("its hash is unfit: {error}"))?;
    let (memory, passes, lanes) = MOST_COSTLY;
    anyhow::ensure!(
        cost.m_cost() <= memory && cost.t_cost() <= passes && cost.p_cost() <= lanes,
        "its hash takes more than {} MiB, {passes} passes or {lanes} lanes",
        memory >> 10
    );
    Ok(hash)
}

#[async_trait]
impl SignIns for PageSignIns {
    fn knows_cookie(&self, page: &RestrictedPage, value: &str) -> bool {
        self.knows(page, value, self.engine.now())
    }

    fn knows_feed_token(&self, page: &RestrictedPage, token: &str) -> bool {
        let password = self.password_of(page);
        password.is_some_and(|password| self.key.knows_feed_token(&page.id, &password, token))
    }

    async fn sign_in(
        &self,
        page: &RestrictedPage,
        password: String,
        client: Option<IpAddr>,
    ) -> Result<(String, u32), NotSignedIn> {
        self.limit(page, client)?;
        let Some(line) = self.line_of(page).await else { return Err(NotSignedIn::Unavailable) };
        match self.compare(page, password, Arc::clone(&line)).await {
            Some(true) => {
                self.tries.succeeded(&page.id, client);
                let until = self.engine.now().0 / SECOND + i64::from(LIFETIME_SECONDS);
                Ok((self.key.cookie(&page.id, &line, until), LIFETIME_SECONDS))
            }
            Some(false) => Err(NotSignedIn::WrongPassword),
            None => Err(NotSignedIn::Unavailable),
        }
    }
}

#[cfg(test)]
#[path = "sign_ins_test.rs"]
mod tests;
