//! Text within the limits of a service: escaped as it asks, cut between characters, and never in the middle of an escape.

/// What stands where a text was cut.
const CUT: char = '…';

/// The text with each character as `escaped` writes it, `most` units long at most; a cut text ends with an ellipsis. Control
/// characters but line feeds are left out. A unit is one of UTF-16, in which services count: never fewer than characters.
pub(crate) fn escaped_within(text: &str, most: usize, escaped: impl Fn(char) -> Escaped) -> String {
    let (mut written, mut length) = (String::new(), 0);
    let mut cut_at = 0;
    for one in text.chars().filter(|one| !one.is_control() || *one == '\n') {
        if length + CUT.len_utf16() <= most {
            cut_at = written.len();
        }
        let before = written.len();
        match escaped(one) {
            Escaped::Same => written.push(one),
            Escaped::After(mark) => written.extend([mark, one]),
            Escaped::As(other) => written.push_str(other),
        }
        length += written[before..].encode_utf16().count();
        if length > most {
            written.truncate(cut_at);
            written.push(CUT);
            break;
        }
    }
    written
}

/// How a character is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escaped {
    /// As it is.
    Same,
    /// After this one.
    After(char),
    /// As this.
    As(&'static str),
}

/// The text, `most` units long at most.
pub(crate) fn within(text: &str, most: usize) -> String {
    escaped_within(text, most, |_| Escaped::Same)
}

/// The text on one line.
pub(crate) fn line_within(text: &str, most: usize) -> String {
    within(&text.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ampersand(one: char) -> Escaped {
        if one == '&' { Escaped::As("&amp;") } else { Escaped::Same }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_escapes() {
        for (text, most, expected) in [
            ("", 0, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("ab&", 7, "ab&amp;"),
            ("ab&c", 7, "ab…"),
            ("ab&&", 7, "ab…"),
            ("a🚧b", 4, "a🚧b"),
            ("a🚧bc", 4, "a🚧…"),
            ("a🚧b", 3, "a…"),
            ("a\u{7}\r\nb", 3, "a\nb"),
        ] {
            assert_eq!(escaped_within(text, most, ampersand), expected, "{text:?} within {most}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_it_may_be(text in ".{0,40}", most in 1_usize..30) {
            let fitted = escaped_within(&text, most, ampersand);
            prop_assert!(fitted.encode_utf16().count() <= most, "{:?}", fitted);
            prop_assert!(fitted.matches('&').count() == fitted.matches("&amp;").count(), "{:?}", fitted);
        }
    }
}
