//! One character as it is compared: NFKD without marks, with the look-alikes of what addresses and names consist of.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Emits what `one` is compared as; nothing for a character that nobody sees.
pub(super) fn fold(one: char, emit: &mut impl FnMut(char)) {
    if one.is_ascii() {
        if !one.is_ascii_control() || one.is_ascii_whitespace() {
            emit(one);
        }
        return;
    }
    decompose_compatible(one, |part| {
        if is_unseen(part) {
            return;
        }
        let part = look_alike(part);
        if part.is_ascii() { emit(part) } else { part.to_lowercase().map(look_alike).for_each(&mut *emit) }
    });
}

/// Whether nobody sees anything of a text: blanks, fillers, and marks on nothing.
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    text.chars().all(|one| one.is_whitespace() || one == '\u{2800}' || is_unseen(one))
}

/// Marks, format characters, selectors and fillers.
fn is_unseen(one: char) -> bool {
    is_combining_mark(one)
        || one.is_control()
        || matches!(one,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The zeros of the scripts that write numbers with ten digits in a row.
const ZEROS: [char; 37] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{104a0}',
    '\u{11066}',
];

/// Letters of other scripts that look like Latin ones, and the Latin ones, in the same order.
const LETTERS: (&str, &str) =
    ("аеорсухіјѕһԁԛԝвкмнтɡıοαρνικτυεχβյոսհցօɑɪ", "aeopcyxijshdqwbkmhtgioapviktuexbjnuhgoai");

/// The ASCII character that `one` looks like, or itself.
fn look_alike(one: char) -> char {
    match one {
        '\u{3002}' | '\u{b7}' | '\u{387}' | '\u{6d4}' | '\u{701}' | '\u{702}' | '\u{2027}' | '\u{2219}'
        | '\u{22c5}' | '\u{a4f8}' | '\u{30fb}' | '\u{ff65}' | '\u{2022}' => '.',
        '\u{2236}' | '\u{2d0}' | '\u{a789}' | '\u{5c3}' | '\u{589}' | '\u{a4fd}' => ':',
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        _ => digit(one).or_else(|| letter(one)).unwrap_or(one),
    }
}

fn digit(one: char) -> Option<char> {
    let zero = ZEROS.partition_point(|zero| *zero <= one).checked_sub(1).map(|index| ZEROS[index])?;
    char::from_digit(one as u32 - zero as u32, 10)
}

fn letter(one: char) -> Option<char> {
    if !matches!(one, '\u{131}'..='\u{588}') {
        return None;
    }
    LETTERS.0.chars().zip(LETTERS.1.chars()).find(|(other, _)| *other == one).map(|(_, latin)| latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_says_nothing() {
        for nothing in [
            "",
            " \t",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}\u{a0}",
            "\u{301}\u{feff}",
            "\u{115f}\u{ffa0}\u{e0020}",
        ] {
            assert!(says_nothing(nothing), "{nothing:?}");
        }
        for something in ["a", "\u{200b}.", "日", "e\u{301}", "👩\u{200d}🚀"] {
            assert!(!says_nothing(something), "{something:?}");
        }
    }

    #[test]
    fn each_look_alike_has_its_letter() {
        assert_eq!(LETTERS.0.chars().count(), LETTERS.1.chars().count());
        assert!(ZEROS.is_sorted());
        let folded = |text: &str| crate::view::folded(text);
        assert_eq!(folded("１０。٠.۰.1"), "10.0.0.1");
        assert_eq!(folded("ＤＢ\u{ad}１．İｎｔеrnаl"), "db1.internal");
        assert_eq!(folded("ԁıгɡ օνց"), "diгg ovg");
        assert_eq!(folded("ɑ・b･c•ɪ"), "a.b.c.i");
        assert_eq!(folded("Zürich Straße"), "zurich straße");
        assert_eq!(folded("⒑①.㏠"), folded("10.1.1日"));
    }
}
