//! The pseudo-locale `ar-XB`, which no configuration can name: English whose words are forced to run from right to left. Tests and
//! the gallery see by it which texts are not in the catalogue, and how a page looks from right to left. Names and markup stay.

use super::Texts;

/// The pseudo-locale; `texts!` implements its texts.
pub(super) struct Pseudo;

pub(super) static TEXTS: Texts = Texts::of(&Pseudo, true);

/// Before and after each word: right-to-left override, pop directional formatting (Unicode UAX #9).
const MARKS: [char; 2] = ['\u{202e}', '\u{202c}'];

/// Parts of a text that stay as they are: markup, references, names that are isolated, and words that are marked already.
const KEPT: [(&str, &str); 5] =
    [("<bdi>", "</bdi>"), ("<", ">"), ("&", ";"), ("\u{2068}", "\u{2069}"), ("\u{202e}", "\u{202c}")];

/// A text, or several, of which each word can be marked.
pub(super) trait Marked {
    fn marked(self) -> Self;
}

impl Marked for String {
    fn marked(self) -> Self {
        let mut out = Self::with_capacity(2 * self.len());
        let mut rest = self.as_str();
        while let Some(first) = rest.chars().next() {
            let kept = KEPT.iter().find_map(|(open, close)| {
                let inside = rest.strip_prefix(open)?;
                Some(open.len() + inside.find(close)? + close.len())
            });
            let word = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
            let end = match (kept, word) {
                (Some(end), _) => end,
                (None, 0) => first.len_utf8(),
                (None, end) => {
                    out.extend([&MARKS[0].to_string(), &rest[..end], &MARKS[1].to_string()]);
                    rest = &rest[end..];
                    continue;
                }
            };
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        out
    }
}

impl Marked for &'static str {
    #[expect(clippy::disallowed_methods, reason = "no page that can be configured speaks this language")]
    fn marked(self) -> Self {
        Box::leak(self.to_owned().marked().into_boxed_str())
    }
}

impl Marked for Option<&'static str> {
    fn marked(self) -> Self {
        self.map(Marked::marked)
    }
}

impl<T: Marked, const N: usize> Marked for [T; N] {
    fn marked(self) -> Self {
        self.map(Marked::marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_and_names_and_markup_stay() {
        let word = |word: &str| format!("\u{202e}{word}\u{202c}");
        for (text, marked) in [
            ("2 h 13 min", format!("2 {} 13 {}", word("h"), word("min"))),
            ("<b>No data</b> for", format!("<b>{} {}</b> {}", word("No"), word("data"), word("for"))),
            (
                "Affects <bdi>Card &amp; cash</bdi>.",
                format!("{} <bdi>Card &amp; cash</bdi>.", word("Affects")),
            ),
            ("of \u{2068}Über\u{2069}", format!("{} \u{2068}Über\u{2069}", word("of"))),
            ("&lt;x", format!("&lt;{}", word("x"))),
            ("a < b & c", format!("{} < {} & {}", word("a"), word("b"), word("c"))),
        ] {
            assert_eq!(text.to_owned().marked(), marked);
            assert_eq!(marked.clone().marked(), marked, "once is enough");
        }
    }
}
