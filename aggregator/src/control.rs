//! The control socket: what the command line changes goes to the running aggregator as commands, or, where none runs,
//! through an engine of its own. So the engine is the only one that writes.

mod client;
mod request;
mod server;

pub use client::carry_out;
pub use request::{Admission, AgentChange, Request};
pub use server::Control;

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Longest path that a socket's address holds, with the byte that ends it, bytes.
const LONGEST_PATH: usize = 108;

/// Where the socket of a database lies: beside it.
#[must_use]
pub fn socket_of(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".sock");
    database.with_file_name(name)
}

/// A path to a socket that its address can hold: of a long one its folder is opened, and it is reached through that.
struct Reach {
    path: PathBuf,
    _folder: Option<File>,
}

impl Reach {
    fn of(socket: &Path) -> std::io::Result<Self> {
        if socket.as_os_str().len() < LONGEST_PATH {
            return Ok(Self { path: socket.to_owned(), _folder: None });
        }
        let parent = socket.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = File::open(parent.unwrap_or(Path::new(".")))?;
        let name = socket.file_name().unwrap_or_default();
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        if path.as_os_str().len() >= LONGEST_PATH {
            let why =
                format!("{}: the name of the database is too long for a socket beside it", socket.display());
            return Err(Error::new(ErrorKind::InvalidFilename, why));
        }
        Ok(Self { path, _folder: Some(folder) })
    }
}
