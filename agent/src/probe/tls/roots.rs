//! The authorities that this host trusts, and whether their files have changed since they were read.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

/// Path, length and modification time of a file; of a directory, also of its entries.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The certificates in the host's files.
pub(super) struct Roots {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    stamp: Stamp,
}

impl Roots {
    pub(super) fn read() -> Self {
        // Stamped before reading, so a change meanwhile causes another read.
        let stamp = stamp();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "some of the system's trusted authorities cannot be read");
        }
        Self { certificates: found.certs, stamp }
    }

    /// Reads again if the files have changed.
    pub(super) fn read_if_changed(&self) -> Option<Self> {
        (stamp() != self.stamp).then(Self::read)
    }
}

/// Covers every location where authorities may be kept.
fn stamp() -> Stamp {
    let places = openssl_probe::probe();
    let mut stamp: Stamp = places.cert_file.iter().map(|file| of_file(file)).collect();
    for folder in &places.cert_dir {
        stamp.push(of_file(folder));
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Stamp = entries.map(|entry| of_file(&entry.path())).collect();
        files.sort_unstable();
        stamp.append(&mut files);
    }
    stamp
}

fn of_file(path: &Path) -> (PathBuf, u64, Option<SystemTime>) {
    let metadata = path.metadata().ok();
    let (length, modified) = metadata.map_or((0, None), |file| (file.len(), file.modified().ok()));
    (path.to_owned(), length, modified)
}
