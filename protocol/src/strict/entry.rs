//! The value of one key, and the conditions on it.

use std::any::Any;
use std::path::PathBuf;
use std::time::Duration;

use super::{Position, Scalar, Table, show_duration};

/// What is wrong with a value, and how to fix it.
pub struct Refusal {
    /// A clause that follows the key, such as "must be a host name; it is a URL".
    pub wrong: String,
    /// Complete sentences.
    pub remedy: String,
}

/// Returns a [`Refusal`] as an error. `wrong` continues a sentence that starts with the key.
///
/// # Errors
/// Always.
pub fn refuse<T>(wrong: impl Into<String>, remedy: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { wrong: wrong.into(), remedy: remedy.into() })
}

/// A key of a [`Table`]. A refused value is already reported, so its default is safe to use: the whole file
/// is refused.
#[must_use]
pub struct Entry<'t, T> {
    pub(super) table: &'t Table<'t>,
    pub(super) key: &'static str,
    pub(super) found: Found<T>,
    /// The value still has the form in which it was written.
    pub(super) plain: bool,
}

pub(super) enum Found<T> {
    Absent,
    Refused,
    Good(T),
}

impl<T> Entry<'_, T> {
    /// The value, or `default` if the key is missing.
    pub fn or(self, default: T) -> T
    where
        T: 'static,
    {
        if self.plain {
            self.table.note(self.key, |shape| shape.default = written(&default));
        }
        self.optional().unwrap_or(default)
    }

    /// The value, if the key exists.
    pub fn optional(self) -> Option<T> {
        match self.found {
            Found::Good(value) => Some(value),
            Found::Absent | Found::Refused => None,
        }
    }

    /// The value; a missing key is a problem. `example` shows how to write it: `name = "page"`.
    pub fn required(self, example: &str) -> Option<T> {
        self.table.note(self.key, |shape| shape.required = true);
        if matches!(self.found, Found::Absent) {
            let (key, table) = (self.key, self.table);
            table.refuse(key, format!("{key} is missing"), format!("Add {example}."));
        }
        self.optional()
    }

    /// The value and its position, for rules that are checked later.
    pub fn positioned(self) -> Option<(T, Position)> {
        let position = self.table.position_of(self.key);
        self.optional().map(|value| (value, position))
    }
}

impl<'t, T> Entry<'t, T> {
    /// Converts the value or refuses it.
    pub fn convert<U>(self, convert: impl FnOnce(T) -> Result<U, Refusal>) -> Entry<'t, U> {
        let (table, key) = (self.table, self.key);
        let found = match self.found {
            Found::Absent => Found::Absent,
            Found::Refused => Found::Refused,
            Found::Good(value) => match convert(value) {
                Ok(value) => Found::Good(value),
                Err(refusal) => {
                    table.refuse(key, format!("{key} {}", refusal.wrong), refusal.remedy);
                    Found::Refused
                }
            },
        };
        Entry { table, key, found, plain: false }
    }
}

impl<'t> Entry<'t, Duration> {
    /// Refuses a value outside of `low..=high`.
    pub fn between(self, low: Duration, high: Duration) -> Entry<'t, Duration> {
        self.table.note(self.key, |shape| shape.bounds = Some((low, high)));
        let plain = self.plain;
        let bounded = self.convert(|value| {
            if (low..=high).contains(&value) {
                return Ok(value);
            }
            let (low, high) = (show_duration(low), show_duration(high));
            refuse(
                format!("must be from {low} to {high}; it is {}", show_duration(value)),
                "Choose a duration within these bounds.",
            )
        });
        Entry { plain, ..bounded }
    }
}

impl<'t> Entry<'t, String> {
    /// Refuses a value of more than `limit` characters.
    pub fn at_most(self, limit: usize) -> Entry<'t, String> {
        self.table.note(self.key, |shape| shape.longest = Some(limit));
        let plain = self.plain;
        let bounded = self.convert(|value| {
            let length = value.chars().count();
            if length <= limit {
                return Ok(value);
            }
            refuse(format!("is {length} characters long; at most {limit} are allowed"), "Shorten it.")
        });
        Entry { plain, ..bounded }
    }
}

/// A default as it would be written; `None` if there are several ways.
fn written(default: &dyn Any) -> Option<Scalar> {
    let boolean = || default.downcast_ref::<bool>().copied().map(Scalar::Boolean);
    let integer = || default.downcast_ref::<u64>().and_then(|n| i64::try_from(*n).ok()).map(Scalar::Integer);
    let duration = || default.downcast_ref::<Duration>().map(|d| Scalar::String(show_duration(*d)));
    let path = || default.downcast_ref::<PathBuf>().map(|path| Scalar::String(path.display().to_string()));
    let string = || default.downcast_ref::<String>().map(|text| Scalar::String(text.clone()));
    boolean().or_else(integer).or_else(duration).or_else(path).or_else(string)
}
