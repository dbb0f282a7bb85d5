//! Host names with private suffixes, and private names: all are sought at once.

use super::{after_port, is_host};
use crate::finding::{Hit, Rule};
use crate::rules::{SettingError, Settings};
use crate::view::folded;
use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::Arc;

/// Names of fewer characters are not looked for: they are parts of words and say nothing.
const SHORTEST: usize = 3;
/// The longest host name, bytes.
const LONGEST_HOST: usize = 253;
/// Names of addresses, written backwards, in the DNS.
const REVERSE: [(&str, Rule); 2] = [(".in-addr.arpa", Rule::Ipv4Address), (".ip6.arpa", Rule::Ipv6Address)];

#[derive(Debug)]
enum Word {
    Suffix(Rule),
    Private,
    Public,
}

#[derive(Debug)]
pub(crate) struct Names {
    automaton: AhoCorasick,
    words: Vec<Word>,
}

impl Names {
    pub(crate) fn new(settings: &Settings, wrong: &mut Vec<SettingError>) -> Option<Self> {
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for (suffix, rule) in REVERSE {
            patterns.push(suffix.to_owned());
            words.push(Word::Suffix(rule));
        }
        for (index, suffix) in settings.private_suffixes.iter().enumerate() {
            let name = folded(suffix.trim()).trim_matches('.').to_owned();
            if name.is_empty() || name.contains(char::is_whitespace) {
                let wrong_with = format!("{suffix:?} is no ending of host names; one is \".internal\"");
                wrong.push(SettingError { key: "private_suffixes", index, wrong: wrong_with });
                continue;
            }
            let name = format!(".{name}");
            words.push(Word::Suffix(Rule::PrivateSuffix(Arc::from(name.as_str()))));
            patterns.push(name);
        }
        for (names, is_public) in [(&settings.private_names, false), (&settings.public_names, true)] {
            for name in names.iter().map(|name| folded(name.trim())) {
                if name.chars().count() >= SHORTEST {
                    patterns.push(name);
                    words.push(if is_public { Word::Public } else { Word::Private });
                }
            }
        }
        match AhoCorasick::builder().ascii_case_insensitive(true).build(&patterns) {
            Ok(automaton) => Some(Self { automaton, words }),
            Err(error) => {
                wrong.push(SettingError { key: "private_names", index: 0, wrong: error.to_string() });
                None
            }
        }
    }

    pub(super) fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        let (mut private, mut public) = (Vec::new(), Vec::new());
        for found in self.automaton.find_overlapping_iter(text) {
            let at = found.range();
            match &self.words[found.pattern().as_usize()] {
                Word::Suffix(rule) => {
                    private.extend(host(text, &at).map(|at| Hit::new(at, rule.clone())));
                }
                Word::Private if is_bounded(text, &at) => private.push(Hit::new(at, Rule::PrivateName)),
                Word::Public if is_bounded(text, &at) => public.push(at),
                Word::Private | Word::Public => {}
            }
        }
        if !public.is_empty() {
            private.retain(|hit| is_address(hit) || !is_within(&hit.at, &public));
        }
        hits.append(&mut private);
    }

    /// The rule that a host name of a URL breaks by its suffix.
    pub(super) fn rule_of_host(&self, host: &str) -> Option<Rule> {
        let mut hits = Vec::new();
        self.find(host, &mut hits);
        hits.into_iter().next().map(|hit| hit.rule)
    }
}

const fn is_address(hit: &Hit) -> bool {
    matches!(hit.rule, Rule::Ipv4Address | Rule::Ipv6Address)
}

/// Whether `at` lies within one of `names`, which are sorted by their ends.
fn is_within(at: &Range<usize>, names: &[Range<usize>]) -> bool {
    // Of the names that end at or after the end of `at`, the longest name decides how far one has to look.
    let first = names.partition_point(|name| name.end < at.end);
    let longest = |name: &&Range<usize>| name.end < at.end + LONGEST_HOST * 4;
    names[first..].iter().take_while(longest).any(|name| name.start <= at.start)
}

/// Whether `at` is not a part of a longer word of ASCII letters and digits.
fn is_bounded(text: &str, at: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let joined = |left: usize, right: usize| {
        bytes[left].is_ascii_alphanumeric() && bytes.get(right).is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = at.start.checked_sub(1).is_some_and(|before| joined(before, at.start));
    !before && !joined(at.end - 1, at.end)
}

/// The host name that ends in the suffix at `at`, with user and port.
fn host(text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let end = end_of_name(bytes, at.end)?;
    let before = bytes[..at.start].iter().rev().take(LONGEST_HOST);
    let mut start = at.start - before.take_while(|one| is_host(**one)).count();
    if start == at.start || !bytes[at.start - 1].is_ascii() {
        // A label in another script.
        let label = text[..start].chars().rev().take(LONGEST_HOST / 4);
        start -= label.take_while(|one| one.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
    }
    // What leads in may be marks around the name.
    start += bytes[start..at.start].iter().take_while(|one| matches!(one, b'-' | b'_' | b'.')).count();
    if !text[start..at.start].contains(char::is_alphanumeric) {
        return None;
    }
    if start > 0 && bytes[start - 1] == b'@' {
        let user = bytes[..start - 1].iter().rev().take(LONGEST_HOST);
        start -= 1 + user.take_while(|one| is_host(**one) || matches!(one, b'+' | b'%')).count();
    }
    Some(start..after_port(bytes, end))
}

/// Where a host name ends whose suffix ends at `end`. `None`: the name goes on, so that this is not its ending.
fn end_of_name(bytes: &[u8], end: usize) -> Option<usize> {
    match bytes.get(end) {
        Some(b'.') => match bytes.get(end + 1) {
            // "… on db.internal.The next sentence": a word, and nothing of a name after it.
            Some(first) if first.is_ascii_uppercase() => {
                let word = bytes[end + 2..].iter().take(LONGEST_HOST);
                let after = end + 2 + word.take_while(|one| is_host(**one) && **one != b'.').count();
                let continues = |at: usize| bytes.get(at).is_some_and(|one| is_host(*one));
                let is_last_point = bytes.get(after) == Some(&b'.') && !continues(after + 1);
                (is_last_point || !continues(after)).then_some(end)
            }
            Some(one) if is_host(*one) && *one != b'.' => None,
            _ => Some(end),
        },
        // Hyphens and underscores may be marks around the name.
        Some(one) if is_host(*one) => {
            let marks = bytes[end..].iter().take(LONGEST_HOST).take_while(|one| matches!(one, b'-' | b'_'));
            let after = bytes.get(end + marks.count());
            (!after.is_some_and(u8::is_ascii_alphanumeric)).then_some(end)
        }
        _ => Some(end),
    }
}
