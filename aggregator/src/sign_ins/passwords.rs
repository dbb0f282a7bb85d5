//! The passwords of restricted pages. Their files are read when a configuration names them, every two seconds, and before
//! each try of a password, so that they can be replaced at any time; never by a request that shows a cookie. A file that
//! can no longer be read keeps its former password: one that is being replaced locks nobody out.

use arc_swap::ArcSwap;
use skerry_host::secret_files;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Between two readings.
const EVERY: Duration = Duration::from_secs(2);

/// Passwords by file.
pub(crate) type Known = HashMap<PathBuf, Password>;

#[derive(Clone, Default, PartialEq)]
pub(crate) struct Password {
    /// The first line of the file: a password, or its hash. `None`: it could never be read.
    line: Option<Arc<[u8]>>,
    /// It could not be read the last time.
    failing: bool,
}

/// The passwords by file. Clones share them.
#[derive(Clone, Default)]
pub struct Passwords(Arc<ArcSwap<Known>>);

impl Passwords {
    /// Reads these files, and forgets others.
    pub(crate) fn follow(&self, files: &[&PathBuf]) {
        self.update(|former| {
            files.iter().map(|file| ((*file).clone(), read(file, former.get(*file)))).collect()
        });
    }

    /// Reads all files again.
    pub(crate) fn read_again(&self) {
        self.update(|former| {
            former.iter().map(|(file, one)| (file.clone(), read(file, Some(one)))).collect()
        });
    }

    /// Reads one file again. Returns its password.
    pub(super) fn read_now(&self, file: &Path) -> Option<Arc<[u8]>> {
        self.update(|former| {
            let mut next = former.clone();
            if let Some(one) = next.get_mut(file) {
                *one = read(file, Some(one));
            }
            next
        });
        self.of(file)
    }

    /// The password in force. `None`: nobody can sign in by this file.
    pub(crate) fn of(&self, file: &Path) -> Option<Arc<[u8]>> {
        self.0.load().get(file)?.line.clone()
    }

    /// All passwords; another one as soon as one changes.
    pub(crate) fn present(&self) -> Arc<Known> {
        self.0.load_full()
    }

    fn update(&self, next: impl Fn(&Known) -> Known) {
        loop {
            let former = self.0.load_full();
            let next = next(&former);
            // Others may have updated it meanwhile.
            if next == *former || Arc::ptr_eq(&*self.0.compare_and_swap(&former, Arc::new(next)), &former) {
                return;
            }
        }
    }

    /// Reads all files every two seconds, on a thread that may block.
    pub(crate) fn watch(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut due = tokio::time::interval(EVERY);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                let passwords = self.clone();
                let _read = tokio::task::spawn_blocking(move || passwords.read_again()).await;
            }
        })
    }
}

fn read(file: &Path, former: Option<&Password>) -> Password {
    let was_failing = former.is_some_and(|former| former.failing);
    match secret_files::token(file) {
        Ok(line) => {
            if was_failing {
                tracing::info!(file = %file.display(), "password_file can be read again");
            }
            // A line that did not change stays the same allocation.
            let same = former.and_then(|former| former.line.clone()).filter(|same| **same == *line);
            Password { line: Some(same.unwrap_or_else(|| line.into())), failing: false }
        }
        Err(error) => {
            let line = former.and_then(|former| former.line.clone());
            let consequence = match line {
                Some(_) => {
                    "its former password stays in force until it can be read or the aggregator is restarted"
                }
                None => "nobody can sign in with it",
            };
            if !was_failing {
                tracing::warn!(%error, file = %file.display(), "password_file cannot be read: {consequence}");
            }
            Password { line, failing: true }
        }
    }
}

/// Says nothing of the passwords.
impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passwords")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_and_keeps_its_password_while_it_cannot_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        let passwords = Passwords::default();
        std::fs::write(&one, "first\n").expect("written");
        passwords.follow(&[&one, &other]);
        assert_eq!(passwords.of(&one).as_deref(), Some(&b"first"[..]));
        assert_eq!(passwords.of(&other), None, "there is no file yet");
        let before = passwords.0.load_full();
        passwords.read_again();
        assert!(Arc::ptr_eq(&before, &passwords.0.load_full()), "nothing changed");

        std::fs::write(&one, "second\n").expect("written");
        assert_eq!(passwords.of(&one).as_deref(), Some(&b"first"[..]), "a look reads no file");
        passwords.read_again();
        assert_eq!(passwords.of(&one).as_deref(), Some(&b"second"[..]));
        assert!(!Arc::ptr_eq(&before, &passwords.0.load_full()));

        for unreadable in [None, Some(&b""[..]), Some(b"\xff\xfeu\0")] {
            match unreadable {
                None => std::fs::remove_file(&one).expect("removed"),
                Some(text) => std::fs::write(&one, text).expect("written"),
            }
            passwords.read_again();
            passwords.follow(&[&one]);
            assert_eq!(passwords.of(&one).as_deref(), Some(&b"second"[..]), "{unreadable:?}");
        }
        std::fs::write(&one, "third").expect("written");
        assert_eq!(passwords.read_now(&one).as_deref(), Some(&b"third"[..]), "a try reads it at once");
        assert_eq!(passwords.read_now(&other), None, "the configuration names it no more");
        passwords.follow(&[]);
        passwords.follow(&[&one]);
        assert_eq!(passwords.of(&one).as_deref(), Some(&b"third"[..]));
        assert!(!format!("{passwords:?}").contains("third"));
    }
}
