//! Backup and restore. A backup can be taken while an aggregator runs, is valid only after it was read back completely,
//! and never overwrites a file. A kill at any moment leaves everything unchanged, apart from a file that ends in
//! `.partial`, which the next copy to that path replaces.

use super::place::{FileLock, private_file};
use super::{SCHEMA_VERSION, Sqlite, StoreError, quick_check, schema_of};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use skerry_domain::step::{HEARTBEAT_AGENT, LOCATION};
use skerry_host::rights::{Lowered, lower_for};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Pages copied in one step.
const PAGES: i32 = 1_024;
/// How many copies from before migrations are kept.
const KEPT_COPIES: usize = 2;

/// The content of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The version of its schema.
    pub schema: i64,
    /// The id of its aggregator.
    pub aggregator_id: String,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
}

/// The result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The contents of the database now.
    pub contents: Contents,
    /// Where the previous database is kept; `None` if there was none.
    pub kept: Option<PathBuf>,
    /// The id of the previous database's aggregator, if it could be read.
    pub former_id: Option<String>,
}

/// Copies `database` as of one moment to `target`, readable by its owner only. Writers continue meanwhile.
///
/// # Errors
/// [`StoreError`]: `target` exists, the disk is full, or the database or the copy is damaged. Nothing is left at
/// `target`.
pub fn back_up(database: &Path, target: &Path) -> Result<Contents, StoreError> {
    reject_existing(target)?;
    if !database.exists() {
        return Err(StoreError::NoDatabase { path: database.to_owned() });
    }
    let rights = rights_at(database)?;
    let source = Sqlite::connect(database, false)?;
    let found = schema_of(&source, database)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: database.to_owned(), found });
    }
    // The target is chosen by root, so it is written with root's rights.
    drop(rights);
    let _rights = rights_at(target)?;
    let draft = Draft::create(target)?;
    let contents = draft.fill(&source, database)?;
    draft.move_to(target, false)?;
    Ok(contents)
}

/// Replaces `database` by the copy in `backup`. No aggregator may serve from it. The previous database is kept in the
/// same folder under a name that ends in `mark`.
///
/// # Errors
/// [`StoreError`]: an aggregator runs, the copy is damaged or of a newer program, or the disk is full. The database is
/// unchanged.
pub fn restore(database: &Path, backup: &Path, mark: &str) -> Result<Restored, StoreError> {
    let rights = rights_at(database)?;
    let was_there = database.exists();
    let _lock = FileLock::acquire(database)?;
    // The backup may be readable by root only.
    drop(rights);
    let invalid = |what: String| StoreError::InvalidBackup { path: backup.to_owned(), what };
    let same = |one: std::fs::Metadata, other: std::fs::Metadata| {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    };
    let metadata = backup.metadata().map_err(|error| invalid(error.to_string()))?;
    if database.metadata().is_ok_and(|present| same(present, metadata)) {
        return Err(invalid("it is the database itself".to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(backup, flags).map_err(|error| invalid(error.to_string()))?;
    match schema_of(&source, backup) {
        Ok(found) if found > SCHEMA_VERSION => {
            return Err(StoreError::Newer { path: backup.to_owned(), found });
        }
        Ok(1..) => {}
        Ok(_) => return Err(invalid("it holds no database of Skerry".to_owned())),
        Err(error) => return Err(invalid(error.to_string())),
    }
    let _rights = rights_at(database)?;
    let draft = Draft::create(database)?;
    let contents = draft.fill(&source, backup).map_err(|error| match error {
        StoreError::Damaged { what, .. } => invalid(format!("it is damaged: {what}")),
        StoreError::Sqlite(error) => invalid(error.to_string()),
        other => other,
    })?;
    draft.cancel_deliveries()?;
    let (former_id, kept) =
        if was_there { (checkpoint_former(database), keep_former(database, mark)?) } else { (None, None) };
    draft.move_to(database, true)?;
    Ok(Restored { contents, kept, former_id })
}

/// If root writes into another user's folder, it does so with that user's rights.
fn rights_at(path: &Path) -> Result<Lowered, StoreError> {
    lower_for(path).map_err(|error| not_written(path, &error))
}

/// Copies the database of `connection` to a file in the same folder before it is migrated from schema `found`. The last
/// [`KEPT_COPIES`] such copies are kept.
pub(super) fn before_migration(
    connection: &Connection,
    path: &Path,
    found: i64,
) -> Result<PathBuf, StoreError> {
    let target = with_suffix(path, &format!(".schema-{found}"));
    let draft = Draft::create(&target)?;
    draft.fill(connection, path)?;
    draft.move_to(&target, true)?;
    let prefix = with_suffix(path, ".schema-");
    let prefix = prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let siblings = std::fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
    let mut all: Vec<(i64, PathBuf)> = siblings
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name.strip_prefix(&prefix)?.parse().ok()?, entry.path()))
        })
        .collect();
    all.sort();
    for (_, old) in all.iter().rev().skip(KEPT_COPIES) {
        if let Err(error) = std::fs::remove_file(old) {
            tracing::warn!(%error, path = %old.display(), "an old backup cannot be deleted");
        }
    }
    Ok(target)
}

/// A copy that is not verified yet. It is deleted with its handle unless it was moved into place.
struct Draft {
    path: PathBuf,
    /// A lock against a second copy to the same place.
    lock: File,
}

impl Draft {
    fn create(target: &Path) -> Result<Self, StoreError> {
        let path = with_suffix(target, ".partial");
        let failed = |error: &Error| not_written(&path, error);
        let lock = private_file(&path).map_err(|error| failed(&error))?;
        if lock.try_lock().is_err() {
            return Err(failed(&Error::other("another copy is being written to it")));
        }
        lock.set_len(0).map_err(|error| failed(&error))?;
        let draft = Self { path, lock };
        draft.remove_journals();
        Ok(draft)
    }

    /// Removes the files that SQLite leaves next to a database when it is killed.
    fn remove_journals(&self) {
        for end in ["-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(with_suffix(&self.path, end));
        }
    }

    /// Copies `source`, the database at `path`, as of one moment, syncs the copy to disk and reads all of it back.
    fn fill(&self, source: &Connection, path: &Path) -> Result<Contents, StoreError> {
        let contents = self.copy(source)?;
        let copy = Connection::open(&self.path)?;
        let verified = self.verify(&copy, &contents, path);
        copy.close().map_err(|(_, error)| error)?;
        verified?;
        self.lock.sync_all().map_err(|error| not_written(&self.path, &error))?;
        Ok(contents)
    }

    fn copy(&self, source: &Connection) -> Result<Contents, StoreError> {
        // One read transaction spans all steps: writes of other connections are not visible in it.
        let moment = source.unchecked_transaction()?;
        let contents = contents(source)?;
        let mut copy = Connection::open(&self.path)?;
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        let backup = Backup::new(source, &mut copy)?;
        loop {
            match backup.step(PAGES).map_err(|error| self.disk_error(error))? {
                StepResult::Done => break,
                StepResult::More => {}
                other => return Err(StoreError::Unexpected(format!("a copy that waits: {other:?}"))),
            }
        }
        drop(backup);
        copy.close().map_err(|(_, error)| self.disk_error(error))?;
        moment.finish()?;
        Ok(contents)
    }

    fn verify(&self, copy: &Connection, expected: &Contents, path: &Path) -> Result<(), StoreError> {
        // A single file, without a log that could be left behind.
        copy.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = ON;")
            .map_err(|error| self.disk_error(error))?;
        quick_check(copy, path, "PRAGMA integrity_check(1)")?;
        if contents(copy)? != *expected {
            let what = "a copy does not hold what was copied".to_owned();
            return Err(StoreError::Damaged { path: path.to_owned(), what });
        }
        Ok(())
    }

    /// Cancels what waited to be sent when the copy was made: it was sent since, or is old.
    fn cancel_deliveries(&self) -> Result<(), StoreError> {
        let copy = Connection::open(&self.path)?;
        if copy.table_exists(None, "delivery")? {
            copy.execute_batch(
                "BEGIN;
                 UPDATE notice SET done_ms = due_ms, joins = 0 WHERE done_ms IS NULL;
                 UPDATE delivery SET state = 'cancelled', next_ms = NULL, answer = 'not sent: a backup was restored'
                     WHERE next_ms IS NOT NULL;
                 COMMIT;",
            )
            .map_err(|error| self.disk_error(error))?;
        }
        copy.close().map_err(|(_, error)| self.disk_error(error))?;
        self.lock.sync_all().map_err(|error| not_written(&self.path, &error))
    }

    /// Moves it into place; overwrites an existing file only if `replace`.
    fn move_to(self, target: &Path, replace: bool) -> Result<(), StoreError> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let renamed = if replace {
            std::fs::rename(&self.path, target)
        } else {
            match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
                // A file system without an atomic rename that fails if the target exists.
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                    reject_existing(target)?;
                    std::fs::rename(&self.path, target)
                }
                done => done.map_err(Error::from),
            }
        };
        let done = renamed.and_then(|()| File::open(folder_of(target))?.sync_all());
        done.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => StoreError::Exists { path: target.to_owned() },
            _ => not_written(target, &error),
        })
    }

    fn disk_error(&self, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::SystemIoFailure) => {
                not_written(&self.path, &Error::other(error.to_string()))
            }
            _ => StoreError::from(error),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After success the file was renamed away.
        let _ = std::fs::remove_file(&self.path);
        self.remove_journals();
    }
}

/// Checkpoints the log of the present database, so that the file alone is complete. Returns the id of its aggregator. A
/// damaged database stays unchanged.
fn checkpoint_former(database: &Path) -> Option<String> {
    if !database.exists() {
        return None;
    }
    let connection = Connection::open(database).ok()?;
    let id = connection.query_row("SELECT aggregator_id FROM meta", [], |row| row.get(0)).ok();
    if let Err(error) = connection.execute_batch("PRAGMA journal_mode = DELETE") {
        tracing::debug!(%error, "the replaced database is kept with its log");
    }
    id
}

/// Links the present database, and its log if it could not be checkpointed, under a second name. Then it removes the
/// log of the first name, which the restored database would otherwise use.
fn keep_former(database: &Path, mark: &str) -> Result<Option<PathBuf>, StoreError> {
    if !database.exists() {
        return Ok(None);
    }
    let kept = with_suffix(database, &format!(".replaced-{mark}"));
    let failed = |error: Error| not_written(&kept, &error);
    std::fs::hard_link(database, &kept).map_err(failed)?;
    let log = with_suffix(database, "-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        std::fs::hard_link(&log, with_suffix(&kept, "-wal")).map_err(failed)?;
    }
    File::open(folder_of(database)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        match std::fs::remove_file(with_suffix(database, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(Some(kept))
}

fn contents(connection: &Connection) -> Result<Contents, StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: rusqlite::Result<Vec<String>> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect();
    let mut rows = BTreeMap::new();
    for table in tables? {
        let count =
            connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?;
        rows.insert(table, count);
    }
    // The internal agent for heartbeats does not count as an agent.
    let sql = "SELECT count(*) FROM agent WHERE name = ?1 AND location = ?2 AND token_hash IS NULL";
    let internal: i64 = connection.query_row(sql, [HEARTBEAT_AGENT, LOCATION], |row| row.get(0))?;
    if let Some(agents) = rows.get_mut("agent") {
        *agents -= internal;
    }
    let schema = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let aggregator_id = connection.query_row("SELECT aggregator_id FROM meta", [], |row| row.get(0))?;
    Ok(Contents { schema, aggregator_id, rows })
}

fn reject_existing(target: &Path) -> Result<(), StoreError> {
    match target.symlink_metadata() {
        Ok(_) => Err(StoreError::Exists { path: target.to_owned() }),
        Err(_) => Ok(()),
    }
}

fn not_written(path: &Path, error: &Error) -> StoreError {
    StoreError::NotWritten { path: path.to_owned(), what: error.to_string() }
}

fn with_suffix(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
