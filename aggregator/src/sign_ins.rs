//! Who may see restricted pages: passwords, the cookies that they are exchanged for, and the tokens of feeds. Cookies
//! and tokens are signed with a secret beside the database and with the password in force, so that a new password ends all of them. A password file is read each time, so that it can be replaced while the program runs.

use crate::engine::Engine;
use anyhow::Context;
use argon2::{Argon2, PasswordHash, PasswordVerifier as _};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_host::rights::lower_for;
use skerry_protocol::secret;
use skerry_publish::html::NotSignedIn;
use skerry_web::{RateLimit, RestrictedPage, SignIns};
use std::io::Write as _;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
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
    secret: [u8; 32],
    of_client: RateLimit<(String, Option<IpAddr>)>,
    of_page: RateLimit<String>,
    checks: Arc<Semaphore>,
}

impl PageSignIns {
    /// Signs with the secret beside `database`, which is made if there is none.
    ///
    /// # Errors
    /// The secret cannot be read or kept.
    pub fn new(engine: Engine, database: &Path) -> anyhow::Result<Self> {
        let path = database.with_file_name("sign-in-secret");
        let unfit = || format!("cannot keep the secret of sign-ins in {}", path.display());
        let secret = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                make_secret(&path).with_context(unfit)?
            }
            read => read.with_context(unfit)?,
        };
        let secret = secret.try_into().ok().with_context(|| {
            format!(
                "{} does not hold the secret of sign-ins: remove it, and everybody signs in again",
                path.display()
            )
        })?;
        Ok(Self::with_secret(engine, secret))
    }

    fn with_secret(engine: Engine, secret: [u8; 32]) -> Self {
        let (of_client, of_page) = (RateLimit::per_minute(TRIES), RateLimit::per_minute(TRIES_OF_ALL));
        Self { engine, secret, of_client, of_page, checks: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    fn signature(&self, purpose: &str, page: &str, password: &[u8]) -> blake3::Hash {
        let text = [purpose.as_bytes(), b"\0", page.as_bytes(), b"\0", password].concat();
        blake3::keyed_hash(&self.secret, &text)
    }

    fn cookie(&self, page: &str, password: &[u8], until: i64) -> String {
        let signature = self.signature(&format!("cookie {until}"), page, password);
        format!("{until}.{}", signature.to_hex())
    }

    fn knows(&self, page: &RestrictedPage, value: &str, now: Timestamp) -> bool {
        let Some((until, signature)) = value.split_once('.') else { return false };
        let (Ok(until), Ok(signature)) = (until.parse::<i64>(), blake3::Hash::from_hex(signature)) else {
            return false;
        };
        let Some(password) = password_of(page) else { return false };
        // The comparison of hashes takes no time that depends on them.
        now.0 / SECOND < until && self.signature(&format!("cookie {until}"), &page.id, &password) == signature
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

/// "16:30 UTC", not before that instant.
fn minute_after(at: Timestamp) -> String {
    let minute = (at.0 + 60 * SECOND - 1).div_euclid(60 * SECOND) * 60;
    let at = jiff::Timestamp::from_second(minute).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%H:%M UTC").to_string()
}

/// The first line of the page's password file: a password, or its hash. A page for networks alone has none.
fn password_of(page: &RestrictedPage) -> Option<Vec<u8>> {
    let Some(file) = &page.password_file else { return Some(Vec::new()) };
    let read = std::fs::read(file).map_err(anyhow::Error::from);
    let line = read.and_then(|read| Ok(secret::token(&read)?.to_vec()));
    line.inspect_err(|error| {
        tracing::warn!(%error, file = %file.display(), page = page.name, "password_file cannot be read: nobody can sign in to this page");
    })
    .ok()
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
        let Some(password) = password_of(page) else { return false };
        blake3::Hash::from_hex(token).is_ok_and(|token| self.signature("feeds", &page.id, &password) == token)
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
        let asked = page.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let line = password_of(&asked)?;
            let right = is_right(&password, &line);
            let right = right.inspect_err(|error| {
                tracing::warn!(%error, page = asked.name, "password_file is unfit: nobody can sign in to this page");
            });
            Some((right.ok()?, line))
        });
        match checked.await {
            Ok(Some((true, line))) => {
                let until = self.engine.now().0 / SECOND + i64::from(LIFETIME_SECONDS);
                Ok((self.cookie(&page.id, &line, until), LIFETIME_SECONDS))
            }
            Ok(Some((false, _))) => Err(NotSignedIn::WrongPassword),
            Ok(None) | Err(_) => Err(NotSignedIn::Unavailable),
        }
    }
}

/// Whoever comes first makes it.
fn make_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let _rights = lower_for(path)?;
    let secret = skerry_host::random::bytes::<32>();
    let draft: PathBuf =
        path.with_extension(format!("{:016x}.draft", u64::from_ne_bytes(skerry_host::random::bytes())));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    // A link does not replace what another process has made in the meantime.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    let kept = std::fs::read(path);
    linked.or_else(|error| kept.as_ref().map(drop).map_err(|_| error))?;
    Ok(kept?)
}

#[cfg(test)]
#[path = "sign_ins_test.rs"]
mod tests;
