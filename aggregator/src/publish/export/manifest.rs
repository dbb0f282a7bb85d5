//! The list of what an export wrote, kept with it: a file that it does not name is foreign, and is neither replaced nor
//! removed. It is written before the files, so that a copy that was interrupted knows its own.

use std::collections::{BTreeMap, BTreeSet};

/// Its name in the copy.
pub(super) const NAME: &str = ".skerry-export";
const HEAD: &str = "skerry export 1";
/// The tag of a file that may not be complete.
const UNSURE: &str = "-";

/// The path of each file, and the tag of its contents; `None` while it may not be complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest(pub(super) BTreeMap<String, Option<String>>);

impl Manifest {
    /// Reads a list. `None`: it is none of ours. A line that cannot be read is left out.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return None;
        }
        let line = |line: &str| {
            let (tag, path) = line.split_once(' ')?;
            Some((path.to_owned(), Some(tag.to_owned()).filter(|tag| tag != UNSURE)))
        };
        Some(Self(lines.filter_map(line).filter(|(path, _)| is_inside(path)).collect()))
    }

    /// What is not there is written again.
    pub(super) fn doubt_all_but(&mut self, present: &BTreeSet<String>) {
        for (_, tag) in self.0.iter_mut().filter(|(path, _)| !present.contains(*path)) {
            *tag = None;
        }
    }

    pub(super) fn written(&self) -> String {
        let line = |(path, tag): (&String, &Option<String>)| {
            format!("{} {path}\n", tag.as_deref().unwrap_or(UNSURE))
        };
        let lines: String = self.0.iter().map(line).collect();
        format!("{HEAD}\n{lines}")
    }
}

/// Whether a path stays below the folder that it is relative to.
pub(super) fn is_inside(path: &str) -> bool {
    let step = |step: &str| !matches!(step, "" | "." | "..") && !step.contains(['\\', '\0', '\n', '\r']);
    path != NAME && path.split('/').all(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let entry = |path: &str, tag: Option<&str>| (path.to_owned(), tag.map(str::to_owned));
        let files = [entry("index.html", Some("ab-l")), entry("status/a b/x.html", None)];
        let manifest = Manifest(BTreeMap::from(files));
        assert_eq!(manifest.written(), "skerry export 1\nab-l index.html\n- status/a b/x.html\n");
        assert_eq!(Manifest::read(&manifest.written()), Some(manifest));
        assert_eq!(Manifest::read("something else\n"), None);
        assert_eq!(Manifest::read(""), None);
    }

    #[test]
    fn a_list_names_nothing_outside_its_folder() {
        for path in ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0", NAME] {
            assert!(!is_inside(path), "{path:?}");
            let read = Manifest::read(&format!("{HEAD}\ntag {path}\ntag index.html\n"));
            assert_eq!(read.expect("a list").0.keys().collect::<Vec<_>>(), ["index.html"], "{path:?}");
        }
        assert!(is_inside("status/shop/history/2026-11.html") && is_inside("a..b/.c"));
    }
}
