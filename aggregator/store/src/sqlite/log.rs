//! Detects commits that SQLite silently ignores because they follow a damaged frame in its write-ahead log. They cannot
//! be recovered; operators are informed, and a copy of the log is kept.

use super::StoreError;
use rusqlite::Connection;
use skerry_host::clock::wall_ms;
use skerry_host::wal::{Generation, generation, holds_frame, log_of, read};
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;

/// The last frame that was intact, with the generation of its log.
pub(super) type LastIntactFrame = Cell<Option<(Generation, u64)>>;

/// Checkpoints the log: data in the database survives the loss of its log. On a full disk everything stays in the log.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Ok(()),
        done => done,
    }
}

/// Checks that the log has everything that SQLite expects there and that is not in the database yet. A log that another
/// program emptied after a complete checkpoint is intact.
///
/// # Errors
/// [`StoreError::LogTruncated`]; then nothing may be written or checkpointed.
pub(super) fn check_log(
    connection: &Connection,
    path: &Path,
    last_intact: &LastIntactFrame,
) -> Result<(), StoreError> {
    let counted = || -> rusqlite::Result<(i64, i64)> {
        let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
    };
    // A database that cannot be read at all is reported elsewhere.
    let Ok((frames, checkpointed)) = counted() else { return Ok(()) };
    if frames <= checkpointed {
        return Ok(());
    }
    // The log may have been emptied since its frames were counted.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if has_frames(&resolved, frames.unsigned_abs(), last_intact).unwrap_or(false)
        || counted().ok() != Some((frames, checkpointed))
    {
        return Ok(());
    }
    Err(StoreError::LogTruncated { path: path.to_owned() })
}

/// Whether the log has its last frame, and the frame that was last at the previous check: a log that was truncated and
/// then written to has a hole between the two.
fn has_frames(path: &Path, frames: u64, last_intact: &LastIntactFrame) -> io::Result<bool> {
    let log = File::open(log_of(path))?;
    let generation = generation(&log)?;
    let former = last_intact.get().filter(|(of, number)| *of == generation && *number < frames);
    let has_former = match former {
        Some((_, number)) => holds_frame(&log, number)?,
        None => true,
    };
    let has_frames = has_former && holds_frame(&log, frames)?;
    if has_frames {
        last_intact.set(Some((generation, frames)));
    }
    Ok(has_frames)
}

/// Logs an error if the log of the database at `path` is damaged, before SQLite opens and overwrites it.
pub(super) fn report_damage(path: &Path) {
    // SQLite reports a log that cannot be read.
    if !read(path).is_ok_and(|log| log.lost) {
        return;
    }
    let log = log_of(path);
    let mut copy = log.clone().into_os_string();
    copy.push(format!(".damaged-{}", wall_ms()));
    let kept = match std::fs::copy(&log, &copy) {
        Ok(_) => format!("a copy of the log is kept as {}", copy.display()),
        Err(error) => format!("no copy of the log could be kept ({error})"),
    };
    tracing::error!(
        "{}: the database's write-ahead log is damaged, and commits after the damage are lost: the last observations \
        and the last changes by people before the last stop. Agents whose acknowledged observations are missing \
        report it when they deliver again, and each such loss is recorded; {kept}. Check the disk, and repeat the \
        changes that are missing",
        log.display()
    );
}
