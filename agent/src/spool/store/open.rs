//! Opens a spool: an intact one as it is; a damaged one is set aside and replaced by a new one with its
//! readable records.

use super::super::fault::{Fault, broken};
use super::super::lock::{last_epoch, write_obstacle};
use super::super::row::{RecordRow, RowKind, SpoolRow, frame, unframe};
use super::super::salvage::{Salvaged, beside, highest_in_log, salvage};
use super::{ROW_OVERHEAD, Store, read_about};
use crate::clock::Clock;
use prost::Message;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use skerry_host::wal::{self, Health, log_of};
use skerry_protocol::wire;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

impl Store {
    /// Opens the spool at `path`. A damaged one is set aside, and its readable records start a new one.
    pub(in crate::spool) fn open(path: &Path, clock: Clock) -> Result<Self, Fault> {
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
        let health = wal::read(path)?.health;
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
            let former_epoch = last_epoch(path).map(Vec::from).unwrap_or_default();
            create(&connection, &SpoolRow { epoch, former_epoch, ..SpoolRow::default() })?;
        }
        let mut store = Self::read_through(connection, path)?;
        if torn >= store.next || health == Health::Torn {
            // Records of the broken commit may have been sent: their sequences are never used again.
            store.next = store.next.max(torn + 1) + 16;
        }
        store.dirty = true;
        store.sync()?;
        Ok(store)
    }

    /// Reads every row once: checks that all are valid, and computes the counters.
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
        let handed_out = possibly_sent(&connection)?.unwrap_or(last);
        let path = path.to_owned();
        let (durable, full_sync, dirty) = (0, false, false);
        Ok(Self { connection, path, about, next, durable, handed_out, depth, bytes, full_sync, dirty })
    }

    /// Sets the damaged files aside and starts a new epoch with the readable records.
    pub(in crate::spool) fn replace(path: &Path, clock: Clock, why: &str) -> Result<Self, Fault> {
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
        if salvaged.spool.epoch.len() == 16 {
            self.about.former_epoch.clone_from(&salvaged.spool.epoch);
        }
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
            for state in &salvaged.states {
                store.keep_state(state)?;
            }
            store.write_about()
        })
    }
}

/// The last record that another process may have sent: a batch contains at most this many of the oldest.
/// `None` if there are fewer.
fn possibly_sent(connection: &Connection) -> Result<Option<u64>, Fault> {
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

/// A header that forbids writing on a writable disk is damage; a read-only disk is not.
fn refuse_forbidden(connection: &Connection, path: &Path) -> Result<(), Fault> {
    // SQLite knows once it has read the header.
    let _: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    if connection.is_readonly("main")? && write_obstacle(path).is_none() {
        return Err(Fault::Damaged("its header says that it may not be written".to_owned()));
    }
    Ok(())
}
