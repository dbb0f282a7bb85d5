//! Root writes into folders of other users with their rights. A user may plant a link at the path of any file
//! there, and root would follow it. So root takes the user's rights while it writes, and the files belong to
//! that user.

use rustix::fs::{Gid, Uid};
use rustix::process::{geteuid, getgroups};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Maximum number of links followed on one path.
const MOST_LINKS: u32 = 40;

/// While it exists, this thread and those it starts have the rights of another user.
#[derive(Debug)]
#[must_use = "the rights are root's again when it is dropped"]
pub struct Lowered {
    /// Root's own groups; `None` if nothing was lowered.
    groups: Option<Vec<Gid>>,
}

/// If this is root, takes the rights of the first user on the path who could plant a link.
///
/// # Errors
/// The path cannot be examined, or the system refuses.
pub fn lower_for(path: &Path) -> Result<Lowered> {
    let other = if geteuid().is_root() { first_other(path)? } else { None };
    let Some((uid, gid)) = other else { return Ok(Lowered { groups: None }) };
    // If anything fails below, root's rights are restored.
    let lowered = Lowered { groups: Some(getgroups()?) };
    let gid = Gid::from_raw(gid);
    set_thread_groups(&[gid])?;
    set_thread_res_gid(None, gid, None)?;
    set_thread_res_uid(None, Uid::from_raw(uid), None)?;
    Ok(lowered)
}

impl Drop for Lowered {
    fn drop(&mut self) {
        let Some(groups) = self.groups.take() else { return };
        let again = set_thread_res_uid(None, Uid::ROOT, None)
            .and_then(|()| set_thread_res_gid(None, Gid::ROOT, None))
            .and_then(|()| set_thread_groups(&groups));
        if let Err(error) = again {
            tracing::error!("cannot take back root's own rights: {error}");
        }
    }
}

/// User and group of the first folder or link on the path that is not root's. Follows links that root created
/// in its own folders. `None`: only root can change the path.
fn first_other(path: &Path) -> Result<Option<(u32, u32)>> {
    let mut way: Vec<OsString> = reversed(&std::path::absolute(path)?);
    let (mut at, mut links) = (PathBuf::from("/"), 0);
    while let Some(step) = way.pop() {
        if step == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&step);
        let found = match next.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let link = found.file_type().is_symlink();
        if found.uid() != 0 && (link || found.is_dir()) {
            return Ok(Some((found.uid(), found.gid())));
        }
        if link {
            links += 1;
            if links > MOST_LINKS {
                return Err(Error::other(format!("{}: too many links", path.display())));
            }
            let target = next.read_link()?;
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            way.extend(reversed(&target));
        } else {
            at = next;
        }
    }
    Ok(None)
}

/// The components of a path, the last one first.
fn reversed(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter_map(|step| match step {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let mut steps: Vec<_> = steps.collect();
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{chown, symlink};

    /// Whether a test that needs root can run; if not, prints the skip in the format that `tests/run` counts.
    fn is_root() -> bool {
        use std::io::Write;
        if !geteuid().is_root() {
            let test = std::thread::current().name().unwrap_or("main").to_owned();
            let _ = writeln!(std::io::stderr(), "skipped: {test}: it needs root");
        }
        geteuid().is_root()
    }

    #[test]
    fn the_first_user_who_could_put_something_in_the_way_is_found() {
        if !is_root() {
            return;
        }
        let folder = tempfile::TempDir::new().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for made in ["own", "theirs/deep", "elsewhere/far"] {
            std::fs::create_dir_all(at(made)).expect("made");
        }
        for theirs in ["theirs", "elsewhere"] {
            chown(at(theirs), Some(12_345), Some(12_346)).expect("root may");
        }
        symlink("../own", at("theirs/link")).expect("linked");
        symlink(at("elsewhere"), at("own/link")).expect("linked");
        let other = Some((12_345, 12_346));
        for (path, expected) in [
            ("own/token", None),
            ("own/missing/token", None),
            ("theirs/token", other),
            ("theirs/deep/token", other),
            ("theirs/link/token", other),
            ("own/link/far/token", other),
            ("own/../theirs/token", other),
        ] {
            assert_eq!(first_other(&at(path)).expect("looks"), expected, "{path}");
        }
        let lowered = lower_for(&at("theirs/token")).expect("lowers");
        assert!(!geteuid().is_root());
        drop(lowered);
        assert!(geteuid().is_root());
    }
}
