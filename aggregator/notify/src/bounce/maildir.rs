//! Reports that a mail server leaves in a maildir: each is read in `new`, and is moved to `cur` once it is handled.

use super::{MAX_READ, Report, read_mail};
use crate::mail::Verp;
use anyhow::Context as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt as _;

/// Mails of one call.
const AT_ONCE: usize = 1000;

/// A maildir to which a mail server delivers what comes back.
#[derive(Debug)]
pub struct Maildir {
    path: PathBuf,
    verp: Verp,
}

impl Maildir {
    /// The maildir at `path`.
    #[must_use]
    pub fn new(path: &Path, verp: Verp) -> Self {
        Self { path: path.to_owned(), verp }
    }

    /// Hands over what the mails in `new` report, oldest first, and moves each to `cur`. Whether there may be more.
    ///
    /// # Errors
    /// The folders cannot be read or written, or `handle` fails: that mail stays in `new`.
    pub async fn read_new<F>(&self, handle: impl Fn(Vec<Report>) -> F) -> anyhow::Result<bool>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let names =
            self.names().await.with_context(|| format!("cannot read {}", self.path.join("new").display()))?;
        let more = names.len() == AT_ONCE;
        for name in names {
            let from = self.path.join("new").join(&name);
            let mail = beginning(&from).await.with_context(|| format!("cannot read {}", from.display()))?;
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
        }
        Ok(more)
    }

    /// Names begin with the time, so that their order is that of the mails.
    async fn names(&self) -> std::io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        let mut entries = tokio::fs::read_dir(self.path.join("new")).await?;
        while let Some(entry) = entries.next_entry().await? {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && entry.file_type().await?.is_file() && names.len() < AT_ONCE {
                names.push(entry.file_name());
            }
        }
        names.sort();
        Ok(names)
    }
}

async fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    tokio::fs::File::open(path).await?.take(MAX_READ as u64).read_to_end(&mut mail).await?;
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

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
}
