//! The durable queue between hysteresis and uplink, and the storage of hard states.
//!
//! - Records are committed as they arrive, those that arrive together in one commit, so a kill loses nothing.
//!   They are synced at once if one changed a hard state, otherwise within a second. Only synced records are
//!   handed out to be sent.
//! - A record is deleted only after its acknowledgement, or dropped under a limit, which is recorded as a
//!   loss.
//! - [`Spool::append`] never waits for the disk: it fills a bounded buffer that one thread drains.
//! - Neither a damaged file nor a full disk stops the agent.

mod fault;
mod fold;
#[cfg(test)]
mod fold_tests;
mod inbox;
mod lock;
pub(crate) mod row;
mod salvage;
mod store;
#[cfg(test)]
mod tests;
mod trim;
mod writer;

pub use lock::last_epoch;

use crate::clock::{BootId, Clock, ClockReading};
use crate::hysteresis::Hysteresis;
use anyhow::Context;
use row::RecordRow;

use inbox::{Command, Inbox};
use skerry_protocol::wire::{self, Reason};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Limits of the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of the records, bytes.
    pub max_bytes: u64,
    /// Maximum age of a record.
    pub max_age: Duration,
    /// Free disk space to leave to the host, bytes; one twentieth of the file system if that is less.
    pub reserve_bytes: u64,
    /// Maximum number of records held in memory while the disk fails.
    pub memory_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_age: Duration::from_secs(7 * 86_400),
            reserve_bytes: 256 << 20,
            memory_records: 40_000,
        }
    }
}

/// One observation to append.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Check name.
    pub check: Arc<str>,
    /// The boot of the observation.
    pub boot: BootId,
    /// The observation; its indices are not set yet.
    pub observation: wire::Observation,
    /// Whether it changed the hard state or flapping.
    pub hard: bool,
    /// Interval of the check, ms.
    pub interval_ms: u32,
    /// The new state of the check, if any part of it changed.
    pub state: Option<Box<SavedState>>,
}

/// The state of one check that survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// Check name.
    pub check: Arc<str>,
    /// Hash of the definition that it belongs to.
    pub definition: [u8; 16],
    /// Hard state and runs.
    pub hysteresis: Hysteresis,
    /// Reason of the observation that last changed it.
    pub reason: Reason,
    /// Start of that observation.
    pub at: ClockReading,
}

/// A record as read from the spool.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Sequence in its epoch.
    pub sequence: u64,
    /// Check name; empty for a loss.
    pub check: String,
    /// The boot of the observation; `None` for a loss.
    pub boot: Option<BootId>,
    /// Content; its indices are not set.
    pub kind: Option<wire::record::Kind>,
}

impl Stored {
    /// The last sequence that the record covers.
    #[must_use]
    pub fn through(&self) -> u64 {
        match &self.kind {
            Some(wire::record::Kind::Folded(folded)) => self.sequence.max(folded.through),
            _ => self.sequence,
        }
    }

    /// Number of observations it covers; 0 for a loss.
    fn weight(&self) -> u64 {
        match &self.kind {
            Some(wire::record::Kind::Observation(_)) => 1,
            Some(wire::record::Kind::Folded(folded)) => u64::from(folded.count),
            Some(wire::record::Kind::Lost(_)) | None => 0,
        }
    }

    /// Age, ms; 0 for a loss.
    fn age_ms(&self, now: ClockReading) -> u64 {
        let first = match &self.kind {
            Some(wire::record::Kind::Observation(observation)) => observation,
            Some(wire::record::Kind::Folded(wire::Folded { first: Some(first), .. })) => first,
            _ => return 0,
        };
        let Some(boot) = self.boot else { return 0 };
        now.ms_since(&ClockReading { boot, boot_ms: first.boot_ms, wall_ms: first.wall_ms })
    }
}

/// The oldest records of one epoch.
#[derive(Clone, Debug)]
pub struct Page {
    /// Epoch of the spool.
    pub epoch: [u8; 16],
    /// Everything up to here was acknowledged.
    pub acknowledged: u64,
    /// The epoch that this one replaces.
    pub former: Option<[u8; 16]>,
    /// The highest sequence ever assigned; `None` without a disk.
    pub issued: Option<u64>,
    /// Oldest first; empty if nothing waits.
    pub records: Vec<Stored>,
}

/// Status of the spool.
#[derive(Clone, Debug, Default)]
pub struct SpoolStatus {
    /// Number of waiting records.
    pub depth: u64,
    /// Size of the waiting records, bytes.
    pub bytes: u64,
    /// Age of the oldest waiting record, ms.
    pub oldest_ms: u64,
    /// Records lost in this epoch and carried over from earlier ones.
    pub lost: u64,
    /// Records set aside.
    pub set_aside: u64,
    /// Everything up to this sequence was acknowledged.
    pub acknowledged: u64,
    /// The highest sequence assigned.
    pub issued: u64,
    /// Wall clock of the last acknowledgement, ms.
    pub acknowledged_wall_ms: Option<i64>,
    /// Why the disk cannot be written, while that is so.
    pub trouble: Option<String>,
}

/// Records dropped before they were sent.
#[derive(Clone, Debug, Default)]
struct Lost {
    count: u64,
    why: String,
    from_wall_ms: Option<i64>,
    to_wall_ms: Option<i64>,
}

impl Lost {
    fn span(&mut self, from: i64, to: i64) {
        self.from_wall_ms = Some(self.from_wall_ms.map_or(from, |known| known.min(from)));
        self.to_wall_ms = Some(self.to_wall_ms.map_or(to, |known| known.max(to)));
    }

    fn add(&mut self, row: &RecordRow) {
        if let Some(wire::record::Kind::Lost(lost)) = &row.kind {
            self.count += lost.count;
            if let (Some(from), Some(to)) = (lost.from_wall_ms, lost.to_wall_ms) {
                self.span(from, to);
            }
        } else {
            self.count += row.weight();
            self.span(row.wall_ms(), row.wall_ms());
        }
    }

    fn record(&self) -> wire::Lost {
        wire::Lost {
            count: self.count,
            why: self.why.clone(),
            from_wall_ms: self.from_wall_ms,
            to_wall_ms: self.to_wall_ms,
        }
    }
}

/// Handle of the spool; cheap to clone.
#[derive(Clone, Debug)]
pub struct Spool {
    inbox: Arc<CloseWhenDropped>,
    synced: watch::Receiver<u64>,
    status: watch::Receiver<SpoolStatus>,
}

/// Stops the thread when the last handle is dropped without [`Spool::close`].
#[derive(Debug)]
struct CloseWhenDropped(Arc<Inbox>);

impl Drop for CloseWhenDropped {
    fn drop(&mut self) {
        self.0.command(Command::Close(oneshot::channel().0));
    }
}

impl std::ops::Deref for CloseWhenDropped {
    type Target = Inbox;

    fn deref(&self) -> &Inbox {
        &self.0
    }
}

impl Spool {
    /// Opens or creates the spool at `path`, starts its writer thread and returns the stored states. A
    /// damaged spool is set aside and its readable records are kept. While the disk is full, failing or
    /// read-only the spool works in memory and keeps trying.
    ///
    /// # Errors
    /// The path is not a file name, or another agent uses the spool.
    pub fn open(path: &Path, limits: Limits, clock: Clock) -> anyhow::Result<(Self, Vec<SavedState>)> {
        let (writer, states) = writer::Writer::open(path, limits, clock)
            .map_err(|fault| anyhow::anyhow!("cannot open the spool {}: {fault}", path.display()))?;
        let inbox = Arc::new(CloseWhenDropped(writer.inbox()));
        let spool = Self { inbox, synced: writer.synced(), status: writer.status() };
        std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || writer.run())
            .context("cannot start the thread of the spool")?;
        Ok((spool, states))
    }

    /// Appends one entry. Never waits for the disk; if memory is full the oldest routine entry is dropped.
    pub fn append(&self, entry: Entry) {
        self.append_all([entry]);
    }

    /// Appends several entries in order; one commit covers them all.
    pub fn append_all(&self, entries: impl IntoIterator<Item = Entry>) {
        self.inbox.append_all(entries);
    }

    /// Notifies when more records are synced; the value is the last synced sequence.
    #[must_use]
    pub fn synced(&self) -> watch::Receiver<u64> {
        self.synced.clone()
    }

    /// The present status, at most about a second old.
    #[must_use]
    pub fn status(&self) -> SpoolStatus {
        self.status.borrow().clone()
    }

    /// Reads the oldest synced records, at most `records` and about `bytes`. `None` while there is no disk to
    /// read from.
    pub async fn read(&self, records: usize, bytes: usize) -> Option<Page> {
        let (answer, page) = oneshot::channel();
        self.inbox.command(Command::Read { records, bytes, answer });
        page.await.ok().flatten()
    }

    /// Deletes everything of `epoch` up to `sequence`.
    pub fn acknowledge(&self, epoch: [u8; 16], sequence: u64) {
        self.inbox.command(Command::Acknowledge { epoch, sequence });
    }

    /// Removes one record from the queue and keeps it for a person to look at.
    pub fn set_aside(&self, epoch: [u8; 16], sequence: u64) {
        self.inbox.command(Command::SetAside { epoch, sequence });
    }

    /// Starts a new epoch with the waiting records: the aggregator has more of `epoch` than was ever made
    /// here, or other records under the same sequences.
    pub fn start_new_epoch(&self, epoch: [u8; 16], through: u64) {
        self.inbox.command(Command::StartNewEpoch { epoch, through });
    }

    /// Deletes the states of all other checks.
    pub fn keep_states_of(&self, names: HashSet<String>) {
        self.inbox.command(Command::KeepStatesOf(names));
    }

    /// Waits until everything appended so far is synced or could not be written.
    pub async fn flush(&self) {
        let (answer, done) = oneshot::channel();
        self.inbox.command(Command::Flush(answer));
        let _ = done.await;
    }

    /// Waits until the thread responds. `None`: it has ended.
    pub async fn ping(&self) -> Option<()> {
        let (answer, turned) = oneshot::channel();
        self.inbox.command(Command::Ping(answer));
        turned.await.ok()
    }

    /// Writes and syncs what is left and ends the thread.
    pub async fn close(&self) {
        let (answer, done) = oneshot::channel();
        self.inbox.command(Command::Close(answer));
        let _ = done.await;
    }
}

/// The content of a spool file, read while the agent may be running.
#[derive(Clone, Debug)]
pub struct SpoolContents {
    /// Depth, age, losses, last acknowledgement, and whether this process could write the spool.
    pub status: SpoolStatus,
    /// The state of each check.
    pub states: Vec<SavedState>,
}

/// Reads the spool at `path` without changing it.
///
/// # Errors
/// The spool does not exist or cannot be read.
pub fn inspect(path: &Path, clock: Clock) -> anyhow::Result<SpoolContents> {
    let trouble = lock::write_obstacle(path);
    if !path.exists() {
        let why = trouble.as_deref().unwrap_or("has the agent run?");
        anyhow::bail!("there is no spool at {}; {why}", path.display());
    }
    let read = match (store::inspect(path), &trouble) {
        // SQLite reads no log if it cannot write beside it.
        (Err(_), Some(_)) => salvage::inspect(path).map_err(fault::Fault::from),
        (read, _) => read,
    };
    let (about, states, depth, oldest) =
        read.map_err(|fault| anyhow::anyhow!("cannot read {}: {fault}", path.display()))?;
    let status = SpoolStatus {
        depth,
        bytes: 0,
        oldest_ms: oldest.map_or(0, |oldest| oldest.age_ms(clock.now())),
        lost: about.lost,
        set_aside: about.set_aside,
        acknowledged: about.acknowledged,
        issued: about.issued,
        acknowledged_wall_ms: (about.acknowledged_wall_ms != 0).then_some(about.acknowledged_wall_ms),
        trouble,
    };
    Ok(SpoolContents { status, states })
}

/// Reads the whole spool at `path` and checks its integrity. Changes nothing.
///
/// # Errors
/// The spool is damaged or cannot be read.
pub fn check(path: &Path) -> anyhow::Result<()> {
    store::check(path).map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))
}
