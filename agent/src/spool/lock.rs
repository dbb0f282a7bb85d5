//! The folder and the lock of the spool, and what prevents writing there. None of these errors stops the
//! agent: it keeps trying.

use super::fault::Fault;
use super::salvage::beside;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Creates the folder if necessary and takes the lock, which is held as long as the file is open: two agents
/// on one spool would send the same sequence twice.
pub(super) fn acquire_lock(path: &Path) -> Result<File, Fault> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    let lock = open_lock(&beside(path, ".lock"))?;
    match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(Fault::Refused("another agent uses the spool".to_owned())),
        Err(error) => Err(Error::from(error).into()),
        Ok(()) => Ok(lock),
    }
}

/// The epoch of the spool last opened at `path`. Stored in the lock file, so it outlives the spool.
#[must_use]
pub fn last_epoch(path: &Path) -> Option<[u8; 16]> {
    let mut bytes = Vec::new();
    File::open(beside(path, ".lock")).ok()?.take(17).read_to_end(&mut bytes).ok()?;
    bytes.try_into().ok()
}

/// Stores the epoch. If that fails, an agent that loses its spool waits until the aggregator accepts a new
/// epoch.
pub(super) fn keep_epoch(path: &Path, epoch: [u8; 16]) {
    if last_epoch(path) != Some(epoch)
        && let Err(error) = std::fs::write(beside(path, ".lock"), epoch)
    {
        tracing::debug!(%error, "the epoch of the spool is not kept beside it");
    }
}

/// On a disk that is read-only for now, an existing lock file is enough.
fn open_lock(path: &Path) -> Result<File, Error> {
    let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    match made {
        Err(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => {
            File::open(path).map_err(|_| error)
        }
        made => made,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What prevents this process from writing the spool at `path`, with a remedy; `None` if nothing permanent
/// does.
pub(super) fn write_obstacle(path: &Path) -> Option<String> {
    let folder = folder_of(path).ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    [path, folder].into_iter().find_map(|place| match access(place, Access::WRITE_OK) {
        Err(Errno::ROFS) => Some(format!(
            "the file system of {} is mounted read-only: mount it for writing; a kernel that found errors says so \
             in dmesg",
            folder.display()
        )),
        Err(Errno::ACCESS) => Some(format!(
            "this user may not write {}: give it to the user that runs the agent (chown)",
            place.display()
        )),
        _ => None,
    })
}
