//! Secret patterns and private keys.

use crate::finding::{Hit, Rule};
use crate::rules::{MAX_SECRET_PATTERNS, SettingError};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::ops::Range;
use std::sync::Arc;

/// A line is matched in windows of so many bytes, and each window begins so many before the end of the last: a pattern
/// that reads on to the end of the line at each of its matches would take quadratic time on a long line.
const WINDOW: usize = 8 << 10;
const OVERLAP: usize = 1 << 10;
/// The compiled size of one pattern, and of all, bytes.
const PATTERN_SIZE: usize = 1 << 20;
const PATTERNS_SIZE: usize = 16 << 20;

#[derive(Debug)]
pub(crate) struct Secrets {
    any: RegexSet,
    each: Vec<(Regex, Rule)>,
}

impl Secrets {
    pub(crate) fn new(patterns: &[String], wrong: &mut Vec<SettingError>) -> Option<Self> {
        if patterns.len() > MAX_SECRET_PATTERNS {
            let most = format!(
                "there are {} patterns; at most {MAX_SECRET_PATTERNS} are allowed, the usual ones included",
                patterns.len()
            );
            wrong.push(SettingError { key: "secret_patterns", index: MAX_SECRET_PATTERNS, wrong: most });
            return None;
        }
        let mut each = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let mut refuse = |wrong_with| {
                wrong.push(SettingError { key: "secret_patterns", index, wrong: wrong_with });
            };
            match RegexBuilder::new(pattern).multi_line(true).size_limit(PATTERN_SIZE).build() {
                Err(error) => refuse(error.to_string()),
                Ok(regex) if regex.is_match("") => {
                    refuse(format!("{pattern} matches where there is nothing; let it match a character"));
                }
                Ok(regex) => each.push((regex, Rule::SecretPattern(Arc::from(pattern.as_str())))),
            }
        }
        if each.len() < patterns.len() {
            return None;
        }
        match RegexSetBuilder::new(patterns).multi_line(true).size_limit(PATTERNS_SIZE).build() {
            Ok(any) => Some(Self { any, each }),
            Err(error) => {
                wrong.push(SettingError { key: "secret_patterns", index: 0, wrong: error.to_string() });
                None
            }
        }
    }

    pub(super) fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        private_keys(text, hits);
        let matching: Vec<_> = self.any.matches(text).into_iter().map(|index| &self.each[index]).collect();
        if matching.is_empty() {
            return;
        }
        let mut start = 0;
        // The last word that a window cut.
        let mut word = 0..0;
        for line in text.split_inclusive('\n') {
            for window in windows(text, start..start + line.trim_end_matches('\n').len()) {
                for (regex, rule) in &matching {
                    let found = regex.find_iter(&text[window.clone()]).filter(|found| !found.is_empty());
                    hits.extend(found.map(|found| {
                        let at = window.start + found.start()..window.start + found.end();
                        if at.end < window.end || at.end == text.len() {
                            return Hit::new(at, rule.clone());
                        }
                        if !word.contains(&at.end) {
                            word = at.end..end_of_word(text, at.end);
                        }
                        Hit::new(at.start..word.end, rule.clone())
                    }));
                }
            }
            start += line.len();
        }
    }
}

/// What a window cuts off goes on to the next blank.
fn end_of_word(text: &str, at: usize) -> usize {
    text[at..].find(char::is_whitespace).map_or(text.len(), |length| at + length)
}

fn windows(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let boundary = |at: usize| (0..=at).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut windows = Vec::new();
    let mut start = line.start;
    while line.end - start > WINDOW {
        let end = boundary(start + WINDOW);
        windows.push(start..end);
        start = boundary(end - OVERLAP);
    }
    windows.push(start..line.end);
    windows
}

/// Private keys in PEM, also without an end.
fn private_keys(text: &str, hits: &mut Vec<Hit>) {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut at = 0;
    while let Some(begin) = text[at..].find(BEGIN).map(|found| at + found) {
        at = begin + BEGIN.len();
        let label = text[at..].split('-').next().unwrap_or_default();
        if !label.contains("PRIVATE KEY") {
            continue;
        }
        let end = text[at..].find(END).map(|found| at + found + END.len());
        let after_end = end.map(|end| {
            let line = &text[end..];
            let label = line.find("-----").filter(|length| *length < 64);
            end + label.map_or(0, |length| length + 5)
        });
        let after = after_end.unwrap_or(text.len());
        hits.push(Hit::new(begin..after, Rule::PrivateKey));
        at = after;
    }
}
