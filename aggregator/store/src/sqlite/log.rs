//! Commits that SQLite silently ignores, after a damaged frame in its write-ahead log. They cannot be recovered;
//! operators are informed, and the rest of the log is kept.

use super::StoreError;
use rusqlite::Connection;
use skerry_host::clock::wall_ms;
use skerry_host::wal::{Generation, generation, holds_frame, log_of, read};
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;

/// The last frame that was intact, with the generation of its log.
pub(super) type LastWholeFrame = Cell<Option<(Generation, u64)>>;

/// Checkpoints the log: data in the database survives the loss of its log. On a full disk everything stays in the log.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Ok(()),
        done => done,
    }
}

/// Checks that everything that SQLite expects in the log and that is not in the database yet is there. A log that
/// another program emptied after a complete checkpoint is intact.
///
/// # Errors
/// [`StoreError::Cut`]; then nothing may be written or checkpointed.
pub(super) fn is_whole(
    connection: &Connection,
    path: &Path,
    seen: &LastWholeFrame,
) -> Result<(), StoreError> {
    let counted = || -> rusqlite::Result<(i64, i64)> {
        let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
    };
    // Other code reports a database that cannot be read at all.
    let Ok((frames, worked_in)) = counted() else { return Ok(()) };
    if frames <= worked_in {
        return Ok(());
    }
    // The log may have been emptied since its frames were counted.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if holds(&real, frames.unsigned_abs(), seen).unwrap_or(false)
        || counted().ok() != Some((frames, worked_in))
    {
        return Ok(());
    }
    Err(StoreError::Cut { path: path.to_owned() })
}

/// Whether the last frame is there, and the one that was last at the previous check: a log that was cut and then
/// written to has a hole between the two.
fn holds(path: &Path, frames: u64, seen: &LastWholeFrame) -> io::Result<bool> {
    let log = File::open(log_of(path))?;
    let generation = generation(&log)?;
    let former = seen.get().filter(|(of, number)| *of == generation && *number < frames);
    let holds_former = match former {
        Some((_, number)) => holds_frame(&log, number)?,
        None => true,
    };
    let holds = holds_former && holds_frame(&log, frames)?;
    if holds {
        seen.set(Some((generation, frames)));
    }
    Ok(holds)
}

/// Logs an error if the log of the database at `path` is damaged, before SQLite opens and overwrites it.
pub(super) fn tell_what_is_left_out(path: &Path) {
    // SQLite reports what cannot be read.
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
        "{}: the database's write-ahead log is damaged, and what was committed after the damage is left out: the \
         last that was seen, and that people changed, before the last stop. Agents that were told it was kept say so \
         when they are heard, and each such loss is told; {kept}. Look at the disk, and at what people changed",
        log.display()
    );
}
