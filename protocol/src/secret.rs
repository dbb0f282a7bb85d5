//! What a file with a secret in it says. Editors leave marks in such files that are no part of the secret.

/// Begins a text of UTF-8 that some editors write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The first line, blanks and all: a password. Without the mark at its head and the end of the line.
#[must_use]
pub fn first_line(file: &[u8]) -> &[u8] {
    let text = file.strip_prefix(MARK).unwrap_or(file);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The first line without blanks around it: a token, which holds none.
#[must_use]
pub fn token(file: &[u8]) -> &[u8] {
    first_line(file).trim_ascii()
}

/// The file is in UTF-16, as some shells write: no line of it is a secret.
#[must_use]
pub fn is_utf16(file: &[u8]) -> bool {
    file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_without_marks() {
        for (file, password, said) in [
            ("secret\n", "secret", "secret"),
            ("secret", "secret", "secret"),
            ("secret\r\nsecond\n", "secret", "secret"),
            ("\u{feff}secret\n", "secret", "secret"),
            ("secret \n", "secret ", "secret"),
            ("\t secret\n", "\t secret", "secret"),
            ("a:b:c\n", "a:b:c", "a:b:c"),
            ("Größe§\n", "Größe§", "Größe§"),
            ("", "", ""),
            ("\n", "", ""),
            ("\u{feff}\r\n", "", ""),
            (" \nsecond", " ", ""),
        ] {
            assert_eq!(first_line(file.as_bytes()), password.as_bytes(), "{file:?}");
            assert_eq!(token(file.as_bytes()), said.as_bytes(), "{file:?}");
        }
        assert_eq!(first_line(b"Gr\xf6\xdfe\n"), b"Gr\xf6\xdfe", "whatever its encoding");
        assert!(is_utf16(b"\xff\xfes\0") && is_utf16(b"\xfe\xff\0s") && !is_utf16(MARK));
    }
}
