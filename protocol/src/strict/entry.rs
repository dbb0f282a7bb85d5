//! What was found under one key, and what is asked of it.

use std::time::Duration;

use super::{Position, Table, show_duration};

/// What is wrong with a value, and what would be right.
pub struct Refusal {
    /// A clause that goes on from the key's name, such as "must be a host name; it is a URL".
    pub wrong: String,
    /// Whole sentences.
    pub remedy: String,
}

/// A [`Refusal`] as an error. `wrong` goes on from the key's name.
///
/// # Errors
/// Always.
pub fn refuse<T>(wrong: impl Into<String>, remedy: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { wrong: wrong.into(), remedy: remedy.into() })
}

/// One key of a [`Table`] that was asked for. A value that was refused is already reported, so that
/// taking a default in its place is safe: the file as a whole is refused.
#[must_use]
pub struct Entry<'t, T> {
    pub(super) table: &'t Table<'t>,
    pub(super) key: &'static str,
    pub(super) found: Found<T>,
}

pub(super) enum Found<T> {
    Absent,
    Refused,
    Good(T),
}

impl<T> Entry<'_, T> {
    /// The value, or `default` when the key is absent.
    pub fn or(self, default: T) -> T {
        self.optional().unwrap_or(default)
    }

    /// The value, if the key is there.
    pub fn optional(self) -> Option<T> {
        match self.found {
            Found::Good(value) => Some(value),
            Found::Absent | Found::Refused => None,
        }
    }

    /// The value; its absence is a problem. `example` is how it would be written, `name = "page"`.
    pub fn required(self, example: &str) -> Option<T> {
        if matches!(self.found, Found::Absent) {
            let (key, table) = (self.key, self.table);
            table.refuse(key, format!("{key} is missing"), format!("Add {example}."));
        }
        self.optional()
    }

    /// Where the key stands, with the value; for rules that are checked later.
    pub fn positioned(self) -> Option<(T, Position)> {
        let position = self.table.position_of(self.key);
        self.optional().map(|value| (value, position))
    }
}

impl<'t, T> Entry<'t, T> {
    /// Makes another value of it, or refuses it.
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
        Entry { table, key, found }
    }
}

impl<'t> Entry<'t, Duration> {
    /// Refuses what is outside `low..=high`.
    pub fn between(self, low: Duration, high: Duration) -> Entry<'t, Duration> {
        self.convert(|value| {
            if (low..=high).contains(&value) {
                return Ok(value);
            }
            let (low, high) = (show_duration(low), show_duration(high));
            refuse(
                format!("must be from {low} to {high}; it is {}", show_duration(value)),
                "Choose a duration within these bounds.",
            )
        })
    }
}

impl<'t> Entry<'t, String> {
    /// Refuses what is longer than `limit` characters.
    pub fn at_most(self, limit: usize) -> Entry<'t, String> {
        self.convert(|value| {
            let length = value.chars().count();
            if length <= limit {
                return Ok(value);
            }
            refuse(format!("is {length} characters long; at most {limit} are allowed"), "Shorten it.")
        })
    }
}
