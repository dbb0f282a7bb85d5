//! The single writer. It steps each command, commits a group of them in one transaction, and only then answers and
//! informs the publisher. It sends nothing to the outside itself.

mod clock;
mod envelope;
mod health;
mod loaded;
mod log;
mod losses;
mod maintenance;
mod one_by_one;
mod problem_log;
mod snapshot;
mod time_faults;
mod writer;

pub use envelope::{Actor, Envelope, RequestId};
pub use health::{AgentCounts, Health};
pub use maintenance::Maintenance;
pub use snapshot::Snapshot;

use crate::clock::{Arrived, Clock, Moment, Standing, TimeSource};
use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use loaded::Loaded;
use losses::Losses;
use skerry_domain::state::{WorkspaceAgent, WorkspaceKey};
use skerry_domain::step::{Answer, Change, Record, RecordKind, Rejected, Report, When};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_store::{Store, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time_faults::TimeFaults;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};
use writer::Writer;

/// The greatest number of waiting commands.
const QUEUE: usize = 1_024;
/// Memory for waiting reports, KiB: small ones, large ones, and history.
const MEMORY: [usize; 3] = [16 << 10, 20 << 10, 32 << 10];
/// A report with more observations is history, unless all of them were made in the last [`RECENT`]. History waits in a
/// lane of its own, which other commands overtake.
const HISTORY: usize = 1_000;
/// The age up to which observations are recent, ms. An agent with many checks sends many observations after a short
/// delay. In the history lane its report would wait for one batch of every agent that drains.
const RECENT: i64 = 10 * SECOND;

/// Why a command was not carried out. It had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The command was rejected.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The rows of the command violate a constraint of the store: a fault of this program.
    #[error(
        "the database does not allow what this would store ({what}), by a fault of skerry-aggregator: its log tells of request {request}"
    )]
    Fault {
        /// The id of the request.
        request: String,
        /// The store's message. Agents do not see it.
        what: String,
    },
    /// Too many commands are waiting: try again later.
    #[error("too much is waiting to be written; try again in {retry_after} s")]
    Busy {
        /// When to try again, s.
        retry_after: u32,
    },
    /// The database cannot be written now.
    #[error("the database cannot be written now: {0}")]
    Unwritable(String),
    /// The program is stopping.
    #[error("the aggregator is stopping")]
    Stopping,
}

/// A resource that a command holds until it is carried out or refused.
pub type Held = Box<dyn Send>;

/// The receiver of the answer, and the resources that the command holds.
struct Reply {
    sender: oneshot::Sender<Result<Answer, CommandError>>,
    _held: Vec<Held>,
}

impl Reply {
    /// Sends the answer; the receiver may be gone.
    fn send(self, answer: Result<Answer, CommandError>) {
        let _ = self.sender.send(answer);
    }
}

enum Message {
    Command(Envelope, Reply),
    Maintenance(Maintenance, Sender<Result<usize, StoreError>>),
    /// Answered after the commit of its turn.
    Turn(Sender<()>),
    Stop,
}

/// The handle through which the rest of the program uses the engine.
#[derive(Clone, Debug)]
pub struct Engine {
    sender: Sender<Message>,
    history: Sender<Message>,
    snapshots: Arc<ArcSwap<Snapshot>>,
    under_pressure: Arc<AtomicBool>,
    health: Arc<Health>,
    clock: Arc<Mutex<Clock>>,
    /// One large report and one report of history are read at a time. A hundred at once would leave no CPU to serve
    /// requests, and a merely large one does not wait for the history of a fleet.
    reading: [Arc<Semaphore>; 2],
    /// Memory for waiting reports, KiB; see [`MEMORY`].
    memory: [Arc<Semaphore>; 3],
}

/// Changes for the publisher.
pub type Changed = Sender<Vec<(WorkspaceKey, Change)>>;

/// The engine's thread.
pub type Running = std::thread::JoinHandle<()>;

impl Engine {
    /// Loads the state and starts the writer's thread. Committed changes are sent to `changed`.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be read.
    pub fn start(store: Store, changed: Changed) -> Result<(Self, Running), StoreError> {
        Self::start_by(store, changed, TimeSource::Host)
    }

    /// As [`Engine::start`], with another time source.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_by(
        store: Store,
        changed: Changed,
        source: TimeSource,
    ) -> Result<(Self, Running), StoreError> {
        let Loaded { workspaces, mut clock, running_until } = Loaded::of(&store, source)?;
        let snapshot = Snapshot { workspaces: workspaces.clone(), commit: 0, at: clock.now() };
        let snapshots = Arc::new(ArcSwap::from_pointee(snapshot));
        let clock = Arc::new(Mutex::new(clock));
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        let (history, old) = crossbeam_channel::bounded(QUEUE);
        let health = Arc::new(Health::default());
        let writer = Writer {
            store,
            workspaces,
            clock: Arc::clone(&clock),
            receiver,
            history: old,
            changed,
            health: Arc::clone(&health),
            losses: Losses::default(),
            failed_at: None,
            time_faults: TimeFaults::default(),
            failure: String::new(),
            away_since: (running_until > Timestamp(0)).then_some(running_until),
            kept_clock: None,
            snapshots: Arc::clone(&snapshots),
            stored: true,
        };
        let running = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Unexpected(format!("no thread to give: {error}")))?;
        Ok((Self::of(sender, history, snapshots, health, clock), running))
    }

    fn of(
        sender: Sender<Message>,
        history: Sender<Message>,
        snapshots: Arc<ArcSwap<Snapshot>>,
        health: Arc<Health>,
        clock: Arc<Mutex<Clock>>,
    ) -> Self {
        Self {
            sender,
            history,
            snapshots,
            under_pressure: Arc::default(),
            health,
            clock,
            reading: [(); 2].map(|()| Arc::new(Semaphore::new(1))),
            memory: MEMORY.map(|size| Arc::new(Semaphore::new(size))),
        }
    }

    /// Carries a command out; returns after it is durable.
    ///
    /// # Errors
    /// [`CommandError`]; then it had no effect.
    pub async fn command(&self, command: impl Into<Envelope>) -> Result<Answer, CommandError> {
        self.command_holding(command, Vec::new()).await
    }

    /// The same for a command that holds resources meanwhile, even if the caller goes away.
    ///
    /// # Errors
    /// As [`Engine::command`].
    pub async fn command_holding(
        &self,
        command: impl Into<Envelope>,
        held: Vec<Held>,
    ) -> Result<Answer, CommandError> {
        let envelope = command.into();
        if envelope.report().is_some() && self.is_under_pressure() {
            return Err(CommandError::Busy { retry_after: 2 });
        }
        let (reply, mut answer) = oneshot::channel();
        let lane = if envelope.report().is_some_and(is_history) { &self.history } else { &self.sender };
        match lane.try_send(Message::Command(envelope, Reply { sender: reply, _held: held })) {
            Ok(()) if self.ended() => answer.try_recv().unwrap_or(Err(CommandError::Stopping)),
            Ok(()) => answer.await.unwrap_or(Err(CommandError::Stopping)),
            Err(TrySendError::Full(_)) => Err(CommandError::Busy { retry_after: 5 }),
            Err(TrySendError::Disconnected(_)) => Err(CommandError::Stopping),
        }
    }

    /// Whether the queue is under pressure: from 80 % until it is down to 60 %.
    fn is_under_pressure(&self) -> bool {
        let waiting = self.waiting();
        if waiting * 10 >= QUEUE * 8 {
            self.under_pressure.store(true, Ordering::Relaxed);
        } else if waiting * 10 <= QUEUE * 6 {
            self.under_pressure.store(false, Ordering::Relaxed);
        }
        self.under_pressure.load(Ordering::Relaxed)
    }

    fn wait_for<T>(&self, message: Message, take: &Receiver<T>) -> Result<T, CommandError> {
        self.sender.send(message).map_err(|_| CommandError::Stopping)?;
        if self.ended() {
            return take.try_recv().map_err(|_| CommandError::Stopping);
        }
        take.recv().map_err(|_| CommandError::Stopping)
    }

    /// Whether the writer has ended. Check this after sending: the writer answers or drops what was sent before its
    /// end; a later message stays in the channel and must not be waited for.
    fn ended(&self) -> bool {
        self.health.ended.load(Ordering::SeqCst)
    }

    /// Commits waiting commands and ends the thread. Waiting history is refused; its agents keep it.
    pub fn stop(&self) {
        let _ = self.sender.send(Message::Stop);
    }

    /// Waits for a turn to read a large report or history; the turn ends when the permit is dropped.
    ///
    /// # Errors
    /// Never: the turns are not closed.
    pub(crate) async fn read_permit(&self, history: bool) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.reading[usize::from(history)]).acquire_owned().await
    }

    /// Waits for memory for a large report of so many bytes, or for history.
    ///
    /// # Errors
    /// Never: the semaphore is not closed.
    pub(crate) async fn reserve(
        &self,
        bytes: usize,
        history: bool,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.memory[1 + usize::from(history)]).acquire_many_owned(kib(bytes)).await
    }

    /// Memory for a small report of so many bytes, if there is some now.
    pub(crate) fn reserve_small(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.memory[0]).try_acquire_many_owned(kib(bytes)).ok()
    }

    /// The aggregator's clock, on which everything is placed.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        read(&self.clock)
    }

    /// The current moment, independent of the time of day.
    #[must_use]
    pub(crate) fn moment(&self) -> Moment {
        lock(&self.clock).moment()
    }

    /// The time at that moment by present knowledge: a batch that is being read may improve it.
    pub(crate) fn at_moment(&self, moment: Moment) -> Timestamp {
        lock(&self.clock).at_moment(moment)
    }

    /// See [`Clock::arrived`].
    pub(crate) fn arrived(
        &self,
        agent: WorkspaceAgent,
        boot_id: &str,
        made: i64,
        arrived: Moment,
    ) -> Arrived {
        lock(&self.clock).arrived(agent, boot_id, made, arrived)
    }

    /// Records the time that an agent reported, and the boot of its host.
    pub fn note_time(&self, agent: WorkspaceAgent, said: Timestamp, boot_id: &str) {
        lock(&self.clock).note_time(agent, said, boot_id);
    }

    /// Records whether a time server synchronises this host's clock.
    pub fn note_kernel_sync(&self, kept: bool) {
        lock(&self.clock).note_kernel_sync(kept);
    }

    /// Whether asking others for the time would help.
    #[must_use]
    pub fn asks_for_time(&self) -> bool {
        lock(&self.clock).asks()
    }

    /// How reliable the clock is.
    #[must_use]
    pub fn clock_standing(&self) -> Standing {
        lock(&self.clock).standing()
    }

    /// Counters for operators.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The number of waiting commands.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.sender.len() + self.history.len()
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

fn is_history(report: &Report) -> bool {
    let oldest = report.records.iter().find_map(|record| match &record.kind {
        RecordKind::Observed { first, .. } => Some(first.when),
        RecordKind::Lost { .. } | RecordKind::Unknown => None,
    });
    let recent = match oldest {
        Some(When::ThisBoot(boot)) => report.boot_now.saturating_sub(boot) < RECENT,
        Some(When::EarlierBoot(_)) | None => false,
    };
    let weight = weight(report);
    weight > HISTORY && !(recent && weight <= writer::GROUP_OBSERVATIONS)
}

/// The number of observations in a report; folded ones are counted individually.
fn weight(report: &Report) -> usize {
    let of = |record: &Record| match record.kind {
        RecordKind::Observed { count, .. } => count.max(1) as usize,
        RecordKind::Lost { .. } | RecordKind::Unknown => 1,
    };
    report.records.iter().map(of).sum()
}

fn lock(clock: &Mutex<Clock>) -> MutexGuard<'_, Clock> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(clock: &Mutex<Clock>) -> Timestamp {
    lock(clock).now()
}

#[cfg(test)]
#[path = "engine/lanes_tests.rs"]
mod lanes_tests;
