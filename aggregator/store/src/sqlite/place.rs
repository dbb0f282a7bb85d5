//! The lock on the database file, and whether the database's files are still where they were opened. The lock belongs
//! to the file itself, regardless of its names, and is independent of SQLite's own locks. Those are released when any
//! handle of this process on the file is closed, so none is closed while a connection writes.

use super::{StoreError, backup};
use std::cell::Cell;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// The identity of a file, regardless of its names.
type Identity = (u64, u64);

/// The writer's lock on the database.
#[derive(Debug)]
pub(super) struct FileLock {
    path: PathBuf,
    /// The resolved path: SQLite keeps its log next to the target of a link.
    resolved: PathBuf,
    /// The lock is held while this is open.
    file: File,
    /// The write-ahead log and its index, once they exist: they stay the same while the database is open.
    log_files: [Cell<Option<Identity>>; 2],
}

impl FileLock {
    /// Creates the file if it is missing and locks it, so that no other process serves from it.
    ///
    /// # Errors
    /// [`StoreError`]: another process has the lock, or the file cannot be opened.
    pub(super) fn acquire(path: &Path) -> Result<Self, StoreError> {
        let folder = backup::folder_of(path);
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        Self::lock(path)
    }

    /// As [`Self::acquire`] for an existing file. An empty one was left by a first start that ended at once and is not a
    /// database yet.
    ///
    /// # Errors
    /// [`StoreError`], also if there is no file; none is created.
    pub(super) fn acquire_existing(path: &Path) -> Result<Self, StoreError> {
        let log = skerry_host::wal::log_of(path);
        let empty = |path: &Path| path.metadata().is_ok_and(|file| file.len() == 0);
        if !path.exists() || (empty(path) && (empty(&log) || !log.exists())) {
            return Err(StoreError::NoDatabase { path: path.to_owned() });
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, StoreError> {
        reject_network_file_system(backup::folder_of(path))?;
        loop {
            let file = private_file(path).map_err(|error| unwritable(path, &error))?;
            if file.try_lock().is_err() {
                return Err(StoreError::InUse { path: path.to_owned() });
            }
            let resolved = path.canonicalize().map_err(|error| unwritable(path, &error))?;
            let place = Self { path: path.to_owned(), resolved, file, log_files: Default::default() };
            // A restore may have replaced the file meanwhile.
            if place.is_at_path() {
                return Ok(place);
            }
        }
    }

    /// Whether the paths of the database, its log and the log's index still lead to the open files.
    pub(super) fn is_in_place(&self) -> bool {
        let are_in_place = self.log_files.iter().zip(["-wal", "-shm"]).all(|(known, suffix)| {
            let mut path = self.resolved.clone().into_os_string();
            path.push(suffix);
            let found = at(Path::new(&path));
            if known.get().is_none() {
                known.set(found);
            }
            known.get() == found
        });
        are_in_place && self.is_at_path()
    }

    fn is_at_path(&self) -> bool {
        let locked = self.file.metadata().ok().map(|file| identity(&file));
        locked.is_some() && locked == at(&self.path)
    }
}

fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

fn at(path: &Path) -> Option<Identity> {
    path.metadata().ok().map(|file| identity(&file))
}

/// Whether an aggregator serves from the database at `path`. Changes nothing.
#[must_use]
pub fn is_served(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
}

fn unwritable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unwritable { path: path.to_owned(), what: error.to_string() }
}

/// Opens or creates a file that only its owner can read; the database's journals inherit the mode. A file that root
/// creates in another user's folder is given to that user, since the service must be able to open it.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let folder = backup::folder_of(path).metadata()?;
    if rustix::process::geteuid().is_root() && folder.uid() != 0 && file.metadata()?.uid() == 0 {
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

fn reject_network_file_system(folder: &Path) -> Result<(), StoreError> {
    const NETWORKED: [(i64, &str); 8] = [
        (0x6969, "NFS"),
        (0xFF53_4D42, "SMB"),
        (0xFE53_4D42, "SMB2"),
        (0x517B, "SMB"),
        (0x00C3_6400, "Ceph"),
        (0x5346_414F, "AFS"),
        (0x0102_1997, "9P"),
        (0x0BD0_0BD0, "Lustre"),
    ];
    let Ok(found) = rustix::fs::statfs(folder) else { return Ok(()) };
    let kind = i64::from(found.f_type as u32);
    match NETWORKED.iter().find(|(magic, _)| *magic == kind) {
        Some((_, kind)) => Err(StoreError::NetworkFileSystem { path: folder.to_owned(), kind }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::{LOCK_TIMEOUT, Sqlite};
    use std::time::Instant;

    fn is_locked(path: &Path) -> bool {
        matches!(Sqlite::open(path), Err(StoreError::InUse { .. }))
    }

    #[test]
    fn a_file_has_one_writer_under_all_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (database, neighbour) = (at("a.db"), at("a.sqlite"));
        let _serving = Sqlite::open(&database).expect("made");
        std::os::unix::fs::symlink(&database, at("link.db")).expect("a link");
        std::os::unix::fs::symlink(folder.path(), at("folder")).expect("a link");
        std::fs::hard_link(&database, at("hard.db")).expect("a link");
        for other in ["a.db", "link.db", "folder/a.db", "hard.db"] {
            assert!(is_locked(&at(other)), "{other} is the same file");
            assert!(is_served(&at(other)), "{other}");
        }
        assert!(!is_served(&neighbour));
        let _other = Sqlite::open(&neighbour).expect("another file");
        std::fs::rename(&database, at("moved.db")).expect("moved");
        assert!(is_locked(&at("moved.db")), "at its new path");
    }

    #[test]
    fn a_missing_file_is_noticed_and_so_is_its_return() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, away) = (folder.path().join("a.db"), folder.path().join("away"));
        let mut store = Sqlite::open(&path).expect("made");
        store.try_write().expect("written");
        store.is_in_place().expect("it is");
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            let name = folder.path().join(name);
            std::fs::rename(&name, &away).expect("moved");
            assert!(
                matches!(store.is_in_place(), Err(StoreError::FileReplaced { .. })),
                "{}",
                name.display()
            );
            std::fs::copy(&away, &name).expect("replaced");
            assert!(
                matches!(store.is_in_place(), Err(StoreError::FileReplaced { .. })),
                "{}",
                name.display()
            );
            std::fs::rename(&away, &name).expect("put back");
            store.is_in_place().expect("it is back");
        }
        std::fs::remove_file(&path).expect("deleted");
        let message = store.is_in_place().expect_err("it was deleted").to_string();
        assert!(message.contains("deleted, moved or replaced") && message.contains("a.db"), "{message}");
    }

    /// As with `truncate -s 0 skerry.db-wal`: SQLite would continue after a hole, and checkpoint the hole into the database.
    #[test]
    fn a_truncated_log_is_noticed_and_the_database_stays_unchanged() {
        for (keeps, writes_before) in [(0, true), (0, false), (5_000, true), (5_000, false)] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a.db");
            let mut store = Sqlite::open(&path).expect("made");
            for _ in 0..3 {
                store.try_write().expect("written");
            }
            store.is_in_place().expect("it is");
            let before = std::fs::read(&path).expect("readable");
            let log =
                std::fs::OpenOptions::new().write(true).open(folder.path().join("a.db-wal")).expect("ours");
            let length = log.metadata().expect("there").len();
            log.set_len(u64::try_from(keeps).unwrap_or(length - 10)).expect("cut");
            if writes_before {
                // Between two checks: the log has the right length again, but a hole.
                store.try_write().expect("SQLite does not see it");
            }
            let message = store.is_in_place().expect_err("it is truncated").to_string();
            assert!(message.contains("a.db-wal") && message.contains("cut short"), "{message}");
            let second = Sqlite::open_unlocked(&path).expect_err("a command cannot read it either");
            assert!(matches!(second, StoreError::LogTruncated { .. }), "{second}");
            drop(store);
            assert_eq!(std::fs::read(&path).expect("readable"), before, "nothing is checkpointed");
            Sqlite::open(&path).expect("the database is intact").check_all().expect("all of it");
        }
    }

    #[test]
    fn a_log_that_another_process_checkpointed_may_be_truncated() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let mut store = Sqlite::open(&path).expect("made");
        store.try_write().expect("written");
        let other = rusqlite::Connection::open(&path).expect("opens");
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("checkpointed");
        assert_eq!(folder.path().join("a.db-wal").metadata().expect("there").len(), 0);
        store.is_in_place().expect("nothing is lost");
        store.try_write().expect("written");
        store.is_in_place().expect("it continues");
    }

    #[test]
    fn a_starting_server_waits_for_a_command_to_release_the_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skerry.db");
        let command = Sqlite::open(&path).expect("a new database");
        assert!(matches!(Sqlite::open(&path), Err(StoreError::InUse { .. })));
        std::thread::scope(|scope| {
            let serving = scope.spawn(|| Sqlite::open_to_serve(&path).map(drop));
            drop(command);
            serving.join().expect("no panic").expect("it waited");
        });
        let _serving = Sqlite::open(&path).expect("it is not locked");
        let started = Instant::now();
        assert!(
            matches!(Sqlite::open_to_serve(&path), Err(StoreError::InUse { .. })),
            "another aggregator does not release it"
        );
        assert!(started.elapsed() >= LOCK_TIMEOUT);
    }
}
