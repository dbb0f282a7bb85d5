//! Writes the rows of a group in one transaction. This module does not know what rows mean.

use super::sql::{Bound, Statements};
use super::{Sqlite, StoreError, observation};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params_from_iter};
use skerry_domain::rows::{Key, Record, Row, Table, TrackRow, Value, Write};
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
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(fence) = fence {
            pass(&transaction, fence)?;
        }
        let mut group = Group {
            transaction,
            slots: &self.slots,
            statements: &self.statements,
            made: Vec::new(),
            forgotten: Vec::new(),
            hours: BTreeSet::new(),
            crowded: BTreeMap::new(),
        };
        let last = last_puts(writes);
        for (number, write) in writes.iter().enumerate() {
            if !last.is_overwritten(number) {
                group.write(write).map_err(|error| of_table(error, write))?;
            }
        }
        let (made, forgotten) = group.finish()?;
        self.slots.extend(made);
        self.slots.retain(|of, _| !forgotten.contains(of));
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

/// Puts of a group that a later put of the same key overwrites, without a delete on that table in between.
#[derive(Default)]
struct LastPuts(BTreeSet<usize>);

impl LastPuts {
    fn is_overwritten(&self, number: usize) -> bool {
        self.0.contains(&number)
    }
}

/// A key by value; most are of a few numbers, which take no memory of their own.
#[derive(PartialEq, Eq, Hash)]
enum OwnKey {
    Numbers([i64; 3]),
    Values(Vec<Value<'static>>),
}

impl OwnKey {
    fn of(values: &[Value<'_>]) -> Self {
        let mut numbers = [0; 3];
        if values.len() > numbers.len() {
            return Self::Values(values.iter().cloned().map(Value::into_owned).collect());
        }
        for (number, value) in numbers.iter_mut().zip(values) {
            let Value::Integer(value) = value else {
                return Self::Values(values.iter().cloned().map(Value::into_owned).collect());
            };
            *number = *value;
        }
        Self::Numbers(numbers)
    }
}

fn last_puts(writes: &[Write]) -> LastPuts {
    let mut overwritten = BTreeSet::new();
    let mut newest: HashMap<(&'static str, OwnKey), usize> = HashMap::new();
    for (number, write) in writes.iter().enumerate() {
        match write {
            Write::Put(row) => {
                let table = row.table();
                let key = row.bind(|values| OwnKey::of(&values[..table.key]));
                overwritten.extend(newest.insert((table.name, key), number));
            }
            Write::Delete(key) | Write::Replace { prefix: key, .. } | Write::Prune { prefix: key, .. } => {
                newest.retain(|(table, _), _| *table != key.table.name);
            }
            Write::Append(_) | Write::Observe(..) => {}
        }
    }
    LastPuts(overwritten)
}

/// A workspace and one of its tracks.
type Slotted = (WorkspaceKey, TrackKey);
/// New slots.
type Made = Vec<(Slotted, i64)>;
/// Slots of raw observations, by workspace and track.
pub(super) type Slots = HashMap<Slotted, i64>;

struct Group<'a> {
    transaction: Transaction<'a>,
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

impl Group<'_> {
    fn write(&mut self, write: &Write) -> Result<(), StoreError> {
        match write {
            Write::Put(row) => self.row(row, &self.of(row.table()).put),
            Write::Append(row) => self.row(row, &self.of(row.table()).insert),
            Write::Delete(key) => {
                if key.table.name == TrackRow::TABLE.name {
                    self.forget_slots(key)?;
                }
                self.delete(&self.of(key.table).delete, key, None)
            }
            Write::Prune { prefix, before } => {
                self.delete(&self.of(prefix.table).delete_before, prefix, Some(*before))
            }
            Write::Replace { prefix, from, rows } => {
                let statements = self.of(prefix.table);
                let sql = if from.is_some() { &statements.delete_from } else { &statements.delete };
                self.delete(sql, prefix, *from)?;
                rows.iter().try_for_each(|row| self.row(row, &self.of(row.table()).insert))
            }
            Write::Observe(workspace, observations) => {
                observations.iter().try_for_each(|raw| self.observe(*workspace, raw))
            }
        }
    }

    fn of(&self, table: &Table) -> &Statements {
        &self.statements[table.name]
    }

    fn row(&self, row: &Row, sql: &str) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(sql)?;
        row.bind(|values| statement.execute(params_from_iter(values.iter().map(Bound))))?;
        Ok(())
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
        let kept = observation::insert(&self.transaction, raw, slot, free)?;
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
        let slot = self.transaction.query_row(sql, (workspace.0, track.0), |row| row.get(0))?;
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

    fn finish(self) -> Result<(Made, Vec<Slotted>), StoreError> {
        for hour in &self.hours {
            let sql = "INSERT INTO dirty_hour (hour_ms, times) VALUES (?1, 1)
                 ON CONFLICT (hour_ms) DO UPDATE SET times = times + 1";
            self.transaction.prepare_cached(sql)?.execute([hour])?;
        }
        self.transaction.commit()?;
        Ok((self.made, self.forgotten))
    }
}

/// Adds the table of the written row if the backend did not name one. At the commit no table is known.
fn of_table(error: StoreError, write: &Write) -> StoreError {
    let StoreError::Constraint { table: "", what } = error else { return error };
    let table = match write {
        Write::Put(row) | Write::Append(row) => row.table().name,
        Write::Delete(key) | Write::Replace { prefix: key, .. } | Write::Prune { prefix: key, .. } => {
            key.table.name
        }
        Write::Observe(..) => "observation",
    };
    StoreError::Constraint { table, what }
}
