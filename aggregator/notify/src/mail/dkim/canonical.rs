//! The relaxed forms of headers and of a body (RFC 6376, 3.4.2 and 3.4.4), in which what servers change on the way makes
//! no difference.

/// The head without the empty line, and the body.
pub(super) fn split(message: &[u8]) -> (&[u8], &[u8]) {
    const END: &[u8] = b"\r\n\r\n";
    message
        .windows(END.len())
        .position(|window| window == END)
        .map_or((message, &[]), |at| (&message[..at + 2], &message[at + END.len()..]))
}

/// Names and values of the headers, with the breaks of their lines.
pub(super) fn headers(head: &[u8]) -> Vec<(&str, &str)> {
    let mut rest = std::str::from_utf8(head).unwrap_or_default();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let mut end = rest.find("\r\n").map_or(rest.len(), |at| at + 2);
        while rest[end..].starts_with([' ', '\t']) {
            end += rest[end..].find("\r\n").map_or(rest.len() - end, |at| at + 2);
        }
        let (one, others) = rest.split_at(end);
        found.extend(one.split_once(':'));
        rest = others;
    }
    found
}

/// One header, without the end of its line.
pub(super) fn header(name: &str, value: &str) -> String {
    let words: Vec<_> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim_end().to_ascii_lowercase(), words.join(" "))
}

/// The body.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        let (line, others) = end.map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 2..]));
        push_line(&mut out, line);
        rest = others;
    }
    while out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    if out == b"\r\n" { Vec::new() } else { out }
}

fn push_line(out: &mut Vec<u8>, line: &[u8]) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(0, |at| at + 1);
    let mut after_blank = false;
    for byte in &line[..end] {
        if !is_blank(byte) {
            out.push(*byte);
        } else if !after_blank {
            out.push(b' ');
        }
        after_blank = is_blank(byte);
    }
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn the_example_of_the_standard() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (head, content) = split(message);
        let found: Vec<_> = headers(head).into_iter().map(|(name, value)| header(name, value)).collect();
        assert_eq!(found, ["a:X", "b:Y Z"]);
        assert_eq!(body(content), b" C\r\nD E\r\n");
    }

    #[test]
    fn a_body_ends_with_one_line_break_or_is_empty() {
        for (raw, relaxed) in [
            (&b""[..], &b""[..]),
            (b"\r\n", b""),
            (b"\r\n\r\n", b""),
            (b" \t\r\n", b""),
            (b"a", b"a\r\n"),
            (b"a\r\n", b"a\r\n"),
            (b"a\r\n\r\n \r\n", b"a\r\n"),
            (b"\r\na", b"\r\na\r\n"),
            (b"a\t\tb \r\n c", b"a b\r\n c\r\n"),
        ] {
            assert_eq!(body(raw), relaxed, "{:?}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn a_message_without_a_body_is_all_head() {
        assert_eq!(split(b"A: b\r\n"), (&b"A: b\r\n"[..], &b""[..]));
        assert_eq!(split(b"A: b\r\n\r\n"), (&b"A: b\r\n"[..], &b""[..]));
    }
}
