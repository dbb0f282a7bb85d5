//! Commits that SQLite leaves out without a word: after a broken place in its write-ahead log. They cannot be had
//! back; those who look after the aggregator are told, and keep what is left of them.

use super::StoreError;
use crate::clock::wall;
use rusqlite::Connection;
use skerry_agent::spool::log::{log_of, read};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Of the log itself, and of each page in it, bytes.
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// Whether everything that SQLite believes to be in the log is there, as far as it is not in the database yet. A log
/// that another program empties after it has worked all of it in is whole.
///
/// # Errors
/// [`StoreError::Cut`]; then nothing may be written, and nothing be worked into the database.
pub(super) fn is_whole(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let counted = || -> rusqlite::Result<(i64, i64)> {
        let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
    };
    // A database that cannot be read at all is for others to judge.
    let Ok((frames, worked_in)) = counted() else { return Ok(()) };
    if frames <= worked_in {
        return Ok(());
    }
    let Ok(page) = page_size(connection) else { return Ok(()) };
    let expected = HEADER + frames.unsigned_abs() * (FRAME_HEADER + page.unsigned_abs());
    // Somebody may have emptied it since it was counted.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if holds(&real, expected) || counted().ok() != Some((frames, worked_in)) {
        return Ok(());
    }
    Err(StoreError::Cut { path: path.to_owned() })
}

fn page_size(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA page_size")?.query_row([], |row| row.get(0))
}

/// A log that was cut and written on begins with a hole.
fn holds(path: &Path, expected: u64) -> bool {
    let mut header = [0; HEADER as usize];
    let log = File::open(log_of(path)).and_then(|mut log| {
        log.read_exact(&mut header)?;
        log.metadata()
    });
    log.is_ok_and(|log| log.len() >= expected) && header != [0; HEADER as usize]
}

/// Says so where the log of the database at `path` is damaged, before SQLite opens it and writes it anew.
pub(super) fn tell_what_is_left_out(path: &Path) {
    // What cannot be read is for SQLite to refuse.
    if !read(path).is_ok_and(|log| log.lost) {
        return;
    }
    let log = log_of(path);
    let mut copy = log.clone().into_os_string();
    copy.push(format!(".damaged-{}", wall().0));
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
