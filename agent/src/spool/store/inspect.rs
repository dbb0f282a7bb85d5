//! Reads a spool while its agent may be running.

use super::super::Stored;
use super::super::fault::{Fault, broken};
use super::super::row::{RecordRow, SpoolRow, unframe};
use super::{SavedState, read_about, read_states};
use crate::clock::BootId;
use prost::Message;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;

/// Metadata, states, number of waiting records, and the oldest of them.
pub(in crate::spool) type Inspected = (SpoolRow, Vec<SavedState>, u64, Option<Stored>);

/// Reads the spool at `path`.
pub(in crate::spool) fn inspect(path: &Path) -> Result<Inspected, Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA busy_timeout=2000; BEGIN")?;
    let about: Option<Vec<u8>> =
        connection.query_row("SELECT body FROM spool WHERE id = 1", [], |row| row.get(0)).optional()?;
    let about = about.as_deref().and_then(read_about).ok_or_else(|| broken("its own row"))?;
    let depth: i64 = connection.query_row("SELECT count(*) FROM queue", [], |row| row.get(0))?;
    let first: Option<(i64, Vec<u8>)> = connection
        .query_row("SELECT sequence, body FROM queue ORDER BY sequence LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let oldest = first.and_then(|(sequence, body)| {
        let row = RecordRow::decode(unframe(&body)?.payload).ok()?;
        let boot = BootId::from_bytes(&row.boot);
        Some(Stored { sequence: sequence.cast_unsigned(), boot, check: row.check, kind: row.kind })
    });
    Ok((about, read_states(&connection)?, depth.cast_unsigned(), oldest))
}

pub(in crate::spool) fn check(path: &Path) -> Result<(), Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA busy_timeout=2000")?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Fault::Damaged(verdict)) }
}
