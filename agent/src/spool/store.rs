//! The spool's database: one table ordered by sequence, one with the hard states, and one row of metadata,
//! all changed in the same transactions.
//!
//! A commit is passed to the kernel at once (WAL). It is on the disk after the next [`Store::sync`], or at
//! once if it is written as durable. A sequence is never assigned twice within an epoch.

mod inspect;
mod new_epoch;
mod open;

pub(super) use inspect::{Inspected, check, inspect};

use super::fault::{Fault, broken};
use super::row::{RecordRow, RowKind, SpoolRow, StateRow, frame, unframe};
use super::{Entry, Lost, SavedState, Stored};
use crate::clock::{BootId, Clock};
use prost::Message;
use rusqlite::{Connection, params};
use skerry_protocol::wire;
use std::collections::HashSet;
use std::path::PathBuf;

/// Approximate overhead of a row, bytes.
const ROW_OVERHEAD: u64 = 16;

pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) about: SpoolRow,
    next: u64,
    durable: u64,
    /// Records up to here may have been sent.
    pub(super) handed_out: u64,
    pub(super) depth: u64,
    pub(super) bytes: u64,
    full_sync: bool,
    dirty: bool,
}

impl Store {
    /// Runs `work` in one transaction, synced before it returns if `durable`. A failure restores the
    /// counters.
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

    /// Inserts a row at a free sequence that was never sent.
    pub(super) fn insert_at(&mut self, sequence: u64, row: &RecordRow) -> Result<(), Fault> {
        let body = frame(RowKind::Record, sequence, &row.encode_to_vec());
        self.connection
            .prepare_cached("INSERT INTO queue (sequence, hard, body) VALUES (?1, ?2, ?3)")?
            .execute(params![sequence.cast_signed(), row.hard || row.weight() == 0, body])?;
        self.depth += 1;
        self.bytes += body.len() as u64 + ROW_OVERHEAD;
        Ok(())
    }

    fn keep_state(&self, state: &SavedState) -> Result<(), Fault> {
        let body = frame(RowKind::State, self.next, &StateRow::from(state).encode_to_vec());
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO state (name, body) VALUES (?1, ?2)")?
            .execute(params![&*state.check, body])?;
        Ok(())
    }

    pub(super) fn write_about(&mut self) -> Result<(), Fault> {
        self.about.issued = self.next - 1;
        self.about.writes += 1;
        let body = frame(RowKind::Spool, self.about.acknowledged, &self.about.encode_to_vec());
        self.connection.prepare_cached("UPDATE spool SET body = ?1 WHERE id = 1")?.execute(params![body])?;
        Ok(())
    }

    /// Writes entries in order, each with its state; `lost` comes first, if memory overflowed.
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
                if let Some(state) = &entry.state {
                    store.keep_state(state)?;
                }
            }
            Ok(())
        })
    }

    /// Syncs everything written so far.
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

    /// The highest sequence assigned.
    pub(super) fn issued(&self) -> u64 {
        self.next - 1
    }

    /// Everything up to this sequence is synced.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    /// The oldest synced records after `after`, at most `records` of them and about `bytes` in total.
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

    /// Like [`Self::read`], and marks the records as handed out.
    pub(super) fn hand_out(
        &mut self,
        after: u64,
        records: usize,
        bytes: usize,
    ) -> Result<Vec<Stored>, Fault> {
        let mut read = self.read(after, records, bytes)?;
        // Unfolded they are at most one batch of observations.
        let mut unfolded = 0;
        let fits = read.iter().take_while(|stored| {
            unfolded += stored.weight();
            unfolded <= wire::MAX_RECORDS as u64
        });
        let fits = fits.count().max(1);
        read.truncate(fits);
        self.handed_out = self.handed_out.max(read.last().map_or(0, Stored::through));
        Ok(read)
    }

    /// Deletes everything up to `sequence`.
    pub(super) fn acknowledge(&mut self, sequence: u64, wall_ms: i64) -> Result<(), Fault> {
        self.transaction(false, |store| {
            store.remove("sequence <= ?1", sequence.cast_signed())?;
            store.about.acknowledged = store.about.acknowledged.max(sequence);
            store.about.acknowledged_wall_ms = wall_ms;
            store.write_about()
        })
    }

    /// Moves one rejected record out of the queue and keeps it for a person to look at.
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

    /// All stored states.
    pub(super) fn states(&self) -> Result<Vec<SavedState>, Fault> {
        read_states(&self.connection)
    }

    /// Deletes the states of checks that are no longer run. Their records still drain.
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

    /// Age of the oldest waiting record, ms.
    pub(super) fn oldest_ms(&self, clock: Clock) -> Result<u64, Fault> {
        Ok(self.read(0, 1, 1)?.first().map_or(0, |stored| stored.age_ms(clock.now())))
    }
}

fn read_about(body: &[u8]) -> Option<SpoolRow> {
    let found = unframe(body).filter(|found| found.kind == RowKind::Spool)?;
    SpoolRow::decode(found.payload).ok().filter(|about| about.epoch.len() == 16)
}

fn read_states(connection: &Connection) -> Result<Vec<SavedState>, Fault> {
    let mut rows = connection.prepare("SELECT body FROM state ORDER BY name")?;
    let bodies = rows.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    let mut states = Vec::new();
    for body in bodies {
        let body = body?;
        let found = unframe(&body).filter(|found| found.kind == RowKind::State);
        let row = found.and_then(|found| StateRow::decode(found.payload).ok());
        let state = row.and_then(|row| SavedState::try_from(row).ok());
        states.push(state.ok_or_else(|| broken("a state"))?);
    }
    Ok(states)
}
