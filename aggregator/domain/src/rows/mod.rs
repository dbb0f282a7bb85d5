//! The state as rows of tables: each declared once (`declared.rs`), made from the state at the end of a step
//! (`make.rs`) and read back into it (`restore.rs`). No SQL and no file: a store writes what it is given.

mod append;
mod audit;
mod declared;
mod holds;
mod items;
mod make;
mod pages;
mod restore;
mod settings;
mod table;
mod value;
mod version;

pub use audit::Author;
pub(crate) use audit::audit;
pub use declared::*;
pub use items::Items;
pub(crate) use make::make;
pub use restore::Restore;
pub use table::{Column, Key, Record, Table};
pub use value::{Bits, Field, Kind, Layer, Lines, Misread, Said, SourceKind, Value};
pub use version::{Expected, Subject, Version};

use crate::state::WorkspaceKey;
use crate::step::RawObservation;

/// One thing to write. Nothing in it is looked up again.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The row of this key is this one.
    Put(Row),
    /// No row has a key that begins so.
    Delete(Key),
    /// Of the rows whose key begins so, these are all; with `from`, of those whose next column is `from` or greater.
    Replace {
        /// How their keys begin.
        prefix: Key,
        /// The least value of the column after those.
        from: Option<i64>,
        /// In order.
        rows: Vec<Row>,
    },
    /// Of the rows whose key begins so, none has less than `before` in its next column.
    Prune {
        /// How their keys begin.
        prefix: Key,
        /// The least value of the column after those that stays.
        before: i64,
    },
    /// A row of a table that only grows: its key is new.
    Append(Row),
    /// Observations to keep for the raw retention.
    Observe(WorkspaceKey, Vec<RawObservation>),
}
