//! The control socket. Changes from the command line go to the running aggregator as commands, or through an engine of
//! their own if none runs. So only an engine ever writes.

mod agents;
mod announcements;
mod client;
mod components;
mod consequences;
mod corrections;
mod deliveries;
mod execute;
mod incidents;
mod left_behind;
pub mod lookup;
mod maintenance;
mod pages;
mod problems;
mod request;
mod rescheduled;
mod series;
mod server;
mod subscribers;
mod templates;
mod tokens;

pub use agents::{Admission, AgentChange};
pub use announcements::{AnnouncementRequest, ChangeAnnouncement, CreateAnnouncement};
pub use client::{carry_out, carry_out_all};
pub use components::ComponentRequest;
pub use corrections::CorrectionRequest;
pub use deliveries::{DeliveryRequest, NoticesOf};
pub use incidents::{IncidentEdit, IncidentRequest, NamedComponent, OpenIncident, UpdateIncident};
pub use maintenance::{End, MaintenanceRequest, PlanWindow, WindowEdit};
pub use pages::PageRequest;
pub use problems::ProblemRequest;
pub use request::{Done, NOW, Request};
pub use rescheduled::ChangeWindow;
pub use series::SeriesEdit;
pub use server::Control;
pub use subscribers::{AddSubscriber, Address, ImportLine, SubscriberRequest, counts};
pub use templates::{AddTemplate, TemplateRequest};
pub use tokens::TokenRequest;

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// The longest path in a socket address, with the terminating byte, bytes.
const LONGEST_PATH: usize = 108;

/// The path of the control socket: beside the database.
#[must_use]
pub fn socket_of(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".sock");
    database.with_file_name(name)
}

/// A path to a socket that fits into an address. For a long path the folder is opened, and the socket is reached
/// through its descriptor.
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
