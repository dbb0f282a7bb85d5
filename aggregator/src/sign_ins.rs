//! Who may see restricted pages: passwords, the cookies that they are exchanged for, and the tokens of feeds. Cookies
//! and tokens are signed with a key beside the database and with the password in force, so that a new password ends all
//! of them. What a request shows is compared with what is in memory.

mod key;
mod passwords;

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
use skerry_web::{RateLimit, RestrictedPage, SignIns};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long a cookie is valid.
const LIFETIME_SECONDS: u32 = 7 * 86_400;
/// Tries per minute of a client's network, and of all clients, for one page.
const TRIES: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const TRIES_OF_ALL: NonZeroU32 = NonZeroU32::new(120).expect("not zero");
/// Passwords that are compared with hashes at a time: each takes 19 MiB or what the hash asks for.
const AT_ONCE: usize = 2;
/// What a hash may ask for: KiB, passes, lanes.
const MOST_COSTLY: (u32, u32, u32) = (256 << 10, 16, 16);

/// Checks passwords, cookies and tokens.
pub struct PageSignIns {
    engine: Engine,
    key: SignInKey,
    passwords: Passwords,
    of_client: RateLimit<(String, Option<IpAddr>)>,
    of_page: RateLimit<String>,
    checks: Arc<Semaphore>,
}

impl PageSignIns {
    /// Signs with `key`.
    #[must_use]
    pub fn new(engine: Engine, key: SignInKey, passwords: Passwords) -> Self {
        let (of_client, of_page) = (RateLimit::per_minute(TRIES), RateLimit::per_minute(TRIES_OF_ALL));
        let checks = Arc::new(Semaphore::new(AT_ONCE));
        Self { engine, key, passwords, of_client, of_page, checks }
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
        let network = client.map(crate::api::network);
        let by_client = self.of_client.check(&(page.id.clone(), network));
        let wait = by_client.and_then(|()| self.of_page.check(&page.id));
        wait.map_err(|wait| {
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
            NotSignedIn::TooManyTries(minute_after(self.engine.now() + wait))
        })
    }
}

/// "16:30" UTC, not before that instant.
fn minute_after(at: Timestamp) -> String {
    let minute = (at.0 + 60 * SECOND - 1).div_euclid(60 * SECOND) * 60;
    let at = jiff::Timestamp::from_second(minute).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%H:%M").to_string()
}

/// Whether `tried` is the password that the file holds, or that it holds the hash of.
fn is_right(tried: &str, line: &[u8]) -> anyhow::Result<bool> {
    if !line.starts_with(b"$") {
        // Digests are compared, since their comparison takes no time that depends on the passwords.
        return Ok(Sha256::digest(tried) == Sha256::digest(line));
    }
    let hash = std::str::from_utf8(line).context("it holds no text")?;
    let hash = PasswordHash::new(hash)
        .map_err(|error| anyhow::anyhow!("it holds no hash that is known: {error}"))?;
    anyhow::ensure!(hash.algorithm.as_str() == "argon2id", "its hash is not one of Argon2id");
    let cost =
        argon2::Params::try_from(&hash).map_err(|error| anyhow::anyhow!("its hash is unfit: {error}"))?;
    let (memory, passes, lanes) = MOST_COSTLY;
    anyhow::ensure!(
        cost.m_cost() <= memory && cost.t_cost() <= passes && cost.p_cost() <= lanes,
        "its hash takes more than 256 MiB, 16 passes or 16 lanes"
    );
    Ok(Argon2::default().verify_password(tried.as_bytes(), &hash).is_ok())
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
        let Ok(permit) = Arc::clone(&self.checks).try_acquire_owned() else {
            return Err(NotSignedIn::Unavailable);
        };
        let (passwords, name, file) = (self.passwords.clone(), page.name.clone(), page.password_file.clone());
        let checked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let line = passwords.read_now(&file?)?;
            let right = is_right(&password, &line);
            let right = right.inspect_err(|error| {
                tracing::warn!(%error, page = name, "password_file is unfit: nobody can sign in to this page");
            });
            Some((right.ok()?, line))
        });
        match checked.await {
            Ok(Some((true, line))) => {
                let until = self.engine.now().0 / SECOND + i64::from(LIFETIME_SECONDS);
                Ok((self.key.cookie(&page.id, &line, until), LIFETIME_SECONDS))
            }
            Ok(Some((false, _))) => Err(NotSignedIn::WrongPassword),
            Ok(None) | Err(_) => Err(NotSignedIn::Unavailable),
        }
    }
}

#[cfg(test)]
#[path = "sign_ins_test.rs"]
mod tests;
