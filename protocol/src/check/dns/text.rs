//! Character strings as zone files and `dig` print them (RFC 1035, section 5.1), and their canonical form.

use std::fmt::Write as _;

use crate::words::is_unfit_to_show;

/// Text with every unprintable byte as `\DDD`.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for one in chunk.valid().chars() {
            if is_unfit_to_show(one) {
                escape(one.to_string().as_bytes(), &mut text);
            } else {
                text.push(one);
            }
        }
        escape(chunk.invalid(), &mut text);
    }
    text
}

/// A string in double quotes, from which [`unquoted`] reads the same bytes.
#[must_use]
pub fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => escape(&[*byte], &mut text),
        }
    }
    text.push('"');
    text
}

/// Joins the quoted strings of a TXT record; `None` if `text` contains anything else.
pub(super) fn joined(text: &str) -> Option<String> {
    let mut rest = text.trim();
    let mut bytes = Vec::new();
    while !rest.is_empty() {
        rest = unquoted(rest, &mut bytes)?.trim_start();
    }
    (!text.trim().is_empty()).then(|| printable(&bytes))
}

/// Appends the bytes of the quoted string at the start of `text`; returns the rest. A backslash that starts
/// no escape stands for itself, as people write regular expressions.
pub(super) fn unquoted<'t>(text: &'t str, bytes: &mut Vec<u8>) -> Option<&'t str> {
    let text = text.strip_prefix('"')?;
    let mut at = 0;
    loop {
        let (byte, length) = match text.as_bytes().get(at..)? {
            [] => return None,
            [b'"', ..] => return Some(&text[at + 1..]),
            [b'\\', escaped @ (b'"' | b'\\'), ..] => (*escaped, 2),
            [b'\\', digits @ ..] => decimal(digits).map_or((b'\\', 1), |byte| (byte, 4)),
            [byte, ..] => (*byte, 1),
        };
        bytes.push(byte);
        at += length;
    }
}

/// The byte of the three digits at the start of `text`.
fn decimal(text: &[u8]) -> Option<u8> {
    let digits = text.first_chunk::<3>()?;
    let number = digits.iter().try_fold(0_u16, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
    });
    number?.try_into().ok()
}

fn escape(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:03}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_become_words_that_a_terminal_can_be_given() {
        assert_eq!(printable("é \"x\"".as_bytes()), "é \"x\"");
        assert_eq!(printable(b"\x1b[31m\xff\n"), "\\027[31m\\255\\010");
    }

    #[test]
    fn strings_in_quotes_are_joined_as_dig_prints_them() {
        for (written, joined_form) in [
            (r#""v=spf1 -all""#, Some("v=spf1 -all")),
            (r#""one" "two""#, Some("onetwo")),
            (r#" "one""two" "#, Some("onetwo")),
            (r#""semi;colon \"quoted\" back\\slash""#, Some("semi;colon \"quoted\" back\\slash")),
            (r#""Gr\195\182\195\159e""#, Some("Größe")),
            (r#""a\255b\007""#, Some("a\\255b\\007")),
            (r#""^\+49""#, Some("^\\+49")),
            (r#""\999""#, Some("\\999")),
            (r#""""#, Some("")),
            ("v=spf1 -all", None),
            (r#""open"#, None),
            (r#""open\""#, None),
            (r#""one" two"#, None),
            ("", None),
        ] {
            assert_eq!(joined(written).as_deref(), joined_form, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut read = Vec::new();
            let text = quoted(&bytes);
            prop_assert_eq!(unquoted(&text, &mut read), Some(""));
            prop_assert_eq!(read, bytes);
        }
    }
}
