//! Files that hold a secret. What a configuration names is read by one rule, and what a program needs of its own is made
//! once.

use crate::rights::lower_for;
use anyhow::Context as _;
use skerry_protocol::secret::{self, NoSecret};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// A secret is the first line of its file; the rest of a long file is not read.
const MAX_BYTES: u64 = 8 << 10;

/// The first line of a file without surrounding blanks: a token.
///
/// # Errors
/// The file cannot be read or holds no token. The message continues a sentence that begins with the file.
pub fn token(path: &Path) -> Result<Vec<u8>> {
    line(path, secret::token)
}

/// The first line of a file with its blanks: a password, which may be empty.
///
/// # Errors
/// As [`token`].
pub fn password(path: &Path) -> Result<Vec<u8>> {
    line(path, secret::password)
}

/// The content of a file of at most `longest` bytes: a key or certificates in PEM.
///
/// # Errors
/// The file cannot be read, is none, or is longer. The message continues a sentence that begins with the file.
pub fn whole(path: &Path, longest: u64) -> Result<Vec<u8>> {
    let read = beginning(path, longest + 1)?;
    if read.len() as u64 > longest {
        return Err(Error::new(ErrorKind::InvalidData, format!("longer than {longest} bytes")));
    }
    Ok(read)
}

fn line(path: &Path, of: impl Fn(&[u8]) -> std::result::Result<&[u8], NoSecret>) -> Result<Vec<u8>> {
    let read = beginning(path, MAX_BYTES)?;
    let line = of(&read).map_err(|why| Error::new(ErrorKind::InvalidData, why))?;
    Ok(line.to_vec())
}

fn beginning(path: &Path, longest: u64) -> Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        // Opening a pipe would block a thread until someone writes to it.
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut read = Vec::new();
    File::open(path)?.take(longest).read_to_end(&mut read)?;
    Ok(read)
}

/// The content of a file that `make` makes if there is none. The user of its folder owns it, and nobody else can read it.
/// Whoever comes first makes it: what another process has made in the meantime is kept.
///
/// # Errors
/// The file cannot be read or kept, or its content cannot be made.
pub fn read_or_make(path: &Path, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    let unfit = || format!("cannot keep a secret in {}", path.display());
    match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => {
            let read = read.with_context(unfit)?;
            keep_from_others(path).with_context(unfit)?;
            return Ok(read);
        }
    }
    let content = make()?;
    let _rights = lower_for(path).with_context(unfit)?;
    keep(path, &content).with_context(unfit)
}

/// A secret of ours that others can read, as one that was copied or restored, is for its owner alone from now on.
fn keep_from_others(path: &Path) -> Result<()> {
    let mode = path.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path_shown = path.display();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| {
        let why = format!("others can read it (mode {mode:04o}), run chmod 0600 {path_shown}: {error}");
        Error::new(error.kind(), why)
    })?;
    tracing::warn!(
        path = %path_shown,
        "this secret could be read by others (mode {mode:04o}): now only its owner can. Whoever may have read it knows it: to \
         have a new one, remove the file and start again"
    );
    Ok(())
}

fn keep(path: &Path, content: &[u8]) -> Result<Vec<u8>> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let number = u64::from_ne_bytes(crate::random::bytes());
    let draft = path.with_extension(format!("{number:016x}.draft"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    // A link does not replace what another process has made.
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::read(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_of_a_bounded_regular_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        assert_eq!(token(&file).expect_err("missing").kind(), ErrorKind::NotFound);
        std::fs::write(&file, " one \r\nrest").expect("written");
        assert_eq!(token(&file).expect("a token"), b"one");
        assert_eq!(password(&file).expect("a password"), b" one ");
        assert_eq!(whole(&file, 11).expect("short enough"), b" one \r\nrest");
        assert_eq!(whole(&file, 10).expect_err("too long").kind(), ErrorKind::InvalidData);
        std::fs::write(&file, "").expect("written");
        assert_eq!(token(&file).expect_err("empty").to_string(), "its first line is empty");
        assert_eq!(password(&file).expect("a password may be empty"), b"");
        std::fs::write(&file, vec![b'x'; 100_000]).expect("written");
        assert_eq!(token(&file).expect("cut").len() as u64, MAX_BYTES);
        assert_eq!(token(folder.path()).expect_err("a folder").to_string(), "not a regular file");
    }

    #[test]
    fn what_is_made_once_stays_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("new/secret");
        let made = |content: &[u8]| read_or_make(&file, || Ok(content.to_vec())).expect("kept");
        assert_eq!(made(b"first"), b"first");
        assert_eq!(made(b"second"), b"first");
        assert_eq!(keep(&file, b"third").expect("there is one"), b"first", "another process was faster");
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("changed");
        assert_eq!(made(b"second"), b"first");
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "others could read it");
        let names = std::fs::read_dir(folder.path().join("new")).expect("lists").count();
        assert_eq!(names, 1, "no draft is left");
        assert!(read_or_make(&folder.path().join("other"), || anyhow::bail!("none")).is_err());
    }
}
