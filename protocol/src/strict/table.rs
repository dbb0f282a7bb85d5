//! A table whose keys are read one by one; those nobody asked for are unknown.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, Found};
use super::{Document, Form, Item, Position, Shape, nearest};

/// A TOML table being read. When it goes, keys that were never asked for are reported.
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

    /// A string. Surrounding blanks and control characters are refused: they are never meant.
    pub fn string(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::String, Item::string)
    }

    /// A string of any content, empty and with line breaks too.
    pub fn text(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::Text, Item::text)
    }

    /// A whole number from `low` to `high`.
    pub fn integer(&self, key: &'static str, low: u64, high: u64) -> Entry<'_, u64> {
        self.read(key, Form::Integer { low, high }, |item| item.integer(low, high))
    }

    /// A number, whole or not.
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

    /// A path; a relative one is relative to the folder of the file that it stands in.
    pub fn path(&self, key: &'static str) -> Entry<'_, PathBuf> {
        self.read(key, Form::String, Item::path)
    }

    /// A date, bare or quoted: `2026-01-31`. Year, month, day as written; the caller checks the calendar.
    pub fn date(&self, key: &'static str) -> Entry<'_, String> {
        self.read(key, Form::Date, Item::date)
    }

    /// One of the named choices.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Entry<'_, T> {
        let names = choices.iter().map(|(name, _)| *name).collect();
        let entry = self.read(key, Form::Choice(names), |item| item.choice(choices));
        // What it stands for is not what is written.
        Entry { plain: false, ..entry }
    }

    /// A value whose shape the caller tells apart.
    pub fn item(&self, key: &'static str) -> Option<Item<'d>> {
        self.find(key)
    }

    /// The elements of a list; none when the key is absent.
    pub fn list(&self, key: &'static str) -> Option<Vec<Item<'d>>> {
        self.ask(key, Form::List);
        self.find(key)?.list()
    }

    /// A list of strings; none when the key is absent.
    pub fn strings(&self, key: &'static str) -> Vec<String> {
        self.ask(key, Form::Strings);
        self.list(key).unwrap_or_default().iter().filter_map(Item::string).collect()
    }

    /// A table of its own, `[key]` or `key = { … }`.
    pub fn table(&self, key: &'static str) -> Option<Table<'d>> {
        self.ask(key, Form::Table);
        let item = self.find(key)?;
        let place = if self.place.is_empty() { format!("[{key}]") } else { format!("{}: {key}", self.place) };
        item.table(place)
    }

    /// A list of tables, `[[key]]`; each is called by the first of `names` that it holds.
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

    /// Every entry of a table whose keys the owner chooses, in the order of the text.
    pub fn entries(&self) -> Vec<(String, Item<'d>)> {
        self.free.set(true);
        let entry = |(key, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let key: &std::borrow::Cow<'d, str> = key.get_ref();
            (key.to_string(), self.item_of(key, value))
        };
        self.table.iter().map(entry).collect()
    }

    /// The key stands here.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// What this table is called in messages, such as `check "page"`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Where this table begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.document.position(self.offset)
    }

    /// Where this table begins, in bytes from the start of the text: the order in which the owner wrote.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Where a key stands, or the table's beginning when it is absent.
    #[must_use]
    pub fn position_of(&self, key: &str) -> Position {
        self.document.position(self.offset_of(key))
    }

    /// Refuses what the reader found wrong about a key or, when it is absent, about the table.
    pub fn refuse(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.document.refuse(self.offset_of(key), &self.place, wrong, remedy);
    }

    /// Says what is doubtful about a key without refusing it.
    pub fn warn(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.document.warn(self.offset_of(key), &self.place, wrong, remedy);
    }

    /// Refuses a key that has its place elsewhere, if it is here.
    pub fn misplaced(&self, key: &'static str, wrong: impl Into<String>, remedy: impl Into<String>) {
        if self.has(key) {
            self.refuse(key, wrong, remedy);
            self.refused.borrow_mut().push(key);
        }
    }

    /// Refuses a key that has no effect in this table, if it is here.
    pub fn meaningless(&self, key: &'static str, why: &str, remedy: impl Into<String>) {
        self.note(key, |shape| shape.meaningless = true);
        if self.has(key) {
            self.refuse(key, format!("{key} has no effect {why}"), remedy);
        }
    }

    /// Leaves unread keys unreported: their meaning hangs on something that is itself refused.
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
