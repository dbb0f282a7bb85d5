//! The expectations on each key, recorded while reading: the only source of the editor schema and of the
//! tests of the reference documentation. Reading a text with every section records everything.

use super::Scalar;
use std::time::Duration;

/// The expectations on one key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Form of the value.
    pub form: Form,
    /// Whether the key is required.
    pub required: bool,
    /// The default, if the reader states it in the file's own form.
    pub default: Option<Scalar>,
    /// Maximum number of characters.
    pub longest: Option<usize>,
    /// Minimum and maximum duration.
    pub bounds: Option<(Duration, Duration)>,
    /// Whether the key has no effect here and is refused.
    pub meaningless: bool,
}

/// The form of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Several forms that the reader distinguishes, or an inline table.
    #[default]
    Any,
    /// A non-empty string.
    String,
    /// Any string.
    Text,
    /// An integer.
    Integer {
        /// Minimum.
        low: u64,
        /// Maximum.
        high: u64,
    },
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A duration such as `"30s"`.
    Duration,
    /// A date such as `2026-01-31`.
    Date,
    /// One of these.
    Choice(Vec<&'static str>),
    /// A list of strings.
    Strings,
    /// A list whose elements the reader distinguishes.
    List,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}
