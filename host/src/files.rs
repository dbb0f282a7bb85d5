//! What can be said of files that a configuration names, before they are needed.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// How a file of SQLite begins.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// What is doubtful about a file that holds a secret, and what to do. The file's content is not read.
#[must_use]
pub fn doubt_secret(path: &Path) -> Option<(String, String)> {
    let shown = path.display();
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Some(unseen(path, &error)),
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

/// What is doubtful about a file without a secret in it.
#[must_use]
pub fn doubt_file(path: &Path) -> Option<(String, String)> {
    path.metadata().err().map(|error| unseen(path, &error))
}

/// The SQLite database that `written`, a relative path, leads to from the working directory, as it did once. `None`:
/// there is none, or it is the one at `path`.
#[must_use]
pub fn former_place(path: &Path, written: &Path) -> Option<PathBuf> {
    let file = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    let former = file(written)?;
    // One that this process may have open is not opened again: to close it would end SQLite's locks on it.
    let is_another = file(path) != Some(former) && is_database(written);
    if is_another { std::path::absolute(written).ok() } else { None }
}

/// A working directory may hold anything by that name.
fn is_database(path: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    // Not from a pipe, which would not end.
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == *SQLITE
}

fn unseen(path: &Path, error: &std::io::Error) -> (String, String) {
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
