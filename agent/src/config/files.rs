//! What can be said of files that a configuration names, before they are needed.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

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

/// The file that `written`, a relative path, leads to from the working directory, as it did once. `None`: there is
/// none, or it is the one at `path`.
#[must_use]
pub fn former_place(path: &Path, written: &Path) -> Option<PathBuf> {
    let file = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    let former = file(written)?;
    if file(path) == Some(former) { None } else { std::path::absolute(written).ok() }
}

fn unseen(path: &Path, error: &std::io::Error) -> (String, String) {
    let shown = path.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        let remedy = "Create it before the start, or correct the path; a relative one is relative to the file that names it.";
        return (format!("{shown} does not exist"), remedy.to_owned());
    }
    (format!("{shown} cannot be looked at: {error}"), "Run as the user that Skerry runs as.".to_owned())
}
