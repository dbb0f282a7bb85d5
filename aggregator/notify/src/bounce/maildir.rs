//! Reports that a mail server leaves in a maildir: each is read in `new`, and is moved to `cur` once it is handled.

use super::{MAX_READ, Report, read_mail};
use crate::mail::Verp;
use anyhow::Context as _;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tokio::io::AsyncReadExt as _;

/// Mails of one call.
const AT_ONCE: usize = 1000;

/// A maildir to which a mail server delivers what comes back.
#[derive(Debug)]
pub struct Maildir {
    path: PathBuf,
    verp: Verp,
    /// Mails that cannot be read, of which the log knows.
    unreadable: Mutex<BTreeSet<OsString>>,
}

impl Maildir {
    /// The maildir at `path`.
    #[must_use]
    pub fn new(path: &Path, verp: Verp) -> Self {
        Self { path: path.to_owned(), verp, unreadable: Mutex::default() }
    }

    /// Hands over what the mails in `new` report, oldest first, and moves each to `cur`. A mail that cannot be read stays in
    /// `new` and does not hold up the others. Whether there may be more.
    ///
    /// # Errors
    /// The folders cannot be read or written, or `handle` fails: that mail stays in `new`.
    pub async fn read_new<F>(&self, handle: impl Fn(Vec<Report>) -> F) -> anyhow::Result<bool>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let names =
            self.names().await.with_context(|| format!("cannot read {}", self.path.join("new").display()))?;
        let (mut taken, mut more) = (0, false);
        for name in names {
            if taken == AT_ONCE {
                more = true;
                break;
            }
            let from = self.path.join("new").join(&name);
            let mail = match beginning(&from).await {
                Ok(mail) => mail,
                Err(error) => {
                    if self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
                        let mail = from.display();
                        tracing::warn!(%mail, %error, "a mail in the maildir for bounces cannot be read");
                    }
                    continue;
                }
            };
            let reports = read_mail(&mail, &self.verp, None);
            if reports.is_empty() {
                tracing::debug!(mail = %from.display(), "a mail in the maildir for bounces is no report");
            } else {
                handle(reports).await?;
            }
            let mut seen = name;
            seen.push(":2,S");
            let to = self.path.join("cur").join(seen);
            tokio::fs::rename(&from, &to).await.with_context(|| format!("cannot write {}", to.display()))?;
            taken += 1;
        }
        Ok(more)
    }

    /// The names of all mails. They begin with the time in seconds, so that the least number is the oldest mail.
    async fn names(&self) -> std::io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        let mut entries = tokio::fs::read_dir(self.path.join("new")).await?;
        while let Some(entry) = entries.next_entry().await? {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && entry.file_type().await?.is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort_by_cached_key(|name| (seconds(name), name.clone()));
        Ok(names)
    }
}

/// The time with which a name begins; a name without one is the newest.
fn seconds(name: &OsStr) -> u64 {
    let digits = name.as_encoded_bytes().iter().take_while(|byte| byte.is_ascii_digit());
    let digits: String = digits.map(|byte| char::from(*byte)).collect();
    digits.parse().unwrap_or(u64::MAX)
}

async fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    tokio::fs::File::open(path).await?.take(MAX_READ as u64).read_to_end(&mut mail).await?;
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: &str = include_str!("../../tests/fixtures/bounces/exim.eml");

    #[tokio::test]
    async fn a_bounce_is_moved_once_it_is_handled() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["new", "cur", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        let write = |name: &str, mail: &str| {
            std::fs::write(folder.path().join("new").join(name), mail).expect("written");
        };
        write("2.host", &GONE.replace("+d1@", "+d2@"));
        write("1.host", GONE);
        write("3.host", "Subject: no report\n\nText\n");
        write(".hidden", GONE);
        let maildir = Maildir::new(folder.path(), Verp::new("status.example.com"));
        let seen = Mutex::new(Vec::new());
        let names = |sub: &str| {
            let mut names: Vec<_> = std::fs::read_dir(folder.path().join(sub))
                .expect("lists")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
                .collect();
            names.sort();
            names
        };
        let handle = async |reports: Vec<Report>| {
            let mut seen = seen.lock().expect("unpoisoned");
            anyhow::ensure!(seen.is_empty(), "no disk");
            seen.push(reports[0].delivery.clone());
            Ok(())
        };
        assert_eq!(maildir.read_new(handle).await.expect_err("no disk").to_string(), "no disk");
        assert_eq!(names("cur"), ["1.host:2,S"]);
        assert_eq!(names("new"), [".hidden", "2.host", "3.host"]);
        assert_eq!(std::mem::take(&mut *seen.lock().expect("unpoisoned")), ["d1"]);
        let again = async |reports: Vec<Report>| {
            seen.lock().expect("unpoisoned").push(reports[0].delivery.clone());
            Ok(())
        };
        assert!(!maildir.read_new(again).await.expect("handled"));
        assert_eq!(*seen.lock().expect("unpoisoned"), ["d2"]);
        assert_eq!(names("cur"), ["1.host:2,S", "2.host:2,S", "3.host:2,S"]);
        assert_eq!(names("new"), [".hidden"]);
    }

    #[tokio::test]
    async fn a_mail_that_cannot_be_read_holds_up_no_other() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["new", "cur"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        let new = |name: &str| folder.path().join("new").join(name);
        for name in ["9.host", "10.host"] {
            std::fs::write(new(name), GONE.replace("+d1@", &format!("+d{}@", &name[..1]))).expect("written");
        }
        std::fs::write(new("8.host"), GONE).expect("written");
        std::fs::set_permissions(new("8.host"), std::fs::Permissions::from_mode(0o000)).expect("its own");
        symlink("/nonexistent", new("7.host")).expect("made");
        // Root reads everything.
        let unreadable = std::fs::read(new("8.host")).is_err();
        let maildir = Maildir::new(folder.path(), Verp::new("status.example.com"));
        let seen = Mutex::new(Vec::new());
        let handle = async |reports: Vec<Report>| {
            seen.lock().expect("unpoisoned").push(reports[0].delivery.clone());
            Ok(())
        };
        assert!(!maildir.read_new(handle).await.expect("handled"));
        let expected = if unreadable { vec!["d9", "d1"] } else { vec!["d1", "d9", "d1"] };
        assert_eq!(*seen.lock().expect("unpoisoned"), expected, "the oldest first, by number");
        assert_eq!(new("8.host").exists(), unreadable);
    }
}
