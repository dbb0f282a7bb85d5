//! What a reader asks of each key, noted while it reads: the one source of the schema for editors and of the
//! checks on the reference. A reader that runs over a text with every section says all it knows.

use super::Scalar;
use std::time::Duration;

/// What is asked under one key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// What it is to be.
    pub form: Form,
    /// Its absence is refused.
    pub required: bool,
    /// What is taken in its absence, where the reader says so in the file's own words.
    pub default: Option<Scalar>,
    /// Most characters.
    pub longest: Option<usize>,
    /// Shortest and longest duration.
    pub bounds: Option<(Duration, Duration)>,
    /// It has no effect here, and is refused.
    pub meaningless: bool,
}

/// The form of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The reader tells several forms apart, or a table in the midst of a value.
    #[default]
    Any,
    /// A string that is not empty.
    String,
    /// A string of any content.
    Text,
    /// A whole number.
    Integer {
        /// Least.
        low: u64,
        /// Greatest.
        high: u64,
    },
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Such as `"30s"`.
    Duration,
    /// Such as `2026-01-31`.
    Date,
    /// One of these.
    Choice(Vec<&'static str>),
    /// A list of strings.
    Strings,
    /// A list whose elements the reader tells apart.
    List,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}
