//! Views of a text, as a reader or a program would take it: compatibility forms unfolded, what is not seen left out,
//! what is encoded decoded. Every byte of a view knows the bytes of the text that it comes from.

mod letters;
mod written;

use letters::fold;
pub use letters::says_nothing;
use std::borrow::Cow;
use std::ops::Range;
use written::{Written, written};

/// What is decoded in a view, beside the folding of characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoding {
    /// Dots and colons that somebody made harmless: `10[.]0[.]0[.]1`.
    Defanged,
    /// That, percent-encoding and Punycode.
    Addresses,
    /// All that, character references, escapes of Markdown and its marks and tags.
    Markup,
}

/// What an ideographic full stop, a middle dot or a bullet is: a dot of a host name, or what parts names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stops {
    Dots,
    Apart,
}

const fn is_stop(one: char) -> bool {
    matches!(one, '\u{3002}' | '\u{ff61}' | '\u{30fb}' | '\u{ff65}' | '\u{2022}')
}

/// A text, and where each of its bytes comes from.
pub(crate) struct View<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Start and end in the source, for each byte of `text`. `None`: the source itself.
    map: Option<Vec<(u32, u32)>>,
}

impl<'a> View<'a> {
    const fn raw(source: &'a str) -> Self {
        Self { text: Cow::Borrowed(source), map: None }
    }

    pub(crate) fn new(source: &str, decoding: Decoding, stops: Stops) -> View<'static> {
        let mut text = String::with_capacity(source.len());
        let mut map = Vec::with_capacity(source.len());
        let mut at = 0;
        while let Some(one) = source[at..].chars().next() {
            let (written, length) =
                written(source, at, decoding).unwrap_or((Written::One(one), one.len_utf8()));
            let from = (at as u32, (at + length) as u32);
            let mut push = |one: char| {
                text.push(one);
                map.resize(text.len(), from);
            };
            match written {
                Written::Nothing => {}
                Written::One(one) if stops == Stops::Apart && is_stop(one) => push('\n'),
                Written::One(one) => fold(one, &mut push),
                Written::Many(many) => many.chars().for_each(|one| fold(one, &mut push)),
            }
            at += length;
        }
        View { text: Cow::Owned(text), map: Some(map) }
    }

    /// Where a stretch of the view stands in the source.
    pub(crate) fn source(&self, at: &Range<usize>) -> Range<usize> {
        match &self.map {
            Some(map) if !at.is_empty() => map[at.start].0 as usize..map[at.end - 1].1 as usize,
            _ => at.clone(),
        }
    }
}

/// The views in which `source` is scanned: as it is, folded, and decoded, as far as they differ.
pub(crate) fn views(source: &str) -> Vec<View<'_>> {
    let mut views = vec![View::raw(source)];
    if !source.is_ascii() || source.contains(['[', '(', '{']) {
        views.extend(decoded(source, Decoding::Defanged));
    }
    let has_label = || source.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"xn--"));
    if source.contains('%') || has_label() {
        views.extend(decoded(source, Decoding::Addresses));
    }
    views
}

/// The views of `source` with one decoding: two if there is a stop in it that may be a dot.
pub(crate) fn decoded(source: &str, decoding: Decoding) -> Vec<View<'static>> {
    let stops = if source.contains(is_stop) { &[Stops::Dots, Stops::Apart][..] } else { &[Stops::Dots] };
    stops.iter().map(|stops| View::new(source, decoding, *stops)).collect()
}

/// `text` as names and released texts are compared.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|one| fold(one, &mut |one| out.push(one.to_ascii_lowercase())));
    out
}
