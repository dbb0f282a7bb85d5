//! Commits that SQLite leaves out without a word: after a broken place in its write-ahead log. They cannot be had
//! back; those who look after the aggregator are told, and keep what is left of them.

use super::StoreError;
use rusqlite::Connection;
use skerry_host::clock::wall_ms;
use skerry_host::wal::{Generation, generation, holds_frame, log_of, read};
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;

/// The last frame that was seen whole, by the generation of its log.
pub(super) type LastWholeFrame = Cell<Option<(Generation, u64)>>;

/// Checkpoints the log: what is in the database outlives the loss of its log. On a full disk all stays in the log.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Ok(()),
        done => done,
    }
}

/// Whether everything that SQLite believes to be in the log is there, as far as it is not in the database yet. A log
/// that another program empties after it has worked all of it in is whole.
///
/// # Errors
/// [`StoreError::Cut`]; then nothing may be written, and nothing be worked into the database.
pub(super) fn is_whole(
    connection: &Connection,
    path: &Path,
    seen: &LastWholeFrame,
) -> Result<(), StoreError> {
    let counted = || -> rusqlite::Result<(i64, i64)> {
        let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
    };
    // A database that cannot be read at all is for others to judge.
    let Ok((frames, worked_in)) = counted() else { return Ok(()) };
    if frames <= worked_in {
        return Ok(());
    }
    // Somebody may have emptied it since it was counted.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if holds(&real, frames.unsigned_abs(), seen).unwrap_or(false)
        || counted().ok() != Some((frames, worked_in))
    {
        return Ok(());
    }
    Err(StoreError::Cut { path: path.to_owned() })
}

/// Whether the last frame is there, and the one that was the last at the look before: a log that was cut and written on
/// has a hole between the two.
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

/// Says so where the log of the database at `path` is damaged, before SQLite opens it and writes it anew.
pub(super) fn tell_what_is_left_out(path: &Path) {
    // What cannot be read is for SQLite to refuse.
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
