//! One value with its type, and messages to refuse it.

use crate::words::is_unfit_to_show;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::{Document, Position, Table, meant_duration, nearest, one_of, parse_duration, show_duration};

/// The value of a key or an element of a list.
pub struct Item<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) value: &'d DeValue<'d>,
    /// Where problems are reported: at the key, or at the element of a list.
    pub(super) offset: usize,
    pub(super) value_offset: usize,
    pub(super) place: String,
    pub(super) label: String,
    pub(super) section: String,
}

/// A TOML scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string.
    String(String),
    /// An integer.
    Integer(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
}

impl<'d> Item<'d> {
    /// A non-empty string without surrounding blanks and control characters.
    pub fn string(&self) -> Option<String> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return self.refuse("is empty", "Give it a value or remove the key.");
        }
        if text.trim() != text {
            return self.refuse("has blanks at its beginning or end", "Remove them.");
        }
        if text.contains(is_unfit_to_show) {
            return self.refuse("holds a control character or a line break", "Write it on one line.");
        }
        Some(text)
    }

    /// Any string.
    pub fn text(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.refuse_type("a string in double quotes"),
        }
    }

    /// A path; a relative one is relative to the directory of its file.
    pub fn path(&self) -> Option<PathBuf> {
        Some(self.document.folder().join(self.string()?))
    }

    /// An integer from `low` to `high`.
    pub fn integer(&self, low: u64, high: u64) -> Option<u64> {
        let DeValue::Integer(_) = self.value else {
            return self.refuse_type(&format!("a whole number such as {low}"));
        };
        match self.signed().and_then(|value| u64::try_from(value).ok()) {
            Some(value) if (low..=high).contains(&value) => Some(value),
            _ => self.refuse(
                &format!("must be from {low} to {high}; it is {}", self.written()),
                "Choose a number within these bounds.",
            ),
        }
    }

    /// A number, integer or not.
    pub fn number(&self) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(_) => self.signed().map(|value| value as f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => return self.refuse_type("a number such as 0.3"),
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Some(number),
            None => self.refuse(&format!("is not a usable number: {}", self.written()), ""),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => self.refuse_type("true or false, without quotes"),
        }
    }

    /// A duration such as `"30s"`.
    pub fn duration(&self) -> Option<Duration> {
        let DeValue::String(text) = self.value else {
            return self.refuse_type("a duration in quotes such as \"30s\"");
        };
        if let Some(duration) = parse_duration(text) {
            return Some(duration);
        }
        let meant = meant_duration(text).map(|meant| format!("Write \"{}\": ", show_duration(meant)));
        let remedy = match meant {
            Some(meant) => meant + "a whole number and one unit of ms, s, m, h, d.",
            None => "Write a whole number and one unit of ms, s, m, h, d, such as \"500ms\" or \"30s\"."
                .to_owned(),
        };
        self.refuse(&format!("is not a valid duration: \"{text}\""), &remedy)
    }

    /// A date as written, `2026-01-31`.
    pub fn date(&self) -> Option<String> {
        match self.value {
            DeValue::Datetime(date) if date.time.is_none() && date.offset.is_none() => Some(date.to_string()),
            DeValue::String(text) => Some(text.to_string()),
            _ => self.refuse_type("a date such as 2026-01-31"),
        }
    }

    /// One of several named choices.
    pub fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| *name);
        let DeValue::String(text) = self.value else {
            return self.refuse_type(&one_of(names()));
        };
        if let Some((_, value)) = choices.iter().find(|(name, _)| name == text) {
            return Some(*value);
        }
        let remedy = nearest(text, names()).map(|near| format!("Did you mean \"{near}\"?"));
        self.refuse(
            &format!("must be {}; it is \"{text}\"", one_of(names())),
            &remedy.unwrap_or_else(|| "Choose one of these.".to_owned()),
        )
    }

    /// A string, number or boolean.
    pub fn scalar(&self) -> Option<Scalar> {
        match self.value {
            DeValue::String(text) => Some(Scalar::String(text.to_string())),
            DeValue::Boolean(value) => Some(Scalar::Boolean(*value)),
            DeValue::Integer(_) => match self.signed() {
                Some(value) => Some(Scalar::Integer(value)),
                None => self.refuse("is beyond 64 bits", "Choose a smaller number."),
            },
            DeValue::Float(_) => self.number().map(Scalar::Float),
            _ => self.refuse_type("a string, a number, true or false"),
        }
    }

    /// The elements of a list, named by their index.
    pub fn list(&self) -> Option<Vec<Item<'d>>> {
        let DeValue::Array(array) = self.value else {
            if self.value.is_table() {
                let remedy = format!("Write [[{}]] with two brackets.", self.section);
                return self.refuse("must be a list of tables; it is one table", &remedy);
            }
            return self.refuse_type("a list such as [\"one\", \"two\"]");
        };
        let item = |(index, value): (usize, &'d toml::Spanned<DeValue<'d>>)| Item {
            document: self.document,
            value: value.get_ref(),
            offset: value.span().start,
            value_offset: value.span().start,
            place: self.place.clone(),
            label: format!("entry {} of {}", index + 1, self.label),
            section: self.section.clone(),
        };
        Some(array.iter().enumerate().map(item).collect())
    }

    /// A table that messages call `place`.
    pub fn table(&self, place: String) -> Option<Table<'d>> {
        let Some(table) = self.as_table() else {
            return self.refuse_type(&format!("a table: [{0}] with its keys below it", self.section));
        };
        Some(Table::new(self.document, table, self.value_offset, place, self.section.clone()))
    }

    /// An inline table, named after this item.
    pub fn inline_table(&self, example: &str) -> Option<Table<'d>> {
        if self.as_table().is_none() {
            return self.refuse_type(&format!("a table such as {example}"));
        }
        let label = &self.label;
        let place = if self.place.is_empty() { label.clone() } else { format!("{}: {label}", self.place) };
        self.table(place)
    }

    /// The string, if it is one; refuses nothing.
    #[must_use]
    pub fn as_str(&self) -> Option<&'d str> {
        self.value.as_str()
    }

    /// Whether it is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Whether it is an integer.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Its position.
    #[must_use]
    pub fn position(&self) -> Position {
        self.document.position(self.offset)
    }

    /// Refuses the value; `wrong` continues a sentence that starts with its name.
    pub fn refuse<T>(&self, wrong: &str, remedy: &str) -> Option<T> {
        self.document.refuse(self.offset, &self.place, format!("{} {wrong}", self.label), remedy);
        None
    }

    /// Refuses the type, naming the one that was found.
    pub fn refuse_type<T>(&self, expected: &str) -> Option<T> {
        self.refuse(&format!("must be {expected}; it is {}", self.written()), "")
    }

    pub(super) fn called(&self, names: &[&str]) -> Option<&'d str> {
        let table = self.as_table()?;
        names.iter().find_map(|name| table.get(*name)?.get_ref().as_str())
    }

    fn as_table(&self) -> Option<&'d DeTable<'d>> {
        match self.value {
            DeValue::Table(table) => Some(table),
            _ => None,
        }
    }

    fn signed(&self) -> Option<i64> {
        let integer = self.value.as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    fn written(&self) -> String {
        match self.value {
            DeValue::String(text) => format!("the string \"{text}\""),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(date) => format!("the date {date}"),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }
}
