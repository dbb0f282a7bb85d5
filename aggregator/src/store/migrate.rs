//! From any schema that was ever written to the present one: all of the way or none of it, after a copy was
//! taken.

use super::{StoreError, backup, check_what_does_not_grow, opened};
use rusqlite::Connection;
use std::path::Path;

/// The schema this program writes.
pub(super) const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;
/// From nothing to the present schema; each is a version of its own and never changes again.
pub(super) const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
];

pub(super) fn schema_of(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| opened(path, error))
}

/// Brings the database to the last of `migrations`, all of them or none, after a copy was taken.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let found = schema_of(connection, path)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found });
    }
    check_what_does_not_grow(connection, path)?;
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
        what: words(&error),
        backup,
    })
}

/// What SQLite says, without the pages of SQL that it was said of.
fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn apply(connection: &mut Connection, missing: &[(i64, &str)]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    for (version, sql) in missing {
        transaction.execute_batch(sql)?;
        if *version == 1 {
            let id = crate::random::id();
            transaction.execute("INSERT INTO meta (only_row, aggregator_id) VALUES (1, ?1)", [id])?;
        }
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}
