//! Labels of checks, by which components of a page choose their checks.

use std::collections::BTreeMap;

use crate::strict::{Item, Table};
use crate::words::is_unfit_to_show;

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// How many labels a check may have.
pub const MAX_LABELS: usize = 20;

/// The longest name or value of a label, characters.
const LONGEST: usize = 100;

/// Whether a label may have this name: letters, digits and underscores as in Prometheus, at most 100.
#[must_use]
pub fn is_label_name(name: &str) -> bool {
    let begins_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    begins_well && name.len() <= LONGEST && name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_')
}

/// Whether a label may have this value: one line of 1 to 100 characters, without blanks around them.
#[must_use]
pub fn is_label_value(value: &str) -> bool {
    let length = value.chars().count();
    (1..=LONGEST).contains(&length) && value.trim() == value && !value.contains(is_unfit_to_show)
}

/// Reads labels, such as `{ team = "web" }`.
#[must_use]
pub fn read_labels(table: &Table<'_>) -> Labels {
    let written = table.entries();
    if written.len() > MAX_LABELS {
        let wrong = format!("there are {} labels; at most {MAX_LABELS} are allowed", written.len());
        table.refuse("", wrong, "Remove those that no component needs.");
    }
    written.into_iter().filter_map(|(name, item)| label(name, &item)).collect()
}

fn label(name: String, item: &Item<'_>) -> Option<(String, String)> {
    if name.is_empty() {
        return item.refuse("is no name of a label", "Give the label a name.");
    }
    if !is_label_name(&name) {
        let remedy = match meant(&name) {
            Some(meant) => format!("Write {meant}."),
            None => format!("It may have {LONGEST} characters at most."),
        };
        let wrong =
            "is not the name of a label, which has letters, digits and underscores and begins with no digit";
        return item.refuse(wrong, &remedy);
    }
    let value = item.string()?;
    if !is_label_value(&value) {
        let wrong = format!("is {} characters long; at most {LONGEST} are allowed", value.chars().count());
        return item.refuse(&wrong, "Shorten it.");
    }
    Some((name, value))
}

/// The nearest name that is allowed.
fn meant(name: &str) -> Option<String> {
    let allowed = |one: char| if one.is_ascii_alphanumeric() { one } else { '_' };
    let mut meant: String = name.chars().map(allowed).collect();
    if meant.starts_with(|first: char| first.is_ascii_digit()) {
        meant.insert(0, '_');
    }
    Some(meant).filter(|meant| is_label_name(meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_prometheus_and_values_are_lines() {
        let long = "x".repeat(101);
        for name in ["team", "_", "__meta", "Team_2", &long[..100]] {
            assert!(is_label_name(name), "{name:?}");
        }
        for name in ["", "2nd", "team-name", "a.b", "a b", "größe", "a\n", &long] {
            assert!(!is_label_name(name), "{name:?}");
        }
        for value in ["web", "a=b, c", "Büro 2", "東京", &"ü".repeat(100)] {
            assert!(is_label_value(value), "{value:?}");
        }
        for value in ["", " ", " web", "web ", "a\nb", "a\u{202E}b", "a\0", &long] {
            assert!(!is_label_value(value), "{value:?}");
        }
    }

    #[test]
    fn a_wrong_name_is_told_the_nearest_that_is_right() {
        for (wrong, right) in [("team-name", "team_name"), ("2nd", "_2nd"), ("größe", "gr__e")] {
            assert_eq!(meant(wrong).as_deref(), Some(right));
        }
        assert_eq!(meant(&"x".repeat(101)), None);
    }
}
