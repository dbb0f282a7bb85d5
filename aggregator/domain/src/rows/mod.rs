//! The state as rows of tables. Each row is declared once (`declared.rs`, `announced.rs`), made from the state at the
//! end of a step (`make.rs`) and read back into it (`restore.rs`). Contains no SQL and no file access: a store writes
//! what it is given.

mod access;
mod announced;
mod announcements;
mod append;
mod audit;
mod branding;
mod chunks;
mod corrections;
mod declared;
mod details;
mod holds;
mod incidents;
mod items;
mod make;
mod notices;
mod pages;
mod problems;
mod restore;
mod row;
mod series;
mod settings;
mod subscribers;
mod table;
mod team;
mod templates;
mod told;
mod value;
mod version;
mod windows;

pub use announced::*;
pub(crate) use audit::audit;
pub use audit::{Author, agent_actor};
pub use declared::*;
pub use items::Items;
pub(crate) use make::make;
pub use restore::Restore;
pub use row::{Row, TABLES};
pub use table::{Column, Columns, Key, Record, Table};
pub use told::*;
pub use value::{Bits, Field, Kind, Layer, Lines, Misread, Said, SourceKind, Value};
pub use version::{Expected, Subject, Version};

use crate::state::WorkspaceKey;
use crate::step::RawObservation;

/// One write. It is complete: nothing has to be looked up in the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Inserts the row or replaces the row of its key.
    Put(Row),
    /// Writes these columns of a row that is there. If it is not, inserts the row.
    Update(Row, Columns),
    /// Deletes the rows whose key begins with this prefix.
    Delete(Key),
    /// Replaces the rows whose key begins with `prefix`; with `from`, only those whose next column is `from` or
    /// greater.
    Replace {
        /// The prefix of their keys.
        prefix: Key,
        /// The least value of the column after the prefix.
        from: Option<i64>,
        /// The new rows, in order.
        rows: Vec<Row>,
    },
    /// Deletes the rows whose key begins with `prefix` and whose next column is less than `before`.
    Prune {
        /// The prefix of their keys.
        prefix: Key,
        /// The least value of the column after the prefix that stays.
        before: i64,
    },
    /// Inserts a row with a new key into an append-only table.
    Append(Row),
    /// Observations to keep for the raw retention.
    Observe(WorkspaceKey, Vec<RawObservation>),
}

impl Write {
    /// The table that it writes, unless it keeps raw observations.
    #[must_use]
    pub fn table(&self) -> Option<&'static Table> {
        match self {
            Self::Put(row) | Self::Update(row, _) | Self::Append(row) => Some(row.table()),
            Self::Delete(key) | Self::Replace { prefix: key, .. } | Self::Prune { prefix: key, .. } => {
                Some(key.table)
            }
            Self::Observe(..) => None,
        }
    }
}
