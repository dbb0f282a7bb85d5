//! The scans: of a source, whose hits are removed, and of what is shown, whose hits block it.

use super::UNFIT;
use crate::detect;
use crate::finding::{Finding, Hit, Remainder, merged};
use crate::replacement::Replacement;
use crate::rules::Rules;
use crate::view::{Decoding, Stops, View, decoded, views};
use skerry_protocol::words::is_unfit_to_show;
use std::collections::BTreeSet;
use std::ops::Range;

/// What is removed parts the text, and its parts are scanned again, since they are what a scan of the result sees.
/// What is found after so many rounds blocks the text.
const ROUNDS: usize = 4;
/// The most remainders that are listed.
const REMAINDERS: usize = 100;

/// The texts that an admin has released, as they are compared.
pub(super) struct Released(BTreeSet<String>);

impl Released {
    pub(super) fn new(texts: &[String]) -> Self {
        Self(texts.iter().map(|text| compared(text)).collect())
    }

    fn contains(&self, text: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&compared(text))
    }
}

fn compared(text: &str) -> String {
    View::new(text, Decoding::Addresses, Stops::Dots).text.to_ascii_lowercase()
}

/// What is removed from a source, and what was released, both sorted.
pub(super) fn in_source(
    source: &str,
    rules: &Rules,
    replacement: &Replacement,
    released: &Released,
) -> (Vec<Hit>, Vec<Hit>) {
    let (mut removed, mut kept) = (joined(source, rules, replacement, released), Vec::new());
    let mut pieces = replacement.between(source);
    for _ in 0..ROUNDS {
        let mut parts = Vec::new();
        for piece in pieces {
            let mut found = Vec::new();
            for view in views(&source[piece.clone()]) {
                for hit in detect::hits(&view, rules) {
                    let at = view.source(&hit.at);
                    let at = piece.start + at.start..piece.start + at.end;
                    let is_released = released.contains(&view.text[hit.at]);
                    let list = if is_released { &mut kept } else { &mut found };
                    list.push(Hit::new(at, hit.rule));
                }
            }
            let found = merged(found);
            parts.extend(between(&piece, &found));
            removed.extend(found);
        }
        if parts.is_empty() {
            break;
        }
        pieces = parts;
    }
    let removed = merged(removed);
    (removed, merged(kept))
}

/// What shows once the words of replacement that the author wrote into other words are left out.
fn joined(source: &str, rules: &Rules, replacement: &Replacement, released: &Released) -> Vec<Hit> {
    let cut = replacement.within_words(source);
    if cut.is_empty() {
        return Vec::new();
    }
    // For each word: where it would stand in the joined text, and where it ends in the source.
    let (mut text, mut cuts, mut end) = (String::with_capacity(source.len()), Vec::new(), 0);
    for word in cut {
        text.push_str(&source[end..word.start]);
        cuts.push((text.len(), word.end));
        end = word.end;
    }
    text.push_str(&source[end..]);
    let in_source = |at: usize, before: usize| match before.checked_sub(1).map(|last| cuts[last]) {
        Some((place, end)) => end + (at - place),
        None => at,
    };
    let mut found = Vec::new();
    for view in views(&text) {
        for hit in detect::hits(&view, rules) {
            let at = view.source(&hit.at);
            let before_start = cuts.partition_point(|(place, _)| *place <= at.start);
            let before_end = cuts.partition_point(|(place, _)| *place < at.end);
            if before_start < before_end && !released.contains(&view.text[hit.at]) {
                found.push(Hit::new(
                    in_source(at.start, before_start)..in_source(at.end, before_end),
                    hit.rule,
                ));
            }
        }
    }
    merged(found)
}

/// The parts of `piece` that lie between hits. None if there are no hits.
fn between(piece: &Range<usize>, hits: &[Hit]) -> Vec<Range<usize>> {
    if hits.is_empty() {
        return Vec::new();
    }
    let starts = std::iter::once(piece.start).chain(hits.iter().map(|hit| hit.at.end));
    let ends = hits.iter().map(|hit| hit.at.start).chain(std::iter::once(piece.end));
    starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end).collect()
}

/// What shows in an output.
pub(super) fn in_output(
    output: &str,
    rules: &Rules,
    replacement: &Replacement,
    released: &Released,
    found: &mut Vec<Remainder>,
) {
    for piece in replacement.between(output) {
        for view in views(&output[piece]) {
            add(&view, rules, released, found);
        }
    }
}

/// What shows in a source to those who read it as Markdown, also where it is not rendered, as in comments.
pub(super) fn in_markup(
    source: &str,
    rules: &Rules,
    replacement: &Replacement,
    released: &Released,
    found: &mut Vec<Remainder>,
) {
    in_output(source, rules, replacement, released, found);
    for piece in replacement.between(source) {
        for view in decoded(&source[piece], Decoding::Markup) {
            add(&view, rules, released, found);
        }
    }
}

fn add(view: &View<'_>, rules: &Rules, released: &Released, found: &mut Vec<Remainder>) {
    for hit in detect::hits(view, rules) {
        let remainder = Remainder { rule: hit.rule, shown: view.text[hit.at].to_owned() };
        if found.len() < REMAINDERS && !released.contains(&remainder.shown) && !found.contains(&remainder) {
            found.push(remainder);
        }
    }
}

/// A source without the characters that are unfit to show, and where they stood.
pub(super) struct Stripped {
    pub(super) text: String,
    /// For each: its place in `text`, and its bytes in the source.
    cut: Vec<(usize, Range<usize>)>,
}

impl Stripped {
    pub(super) fn new(source: &str) -> Self {
        let mut stripped = Self { text: String::with_capacity(source.len()), cut: Vec::new() };
        for (at, one) in source.char_indices() {
            if is_unfit_to_show(one) && !matches!(one, '\n' | '\r' | '\t') {
                stripped.cut.push((stripped.text.len(), at..at + one.len_utf8()));
            } else {
                stripped.text.push(one);
            }
        }
        stripped
    }

    /// Where a stretch of `text` stands in the source; the characters around it stay outside.
    fn source(&self, at: &Range<usize>) -> Range<usize> {
        let moved =
            |cuts: usize| cuts.checked_sub(1).map_or(0, |last| self.cut[last].1.end - self.cut[last].0);
        let before_start = self.cut.partition_point(|(place, _)| *place <= at.start);
        let before_end = self.cut.partition_point(|(place, _)| *place < at.end);
        at.start + moved(before_start)..at.end + moved(before_end)
    }

    /// Everything that was found, in the order of the source.
    pub(super) fn findings(&self, removed: Vec<Hit>, words: Vec<String>, kept: Vec<Hit>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (hit, word) in removed.into_iter().zip(words) {
            findings.push(Finding { at: self.source(&hit.at), rule: hit.rule, replacement: Some(word) });
        }
        for hit in kept {
            findings.push(Finding { at: self.source(&hit.at), rule: hit.rule, replacement: None });
        }
        findings.sort_by_key(|finding| finding.at.start);
        let mut unfit = Vec::new();
        for (_, at) in &self.cut {
            let next = findings.partition_point(|finding| finding.at.end <= at.start);
            let is_within = |finding: &Finding| finding.at.start <= at.start && finding.replacement.is_some();
            if !findings.get(next).is_some_and(is_within) {
                unfit.push(Finding { at: at.clone(), rule: UNFIT, replacement: Some(String::new()) });
            }
        }
        findings.append(&mut unfit);
        findings.sort_by_key(|finding| finding.at.start);
        findings
    }
}
