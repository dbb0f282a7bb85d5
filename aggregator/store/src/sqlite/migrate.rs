//! Migrates from any earlier schema to the current one: completely or not at all, after taking a copy.

use super::{StoreError, backup, check_small_tables, open_error};
use rusqlite::{Connection, OptionalExtension};
use skerry_domain::step::Ids;
use std::collections::BTreeSet;
use std::path::Path;

/// The schema version that this program writes.
pub(crate) const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;
/// From an empty database to the current schema; each is one version and never changes again.
pub(super) const MIGRATIONS: [&str; 28] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
    include_str!("migrations/0017.sql"),
    include_str!("migrations/0018.sql"),
    include_str!("migrations/0019.sql"),
    include_str!("migrations/0020.sql"),
    include_str!("migrations/0021.sql"),
    include_str!("migrations/0022.sql"),
    include_str!("migrations/0023.sql"),
    include_str!("migrations/0024.sql"),
    include_str!("migrations/0025.sql"),
    include_str!("migrations/0026.sql"),
    include_str!("migrations/0027.sql"),
    include_str!("migrations/0028.sql"),
];

pub(super) fn schema_of(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| open_error(path, error))
}

/// Applies all missing `migrations` or none, after taking a copy.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let found = schema_of(connection, path)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found });
    }
    check_small_tables(connection, path)?;
    let missing: Vec<(i64, &str)> =
        (1..).zip(migrations.iter().copied()).filter(|(version, _)| *version > found).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if found == 0 {
        return Ok(apply(connection, &missing)?);
    }
    let backup = backup::before_migration(connection, path, found)?;
    tracing::info!(found, backup = %backup.display(), "the database is migrated; a copy of it was taken");
    apply(connection, &missing).map_err(|error| StoreError::NotMigrated {
        path: path.to_owned(),
        found,
        what: message(&error),
        backup,
    })
}

/// Checks that the database has the columns that this program's statements use: SQLite does not check that at opening,
/// nor the text of a table's declaration.
///
/// # Errors
/// [`StoreError::Damaged`] with the first column that is missing.
pub(super) fn check_columns(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let mut model = Connection::open_in_memory()?;
    apply(&mut model, &(1..).zip(MIGRATIONS).collect::<Vec<_>>())?;
    let found = columns(connection).map_err(|error| open_error(path, error))?;
    match columns(&model)?.difference(&found).next() {
        None => Ok(()),
        Some(missing) => {
            Err(StoreError::Damaged { path: path.to_owned(), what: format!("there is no column {missing}") })
        }
    }
}

/// `table.column` of every table.
fn columns(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let sql =
        "SELECT one.name || '.' || col.name FROM sqlite_schema AS one, pragma_table_xinfo(one.name) AS col
               WHERE one.type = 'table'";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// SQLite's message without the SQL text.
fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn apply(connection: &mut Connection, missing: &[(i64, &str)]) -> rusqlite::Result<()> {
    // Tables are recreated under other names, so that foreign keys are broken in between. This pragma works only
    // outside a transaction.
    connection.pragma_update(None, "foreign_keys", false)?;
    let applied = apply_together(connection, missing);
    connection.pragma_update(None, "foreign_keys", true)?;
    applied
}

fn apply_together(connection: &mut Connection, missing: &[(i64, &str)]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    for (version, sql) in missing {
        transaction.execute_batch(sql)?;
        if *version == 1 {
            let id = Ids::from_seed(skerry_host::random::bytes()).id("meta", 1);
            transaction.execute("INSERT INTO meta (only_row, aggregator_id) VALUES (1, ?1)", [id])?;
        }
        transaction.pragma_update(None, "user_version", version)?;
    }
    check_foreign_keys(&transaction)?;
    transaction.commit()
}

/// Checks that every foreign key refers to an existing row, since enforcement was disabled.
fn check_foreign_keys(connection: &Connection) -> rusqlite::Result<()> {
    let first =
        connection.query_row("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 1", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
    let Some((table, parent)) = first.optional()? else { return Ok(()) };
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
    let what = format!("a row of table {table} names a row of table {parent} that is not there");
    Err(rusqlite::Error::SqliteFailure(code, Some(what)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::Sqlite;

    #[test]
    fn a_row_with_a_dangling_reference_prevents_the_migration_and_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skerry.db");
        let mut old = Connection::open(&path).expect("opens");
        migrate(&mut old, &path, &MIGRATIONS[..8]).expect("migrated");
        let sql = "PRAGMA foreign_keys = OFF;
                   INSERT INTO blind VALUES (1, 2);
                   INSERT INTO loss (workspace, agent, noted_ms, count, why) VALUES (1, 77, 1, 1, 'test');";
        old.execute_batch(sql).expect("written");
        let message = migrate(&mut old, &path, &MIGRATIONS).expect_err("it is not migrated").to_string();
        assert!(message.contains("a row of table loss names a row of table"), "{message}");
        assert_eq!(schema_of(&old, &path).expect("read"), 8);
        let losses: i64 = old.query_row("SELECT count(*) FROM loss", [], |row| row.get(0)).expect("read");
        assert_eq!(losses, 1, "nothing is lost");
    }

    /// One changed byte in the declaration of a table is enough.
    #[test]
    fn a_column_with_a_damaged_name_is_reported_as_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skerry.db");
        drop(Sqlite::open(&path).expect("opens"));
        let other = Connection::open(&path).expect("opens");
        let sql = "PRAGMA writable_schema = ON;
                   UPDATE sqlite_schema SET sql = replace(sql, 'silent', 'silenu') WHERE name = 'track';";
        other.execute_batch(sql).expect("written");
        drop(other);
        let message = Sqlite::open(&path).expect_err("it cannot be read").to_string();
        assert!(message.contains("is damaged (there is no column track.silent)"), "{message}");
    }
}
