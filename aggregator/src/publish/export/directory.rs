//! A copy in a directory. Each file is replaced at once and synced; nothing outside the directory is touched, whatever links
//! lie in it, and nothing in it that no export wrote.

use super::manifest::{self, Manifest, is_inside};
use anyhow::{Context, anyhow, bail, ensure};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The beginning of the names of files that are being written.
const TEMPORARY: &str = ".skerry-export-";
/// Folders that others may have there: a mount point has the one, and authorities of certificates ask for what is in the other.
const OF_OTHERS: [&str; 2] = ["lost+found", ".well-known"];
/// What is public may be read by everybody, whatever the umask: the server that serves it has a user of its own.
const FILE: Mode = Mode::from_raw_mode(0o644);
const FOLDER: Mode = Mode::from_raw_mode(0o755);
/// Foreign files that a message names.
const NAMED: usize = 3;

#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked while this exists, so that two exports never mix.
    root: OwnedFd,
    /// Folders, relative to the root, in which something was replaced since they were last synced.
    unsynced: Mutex<BTreeSet<String>>,
}

impl Directory {
    /// Opens or creates it.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let made = std::fs::DirBuilder::new().recursive(true).mode(FOLDER.bits()).create(path);
        made.with_context(|| format!("{shown} cannot be created"))?;
        let root = rustix::fs::open(path, folder_flags() - OFlags::NOFOLLOW, Mode::empty())
            .with_context(|| format!("{shown} cannot be opened"))?;
        match rustix::fs::flock(&root, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => bail!("another export writes to {shown} at the moment"),
            Err(error) => return Err(error).with_context(|| format!("{shown} cannot be locked")),
        }
        Ok(Self { path: path.to_owned(), root, unsynced: Mutex::default() })
    }

    /// The list of what former exports wrote, and what is wrong if there is something else: then nothing may be added. Files
    /// that were being written are removed.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(super) fn claim(&self) -> anyhow::Result<(Manifest, Option<anyhow::Error>)> {
        let mut manifest = self.manifest()?.unwrap_or_default();
        let (mut foreign, mut present) = (Vec::new(), BTreeSet::new());
        self.look_through(&self.path, &manifest, &mut foreign, &mut present)?;
        manifest.doubt_all_but(&present);
        Ok((manifest, self.refusal(&foreign)))
    }

    fn refusal(&self, foreign: &[String]) -> Option<anyhow::Error> {
        if foreign.is_empty() {
            return None;
        }
        let named = foreign.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if foreign.len() > NAMED { ", …" } else { "" };
        Some(anyhow!(
            "{} holds what no export wrote ({named}{more}): name an empty directory, or remove that",
            self.path.display()
        ))
    }

    fn manifest(&self) -> anyhow::Result<Option<Manifest>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&self.root, manifest::NAME, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", self.shown(manifest::NAME)));
            }
        };
        let mut text = String::new();
        let read = File::from(file).read_to_string(&mut text);
        read.with_context(|| format!("{} cannot be read", self.shown(manifest::NAME)))?;
        Ok(Manifest::read(&text))
    }

    /// Collects what lies in a folder: what `manifest` does not name, and what it does.
    fn look_through(
        &self,
        folder: &Path,
        manifest: &Manifest,
        foreign: &mut Vec<String>,
        present: &mut BTreeSet<String>,
    ) -> anyhow::Result<()> {
        let unreadable = || format!("{} cannot be read", folder.display());
        for entry in std::fs::read_dir(folder).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let (path, kind) = (entry.path(), entry.file_type().with_context(unreadable)?);
            let below = path.strip_prefix(&self.path).unwrap_or(&path).to_string_lossy().into_owned();
            if kind.is_dir() {
                if !OF_OTHERS.contains(&below.as_str()) {
                    self.look_through(&path, manifest, foreign, present)?;
                }
            } else if kind.is_file() && entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                self.remove(&below)?;
            } else if kind.is_file() && manifest.0.contains_key(&below) {
                present.insert(below);
            } else if !(kind.is_file() && below == manifest::NAME) {
                foreign.push(below);
            }
        }
        Ok(())
    }

    pub(super) fn write_manifest(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let written = self.replace("", manifest::NAME, manifest.written().as_bytes());
        written.with_context(|| format!("{} cannot be written", self.shown(manifest::NAME)))?;
        self.sync()
    }

    /// Replaces a file.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        ensure!(is_inside(path), "{path:?} is no path of a copy");
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.replace(folder, name, bytes).with_context(|| format!("{} cannot be written", self.shown(path)))
    }

    fn replace(&self, folder: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let parent = self.folder(folder, true)?;
        let temporary = format!("{TEMPORARY}{name}");
        let _ = rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&parent, &temporary, flags, FILE)?);
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, FILE)?;
        file.sync_all()?;
        rustix::fs::renameat(&parent, &temporary, &parent, name)?;
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(())
    }

    /// Removes a file and the folders that are empty then.
    pub(super) fn remove(&self, path: &str) -> anyhow::Result<()> {
        ensure!(is_inside(path), "{path:?} is no path of a copy");
        let (mut folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let removed = self
            .folder(folder, false)
            .and_then(|parent| Ok(rustix::fs::unlinkat(&parent, name, AtFlags::empty())?));
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", self.shown(path)));
            }
            _ => {}
        }
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        while !folder.is_empty() {
            let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
            let emptied = self
                .folder(above, false)
                .is_ok_and(|parent| rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR).is_ok());
            if !emptied {
                break;
            }
            unsynced.remove(folder);
            folder = above;
        }
        unsynced.insert(folder.to_owned());
        Ok(())
    }

    /// Makes durable what was replaced and removed.
    pub(super) fn sync(&self) -> anyhow::Result<()> {
        let unsynced = std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        for folder in unsynced {
            let synced = match self.folder(&folder, false) {
                Ok(folder) => rustix::fs::fsync(&folder).map_err(Into::into),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            };
            synced.with_context(|| format!("{} cannot be synced", self.shown(&folder)))?;
        }
        Ok(())
    }

    /// Opens a folder below the root; follows no link.
    fn folder(&self, path: &str, create: bool) -> std::io::Result<OwnedFd> {
        let mut at = self.root.try_clone()?;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            if create {
                match rustix::fs::mkdirat(&at, step, FOLDER) {
                    Ok(()) => {
                        let made = rustix::fs::openat(&at, step, folder_flags(), Mode::empty())?;
                        rustix::fs::fchmod(&made, FOLDER)?;
                    }
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            at = rustix::fs::openat(&at, step, folder_flags(), Mode::empty())?;
        }
        Ok(at)
    }

    fn shown(&self, path: &str) -> String {
        self.path.join(path).display().to_string()
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn manifest(paths: &[&str]) -> Manifest {
        Manifest(paths.iter().map(|path| ((*path).to_owned(), None)).collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn a_directory_with_foreign_files_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let foreign = folder.path().join("photos/summer.html");
        std::fs::create_dir(folder.path().join("photos")).expect("a folder");
        std::fs::write(&foreign, "mine").expect("written");
        let (known, refused) = Directory::open(folder.path()).expect("opened").claim().expect("readable");
        let refused = refused.expect("it is not ours");
        assert_eq!(known, Manifest::default());
        let path = folder.path().display();
        let message =
            "holds what no export wrote (photos/summer.html): name an empty directory, or remove that";
        assert_eq!(refused.to_string(), format!("{path} {message}"));
        // Neither does a file become ours by standing beside ours.
        std::fs::remove_file(&foreign).expect("removed");
        let directory = Directory::open(folder.path()).expect("opened");
        let tagged = |path: &str| (path.to_owned(), Some("tag".to_owned()));
        let written = Manifest(["index.html", "lost.html"].map(tagged).into());
        directory.write_manifest(&written).expect("written");
        directory.write("index.html", b"ours").expect("written");
        let (Manifest(claimed), refused) = directory.claim().expect("ours");
        assert!(refused.is_none());
        assert_eq!(claimed["index.html"].as_deref(), Some("tag"));
        assert_eq!(claimed["lost.html"], None, "somebody removed it");
        std::fs::create_dir_all(folder.path().join(".well-known/acme-challenge")).expect("a folder");
        std::fs::write(folder.path().join(".well-known/acme-challenge/x"), "theirs").expect("written");
        assert!(directory.claim().expect("ours").1.is_none(), "others may have that");
        std::fs::write(&foreign, "mine").expect("written");
        assert!(directory.claim().expect("readable").1.is_some(), "one of them is not ours");
        assert_eq!(std::fs::read_to_string(foreign).expect("there"), "mine");
    }

    #[test]
    fn what_an_interrupted_export_left_is_cleared_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = Directory::open(folder.path()).expect("opened");
        directory.write("history/2026-10.html", b"x").expect("written");
        let left = folder.path().join("history/.skerry-export-2026-11.html");
        std::fs::write(&left, "hal").expect("written");
        directory.write_manifest(&manifest(&["history/2026-10.html"])).expect("written");
        assert!(directory.claim().expect("ours").1.is_none());
        assert!(!left.exists());
    }

    #[test]
    fn links_lead_nowhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        let victim = outside.path().join("index.html");
        std::fs::write(&victim, "theirs").expect("written");
        let directory = Directory::open(folder.path()).expect("opened");
        symlink(outside.path(), folder.path().join("status")).expect("linked");
        symlink(&victim, folder.path().join("index.html")).expect("linked");
        directory.write("status/index.html", b"ours").expect_err("its folder is a link");
        directory.remove("status/index.html").expect_err("its folder is a link");
        directory.write("../index.html", b"ours").expect_err("it is outside");
        directory.write("index.html", b"ours").expect("the link is replaced");
        assert_eq!(std::fs::read_to_string(&victim).expect("there"), "theirs");
        assert_eq!(std::fs::read_to_string(folder.path().join("index.html")).expect("there"), "ours");
        let refused = directory.claim().expect("readable").1.expect("a link is foreign").to_string();
        assert!(refused.contains("(") && refused.contains("status"), "{refused}");
    }

    #[test]
    fn everybody_may_read_and_empty_folders_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("site");
        let directory = Directory::open(&root).expect("created");
        directory.write("status/shop/index.html", b"x").expect("written");
        directory.write("status/shop/history/2026-10.html", b"x").expect("written");
        let mode = |path: &str| root.join(path).metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode("status/shop/index.html"), mode("status/shop")), (0o644, 0o755));
        directory.remove("status/shop/history/2026-10.html").expect("removed");
        assert!(!root.join("status/shop/history").exists() && root.join("status/shop").exists());
        directory.remove("status/shop/index.html").expect("removed");
        assert!(!root.join("status").exists() && root.exists());
        directory.remove("status/shop/index.html").expect("it is gone already");
        directory.sync().expect("synced");
        let busy = Directory::open(&root).expect_err("one at a time").to_string();
        assert!(busy.starts_with("another export writes to"), "{busy}");
    }
}
