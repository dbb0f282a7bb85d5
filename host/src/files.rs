//! Warnings about files that a configuration names, before they are needed.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Header of an SQLite file.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// Returns problem and remedy for a file that holds a secret, without reading its content.
#[must_use]
pub fn warn_about_secret_file(path: &Path) -> Option<(String, String)> {
    let shown = path.display();
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Some(unreadable_file(path, &error)),
    };
    if !metadata.is_file() {
        return Some((format!("{shown} is not a file"), "Name the file that holds the secret.".to_owned()));
    }
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o007 != 0).then(|| {
        (
            format!("{shown} holds a secret and can be read by others (mode {mode:04o})"),
            format!("Run chmod 0600 {shown}."),
        )
    })
}

/// Returns problem and remedy for a file without a secret.
#[must_use]
pub fn warn_about_file(path: &Path) -> Option<(String, String)> {
    path.metadata().err().map(|error| unreadable_file(path, &error))
}

/// The SQLite database that the relative path `written` used to point to, below the working directory.
/// `None`: there is none, or it is the one at `path`.
#[must_use]
pub fn former_place(path: &Path, written: &Path) -> Option<PathBuf> {
    let file = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    let former = file(written)?;
    // A file that this process may have open is not opened again: closing it would drop SQLite's locks.
    let is_another = file(path) != Some(former) && is_database(written);
    if is_another { std::path::absolute(written).ok() } else { None }
}

/// A working directory may contain anything under that name.
fn is_database(path: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    // Only regular files: reading a pipe could block for ever.
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == *SQLITE
}

fn unreadable_file(path: &Path, error: &std::io::Error) -> (String, String) {
    let shown = path.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        let remedy = "Create it before the start, or correct the path; a relative one is relative to the file that names it.";
        return (format!("{shown} does not exist"), remedy.to_owned());
    }
    (format!("{shown} cannot be looked at: {error}"), "Run as the user that Skerry runs as.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_counts_as_the_former_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, written) = (folder.path().join("new.db"), folder.path().join("old.db"));
        assert_eq!(former_place(&path, &written), None);
        for (content, counts) in [(&b""[..], false), (b"SQLite", false), (&[b'x'; 64], false), (SQLITE, true)]
        {
            std::fs::write(&written, content).expect("written");
            assert_eq!(former_place(&path, &written).is_some(), counts, "{}", content.escape_ascii());
            assert_eq!(former_place(&written, &written), None, "it is the one at its place");
        }
    }
}
