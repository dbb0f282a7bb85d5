//! Decodes the bytes of a file to text.

use super::{Position, Problem};
use std::io::{self, ErrorKind};

/// The text of `file`, or a problem at the first byte that is not UTF-8.
///
/// # Errors
/// The file is not UTF-8.
pub fn text_of(file: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let (sound, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
    let before = String::from_utf8_lossy(&bytes[..sound]);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let position = Position {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1,
    };
    let byte = bytes[sound];
    let wrong = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16, not UTF-8".to_owned(),
        _ if byte >= 0xa0 => {
            format!("the byte 0x{byte:02X}, \"{}\" in Latin-1, is not UTF-8", char::from(byte))
        }
        _ => format!("the byte 0x{byte:02X} is not UTF-8"),
    };
    Err(Problem {
        position: Some(position),
        place: String::new(),
        wrong,
        remedy: "Save it as UTF-8.".to_owned(),
    })
}

/// The problem of a configuration file that cannot be read; the command line names the file with `--config`.
#[must_use]
pub fn unreadable(file: &str, error: &io::Error) -> Problem {
    let (wrong, remedy) = match error.kind() {
        ErrorKind::NotFound => {
            ("there is no such file".to_owned(), "Create it, or name another with --config.")
        }
        ErrorKind::IsADirectory => ("this is a folder".to_owned(), "Name a file in it with --config."),
        ErrorKind::PermissionDenied => {
            ("this user may not read it".to_owned(), "Make it readable for the user that Skerry runs as.")
        }
        _ => (format!("cannot be read: {error}"), "Look at the file system, or name another with --config."),
    };
    Problem { position: None, place: file.to_owned(), wrong, remedy: remedy.to_owned() }
}
