//! The one writer. Commands come in, each is stepped, all of a group are committed in one transaction,
//! and only then answers leave and the publisher hears of it. Sends nothing to the outside itself.

use crate::clock::Clock;
use crate::domain::state::State;
use crate::domain::step::{Answer, Change, Command, step};
use crate::domain::time::{SECOND, Timestamp};
use crate::store::{Store, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Commands that may wait.
const QUEUE: usize = 1_024;
/// Commands committed together at most.
const GROUP: usize = 256;
/// Between two turns, ms, beyond which it is we who were away: that is not silence of any agent.
const PAUSE: i64 = 5 * SECOND;
/// After a failed commit, how long before writing is tried again.
const RETRY_WRITE: Duration = Duration::from_secs(1);

/// Why a command was not carried out. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More is waiting than can be written: come back after these seconds.
    #[error("too much is waiting to be written; try again in {retry_after} s")]
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// The database cannot be written now.
    #[error("the database cannot be written now: {0}")]
    Unwritable(String),
    /// The program is stopping.
    #[error("the aggregator is stopping")]
    Stopping,
}

type Reply = oneshot::Sender<Result<Answer, Refused>>;
type Look = Box<dyn FnOnce(&State, Timestamp) + Send>;

enum Message {
    Command(Command, Reply),
    Look(Look),
    Stop,
}

/// What the engine tells of itself to operators.
#[derive(Debug, Default)]
pub struct Health {
    /// Commands committed.
    pub commands: AtomicU64,
    /// Raw observations committed.
    pub observations: AtomicU64,
    /// Hard transitions committed.
    pub transitions: AtomicU64,
    /// Groups committed.
    pub commits: AtomicU64,
    /// Commits that failed.
    pub failed_commits: AtomicU64,
    /// Time spent committing, µs.
    pub commit_us: AtomicU64,
    /// Writing fails at present.
    pub unwritable: AtomicBool,
    /// Our clock at the last turn of the loop, ms.
    pub turned_at: AtomicI64,
    /// The writer is gone.
    ended: AtomicBool,
}

/// How the rest of the program reaches the engine.
#[derive(Clone, Debug)]
pub struct Engine {
    sender: Sender<Message>,
    pressed: Arc<AtomicBool>,
    health: Arc<Health>,
    clock: Arc<Mutex<Clock>>,
}

/// What the publisher has to look at again.
pub type Changed = Sender<Vec<Change>>;

/// The engine's thread.
pub type Running = std::thread::JoinHandle<()>;

impl Engine {
    /// Loads the state and starts the writer's thread. Changes that visitors may see go to `changed`.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be read.
    pub fn start(store: Store, changed: Changed) -> Result<(Self, Running), StoreError> {
        let mut state = load(&store, Timestamp(0))?;
        let mut clock = Clock::start(state.clock);
        state.ready_at = clock.now();
        let clock = Arc::new(Mutex::new(clock));
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        let health = Arc::new(Health::default());
        let writer = Writer {
            store,
            state,
            clock: Arc::clone(&clock),
            receiver,
            changed,
            health: Arc::clone(&health),
            failed_at: None,
        };
        let running = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Strange(format!("no thread to give: {error}")))?;
        Ok((Self { sender, pressed: Arc::default(), health, clock }, running))
    }

    /// Carries a command out; returns after it is durable.
    ///
    /// # Errors
    /// [`Refused`]; then it had no effect.
    pub async fn command(&self, command: Command) -> Result<Answer, Refused> {
        if matches!(command, Command::Report(_)) && self.pressed() {
            return Err(Refused::Busy { retry_after: 2 });
        }
        let (reply, mut answer) = oneshot::channel();
        match self.sender.try_send(Message::Command(command, reply)) {
            Ok(()) if self.ended() => answer.try_recv().unwrap_or(Err(Refused::Stopping)),
            Ok(()) => answer.await.unwrap_or(Err(Refused::Stopping)),
            Err(TrySendError::Full(_)) => Err(Refused::Busy { retry_after: 5 }),
            Err(TrySendError::Disconnected(_)) => Err(Refused::Stopping),
        }
    }

    /// From 80 % of the queue until it is down to 60 %.
    fn pressed(&self) -> bool {
        let waiting = self.sender.len();
        if waiting * 10 >= QUEUE * 8 {
            self.pressed.store(true, Ordering::Relaxed);
        } else if waiting * 10 <= QUEUE * 6 {
            self.pressed.store(false, Ordering::Relaxed);
        }
        self.pressed.load(Ordering::Relaxed)
    }

    /// Looks at the state between two groups. Blocks the calling thread, not a runtime's.
    ///
    /// # Errors
    /// [`Refused::Stopping`].
    pub fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (give, take) = crossbeam_channel::bounded(1);
        let look: Look = Box::new(move |state, now| {
            let _ = give.send(look(state, now));
        });
        self.sender.send(Message::Look(look)).map_err(|_| Refused::Stopping)?;
        if self.ended() {
            return take.try_recv().map_err(|_| Refused::Stopping);
        }
        take.recv().map_err(|_| Refused::Stopping)
    }

    /// The writer is gone. Asked after a message was sent: what was sent before it went is answered or
    /// dropped by it, what is sent later stays in the channel and nobody may wait for it.
    fn ended(&self) -> bool {
        self.health.ended.load(Ordering::SeqCst)
    }

    /// As [`Engine::look`], for async callers.
    ///
    /// # Errors
    /// [`Refused::Stopping`].
    pub async fn look_async<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let engine = self.clone();
        tokio::task::spawn_blocking(move || engine.look(look)).await.unwrap_or(Err(Refused::Stopping))
    }

    /// Commits what waits and ends the thread.
    pub fn stop(&self) {
        let _ = self.sender.send(Message::Stop);
    }

    /// Our own clock, which everything is placed on.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        read(&self.clock)
    }

    /// What it tells of itself.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Commands waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.sender.len()
    }
}

fn read(clock: &Mutex<Clock>) -> Timestamp {
    clock.lock().unwrap_or_else(PoisonError::into_inner).now()
}

fn load(store: &Store, ready_at: Timestamp) -> Result<State, StoreError> {
    let mut state = store.load(ready_at)?;
    state.clock = state.agents.values().filter_map(|agent| agent.last_seen).max().unwrap_or_default();
    Ok(state)
}

struct Writer {
    store: Store,
    state: State,
    clock: Arc<Mutex<Clock>>,
    receiver: Receiver<Message>,
    changed: Changed,
    health: Arc<Health>,
    failed_at: Option<Instant>,
}

impl Drop for Writer {
    /// The channel keeps what nobody received as long as there are senders: those who wait are let go.
    fn drop(&mut self) {
        self.health.ended.store(true, Ordering::SeqCst);
        self.receiver.try_iter().for_each(drop);
    }
}

impl Writer {
    fn run(mut self) {
        let second = Duration::from_secs(1);
        let mut next_tick = Instant::now();
        loop {
            let first = match self.receiver.recv_deadline(next_tick) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let tick = Instant::now() >= next_tick;
            if tick {
                next_tick = Instant::now() + second;
            }
            let waiting = self.receiver.try_iter().take(GROUP).collect::<Vec<_>>();
            if self.turn(first.into_iter().chain(waiting), tick) {
                return;
            }
        }
    }

    /// One group. Returns whether to stop after it.
    fn turn(&mut self, messages: impl Iterator<Item = Message>, tick: bool) -> bool {
        let now = read(&self.clock);
        let turned_at = Timestamp(self.health.turned_at.swap(now.0, Ordering::Relaxed));
        if now - turned_at > PAUSE {
            // Asleep, stopped, held up by the disk, or the clock was put forward: reports wait unread.
            self.state.ready_at = now;
        }
        self.try_again();
        let mut answers: Vec<(Reply, Answer)> = Vec::new();
        let mut changes = Vec::new();
        let mut looks = Vec::new();
        let mut stop = false;
        for message in messages {
            match message {
                Message::Command(_, reply) if self.failed_at.is_some() => {
                    let _ = reply.send(Err(Refused::Unwritable("a write failed a moment ago".to_owned())));
                }
                Message::Command(command, reply) => {
                    let stepped = step(&mut self.state, command, now);
                    changes.extend(stepped.changes);
                    answers.push((reply, stepped.answer));
                }
                Message::Look(look) => looks.push(look),
                Message::Stop => stop = true,
            }
        }
        if tick {
            changes.extend(step(&mut self.state, Command::Tick, now).changes);
        }
        self.commit(answers, changes, now);
        for look in looks {
            look(&self.state, now.max(self.state.clock));
        }
        stop
    }

    fn commit(&mut self, answers: Vec<(Reply, Answer)>, changes: Vec<Change>, now: Timestamp) {
        // While writing fails, time still passes for the page; those changes are made again after the reload.
        let written = if self.failed_at.is_some() {
            Ok(())
        } else {
            let begun = Instant::now();
            let written = self.store.commit(&self.state, &changes, now);
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.health.commit_us.fetch_add(took, Ordering::Relaxed);
            written
        };
        match written {
            Ok(()) => {
                self.health.commits.fetch_add(u64::from(!changes.is_empty()), Ordering::Relaxed);
                self.health.commands.fetch_add(answers.len() as u64, Ordering::Relaxed);
                for (reply, answer) in answers {
                    let _ = reply.send(Ok(answer));
                }
                self.tell(changes);
            }
            Err(error) => self.failed(&error, answers),
        }
    }

    fn failed(&mut self, error: &StoreError, answers: Vec<(Reply, Answer)>) {
        self.health.failed_commits.fetch_add(1, Ordering::Relaxed);
        self.health.unwritable.store(true, Ordering::Relaxed);
        tracing::error!(%error, path = %self.store.path().display(), "nothing can be stored: agents keep what they have, the page goes on; free the disk or mend its permissions");
        for (reply, _) in answers {
            let _ = reply.send(Err(Refused::Unwritable(error.to_string())));
        }
        self.failed_at = Some(Instant::now());
        self.reload();
    }

    /// What was stepped but not written must not be believed. Returns whether that is sure again.
    fn reload(&mut self) -> bool {
        let ready_at = self.state.ready_at;
        match load(&self.store, ready_at) {
            Ok(mut state) => {
                state.clock = self.state.clock;
                for (key, component) in &mut state.components {
                    if let Some(former) = self.state.components.get_mut(key) {
                        component.response = std::mem::take(&mut former.response);
                    }
                }
                self.state = state;
                true
            }
            Err(error) => {
                tracing::error!(%error, "the state cannot be read back");
                false
            }
        }
    }

    fn try_again(&mut self) {
        let Some(failed) = self.failed_at.filter(|failed| failed.elapsed() >= RETRY_WRITE) else { return };
        // Until the state is what is stored, an old batch could be acknowledged that never was written.
        if self.store.try_write().is_err() || !self.reload() {
            self.failed_at = Some(Instant::now());
            return;
        }
        tracing::info!(after = ?failed.elapsed(), "the database can be written again");
        self.failed_at = None;
        self.health.unwritable.store(false, Ordering::Relaxed);
    }

    /// The log, the counters and the publisher hear what is now durable.
    fn tell(&self, changes: Vec<Change>) {
        let mut seen = Vec::new();
        for change in changes {
            match &change {
                Change::Raw(_) => {
                    self.health.observations.fetch_add(1, Ordering::Relaxed);
                }
                Change::Transition { track, since, from, to, reason, detail, .. } => {
                    self.health.transitions.fetch_add(1, Ordering::Relaxed);
                    let witnessed = &self.state.tracks[track];
                    let check = &self.state.checks[&witnessed.check].name;
                    let agent = &self.state.agents[&witnessed.agent].name;
                    let reason = reason.name();
                    let (from, to) = (from.name(), to.name());
                    tracing::info!(%check, %agent, from, to, reason, %detail, since_ms = since.0, "hard transition");
                }
                Change::Lost { agent, count, why, .. } => {
                    let agent = &self.state.agents[agent].name;
                    tracing::warn!(%agent, count, %why, "an agent lost observations");
                }
                Change::OldCopy { agent, newest, through } => {
                    let agent = &self.state.agents[agent].name;
                    tracing::warn!(%agent, newest, through, "an agent sends records again that were taken before, and no newer ones: its spool was put back from an old copy, or copied to another host; stop it, move its spool file away and start it again");
                }
                Change::Gap { agent, from, to, .. } => {
                    let agent = &self.state.agents[agent].name;
                    tracing::warn!(%agent, from, to, "observations of an agent never arrived");
                }
                Change::Shown(_)
                | Change::PageSaved(_)
                | Change::GroupSaved(_)
                | Change::ComponentSaved(_) => seen.push(change),
                _ => {}
            }
        }
        if !seen.is_empty() {
            let _ = self.changed.send(seen);
        }
    }
}
