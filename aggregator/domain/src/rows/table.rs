//! The declaration of a table: its row as a struct, its columns with the key first. SQL is generated from it, and rows
//! are read with it.

use super::value::{Kind, Misread, Value};
use crate::keys::WorkspaceKey;

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; the first [`Self::key`] of them are its key.
    pub columns: &'static [Column],
    /// The number of key columns.
    pub key: usize,
    /// How many columns, the key among them, never change in a row that is there.
    pub fixed: usize,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub optional: bool,
}

/// Some of the columns of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Columns(u32);

impl Columns {
    /// Those for which `chosen` is true, in the order of the table.
    #[must_use]
    pub fn of(chosen: &[bool]) -> Self {
        assert!(chosen.len() <= u32::BITS as usize, "a table has at most 32 columns");
        Self(chosen.iter().zip(0..).fold(0, |all, (one, index)| all | u32::from(*one) << index))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and others.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Their indexes, in order.
    pub fn indexes(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let index = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(index)
        })
    }
}

/// A declared row.
pub trait Record: Sized {
    /// Its table.
    const TABLE: &'static Table;

    /// The workspace that it belongs to.
    fn workspace(&self) -> WorkspaceKey;

    /// The columns in which it differs from another row.
    fn changed_since(&self, former: &Self) -> Columns;

    /// The value of the column with this index.
    fn value(&self, index: usize) -> Value<'_>;

    /// Passes the values of its columns, in order, to `take`.
    fn bind<T>(&self, take: impl FnOnce(&[Value<'_>]) -> T) -> T;

    /// Reads it from the values of its columns, in order.
    ///
    /// # Errors
    /// [`Misread`].
    fn read<'a>(next: impl FnMut() -> Value<'a>) -> Result<Self, Misread>;
}

/// The first values of a row's key, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table.
    pub table: &'static Table,
    /// The values of its first columns, as many as are given.
    pub values: Vec<Value<'static>>,
}

impl Key {
    pub(crate) fn of<R: Record>(values: impl IntoIterator<Item = Value<'static>>) -> Self {
        Self { table: R::TABLE, values: values.into_iter().collect() }
    }
}

/// Declares rows: for each a struct, and how it is read and written.
macro_rules! records {
    ($(
        $(#[$meta:meta])*
        $row:ident in $name:literal, key $key:literal $(, fixed $fixed:literal)? {
            $first:ident: WorkspaceKey,
            $($(#[$note:meta])* $column:ident: $field:ty,)+
        }
    )+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq)]
            #[expect(missing_docs, reason = "a column is described where it is declared in SQL")]
            pub struct $row {
                pub $first: WorkspaceKey,
                $($(#[$note])* pub $column: $field,)+
            }

            impl Record for $row {
                const TABLE: &'static Table = &Table {
                    name: $name,
                    columns: &[
                        Column { name: stringify!($first), kind: WorkspaceKey::KIND, optional: false },
                        $(Column {
                            name: stringify!($column),
                            kind: <$field as Field>::KIND,
                            optional: <$field as Field>::OPTIONAL,
                        },)+
                    ],
                    key: $key,
                    fixed: [$key $(, $fixed)?][[$key $(, $fixed)?].len() - 1],
                };

                fn workspace(&self) -> WorkspaceKey {
                    self.$first
                }

                fn changed_since(&self, former: &Self) -> Columns {
                    Columns::of(&[self.$first != former.$first, $(self.$column != former.$column,)+])
                }

                fn value(&self, index: usize) -> Value<'_> {
                    let columns: &[fn(&Self) -> Value<'_>] =
                        &[|row| row.$first.value(), $(|row| row.$column.value(),)+];
                    columns[index](self)
                }

                fn bind<T>(&self, take: impl FnOnce(&[Value<'_>]) -> T) -> T {
                    take(&[self.$first.value(), $(self.$column.value(),)+])
                }

                fn read<'a>(mut next: impl FnMut() -> Value<'a>) -> Result<Self, Misread> {
                    Ok(Self {
                        $first: Field::read(next())
                            .map_err(|misread| misread.within($name, stringify!($first)))?,
                        $($column: Field::read(next())
                            .map_err(|misread| misread.within($name, stringify!($column)))?,)+
                    })
                }
            }
        )+
    };
}
pub(super) use records;

/// Declares a row of any table.
macro_rules! rows {
    ($($(#[$meta:meta])* $variant:ident($row:ident),)+) => {
        $(
            impl From<$row> for Row {
                fn from(row: $row) -> Self {
                    Self::$variant(Box::new(row))
                }
            }
        )+

        /// A row of any table.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Row {
            $($(#[$meta])* $variant(Box<$row>),)+
        }

        impl Row {
            /// Its table.
            #[must_use]
            pub fn table(&self) -> &'static Table {
                match self {
                    $(Self::$variant(_) => $row::TABLE,)+
                }
            }

            /// As [`Record::value`].
            #[must_use]
            pub fn value(&self, index: usize) -> Value<'_> {
                match self {
                    $(Self::$variant(row) => row.value(index),)+
                }
            }

            /// As [`Record::bind`].
            pub fn bind<T>(&self, take: impl FnOnce(&[Value<'_>]) -> T) -> T {
                match self {
                    $(Self::$variant(row) => row.bind(take),)+
                }
            }
        }

        /// Every table, ordered so that referenced tables come first.
        pub const TABLES: &[&Table] = &[$($row::TABLE,)+];
    };
}
pub(super) use rows;
