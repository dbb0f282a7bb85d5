//! A TOML text with the problems found so far and the keys that were read.

use crate::words::cleaned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::{Form, Position, Problem, Problems, Shape, Table};

/// A parsed TOML text and its file name.
pub struct Document<'t> {
    file: String,
    text: &'t str,
    /// Start of each line but the first, to compute positions without scanning the text.
    lines: Vec<usize>,
    root: Spanned<DeTable<'t>>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    asked: RefCell<BTreeMap<(String, String), Shape>>,
}

impl<'t> Document<'t> {
    /// Parses the text. Reports nothing after a syntax error, because that could be its consequence.
    ///
    /// # Errors
    /// All syntax errors, including duplicate keys.
    pub fn parse(file: &str, text: &'t str) -> Result<Self, Problems> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self {
            file: file.to_owned(),
            text,
            lines: text.match_indices('\n').map(|(newline, _)| newline + 1).collect(),
            root,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            asked: RefCell::default(),
        };
        if errors.is_empty() {
            return Ok(document);
        }
        for error in errors {
            let offset = error.span().map_or(text.len(), |span| span.start);
            if error.message().contains("recurs") {
                // Each level would report the rest again.
                let remedy =
                    "Write what is in them as [tables] of their own. Nothing else in this file was read.";
                document.refuse(offset, "", "lists and tables are nested too deeply", remedy);
                break;
            }
            document.refuse(offset, "", format!("TOML syntax: {}", error.message()), syntax_remedy(&error));
        }
        Err(Problems(document.finish().0))
    }

    /// The root table.
    #[must_use]
    pub fn root(&self) -> Table<'_> {
        Table::new(self, self.root.get_ref(), 0, String::new(), String::new())
    }

    /// The directory of the file, as it was named.
    pub(super) fn folder(&self) -> &Path {
        Path::new(&self.file).parent().unwrap_or(Path::new(""))
    }

    /// All problems and warnings in the order of the text. Tables report their unknown keys when they are
    /// dropped, so none can be missed.
    #[must_use]
    pub fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.position.cmp(&b.position));
        (problems, self.warnings.into_inner())
    }

    /// `(section, key)` of every key that was asked for, found or not, with its shape: all that the reader
    /// knows.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<(String, String), Shape> {
        self.asked.borrow().clone()
    }

    /// The position of a byte.
    #[must_use]
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let line = self.lines.partition_point(|start| *start <= offset);
        let line_start = line.checked_sub(1).map_or(0, |line| self.lines[line]);
        Position {
            file: self.file.clone(),
            line: line + 1,
            column: self.text[line_start..offset].chars().count() + 1,
        }
    }

    pub(super) fn refuse(
        &self,
        offset: usize,
        place: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(self.problem(offset, place, &wrong.into(), &remedy.into()));
    }

    pub(super) fn warn(
        &self,
        offset: usize,
        place: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.warnings.borrow_mut().push(self.problem(offset, place, &wrong.into(), &remedy.into()));
    }

    pub(super) fn ask(&self, section: &str, key: &str) {
        self.note(section, key, |_| {});
    }

    /// Records the form of a key; reading a key twice counts once.
    pub(super) fn ask_form(&self, section: &str, key: &str, form: Form) {
        self.note(section, key, |shape| {
            if shape.form == Form::Any {
                shape.form = form;
            }
        });
    }

    pub(super) fn note(&self, section: &str, key: &str, note: impl FnOnce(&mut Shape)) {
        note(self.asked.borrow_mut().entry((section.to_owned(), key.to_owned())).or_default());
    }

    /// The innermost section around `section` that has this key.
    pub(super) fn asked_above(&self, section: &str, key: &str) -> Option<String> {
        let asked = self.asked.borrow();
        let mut above = section;
        while !above.is_empty() {
            above = above.rsplit_once('.').map_or("", |(above, _)| above);
            if asked.contains_key(&(above.to_owned(), key.to_owned())) {
                return Some(above.to_owned());
            }
        }
        None
    }

    fn problem(&self, offset: usize, place: &str, wrong: &str, remedy: &str) -> Problem {
        let position = Some(self.position(offset));
        Problem { position, place: quotable(place), wrong: quotable(wrong), remedy: quotable(remedy) }
    }
}

fn syntax_remedy(error: &toml::de::Error) -> &'static str {
    if error.message().contains("duplicate key") {
        "A key or [table] may stand only once; remove one, or write [[table]] for a list of tables."
    } else if error.message().contains("string values must be quoted") {
        "Put the value in double quotes."
    } else {
        "Nothing else in this file was read; see https://toml.io for the syntax."
    }
}

/// Messages quote the file, whose text must neither control a terminal nor forge a log line.
fn quotable(text: &str) -> String {
    cleaned(text, "\u{fffd}")
}
