//! The text files of the repository, and their lines of code.

use std::path::{Path, PathBuf};

/// A text file.
pub(crate) struct Source {
    /// Relative to the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn is_test(&self) -> bool {
        ["tests/", "/tests/", "/examples/", "bench/"]
            .iter()
            .any(|part| self.path.starts_with(part) || self.path.contains(part))
            || ["tests.rs", "_test.rs"].iter().any(|end| self.path.ends_with(end))
    }

    /// The lines of code before the unit tests, with their numbers and without comments.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.take_while(|(_, line)| *line != "#[cfg(test)]").filter(|(_, line)| !line.starts_with("//"))
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The folders of the workspace's members.
pub(crate) fn members() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace's manifest");
    let line = manifest.lines().find(|line| line.starts_with("members = ")).expect("the members");
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// All files below `folder`, except build output and the like.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["target", ".git", "node_modules", "data"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// All text files.
pub(crate) fn texts() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    files(&root, &mut found);
    let read = |path: PathBuf| {
        let text = String::from_utf8(std::fs::read(&path).expect("readable")).ok()?;
        let path = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        Some(Source { path, text })
    };
    let texts: Vec<_> = found.into_iter().filter_map(read).collect();
    assert!(texts.len() > 100, "the sources have moved: {} files", texts.len());
    texts
}

pub(crate) fn sources() -> Vec<Source> {
    texts().into_iter().filter(|source| source.path.ends_with(".rs")).collect()
}

/// The sources of the programs.
pub(crate) fn programs() -> Vec<Source> {
    sources().into_iter().filter(|source| source.path.contains("/src/") && !source.is_test()).collect()
}

/// Whether the line names the crate as the first word of a path.
pub(crate) fn names_crate(line: &str, name: &str) -> bool {
    let whole = |(at, _): (usize, &str)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let first = before.is_none_or(|before| !(before.is_alphanumeric() || "_:\"'`.".contains(before)));
        first && (after.starts_with("::") || line == format!("use {name};") || after.starts_with(" as "))
    };
    line.match_indices(name).any(whole)
}

/// Whether the line contains the word, but not as part of a longer one.
pub(crate) fn contains_word(line: &str, word: &str) -> bool {
    let part = |character: Option<char>| character.is_some_and(|one| one.is_alphanumeric() || one == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

/// Fails with all violations at once.
pub(crate) fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}
