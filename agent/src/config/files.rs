//! What can be said of files that a configuration names, before they are needed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

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

fn unseen(path: &Path, error: &std::io::Error) -> (String, String) {
    let shown = path.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        let remedy = "Create it before the start, or correct the path; a relative one is relative to the working directory.";
        return (format!("{shown} does not exist"), remedy.to_owned());
    }
    (format!("{shown} cannot be looked at: {error}"), "Run as the user that Skerry runs as.".to_owned())
}
