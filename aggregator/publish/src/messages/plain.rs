//! Plain text: its lines and its characters. Pure.

use crate::texts::Texts;
use skerry_protocol::words::is_unfit_to_show;

/// The greatest number of characters of a line in the text part of a mail. A word that is longer, such as an address, is not
/// broken.
pub(super) const COLUMNS: usize = 72;

/// Text as programs show it that know neither markup nor much of Unicode: no character that would hide or reorder others, plain
/// blanks, no soft hyphens. Names stay isolated for direction where something is written from right to left.
pub(super) fn tidy(text: &str, texts: &Texts) -> String {
    let isolated = texts.right_to_left || text.chars().any(is_right_to_left);
    let kept = text.chars().filter_map(|letter| match letter {
        '\n' => Some('\n'),
        '\u{2066}'..='\u{2069}' => isolated.then_some(letter),
        '\u{ad}' => None,
        letter if letter.is_whitespace() || letter.is_control() => Some(' '),
        letter => (!is_unfit_to_show(letter)).then_some(letter),
    });
    kept.collect()
}

/// The same on one line, without blanks that follow each other.
pub(super) fn tidy_line(text: &str, texts: &Texts) -> String {
    tidy(text, texts).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as one line, on which no-break spaces still hold words together.
pub(super) fn unbroken(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Letters that are written from right to left: Hebrew, Arabic and their neighbours.
fn is_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

/// Breaks lines so that they have at most [`COLUMNS`] characters. What goes on below keeps the indentation of its line. No-break
/// spaces hold words together.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / COLUMNS);
    for (place, line) in text.split('\n').enumerate() {
        if place > 0 {
            out.push('\n');
        }
        wrap(line.trim_end_matches(' '), &mut out);
    }
    out
}

fn wrap(line: &str, out: &mut String) {
    let words = line.trim_start_matches(' ');
    let indent = &line[..line.len() - words.len()];
    let mut column = 0;
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column == 0 {
            out.push_str(indent);
            column = indent.len();
        } else if column + 1 + length > COLUMNS {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
}

/// At most so many characters; what is cut off leaves an ellipsis.
pub(super) fn cut(text: &str, characters: usize) -> String {
    if text.chars().nth(characters).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(characters.saturating_sub(2)).map_or(0, |(end, _)| end);
    let (kept, rest) = text.split_at(end);
    let whole = || kept.rsplit_once(' ').map_or(kept, |(words, _)| words);
    let words = if rest.starts_with(' ') { kept } else { whole() };
    format!("{} …", words.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn lines_are_broken_between_words_and_keep_their_indentation() {
        let word = "x".repeat(80);
        let seventy = "abcdefghi ".repeat(7);
        let table = [
            ("short", "short".to_owned()),
            (&seventy, seventy.trim_end().to_owned()),
            (&format!("{seventy}ab cd"), format!("{seventy}ab\ncd")),
            (&format!("- a {word} b"), format!("- a\n{word}\nb")),
            (&format!("  {seventy}abc"), format!("  {}\n  abc", seventy.trim_end())),
            (&format!("{seventy}3\u{a0}h"), format!("{}\n3\u{a0}h", seventy.trim_end())),
            ("a\n\nb", "a\n\nb".to_owned()),
        ];
        for (text, expected) in table {
            assert_eq!(wrapped(text), expected, "{text}");
        }
    }

    #[test]
    fn what_hides_or_reorders_text_is_left_out() {
        let texts = Language::English.texts();
        for (text, expected) in [
            ("3\u{a0}h 5\u{a0}min", "3 h 5 min"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("\u{2068}Größe\u{2069}", "Größe"),
            ("\u{2068}שלום\u{2069} 1", "\u{2068}שלום\u{2069} 1"),
            ("Verfüg\u{ad}barkeit", "Verfügbarkeit"),
            ("a\r\nBcc: b", "a Bcc: b"),
        ] {
            assert_eq!(tidy_line(text, texts), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        for (text, characters, expected) in
            [("one two", 7, "one two"), ("one two three", 9, "one two …"), ("onetwothree", 5, "one …")]
        {
            let cut = cut(text, characters);
            assert_eq!(cut, expected);
            assert!(cut.chars().count() <= characters.max(text.chars().count()));
        }
    }
}
