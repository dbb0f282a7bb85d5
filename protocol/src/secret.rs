//! Reads a secret from a file's content. Editors add marks to such files that are not part of the secret.

/// Byte order mark that some editors write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a file contains no secret; continues a sentence that starts with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// As some shells write it.
    #[error("it is in UTF-16: save it in UTF-8")]
    Utf16,
    /// A token has at least one character.
    #[error("its first line is empty")]
    Empty,
}

/// The first line including blanks: a password, which may be empty. Drops the byte order mark and the line
/// end.
///
/// # Errors
/// The file is in UTF-16.
pub fn password(file: &[u8]) -> Result<&[u8], NoSecret> {
    if file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff") {
        return Err(NoSecret::Utf16);
    }
    let text = file.strip_prefix(MARK).unwrap_or(file);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The first line without surrounding blanks: a token.
///
/// # Errors
/// The file is in UTF-16 or contains no token.
pub fn token(file: &[u8]) -> Result<&[u8], NoSecret> {
    Some(password(file)?.trim_ascii()).filter(|token| !token.is_empty()).ok_or(NoSecret::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_without_marks() {
        for (file, whole, said) in [
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
            assert_eq!(password(file.as_bytes()), Ok(whole.as_bytes()), "{file:?}");
            let shown = if said.is_empty() { Err(NoSecret::Empty) } else { Ok(said.as_bytes()) };
            assert_eq!(token(file.as_bytes()), shown, "{file:?}");
        }
        assert_eq!(password(b"Gr\xf6\xdfe\n"), Ok(&b"Gr\xf6\xdfe"[..]), "whatever its encoding");
        for file in [&b"\xff\xfes\0"[..], b"\xfe\xff\0s"] {
            assert_eq!((password(file), token(file)), (Err(NoSecret::Utf16), Err(NoSecret::Utf16)));
        }
    }
}
