//! A table whose keys are read one by one; keys that nobody asked for are unknown.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, Found};
use super::{Document, Form, Item, Position, Shape, nearest};

/// A TOML table. Reports the keys that were never asked for when it is dropped.
pub struct Table<'d> {
    pub(super) document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    offset: usize,
    pub(super) place: String,
    section: String,
    known: RefCell<Vec<&'static str>>,
    refused: RefCell<Vec<&'static str>>,
    free: Cell<bool>,
}

impl<'d> Table<'d> {
    pub(super) fn new(
        document: &'d Document<'d>,
        table: &'d DeTable<'d>,
        offset: usize,
        place: String,
        section: String,
    ) -> Self {
        let (known, refused, free) = (RefCell::default(), RefCell::default(), Cell::new(false));
        Self { document, table, offset, place, section, known, refused, free }
    }

    /// A string. Refuses surrounding blanks and control characters, which are never intended.
    pub fn string(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::String, Item::string)
    }

    /// Any string, possibly empty or with line breaks.
    pub fn text(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::Text, Item::text)
    }

    /// An integer from `low` to `high`.
    pub fn integer(&self, key: &'static str, low: u64, high: u64) -> Entry<'_, u64> {
        self.read(key, Form::Integer { low, high }, |item| item.integer(low, high))
    }

    /// A number, integer or not.
    pub fn number(&self, key: &'static str) -> Entry<'_, f64> {
        self.read(key, Form::Number, Item::number)
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &'static str) -> Entry<'_, bool> {
        self.read(key, Form::Boolean, Item::boolean)
    }

    /// A duration such as `"30s"`.
    pub fn duration(&self, key: &'static str) -> Entry<'_, Duration> {
        self.read(key, Form::Duration, Item::duration)
    }

    /// A path; a relative one is relative to the directory of its file.
    pub fn path(&self, key: &'static str) -> Entry<'_, PathBuf> {
        self.read(key, Form::String, Item::path)
    }

    /// A date, bare or quoted: `2026-01-31`. The caller checks the calendar.
    pub fn date(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::Date, Item::date)
    }

    /// One of several named choices.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Entry<'_, T> {
        let names = choices.iter().map(|(name, _)| *name).collect();
        let entry = self.read(key, Form::Choice(names), |item| item.choice(choices));
        // The choice's value is not what the file contains.
        Entry { plain: false, ..entry }
    }

    /// A value whose form the caller distinguishes.
    pub fn item(&self, key: &'static str) -> Option<Item<'d>> {
        self.find(key)
    }

    /// The elements of a list; `None` if the key is missing.
    pub fn list(&self, key: &'static str) -> Option<Vec<Item<'d>>> {
        self.ask(key, Form::List);
        self.find(key)?.list()
    }

    /// A list of strings; empty if the key is missing.
    pub fn strings(&self, key: &'static str) -> Vec<String> {
        self.ask(key, Form::Strings);
        self.list(key).unwrap_or_default().iter().filter_map(Item::string).collect()
    }

    /// A subtable, `[key]` or `key = { … }`.
    pub fn table(&self, key: &'static str) -> Option<Table<'d>> {
        self.ask(key, Form::Table);
        let item = self.find(key)?;
        let place = if self.place.is_empty() { format!("[{key}]") } else { format!("{}: {key}", self.place) };
        item.table(place)
    }

    /// A list of tables, `[[key]]`; each is named by the first of `names` that it contains.
    pub fn tables(&self, key: &'static str, names: &[&str]) -> Vec<Table<'d>> {
        self.ask(key, Form::Tables);
        let items = self.list(key).unwrap_or_default();
        let named = items.iter().enumerate().filter_map(|(index, item)| {
            let called = match item.called(names) {
                Some(name) => format!("{key} \"{name}\""),
                None => format!("{key} number {}", index + 1),
            };
            let within = if self.place.is_empty() { called } else { format!("{}: {called}", self.place) };
            item.table(within)
        });
        named.collect()
    }

    /// All entries of a table with free keys, in the order of the text.
    pub fn entries(&self) -> Vec<(String, Item<'d>)> {
        self.free.set(true);
        let entry = |(key, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let key: &std::borrow::Cow<'d, str> = key.get_ref();
            let item = self.item_of(key, value);
            // A name that is empty would leave a gap in messages.
            let label = if key.is_empty() { "\"\"".to_owned() } else { item.label };
            (key.to_string(), Item { label, ..item })
        };
        self.table.iter().map(entry).collect()
    }

    /// Whether the key exists.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The table's name in messages, such as `check "page"`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The position of the table.
    #[must_use]
    pub fn position(&self) -> Position {
        self.document.position(self.offset)
    }

    /// The byte offset of the table in the text, which shows the order of writing.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The position of a key, or of the table if the key is missing.
    #[must_use]
    pub fn position_of(&self, key: &str) -> Position {
        self.document.position(self.offset_of(key))
    }

    /// Refuses a key, or the table if the key is missing.
    pub fn refuse(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.document.refuse(self.offset_of(key), &self.place, wrong, remedy);
    }

    /// Warns about a key.
    pub fn warn(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.document.warn(self.offset_of(key), &self.place, wrong, remedy);
    }

    /// Refuses a key that belongs elsewhere, if it exists.
    pub fn misplaced(&self, key: &'static str, wrong: impl Into<String>, remedy: impl Into<String>) {
        if self.has(key) {
            self.refuse(key, wrong, remedy);
            self.refused.borrow_mut().push(key);
        }
    }

    /// Refuses a key that has no effect in this table, if it exists.
    pub fn meaningless(&self, key: &'static str, why: &str, remedy: impl Into<String>) {
        self.note(key, |shape| shape.meaningless = true);
        if self.has(key) {
            self.refuse(key, format!("{key} has no effect {why}"), remedy);
        }
    }

    /// Does not report unread keys, because their meaning depends on a value that was refused.
    pub fn leave_the_rest(&self) {
        self.free.set(true);
    }

    fn read<T>(
        &self,
        key: &'static str,
        form: Form,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Entry<'_, T> {
        self.ask(key, form);
        let found = match self.find(key) {
            None => Found::Absent,
            Some(item) => read(&item).map_or(Found::Refused, Found::Good),
        };
        Entry { table: self, key, found, plain: true }
    }

    fn ask(&self, key: &'static str, form: Form) {
        self.document.ask_form(&self.section, key, form);
    }

    pub(super) fn note(&self, key: &'static str, note: impl FnOnce(&mut Shape)) {
        self.document.note(&self.section, key, note);
    }

    fn find(&self, key: &'static str) -> Option<Item<'d>> {
        self.known.borrow_mut().push(key);
        self.document.ask(&self.section, key);
        let (found, value) = self.table.get_key_value(key)?;
        Some(self.item_of(found.get_ref(), value))
    }

    fn item_of(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Item<'d> {
        let section =
            if self.section.is_empty() { key.to_owned() } else { format!("{}.{key}", self.section) };
        Item {
            document: self.document,
            value: value.get_ref(),
            offset: self.offset_of(key),
            value_offset: value.span().start,
            place: self.place.clone(),
            label: key.to_owned(),
            section,
        }
    }

    fn offset_of(&self, key: &str) -> usize {
        self.table.get_key_value(key).map_or(self.offset, |(key, _)| key.span().start)
    }
}

impl Table<'_> {
    fn remedy_for_unknown(&self, name: &str) -> String {
        let mut known = self.known.borrow().clone();
        if let Some(above) = self.document.asked_above(&self.section, name) {
            return if above.is_empty() {
                "It belongs at the top of the file, above the first [table].".to_owned()
            } else {
                format!("It is a key of {above}: write it right below that header, above the tables within.")
            };
        }
        if let Some(near) = nearest(name, known.iter().copied()) {
            return format!("Did you mean {near}?");
        }
        known.sort_unstable();
        known.dedup();
        format!("Known here: {}.", known.join(", "))
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        if self.free.get() {
            return;
        }
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if self.known.borrow().contains(&name) || self.refused.borrow().contains(&name) {
                continue;
            }
            let remedy = self.remedy_for_unknown(name);
            self.document.refuse(key.span().start, &self.place, format!("unknown key {name}"), remedy);
        }
    }
}
