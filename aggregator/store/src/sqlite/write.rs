//! Writes the rows of a group in one transaction. This module does not know what rows mean.

use super::newest_rows::{NewestRows, Part};
use super::open_statements::{Does, OpenStatements};
use super::sql::{Bound, Statements, update};
use super::{Sqlite, StoreError, observation};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params_from_iter};
use skerry_domain::rows::{
    AgentRow, Columns, Key, Record, Row, SubscriberRow, Table, TrackRow, Value, Write,
};
use skerry_domain::state::{TrackKey, WorkspaceKey};
use skerry_domain::step::RawObservation;
use skerry_domain::time::HOUR;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The right to write a workspace. A commit with an outdated fence is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The workspace.
    pub workspace: WorkspaceKey,
    /// Assigned with the right to write; a later one is greater.
    pub token: i64,
    /// The number of the last commit that the writer knows of.
    pub commit_no: i64,
}

impl Sqlite {
    /// Commits rows in one transaction. After `Ok` they survive a power cut.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the group is written.
    pub fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.commit_fenced(writes, None)
    }

    /// The same, but only if `fence` still holds; increments the commit number.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if it does not; otherwise as [`Self::commit`].
    pub fn commit_fenced(&mut self, writes: &[Write], fence: Option<Fence>) -> Result<(), StoreError> {
        if writes.is_empty() && fence.is_none() {
            return Ok(());
        }
        // The bytes of an address are overwritten wherever its row stood.
        let erases = writes
            .iter()
            .any(|write| write.table().is_some_and(|table| table.name == SubscriberRow::TABLE.name));
        if erases {
            self.connection.pragma_update(None, "secure_delete", true)?;
        }
        let written = self.write_group(writes, fence);
        let is_subscriber = |table: &Table| table.name == SubscriberRow::TABLE.name;
        self.log_holds_erased |= erases
            && writes
                .iter()
                .any(|write| matches!(write, Write::Delete(_)) && write.table().is_some_and(is_subscriber));
        if erases {
            self.connection.pragma_update(None, "secure_delete", false)?;
        }
        written
    }

    fn write_group(&mut self, writes: &[Write], fence: Option<Fence>) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(fence) = fence {
            pass(&transaction, fence)?;
        }
        let mut group = Group {
            transaction: &transaction,
            open: OpenStatements::on(&transaction),
            slots: &self.slots,
            statements: &self.statements,
            made: Vec::new(),
            forgotten: Vec::new(),
            hours: BTreeSet::new(),
            crowded: BTreeMap::new(),
        };
        let newest = NewestRows::of(writes);
        for (number, write) in writes.iter().enumerate() {
            let part = || newest.part(number, write);
            group.write(write, part).map_err(|error| of_table(error, write))?;
        }
        let (made, forgotten) = group.finish()?;
        transaction.commit()?;
        self.slots.extend(made);
        for of in &forgotten {
            self.slots.remove(of);
        }
        Ok(())
    }
}

/// Checks that the fence is current, and advances the commit number.
fn pass(transaction: &Transaction<'_>, fence: Fence) -> Result<(), StoreError> {
    let Fence { workspace, token, commit_no } = fence;
    let sql = "SELECT token, commit_no FROM lease WHERE workspace = ?1";
    let found: Option<(i64, i64)> =
        transaction.query_row(sql, [workspace.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (held, last) = found.unwrap_or((token, commit_no));
    if token < held || commit_no != last {
        return Err(StoreError::Fenced { token: held, commit_no: last });
    }
    let sql = "INSERT INTO lease (workspace, token, commit_no) VALUES (?1, ?2, ?3)
         ON CONFLICT (workspace) DO UPDATE SET token = excluded.token, commit_no = excluded.commit_no";
    transaction.execute(sql, (workspace.0, token, commit_no + 1))?;
    Ok(())
}

/// A workspace and one of its tracks.
type Slotted = (WorkspaceKey, TrackKey);
/// New slots.
type Made = Vec<(Slotted, i64)>;
/// Slots of raw observations, by workspace and track.
pub(super) type Slots = HashMap<Slotted, i64>;

struct Group<'a> {
    transaction: &'a Transaction<'a>,
    open: OpenStatements<'a>,
    slots: &'a Slots,
    statements: &'a HashMap<&'static str, Statements>,
    /// Slots that this group created.
    made: Made,
    /// Tracks whose slot this group deleted.
    forgotten: Vec<Slotted>,
    /// Hours that received an observation and need a roll-up once they are complete.
    hours: BTreeSet<i64>,
    /// Milliseconds known to be taken, at most one range per slot.
    crowded: BTreeMap<i64, std::ops::Range<i64>>,
}

impl<'a> Group<'a> {
    /// `part` says what to write of a row that is put or updated.
    fn write(&mut self, write: &Write, part: impl FnOnce() -> Part) -> Result<(), StoreError> {
        match write {
            Write::Put(row) | Write::Update(row, _) => match part() {
                Part::Nothing => Ok(()),
                Part::Whole => self.row(row, Does::Put),
                Part::Columns(columns) => self.update(row, columns),
            },
            Write::Append(row) => self.row(row, Does::Insert),
            Write::Delete(key) => {
                if key.table.name == TrackRow::TABLE.name {
                    self.forget_slots(key)?;
                }
                self.delete_notes(key)?;
                self.delete(&self.of(key.table).delete, key, None)
            }
            Write::Prune { prefix, before } => {
                self.delete(&self.of(prefix.table).delete_before, prefix, Some(*before))
            }
            Write::Replace { prefix, from, rows } => {
                let statements = self.of(prefix.table);
                let sql = if from.is_some() { &statements.delete_from } else { &statements.delete };
                self.delete(sql, prefix, *from)?;
                rows.iter().try_for_each(|row| self.row(row, Does::Insert))
            }
            Write::Observe(workspace, observations) => {
                observations.iter().try_for_each(|raw| self.observe(*workspace, raw))
            }
        }
    }

    fn of(&self, table: &Table) -> &'a Statements {
        &self.statements[table.name]
    }

    /// Writes the whole row.
    fn row(&mut self, row: &Row, does: Does) -> Result<(), StoreError> {
        let statements = self.of(row.table());
        let sql = || if does == Does::Put { &statements.put } else { &statements.insert };
        let statement = self.open.of(row.table().name, does, sql)?;
        row.bind(|values| statement.execute(params_from_iter(values.iter().map(Bound))))?;
        Ok(())
    }

    /// Writes these columns, or the whole row if it is not there.
    fn update(&mut self, row: &Row, columns: Columns) -> Result<(), StoreError> {
        let table = row.table();
        let statement = self.open.of(table.name, Does::Update(columns), || update(table, columns))?;
        for (place, index) in (1..).zip((0..table.key).chain(columns.indexes())) {
            statement.raw_bind_parameter(place, Bound(&row.value(index)))?;
        }
        if statement.raw_execute()? == 0 { self.row(row, Does::Put) } else { Ok(()) }
    }

    /// Uses the statement for the number of given values.
    fn delete(&self, sql: &[String], key: &Key, bound: Option<i64>) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(&sql[key.values.len() - 1])?;
        let bound = bound.map(Value::Integer);
        statement.execute(params_from_iter(key.values.iter().chain(&bound).map(Bound)))?;
        Ok(())
    }

    fn observe(&mut self, workspace: WorkspaceKey, raw: &RawObservation) -> Result<(), StoreError> {
        let slot = self.slot(workspace, raw.track)?;
        self.hours.insert(raw.at.0.div_euclid(HOUR) * HOUR);
        let crowded = self.crowded.get(&slot).filter(|crowded| crowded.contains(&raw.at.0));
        let free = crowded.map_or(raw.at.0, |crowded| crowded.end);
        let statement = self.open.of("observation", Does::Insert, || observation::INSERT)?;
        let kept = observation::insert(self.transaction, statement, raw, slot, free)?;
        if kept != raw.at.0 {
            self.crowded.insert(slot, raw.at.0..kept + 1);
        }
        Ok(())
    }

    fn slot(&mut self, workspace: WorkspaceKey, track: TrackKey) -> Result<i64, StoreError> {
        let of = (workspace, track);
        let made = || self.made.iter().find(|(one, _)| *one == of).map(|(_, slot)| *slot);
        if let Some(slot) = self.slots.get(&of).copied().or_else(made) {
            return Ok(slot);
        }
        // The slot may exist from an earlier process; the upsert then returns it.
        let sql = "INSERT INTO slot (workspace, track) VALUES (?1, ?2)
             ON CONFLICT (workspace, track) DO UPDATE SET track = excluded.track RETURNING slot";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let slot = statement.query_row((workspace.0, track.0), |row| row.get(0))?;
        self.made.push((of, slot));
        Ok(slot)
    }

    /// Deletes the slot of a deleted track, with its hours and days.
    fn forget_slots(&mut self, key: &Key) -> Result<(), StoreError> {
        let [Value::Integer(workspace), Value::Integer(track)] = key.values[..] else { return Ok(()) };
        let of = "slot IN (SELECT slot FROM slot WHERE workspace = ?1 AND track = ?2)";
        for table in ["hour", "day", "slot"] {
            let sql = format!("DELETE FROM {table} WHERE {of}");
            self.transaction.prepare_cached(&sql)?.execute((workspace, track))?;
        }
        self.forgotten.push((WorkspaceKey(workspace), TrackKey(track)));
        Ok(())
    }

    /// Deletes the notes for operators that refer to a deleted track or agent.
    fn delete_notes(&self, key: &Key) -> Result<(), StoreError> {
        let [Value::Integer(workspace), Value::Integer(row)] = key.values[..] else { return Ok(()) };
        let sql = match key.table.name {
            name if name == TrackRow::TABLE.name => {
                "DELETE FROM hard_transition WHERE workspace = ?1 AND track = ?2"
            }
            name if name == AgentRow::TABLE.name => "DELETE FROM loss WHERE workspace = ?1 AND agent = ?2",
            _ => return Ok(()),
        };
        self.transaction.prepare_cached(sql)?.execute((workspace, row))?;
        Ok(())
    }

    fn finish(self) -> Result<(Made, Vec<Slotted>), StoreError> {
        for hour in &self.hours {
            let sql = "INSERT INTO dirty_hour (hour_ms, times) VALUES (?1, 1)
                 ON CONFLICT (hour_ms) DO UPDATE SET times = times + 1";
            self.transaction.prepare_cached(sql)?.execute([hour])?;
        }
        Ok((self.made, self.forgotten))
    }
}

/// Adds the table of the written row if the backend did not name one. At the commit no table is known.
fn of_table(error: StoreError, write: &Write) -> StoreError {
    let StoreError::Constraint { table: "", what } = error else { return error };
    let table = match write {
        Write::Put(row) | Write::Update(row, _) | Write::Append(row) => row.table().name,
        Write::Delete(key) | Write::Replace { prefix: key, .. } | Write::Prune { prefix: key, .. } => {
            key.table.name
        }
        Write::Observe(..) => "observation",
    };
    StoreError::Constraint { table, what }
}
