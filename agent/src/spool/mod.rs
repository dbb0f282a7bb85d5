//! The durable queue between hysteresis and uplink, and the memory of hard states.
//!
//! - Records are committed as they come, those that came together in one commit (a kill loses nothing), and on
//!   the disk at once when one changed a hard state, else within a second. Only what is on the disk is ever
//!   handed out to be sent.
//! - It is forgotten only after its acknowledgement, or given up under a limit, and that leaves a loss.
//! - [`Spool::append`] never waits for the disk: it fills a bounded buffer that one thread empties.
//! - No damage of the file, and no full disk, stops the agent.

mod fault;
mod fold;
#[cfg(test)]
mod fold_tests;
mod inbox;
mod place;
pub(crate) mod row;
mod salvage;
mod store;
#[cfg(test)]
mod tests;
mod trim;
mod writer;

pub use place::last_epoch;

use crate::clock::{BootId, Clock, Moment};
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

/// Bounds of the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of records.
    pub max_bytes: u64,
    /// Oldest record kept.
    pub max_age: Duration,
    /// Free disk left to the host, bytes; a twentieth of the file system where that is less.
    pub reserve_bytes: u64,
    /// Most records held in memory while the disk does not take them.
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

/// One observation on its way into the spool.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of the check.
    pub check: Arc<str>,
    /// The boot it was seen in.
    pub boot: BootId,
    /// What was seen; its indices are not set yet.
    pub observation: wire::Observation,
    /// It changed the hard state, or whether it flaps.
    pub hard: bool,
    /// Interval of the check, ms.
    pub interval_ms: u32,
    /// What is now held to be true, where that changed in any part.
    pub standing: Option<Box<Standing>>,
}

/// What is held to be true of one check, as it survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of the check.
    pub check: Arc<str>,
    /// Hash of the definition it was seen with.
    pub definition: [u8; 16],
    /// The hard state and the runs towards the next.
    pub hysteresis: Hysteresis,
    /// Reason of the observation that last changed it.
    pub reason: Reason,
    /// Start of that observation.
    pub at: Moment,
}

/// A record as it comes out.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place in the epoch.
    pub sequence: u64,
    /// Name of the check; empty for a loss.
    pub check: String,
    /// The boot it was seen in; `None` for a loss.
    pub boot: Option<BootId>,
    /// What it says; its indices are not set.
    pub kind: Option<wire::record::Kind>,
}

impl Stored {
    /// The last sequence it stands for.
    #[must_use]
    pub fn through(&self) -> u64 {
        match &self.kind {
            Some(wire::record::Kind::Folded(folded)) => self.sequence.max(folded.through),
            _ => self.sequence,
        }
    }

    /// How many observations it stands for; 0 for a loss.
    fn weight(&self) -> u64 {
        match &self.kind {
            Some(wire::record::Kind::Observation(_)) => 1,
            Some(wire::record::Kind::Folded(folded)) => u64::from(folded.count),
            Some(wire::record::Kind::Lost(_)) | None => 0,
        }
    }

    /// Its age, ms; 0 for a loss.
    fn age_ms(&self, now: Moment) -> u64 {
        let first = match &self.kind {
            Some(wire::record::Kind::Observation(observation)) => observation,
            Some(wire::record::Kind::Folded(wire::Folded { first: Some(first), .. })) => first,
            _ => return 0,
        };
        let Some(boot) = self.boot else { return 0 };
        now.ms_since(&Moment { boot, boot_ms: first.boot_ms, wall_ms: first.wall_ms })
    }
}

/// The oldest records, of one epoch.
#[derive(Clone, Debug)]
pub struct Page {
    /// The spool they are of.
    pub epoch: [u8; 16],
    /// Everything of it up to here was acknowledged.
    pub acknowledged: u64,
    /// The spool that it replaces.
    pub former: Option<[u8; 16]>,
    /// The highest sequence ever given out; `None` where there is no disk to ask.
    pub issued: Option<u64>,
    /// Oldest first; empty when nothing waits.
    pub records: Vec<Stored>,
}

/// How the spool is.
#[derive(Clone, Debug, Default)]
pub struct SpoolStatus {
    /// Records waiting.
    pub depth: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Age of the oldest, ms.
    pub oldest_ms: u64,
    /// Records lost in this epoch and carried over from those before.
    pub lost: u64,
    /// Records set aside.
    pub set_aside: u64,
    /// Through which sequence everything was acknowledged.
    pub acknowledged: u64,
    /// The highest sequence given out.
    pub issued: u64,
    /// Wall clock of the last acknowledgement, ms.
    pub acknowledged_wall_ms: Option<i64>,
    /// Why the disk takes nothing, while that is so.
    pub trouble: Option<String>,
}

/// Records given up before they could be sent.
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

/// Ends the thread when the last handle is gone without [`Spool::close`].
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
    /// Opens the spool at `path`, makes it if need be, and starts the thread that writes it. Gives the hard
    /// states it remembers. A damaged one is set aside and what can be read of it kept; while the disk is
    /// full, fails or may not be written it begins in memory and keeps trying.
    ///
    /// # Errors
    /// The path names no file, or another agent uses it.
    pub fn open(path: &Path, limits: Limits, clock: Clock) -> anyhow::Result<(Self, Vec<Standing>)> {
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

    /// Takes one entry. Never waits for the disk; when memory is full the oldest routine entry is given up.
    pub fn append(&self, entry: Entry) {
        self.append_all([entry]);
    }

    /// The same for several, in their order: one commit takes them all.
    pub fn append_all(&self, entries: impl IntoIterator<Item = Entry>) {
        self.inbox.append_all(entries);
    }

    /// Tells whenever more is on the disk: the last sequence that is.
    #[must_use]
    pub fn synced(&self) -> watch::Receiver<u64> {
        self.synced.clone()
    }

    /// How it is now, at most about a second old.
    #[must_use]
    pub fn status(&self) -> SpoolStatus {
        self.status.borrow().clone()
    }

    /// The oldest records on the disk, at most `records` and about `bytes` of them. `None` while there is
    /// no disk to read from.
    pub async fn read(&self, records: usize, bytes: usize) -> Option<Page> {
        let (answer, page) = oneshot::channel();
        self.inbox.command(Command::Read { records, bytes, answer });
        page.await.ok().flatten()
    }

    /// Forgets everything of `epoch` up to `sequence`.
    pub fn acknowledge(&self, epoch: [u8; 16], sequence: u64) {
        self.inbox.command(Command::Acknowledge { epoch, sequence });
    }

    /// Takes one record out of the queue for good, keeping it for a person to look at.
    pub fn set_aside(&self, epoch: [u8; 16], sequence: u64) {
        self.inbox.command(Command::SetAside { epoch, sequence });
    }

    /// Begins a new epoch with what waits: the aggregator has more of `epoch` than was ever made here, or other
    /// records under the same sequences.
    pub fn begin_anew(&self, epoch: [u8; 16], through: u64) {
        self.inbox.command(Command::BeginAnew { epoch, through });
    }

    /// Forgets the hard states of all other checks.
    pub fn keep_states_of(&self, names: HashSet<String>) {
        self.inbox.command(Command::KeepStatesOf(names));
    }

    /// Waits until everything taken so far is on the disk, or could not be put there.
    pub async fn flush(&self) {
        let (answer, done) = oneshot::channel();
        self.inbox.command(Command::Flush(answer));
        let _ = done.await;
    }

    /// Waits for a turn of the thread. `None`: it has ended.
    pub async fn turn(&self) -> Option<()> {
        let (answer, turned) = oneshot::channel();
        self.inbox.command(Command::Turn(answer));
        turned.await.ok()
    }

    /// Writes what is left, puts it on the disk and ends the thread.
    pub async fn close(&self) {
        let (answer, done) = oneshot::channel();
        self.inbox.command(Command::Close(answer));
        let _ = done.await;
    }
}

/// What a spool file says, read beside a running agent.
#[derive(Clone, Debug)]
pub struct Peek {
    /// Depth, age, losses, last acknowledgement; whether this process could write it.
    pub status: SpoolStatus,
    /// What is held to be true of each check.
    pub states: Vec<Standing>,
}

/// Reads the spool at `path` without changing it.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn peek(path: &Path, clock: Clock) -> anyhow::Result<Peek> {
    let trouble = place::hindrance(path);
    if !path.exists() {
        let why = trouble.as_deref().unwrap_or("has the agent run?");
        anyhow::bail!("there is no spool at {}; {why}", path.display());
    }
    let read = match (store::peek(path), &trouble) {
        // SQLite reads no log beside which it may not write.
        (Err(_), Some(_)) => salvage::peek(path).map_err(fault::Fault::from),
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
    Ok(Peek { status, states })
}

/// Reads the whole spool at `path` and says whether its file is sound. Changes nothing.
///
/// # Errors
/// It is damaged or cannot be read.
pub fn check(path: &Path) -> anyhow::Result<()> {
    store::check(path).map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))
}
