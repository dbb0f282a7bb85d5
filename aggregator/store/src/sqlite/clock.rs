//! The stored clock, and moving back what was stored while the clock was ahead.

use super::{Sqlite, StoreError, observation};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};
use skerry_domain::clock::SavedClock;
use skerry_domain::time::{HOUR, Timestamp};
use skerry_host::clock::{BootId, boot_ns, wall_ms};

/// One millisecond of the boot clock, ns.
const NS_PER_MS: i64 = 1_000_000;
/// Tables whose instants are not moved one by one.
const EXCLUDED: [&str; 5] = ["clock", "hour", "dirty_hour", "day", "span_day"];
/// Planned times: calendar times, which do not depend on the clock.
const PLANNED: [(&str, &str); 2] = [("planned_window", "from_ms"), ("planned_window", "to_ms")];
/// Not an instant: the offset of an agent's wall clock.
const OFFSET: &str = "offset_ms";

impl Sqlite {
    /// The clock as last stored.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn clock(&self) -> Result<Option<SavedClock>, StoreError> {
        let sql = "SELECT boot_id, boot_ms, at_ms, sure, agreed_ms, proved_ms FROM clock";
        let saved = self.connection.query_row(sql, [], |row| {
            Ok(SavedClock {
                boot_id: row.get(0)?,
                boot_ms: row.get(1)?,
                at: Timestamp(row.get(2)?),
                sure: row.get(3)?,
                agreed_ms: row.get(4)?,
                proved: Timestamp(row.get(5)?),
            })
        });
        Ok(saved.optional()?)
    }

    /// The aggregator's time, for a command of its host; the wall clock's time if the stored clock is from another boot.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn time(&self) -> Result<Timestamp, StoreError> {
        let boot_id = BootId::present().map(|boot| boot.to_string()).unwrap_or_default();
        let saved = self.clock()?.and_then(|saved| saved.at_boot(&boot_id, boot_ns() / NS_PER_MS));
        Ok(saved.unwrap_or_else(|| Timestamp(wall_ms())))
    }

    /// Stores the clock.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn save_clock(&mut self, saved: &SavedClock) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        save(&transaction, saved)?;
        Ok(transaction.commit()?)
    }

    /// Sets the clock back: it was ahead by `by`, and the time is `now`. Every stored instant after `now` is moved back
    /// by `by`, but not before the newest instant up to `now`. The order is kept; intervals that become empty are
    /// deleted.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; then nothing is moved.
    pub fn set_back(&mut self, now: Timestamp, by: i64, saved: &SavedClock) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.pragma_update(None, "defer_foreign_keys", true)?;
        let columns = instants(&transaction)?;
        let mut newest = 0;
        for (table, column) in &columns {
            let sql = format!("SELECT max(\"{column}\") FROM \"{table}\" WHERE \"{column}\" <= ?1");
            let found: Option<i64> = transaction.query_row(&sql, [now.0], |row| row.get(0))?;
            newest = newest.max(found.unwrap_or(0));
        }
        let skew = "UPDATE agent_epoch SET offset_ms = offset_ms + ?2 WHERE seen_ms > ?1";
        transaction.execute(skew, (now.0, by))?;
        let mut tables: Vec<&String> = columns.iter().map(|(table, _)| table).collect();
        tables.dedup();
        for table in tables {
            let of_table = columns.iter().filter(|(of, _)| of == table).map(|(_, column)| column.as_str());
            move_back(&transaction, table, &of_table.collect::<Vec<_>>(), (now.0, by, newest))?;
        }
        move_observations(&transaction, now, by)?;
        save(&transaction, saved)?;
        Ok(transaction.commit()?)
    }
}

fn save(transaction: &Transaction<'_>, saved: &SavedClock) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO clock (only_row, boot_id, boot_ms, at_ms, sure, agreed_ms, proved_ms)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)";
    let SavedClock { boot_id, boot_ms, at, sure, agreed_ms, proved } = saved;
    transaction.execute(sql, (boot_id, boot_ms, at.0, sure, agreed_ms, proved.0))?;
    Ok(())
}

/// Table and column of every instant: columns that end with `_ms`. Durations do too, but are never that large.
fn instants(transaction: &Transaction<'_>) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT tables.name, columns.name FROM sqlite_schema AS tables
         JOIN pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND columns.name LIKE '%\\_ms' ESCAPE '\\' ORDER BY tables.name";
    let mut statement = transaction.prepare(sql)?;
    let all = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok(all
        .into_iter()
        .filter(|(table, column)| {
            !EXCLUDED.contains(&table.as_str())
                && !PLANNED.contains(&(table.as_str(), column.as_str()))
                && column != OFFSET
        })
        .collect())
}

/// Intervals that become empty are deleted first, so that they cannot replace one that begins at the same instant.
fn move_back(
    transaction: &Transaction<'_>,
    table: &str,
    columns: &[&str],
    (now, by, newest): (i64, i64, i64),
) -> Result<(), StoreError> {
    let far = Timestamp::FAR.0;
    let moved = |column: &str| {
        format!(
            "CASE WHEN \"{column}\" > {now} AND \"{column}\" < {far} THEN max(\"{column}\" - {by}, {newest})
                 ELSE \"{column}\" END"
        )
    };
    if columns.contains(&"from_ms") && columns.contains(&"to_ms") {
        let (from, to) = (moved("from_ms"), moved("to_ms"));
        let sql = format!("DELETE FROM \"{table}\" WHERE to_ms > {now} AND {from} >= {to}");
        transaction.execute(&sql, [])?;
    }
    let set: Vec<String> = columns.iter().map(|one| format!("\"{one}\" = {}", moved(one))).collect();
    let ahead: Vec<String> =
        columns.iter().map(|one| format!("(\"{one}\" > {now} AND \"{one}\" < {far})")).collect();
    let (set, ahead) = (set.join(", "), ahead.join(" OR "));
    transaction.execute(&format!("UPDATE OR REPLACE \"{table}\" SET {set} WHERE {ahead}"), [])?;
    Ok(())
}

/// Moves raw observations to the corrected times; the affected hours are rolled up again.
fn move_observations(transaction: &Transaction<'_>, now: Timestamp, by: i64) -> Result<(), StoreError> {
    let ahead = observation::key_from(now + 1);
    let offset = observation::key_from(Timestamp(by));
    let hours = "INSERT INTO dirty_hour (hour_ms, times)
         SELECT DISTINCT ((key - ?2) >> 21) / ?3 * ?3, 1 FROM observation WHERE key >= ?1
         ON CONFLICT (hour_ms) DO UPDATE SET times = times + 1";
    transaction.execute("DELETE FROM dirty_hour WHERE hour_ms > ?1", [now.0])?;
    transaction.execute("DELETE FROM hour WHERE hour_ms > ?1", [now.0])?;
    transaction.execute(hours, (ahead, offset, HOUR))?;
    let moved = "UPDATE OR IGNORE observation SET key = key - ?2 WHERE key >= ?1";
    transaction.execute(moved, (ahead, offset))?;
    transaction.execute("DELETE FROM observation WHERE key >= ?1", [ahead])?;
    Ok(())
}
