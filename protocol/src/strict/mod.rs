//! A strict TOML reader that reports all problems at once, each with file, line, column, the owner's name for
//! the place, what is wrong and how to fix it.
//!
//! A [`Document`] is a text; a [`Table`] reads its keys one by one; keys that nobody read are unknown. Works
//! on text and opens no file.

mod address;
mod document;
mod duration;
mod entry;
mod item;
mod near;
mod shape;
mod table;
mod text;

pub use address::{http_url, is_loopback, socket_address};
pub use document::Document;
pub use duration::{meant_duration, parse_duration, show_duration};
pub use entry::{Entry, Refusal, refuse};
pub use item::{Item, Scalar};
pub use near::{nearest, one_of};
pub use shape::{Form, Shape};
pub use table::Table;
pub use text::{text_of, unreadable};

/// A position in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The file name as given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// An error in a configuration. Its `Display` is one line in the style of a compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The position. `None`: it has none, such as an unreadable file.
    pub position: Option<Position>,
    /// The place in the owner's words, such as `check "page"`; empty at the root of a file.
    pub place: String,
    /// What is wrong: a clause without a full stop.
    pub wrong: String,
    /// How to fix it: complete sentences.
    pub remedy: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.wrong)?;
        if self.remedy.is_empty() { f.write_str(".") } else { write!(f, ". {}", self.remedy) }
    }
}

/// All errors, in the order of the files. Never empty as an error. One problem per line.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// The errors and warnings of unusable files. Its `Display` is that of the errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{problems}")]
pub struct Unusable {
    /// The errors.
    pub problems: Problems,
    /// The warnings.
    pub warnings: Vec<Problem>,
}

impl Problems {
    /// Adds a problem without a position.
    pub fn add(&mut self, place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem {
            position: None,
            place: place.into(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        });
    }

    /// Adds a problem at a known position, found after its file was read.
    pub fn add_at(
        &mut self,
        position: &Position,
        place: impl Into<String>,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Problem {
            position: Some(position.clone()),
            place: place.into(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        });
    }
}

#[cfg(test)]
mod tests;
