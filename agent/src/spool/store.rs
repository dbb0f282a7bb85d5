//! The spool's database. One table in order of sequence, beside it the hard states and one row about the
//! spool itself, all changed in the same transactions.
//!
//! A commit is in the hands of the kernel at once (WAL) and on the disk after the next [`Store::sync`], or
//! at once when it is written as durable. A sequence is never given out twice within an epoch.

use super::log::{self, Health, log_of};
use super::place::hindrance;
use super::row::{RecordRow, RowKind, SpoolRow, StateRow, frame, unframe};
use super::salvage::{Salvaged, beside, highest_in_log, salvage};
use super::{Entry, Lost, Standing, Stored};
use crate::clock::{BootId, Clock};
use prost::Message;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use skerry_protocol::wire;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a row costs beside its bytes, about.
const ROW_OVERHEAD: u64 = 16;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The file does not say what we wrote: set it aside.
    #[error("the spool is damaged: {0}")]
    Damaged(String),
    /// The disk is full, fails or may not be written, for now: try again.
    #[error("{0}")]
    Unavailable(String),
    /// It cannot be opened at all: a person must act.
    #[error("{0}")]
    Refused(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::OperationInterrupted
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) about: SpoolRow,
    next: u64,
    durable: u64,
    /// Records up to here may have been sent.
    pub(super) handed: u64,
    pub(super) depth: u64,
    pub(super) bytes: u64,
    full_sync: bool,
    dirty: bool,
}

impl Store {
    /// Opens the spool at `path`; a damaged one is set aside and what can be read of it begins a new one.
    pub(super) fn open(path: &Path, clock: Clock) -> Result<Self, Fault> {
        match Self::open_sound(path) {
            Err(Fault::Damaged(why)) => Self::replace(path, clock, &why),
            other => other,
        }
    }

    fn open_sound(path: &Path) -> Result<Self, Fault> {
        let length = match OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
        {
            Ok(file) => file.metadata()?.len(),
            Err(error) => return Err(error.into()),
        };
        let log = std::fs::metadata(log_of(path)).map_or(0, |log| log.len());
        let health = log::read(path)?.health;
        if health == Health::Damaged {
            return Err(Fault::Damaged("commits in its log cannot be read".to_owned()));
        }
        if length == 0 && log > 32 {
            return Err(Fault::Damaged("its database is empty beside a log that is not".to_owned()));
        }
        let torn = if health == Health::Torn { highest_in_log(path)? } else { 0 };
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        refuse_forbidden(&connection, path)?;
        connection.execute_batch(
            "PRAGMA page_size=1024; PRAGMA secure_delete=ON; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;
             PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512; PRAGMA journal_size_limit=4194304;
             PRAGMA cell_size_check=ON; PRAGMA busy_timeout=2000;",
        )?;
        if length == 0 {
            let mut epoch = vec![0; 16];
            getrandom::fill(&mut epoch).map_err(|error| Fault::Refused(error.to_string()))?;
            create(&connection, &SpoolRow { epoch, ..SpoolRow::default() })?;
        }
        let mut store = Self::read_through(connection, path)?;
        if torn >= store.next || health == Health::Torn {
            // What the broken commit held was perhaps sent: its sequences are never used again.
            store.next = store.next.max(torn + 1) + 16;
        }
        store.dirty = true;
        store.sync()?;
        Ok(store)
    }

    /// Reads every row once: all are whole, and the counters are what the rows say.
    fn read_through(connection: Connection, path: &Path) -> Result<Self, Fault> {
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            return Err(Fault::Damaged(check));
        }
        let about: Vec<u8> =
            connection.query_row("SELECT body FROM spool WHERE id = 1", [], |row| row.get(0))?;
        let about = read_about(&about).ok_or_else(|| broken("its own row"))?;
        let (mut depth, mut bytes, mut last) = (0, 0, 0);
        let mut rows = connection.prepare("SELECT sequence, body FROM queue ORDER BY sequence")?;
        let mut cursor = rows.query([])?;
        while let Some(row) = cursor.next()? {
            let body = row.get_ref(1)?.as_blob().map_err(|error| Fault::Damaged(error.to_string()))?;
            last = row.get::<_, i64>(0)?.cast_unsigned();
            if !unframe(body).is_some_and(|found| found.kind == RowKind::Record && found.key == last) {
                return Err(broken("a record"));
            }
            depth += 1;
            bytes += body.len() as u64 + ROW_OVERHEAD;
        }
        drop(cursor);
        drop(rows);
        let next = last.max(about.acknowledged).max(about.issued) + 1;
        let handed = perhaps_sent(&connection)?.unwrap_or(last);
        let path = path.to_owned();
        let (durable, full_sync, dirty) = (0, false, false);
        Ok(Self { connection, path, about, next, durable, handed, depth, bytes, full_sync, dirty })
    }

    /// Sets the damaged files aside and begins a new epoch with what can be read of them.
    pub(super) fn replace(path: &Path, clock: Clock, why: &str) -> Result<Self, Fault> {
        let salvaged = salvage(path)?;
        let now = clock.now();
        let aside = beside(path, &format!(".damaged-{}", now.wall_ms));
        std::fs::rename(path, &aside)?;
        for suffix in ["-wal", "-shm"] {
            match std::fs::rename(beside(path, suffix), beside(&aside, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        tracing::warn!(
            set_aside = %aside.display(),
            kept = salvaged.records.len(),
            missing = salvaged.missing,
            "the spool is damaged ({why}); what can be read of it is kept and a new epoch begins"
        );
        let mut store = Self::open_sound(path)?;
        store.restore(&salvaged, now.wall_ms)?;
        Ok(store)
    }

    fn restore(&mut self, salvaged: &Salvaged, now_wall_ms: i64) -> Result<(), Fault> {
        let from = salvaged.records.iter().map(RecordRow::wall_ms).find(|wall| *wall > 0);
        self.about.lost = salvaged.spool.lost + salvaged.missing;
        self.about.set_aside = salvaged.spool.set_aside;
        self.about.acknowledged_wall_ms = salvaged.spool.acknowledged_wall_ms;
        let lost = wire::Lost {
            count: salvaged.missing,
            why: format!("the spool was damaged; {} records could be read", salvaged.records.len()),
            from_wall_ms: from,
            to_wall_ms: Some(now_wall_ms),
        };
        self.transaction(true, |store| {
            for record in &salvaged.records {
                store.insert(record)?;
            }
            store.insert(&RecordRow::lost(lost))?;
            for standing in &salvaged.states {
                store.keep_state(standing)?;
            }
            store.write_about()
        })
    }

    /// Runs `work` in one transaction, on the disk before it returns when `durable`. After a failure the
    /// counters are what they were.
    pub(super) fn transaction(
        &mut self,
        durable: bool,
        work: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if durable != self.full_sync {
            let mode = if durable { "PRAGMA synchronous=FULL" } else { "PRAGMA synchronous=NORMAL" };
            self.connection.execute_batch(mode)?;
            self.full_sync = durable;
        }
        let before = (self.about.clone(), self.next, self.depth, self.bytes);
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let done = work(self).and_then(|()| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(())
        });
        if done.is_err() {
            (self.about, self.next, self.depth, self.bytes) = before;
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
        } else {
            self.dirty = !durable;
            if durable {
                self.durable = self.next - 1;
            }
        }
        done
    }

    pub(super) fn insert(&mut self, row: &RecordRow) -> Result<(), Fault> {
        self.insert_at(self.next, row)?;
        self.next += 1;
        Ok(())
    }

    /// Puts a row at a sequence that is free, and was never sent.
    pub(super) fn insert_at(&mut self, sequence: u64, row: &RecordRow) -> Result<(), Fault> {
        let body = frame(RowKind::Record, sequence, &row.encode_to_vec());
        self.connection
            .prepare_cached("INSERT INTO queue (sequence, hard, body) VALUES (?1, ?2, ?3)")?
            .execute(params![sequence.cast_signed(), row.hard || row.weight() == 0, body])?;
        self.depth += 1;
        self.bytes += body.len() as u64 + ROW_OVERHEAD;
        Ok(())
    }

    fn keep_state(&self, standing: &Standing) -> Result<(), Fault> {
        let body = frame(RowKind::State, self.next, &StateRow::from(standing).encode_to_vec());
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO state (name, body) VALUES (?1, ?2)")?
            .execute(params![&*standing.check, body])?;
        Ok(())
    }

    pub(super) fn write_about(&mut self) -> Result<(), Fault> {
        self.about.issued = self.next - 1;
        let body = frame(RowKind::Spool, self.about.acknowledged, &self.about.encode_to_vec());
        self.connection.prepare_cached("UPDATE spool SET body = ?1 WHERE id = 1")?.execute(params![body])?;
        Ok(())
    }

    /// Writes entries in their order, each with the state it left; `lost` first, where memory overflowed.
    pub(super) fn write(
        &mut self,
        lost: Option<&Lost>,
        entries: &[Entry],
        durable: bool,
    ) -> Result<(), Fault> {
        self.transaction(durable, |store| {
            if let Some(lost) = lost {
                store.about.lost += lost.count;
                store.insert(&RecordRow::lost(lost.record()))?;
                store.write_about()?;
            }
            for entry in entries {
                store.insert(&RecordRow::from(entry))?;
                if let Some(standing) = &entry.standing {
                    store.keep_state(standing)?;
                }
            }
            Ok(())
        })
    }

    /// Puts everything written so far on the disk.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        if self.dirty {
            self.transaction(true, Self::write_about)?;
            let free: i64 = self.connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
            if free > 4_096 {
                self.connection.execute_batch("PRAGMA incremental_vacuum(2048)")?;
            }
        }
        Ok(())
    }

    /// The highest sequence given out.
    pub(super) fn issued(&self) -> u64 {
        self.next - 1
    }

    /// Everything up to this sequence is on the disk.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    /// The oldest records after `after` that are on the disk, at most `records` of them and about `bytes` in all.
    pub(super) fn read(&self, after: u64, records: usize, bytes: usize) -> Result<Vec<Stored>, Fault> {
        let mut rows = self.connection.prepare_cached(
            "SELECT sequence, body FROM queue WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
        )?;
        let (after, durable) = (after.cast_signed(), self.durable.cast_signed());
        let mut cursor = rows.query(params![after, durable, records as i64])?;
        let (mut read, mut taken) = (Vec::new(), 0);
        while let Some(row) = cursor.next()? {
            let sequence = row.get::<_, i64>(0)?.cast_unsigned();
            let body = row.get_ref(1)?.as_blob().map_err(|error| Fault::Damaged(error.to_string()))?;
            let whole = unframe(body).filter(|found| found.kind == RowKind::Record && found.key == sequence);
            let found = whole.ok_or_else(|| broken("a record"))?;
            taken += body.len();
            if taken > bytes && !read.is_empty() {
                break;
            }
            let row = RecordRow::decode(found.payload).map_err(|error| Fault::Damaged(error.to_string()))?;
            read.push(Stored {
                sequence,
                boot: BootId::from_bytes(&row.boot),
                check: row.check,
                kind: row.kind,
            });
        }
        Ok(read)
    }

    /// The same, to be sent.
    pub(super) fn hand_out(
        &mut self,
        after: u64,
        records: usize,
        bytes: usize,
    ) -> Result<Vec<Stored>, Fault> {
        let mut read = self.read(after, records, bytes)?;
        // What they unfold to is no more than a batch of observations.
        let mut unfolded = 0;
        let fits = read.iter().take_while(|stored| {
            unfolded += stored.weight();
            unfolded <= wire::MAX_RECORDS as u64
        });
        let fits = fits.count().max(1);
        read.truncate(fits);
        self.handed = self.handed.max(read.last().map_or(0, Stored::through));
        Ok(read)
    }

    /// Forgets everything up to `sequence`.
    pub(super) fn acknowledge(&mut self, sequence: u64, wall_ms: i64) -> Result<(), Fault> {
        self.transaction(false, |store| {
            store.remove("sequence <= ?1", sequence.cast_signed())?;
            store.about.acknowledged = store.about.acknowledged.max(sequence);
            store.about.acknowledged_wall_ms = wall_ms;
            store.write_about()
        })
    }

    /// Takes one refused record out of the queue and keeps it for a person to look at.
    pub(super) fn set_aside(&mut self, sequence: u64) -> Result<(), Fault> {
        self.transaction(true, |store| {
            store.connection.execute(
                "INSERT OR REPLACE INTO aside (sequence, body) SELECT sequence, body FROM queue WHERE sequence = ?1",
                [sequence.cast_signed()],
            )?;
            store.connection.execute(
                "DELETE FROM aside WHERE sequence <= (SELECT max(sequence) FROM aside) - 100000
                 OR sequence NOT IN (SELECT sequence FROM aside ORDER BY sequence DESC LIMIT 100)",
                [],
            )?;
            let removed = store.remove("sequence = ?1", sequence.cast_signed())?;
            store.about.set_aside += removed;
            store.write_about()
        })
    }

    pub(super) fn remove(&mut self, which: &str, argument: i64) -> Result<u64, Fault> {
        let sum = format!("SELECT count(*), coalesce(sum(length(body)), 0) FROM queue WHERE {which}");
        let (count, bytes): (i64, i64) = self
            .connection
            .prepare_cached(&sum)?
            .query_row([argument], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.connection.prepare_cached(&format!("DELETE FROM queue WHERE {which}"))?.execute([argument])?;
        let (count, bytes) = (count.cast_unsigned(), bytes.cast_unsigned());
        self.depth = self.depth.saturating_sub(count);
        self.bytes = self.bytes.saturating_sub(bytes + count * ROW_OVERHEAD);
        Ok(count)
    }

    /// Every hard state kept.
    pub(super) fn states(&self) -> Result<Vec<Standing>, Fault> {
        read_states(&self.connection)
    }

    /// Forgets the states of checks that are no longer run. Their records stay and drain.
    pub(super) fn keep_states_of(&mut self, names: &HashSet<String>) -> Result<(), Fault> {
        let gone: Vec<String> = {
            let mut rows = self.connection.prepare("SELECT name FROM state")?;
            let all = rows.query_map([], |row| row.get::<_, String>(0))?;
            all.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|name| !names.contains(name)).collect()
        };
        if gone.is_empty() {
            return Ok(());
        }
        self.transaction(false, |store| {
            for name in &gone {
                store.connection.prepare_cached("DELETE FROM state WHERE name = ?1")?.execute([name])?;
            }
            Ok(())
        })
    }

    /// Age of the oldest record waiting, ms.
    pub(super) fn oldest_ms(&self, clock: Clock) -> Result<u64, Fault> {
        Ok(self.read(0, 1, 1)?.first().map_or(0, |stored| stored.age_ms(clock.now())))
    }
}

/// The last of the records that another process may have sent: no batch holds more than so many of the
/// oldest. `None` where there are fewer.
fn perhaps_sent(connection: &Connection) -> Result<Option<u64>, Fault> {
    let sequence = connection
        .query_row(
            "SELECT sequence FROM queue ORDER BY sequence LIMIT 1 OFFSET ?1",
            [wire::MAX_RECORDS as i64],
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    Ok(sequence.map(i64::cast_unsigned))
}

fn create(connection: &Connection, about: &SpoolRow) -> Result<(), Fault> {
    let body = frame(RowKind::Spool, 0, &about.encode_to_vec());
    connection.execute_batch(
        "BEGIN IMMEDIATE;
         CREATE TABLE queue (sequence INTEGER PRIMARY KEY, hard INTEGER NOT NULL, body BLOB NOT NULL);
         CREATE INDEX queue_hard ON queue (sequence) WHERE hard = 1;
         CREATE TABLE state (name TEXT PRIMARY KEY, body BLOB NOT NULL);
         CREATE TABLE spool (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
         CREATE TABLE aside (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);",
    )?;
    connection.execute("INSERT INTO spool (id, body) VALUES (1, ?1)", params![body])?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

pub(super) fn broken(what: &str) -> Fault {
    Fault::Damaged(format!("{what} in it is not whole"))
}

fn read_about(body: &[u8]) -> Option<SpoolRow> {
    let found = unframe(body).filter(|found| found.kind == RowKind::Spool)?;
    SpoolRow::decode(found.payload).ok().filter(|about| about.epoch.len() == 16)
}

fn read_states(connection: &Connection) -> Result<Vec<Standing>, Fault> {
    let mut rows = connection.prepare("SELECT body FROM state ORDER BY name")?;
    let bodies = rows.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    let mut states = Vec::new();
    for body in bodies {
        let body = body?;
        let found = unframe(&body).filter(|found| found.kind == RowKind::State);
        let row = found.and_then(|found| StateRow::decode(found.payload).ok());
        let standing = row.and_then(|row| Standing::try_from(row).ok());
        states.push(standing.ok_or_else(|| broken("a state"))?);
    }
    Ok(states)
}

/// A header that forbids to write what the disk lets us write is damage; a disk that forbids it is none.
fn refuse_forbidden(connection: &Connection, path: &Path) -> Result<(), Fault> {
    // SQLite knows once it has read the header.
    let _: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    if connection.is_readonly("main")? && hindrance(path).is_none() {
        return Err(Fault::Damaged("its header says that it may not be written".to_owned()));
    }
    Ok(())
}

/// What a spool says of itself: its own row, the hard states, how many records wait, and the oldest of them.
pub(super) type Peeked = (SpoolRow, Vec<Standing>, u64, Option<Stored>);

/// Reads it beside a running agent.
pub(super) fn peek(path: &Path) -> Result<Peeked, Fault> {
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

pub(super) fn check(path: &Path) -> Result<(), Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA busy_timeout=2000")?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Fault::Damaged(verdict)) }
}
