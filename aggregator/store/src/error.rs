//! Errors of the store, without any type of a backend.

use crate::sqlite::SCHEMA_VERSION;
use skerry_domain::rows::Misread;
use std::path::PathBuf;

/// Why the database cannot be used. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The linked SQLite is too old to be safe.
    #[error(
        "SQLite {0} is older than 3.51.3, which fixes a corruption of the write-ahead log: build with the bundled SQLite"
    )]
    OldSqlite(&'static str),
    /// The file lies on a network file system, whose locks SQLite cannot trust.
    #[error(
        "{path}: this is on a network file system ({kind}), where SQLite's locks are not reliable. Move store.path to a local disk"
    )]
    NetworkFileSystem {
        /// The folder.
        path: PathBuf,
        /// The name of the file system.
        kind: &'static str,
    },
    /// The open database is no longer the one at its path.
    #[error(
        "{path}: the database was deleted, moved or replaced while it was open, so nothing more is accepted. Put the file back, with the -wal beside it, or restart skerry-aggregator to serve from what is there now"
    )]
    FileReplaced {
        /// The path at which it was opened.
        path: PathBuf,
    },
    /// The write-ahead log of the open database was truncated, deleted or overwritten.
    #[error(
        "{path}-wal: the database's write-ahead log was cut short, deleted or overwritten by another program while the database was open. What was stored since the log was last worked into the database is lost, and nothing more is accepted. Stop skerry-aggregator, keep a copy of {path} and its -wal, and start it again: it goes on from what the database holds, and tells each agent whose observations are missing. If that start says that the database is damaged, restore the last backup"
    )]
    LogTruncated {
        /// The database.
        path: PathBuf,
    },
    /// Another process serves from this database.
    #[error(
        "{path}: another skerry-aggregator is serving from this database. Stop it first, or give this one its own store.path"
    )]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error(
        "{path}: the database has schema {found}, this program knows {SCHEMA_VERSION}. It was written by a newer Skerry: install that version again, or restore the backup taken before the upgrade. Nothing was changed"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema of the database.
        found: i64,
    },
    /// The aggregator that serves from it is older than this program.
    #[error(
        "{path}: the database has schema {found}, this program writes {SCHEMA_VERSION}. An older skerry-aggregator is serving from it: restart it with this version, which migrates the database, then try again"
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// Not a database, or damaged.
    #[error(
        "{path}: the database is damaged ({what}). Stop, keep a copy of the file, and restore the last backup; nothing was changed"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// SQLite's message.
        what: String,
    },
    /// The database could not be brought to the present schema.
    #[error(
        "{path}: the database could not be migrated from schema {found} to {SCHEMA_VERSION} ({what}). It is as it was, and a copy is at {}. Install the former version of Skerry again, which runs on it as it is, and report this", backup.display()
    )]
    NotMigrated {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// SQLite's message.
        what: String,
        /// The copy taken before.
        backup: PathBuf,
    },
    /// The target of a copy exists already.
    #[error("{path} is there already: name a file that is not, or move it away. Nothing was written")]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// There is nothing to copy.
    #[error(
        "{path}: there is no database. skerry-aggregator serve creates it; if an aggregator runs already, name its configuration file with --config"
    )]
    NoDatabase {
        /// The configured path.
        path: PathBuf,
    },
    /// The database is where a relative path led to in former versions, relative to the working directory.
    #[error(
        "{path}: there is no database, but {former} is one. A relative store.path is relative to the configuration file, and was relative to the working directory before. Move the folder of {former} there, or set store.path = \"{former}\""
    )]
    Elsewhere {
        /// The configured path.
        path: PathBuf,
        /// The path of the database.
        former: PathBuf,
    },
    /// The file to be restored is not a valid backup.
    #[error("{path} is not a valid backup: {what}. Nothing was changed; use another one")]
    InvalidBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A copy could not be written.
    #[error(
        "{path}: the copy cannot be written ({what}). Check space and permissions there; nothing was changed"
    )]
    NotWritten {
        /// The copy.
        path: PathBuf,
        /// The system's message.
        what: String,
    },
    /// The folder or file cannot be created or written.
    #[error(
        "{path}: {what}. Make it writable for the user that runs skerry-aggregator, or change store.path"
    )]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's message.
        what: String,
    },
    /// The disk is full or fails.
    #[error(
        "{path}: the disk cannot be read or written ({what}). Free space on it or repair it, then start again"
    )]
    Disk {
        /// The database.
        path: PathBuf,
        /// SQLite's message.
        what: String,
    },
    /// Any other error of the backend.
    #[error("the database answered: {0}")]
    Sqlite(String),
    /// A row that violates the schema. Other rows can still be written.
    #[error("a row of {} is against the schema: {what}", if table.is_empty() { "some table" } else { table })]
    Constraint {
        /// The table; empty if the violation was found only at the commit.
        table: &'static str,
        /// SQLite's message.
        what: String,
    },
    /// Another writer has acquired the workspace, or has written to it since.
    #[error("another aggregator writes this workspace (token {token}, commit {commit_no})")]
    Fenced {
        /// The token in force.
        token: i64,
        /// The last commit.
        commit_no: i64,
    },
    /// A stored value that no version of this program writes.
    #[error("the database holds {0}")]
    Unexpected(String),
}

impl From<Misread> for StoreError {
    fn from(misread: Misread) -> Self {
        Self::Unexpected(misread.to_string())
    }
}
