//! Strict reading of TOML: every problem at once, each with file, line, column, the place in the owner's
//! own words, what is wrong and what would be right.
//!
//! A [`Document`] is a text; [`Table`] reads its keys one by one; what nobody read is an unknown key.
//! Text goes in, values and problems come out: no file is opened here.

mod address;
mod document;
mod duration;
mod entry;
mod item;
mod near;
mod shape;
mod table;
mod text;

pub use address::{http_url, socket_address};
pub use document::Document;
pub use duration::{meant_duration, parse_duration, show_duration};
pub use entry::{Entry, Refusal, refuse};
pub use item::{Item, Scalar};
pub use near::{nearest, one_of};
pub use shape::{Form, Shape};
pub use table::Table;
pub use text::{text_of, unreadable};

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The file as it was named to us.
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

/// One thing wrong in a configuration. Its `Display` is one line in the manner of a compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where. `None`: of no one place, such as a file that cannot be read.
    pub position: Option<Position>,
    /// The thing in the owner's words, such as `check "page"`; empty at the top of a file.
    pub place: String,
    /// What is wrong: a clause without a full stop at its end.
    pub wrong: String,
    /// What would be right: whole sentences.
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

/// All that is wrong, in the order of the files. Never empty when returned as an error. One problem a line.
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

/// Files that cannot be used, and what is doubtful in them besides. Its `Display` is that of the problems.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{problems}")]
pub struct Unusable {
    /// What is wrong.
    pub problems: Problems,
    /// What is doubtful.
    pub warnings: Vec<Problem>,
}

impl Problems {
    /// A problem of no one place in a file.
    pub fn add(&mut self, place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem {
            position: None,
            place: place.into(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        });
    }

    /// A problem at a known place, found after its file was read.
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
