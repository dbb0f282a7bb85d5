//! Limits how deep the blocks of a Markdown text nest, since parsers take a time for each line and each block around it.

use std::borrow::Cow;

/// The most markers of quotes and lists that one line may begin with.
const MARKERS: usize = 16;
/// The most columns that a line may be indented by: one that is indented further nests no deeper.
const INDENT: usize = 64;
/// The most blank lines in a row.
const BLANK_LINES: usize = 16;

/// `source` with a backslash before the first marker of a line that is one too many, with indentation cut, and without
/// the blank lines that are too many.
pub(crate) fn limited(source: &str) -> Cow<'_, str> {
    if source.lines().all(|line| matches!(excess(line), Excess::None)) && !has_many_blank_lines(source) {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len() + source.len() / 8);
    let mut blank = 0;
    for line in source.split_inclusive('\n') {
        blank = if is_blank(line) { blank + 1 } else { 0 };
        if blank > BLANK_LINES {
            continue;
        }
        match excess(line) {
            Excess::None => out.push_str(line),
            Excess::Marker(at) => {
                out.push_str(&line[..at]);
                out.push('\\');
                out.push_str(&line[at..]);
            }
            Excess::Indent(cut) => out.push_str(&line[cut..]),
        }
    }
    Cow::Owned(out)
}

enum Excess {
    None,
    /// Where the marker stands that is one too many.
    Marker(usize),
    /// How many bytes of indentation are too many.
    Indent(usize),
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|one| matches!(one, b' ' | b'\t' | b'\r' | b'\n'))
}

fn has_many_blank_lines(source: &str) -> bool {
    let mut blank = 0;
    source.lines().any(|line| {
        blank = if is_blank(line) { blank + 1 } else { 0 };
        blank > BLANK_LINES
    })
}

fn excess(line: &str) -> Excess {
    let bytes = line.as_bytes();
    let (mut at, mut markers) = (0, 0);
    let indent = bytes.iter().take_while(|one| matches!(one, b' ' | b'\t')).count();
    if indent > INDENT {
        return Excess::Indent(indent - INDENT);
    }
    loop {
        at += bytes[at..].iter().take_while(|one| matches!(one, b' ' | b'\t')).count();
        let Some((marker, length)) = marker(&bytes[at..]) else { return Excess::None };
        markers += 1;
        if markers > MARKERS {
            return Excess::Marker(at + marker);
        }
        at += length;
    }
}

/// Where the character stands that makes a marker of it, and how long it is.
fn marker(bytes: &[u8]) -> Option<(usize, usize)> {
    let ends = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    match bytes.first()? {
        b'>' => Some((0, 1)),
        b'-' | b'+' | b'*' if ends(1) => Some((0, 1)),
        one if one.is_ascii_digit() => {
            let digits = bytes.iter().take(10).take_while(|one| one.is_ascii_digit()).count();
            let is_marker = digits < 10 && matches!(bytes.get(digits), Some(b'.' | b')')) && ends(digits + 1);
            is_marker.then_some((digits, digits + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_left_alone() {
        for text in
            ["", "> > quoted\n\n- a\n  - b\n    - c\n\n1. d\n", "    code\n\n\n\n\n> x", "- - - - - -"]
        {
            assert!(matches!(limited(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn markers_indentation_and_blank_lines_are_limited() {
        let quoted = format!("{}x", "> ".repeat(20));
        assert_eq!(limited(&quoted), format!("{}\\{}x", "> ".repeat(16), "> ".repeat(4)));
        let numbered = format!("{}x", "1. ".repeat(17));
        assert_eq!(limited(&numbered), format!("{}1\\. x", "1. ".repeat(16)));
        assert_eq!(limited(&format!("{}x", " ".repeat(90))), format!("{}x", " ".repeat(64)));
        assert_eq!(limited(&format!("a{}b", "\n".repeat(99))), format!("a{}b", "\n".repeat(17)));
    }
}
