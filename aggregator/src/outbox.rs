//! Sends deliveries: those that are due are read from the store, each is tried once, and its outcome is stored before
//! another attempt of it can begin. Nothing that matters is in memory, so that a crash repeats at most what was under way.

mod attempt;
mod channels;
mod contents;
mod figures;
mod limits;
mod payload;
mod queue;
mod reports;
mod result;
mod tester;
mod under_way;

pub use channels::{Channels, Mail, dkim_key};
pub use figures::{Failing, MailFailure, OutboxFigures};
pub(crate) use reports::PATIENCE;
pub use reports::{BounceReports, reported};
pub use tester::{EndpointTester, Tested};
pub use under_way::UnderWay;

use crate::engine::{CommandError, Engine};
use crate::publish::{Addresses, Published};
use crate::subscriptions::LinkKey;
use attempt::{Attempt, Attempts};
use contents::Contents;
use limits::Limits;
use queue::{ChannelQueue, Concurrency, PORTION};
use skerry_domain::delivery::Message;
use skerry_domain::state::{DeliveryKey, WorkspaceKey};
use skerry_domain::step::Command;
use skerry_domain::subscriber::Channel;
use skerry_notify::Class;
use skerry_store::{DuePosition, Reader, StoreError, WorkspaceDelivery};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

/// Requests to webhooks at a time, and messages to each kind of chat.
const WEBHOOKS_AT_A_TIME: Concurrency = Concurrency { fast: 64, total: 256 };
const CHATS_AT_A_TIME: Concurrency = Concurrency { fast: 16, total: 32 };
/// Portions of a channel that are read in one turn.
const PORTIONS: usize = 5;
/// How long the outbox waits if nothing is due, and if the store cannot be read.
const IDLE: Duration = Duration::from_millis(500);
const UNREADABLE: Duration = Duration::from_secs(5);
/// How often those that wait are counted.
const COUNTED: Duration = Duration::from_secs(5);
/// How long an outcome waits that cannot be stored.
const UNSTORED: Duration = Duration::from_secs(1);
/// How long what is under way may take when the program stops.
const LAST: Duration = Duration::from_secs(4);

/// What the outbox needs.
#[derive(Debug)]
pub struct Parts {
    /// Stores outcomes.
    pub engine: Engine,
    /// By which messages go.
    pub channels: Arc<Channels>,
    /// Of pages, for links.
    pub addresses: Addresses,
    /// How far pages are published, to which messages link.
    pub published: Published,
    /// Makes the secret links.
    pub links: LinkKey,
    /// Where it notes what it tries.
    pub under_way: Arc<UnderWay>,
}

/// Sends deliveries until it is stopped.
#[derive(Debug)]
pub struct Outbox {
    reader: Arc<Mutex<Reader>>,
    attempts: Arc<Attempts>,
    limits: Limits,
    queues: Vec<ChannelQueue>,
    tasks: HashMap<Id, (Channel, WorkspaceKey, DeliveryKey)>,
    under_way: Arc<UnderWay>,
    figures: Arc<OutboxFigures>,
    /// When those that wait were last counted.
    counted: Option<Instant>,
}

/// Stops the outbox.
#[derive(Debug)]
pub struct RunningOutbox {
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl RunningOutbox {
    /// Begins no attempt any more and waits a few seconds for those that are under way.
    pub async fn stop(self) {
        drop(self.stop);
        // It ends by itself, and a panic was logged.
        let _ = self.task.await;
    }
}

type Ended = Result<(Id, (Attempt, bool)), JoinError>;

impl Outbox {
    /// Opens the outbox on the database at this path.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(database: &Path, parts: Parts) -> Result<Self, StoreError> {
        let Parts { engine, channels, addresses, published, links, under_way } = parts;
        let connections = channels.mail.as_ref().map_or(1, |mail| mail.connections);
        let concurrency = |channel| match channel {
            Channel::Email => Concurrency::of(connections),
            Channel::Webhook => WEBHOOKS_AT_A_TIME,
            Channel::Slack | Channel::Teams | Channel::Discord => CHATS_AT_A_TIME,
        };
        let queues =
            Channel::ALL.iter().map(|channel| ChannelQueue::new(*channel, concurrency(*channel))).collect();
        let contents = Contents::new(addresses);
        Ok(Self {
            reader: Arc::new(Mutex::new(Reader::open(database)?)),
            attempts: Arc::new(Attempts { engine, channels, contents, published, links }),
            limits: Limits::default(),
            queues,
            tasks: HashMap::new(),
            under_way,
            figures: Arc::default(),
            counted: None,
        })
    }

    /// What it counts, and goes on counting.
    #[must_use]
    pub fn figures(&self) -> Arc<OutboxFigures> {
        Arc::clone(&self.figures)
    }

    /// Sends test messages, at the pace of all messages to an endpoint.
    #[must_use]
    pub fn tester(&self) -> EndpointTester {
        EndpointTester::new(Arc::clone(&self.attempts), self.limits.clone())
    }

    /// Begins to send.
    #[must_use]
    pub fn start(self) -> RunningOutbox {
        let (stop, stopped) = watch::channel(());
        RunningOutbox { stop, task: tokio::spawn(self.run(stopped)) }
    }

    async fn run(mut self, mut stopped: watch::Receiver<()>) {
        let mut tasks = JoinSet::new();
        loop {
            let pause = match self.begin_due(&mut tasks).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "the deliveries that are due cannot be read");
                    UNREADABLE
                }
            };
            tokio::select! {
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    self.ended(ended);
                    while let Some(ended) = tasks.try_join_next_with_id() {
                        self.ended(ended);
                    }
                }
                () = tokio::time::sleep(pause) => {}
                _ = stopped.changed() => break,
            }
        }
        let rest = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST, rest).await.is_err() {
            tracing::info!("deliveries that were under way are repeated after the next start");
        }
        if let Some(mail) = &self.attempts.channels.mail {
            let _ = tokio::time::timeout(LAST, mail.mailer.close()).await;
        }
    }

    /// Begins what is due and has room. Returns how long to wait for more.
    async fn begin_due(&mut self, tasks: &mut JoinSet<(Attempt, bool)>) -> Result<Duration, StoreError> {
        let mut pause = IDLE;
        if self.counted.is_none_or(|at| at.elapsed() >= COUNTED) {
            self.count().await?;
        }
        for number in 0..self.queues.len() {
            self.queues[number].begin_again_if_old(Instant::now());
            // A channel whose destinations are all held back must not keep the others from their turn.
            for _ in 0..PORTIONS {
                let Some(after) = self.queues[number].to_read(Instant::now()) else { break };
                let portion = self.read(self.queues[number].channel, after).await?;
                self.queues[number].take(portion);
                pause = pause.min(self.begin_read(number, tasks));
            }
            pause = pause.min(self.begin_read(number, tasks));
        }
        Ok(pause)
    }

    /// Begins what was read for a queue. Returns how long a destination has to be waited for.
    fn begin_read(&mut self, number: usize, tasks: &mut JoinSet<(Attempt, bool)>) -> Duration {
        let snapshot = self.attempts.engine.snapshot();
        let queue = &mut self.queues[number];
        let mut pause = IDLE;
        while let Some(one) = queue.next(Instant::now()) {
            let state = snapshot.workspaces.get(one.0);
            let subscriber = state.and_then(|state| state.subscribers.get(&one.1.subscriber));
            // A delivery to nobody needs no permit.
            let permit = subscriber.map_or(Ok(None), |to| self.limits.enter(to.channel, &to.address));
            match permit {
                Ok(permit) => {
                    queue.begin(&one, Instant::now());
                    self.under_way.begin((one.0, one.1.key));
                    let (key, channel, attempts) =
                        ((one.0, one.1.key), queue.channel, Arc::clone(&self.attempts));
                    let task = tasks.spawn(async move {
                        let _permit = permit;
                        let attempt = attempts.make(one).await;
                        let is_stored = store(&attempts.engine, &attempt).await;
                        (attempt, is_stored)
                    });
                    self.tasks.insert(task.id(), (channel, key.0, key.1));
                }
                Err(wait) => pause = pause.min(wait.max(Duration::from_millis(10))),
            }
        }
        pause
    }

    /// Counts those that wait, for the metrics.
    async fn count(&mut self) -> Result<(), StoreError> {
        self.counted = Some(Instant::now());
        let waiting = self.reading(Reader::waiting_deliveries).await?;
        if waiting.iter().all(|one| one.channel != Channel::Email) {
            self.figures.mail(None, self.attempts.engine.now());
        }
        self.figures.wait(self.attempts.engine.now(), waiting);
        Ok(())
    }

    async fn read(
        &self,
        channel: Channel,
        after: Option<DuePosition>,
    ) -> Result<Vec<WorkspaceDelivery>, StoreError> {
        let now = self.attempts.engine.now();
        self.reading(move |reader| reader.due_deliveries(channel, now, after, PORTION)).await
    }

    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let read =
            tokio::task::spawn_blocking(move || read(&reader.lock().unwrap_or_else(PoisonError::into_inner)));
        read.await.unwrap_or_else(|error| Err(StoreError::Unexpected(error.to_string())))
    }

    /// An attempt has ended, and its outcome is stored.
    fn ended(&mut self, ended: Ended) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some((channel, workspace, delivery)) = self.tasks.remove(&id) else { return };
        self.under_way.end((workspace, delivery));
        let is_stored = matches!(ended, Ok((_, (_, true))));
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.channel == channel) {
            if is_stored {
                queue.end((workspace, delivery));
            } else {
                queue.set_aside((workspace, delivery));
            }
            match &ended {
                Ok((_, (attempt, _))) if attempt.no_relay => queue.hold(Instant::now()),
                // What was not sent, or cannot be, tells nothing of relays.
                Ok((_, (attempt, _))) if attempt.class.is_some_and(|class| class != Class::Own) => {
                    queue.release();
                }
                _ => {}
            }
        }
        match ended {
            Ok((_, (attempt, _))) => self.note(channel, &attempt),
            Err(error) => tracing::error!(%error, "a delivery failed by a fault of this program"),
        }
    }

    fn note(&self, channel: Channel, attempt: &Attempt) {
        if let Some(class) = attempt.class {
            let (now, answer) = (self.attempts.engine.now(), attempt.attempted.answer.as_deref());
            let answer = answer.unwrap_or_default();
            self.figures.attempted(channel, class);
            let delivery = &attempt.attempted.delivery;
            // Strangers can have confirmations sent anywhere.
            if delivery.message == Message::Notice {
                let of = (attempt.workspace, channel);
                self.figures.noted(of, delivery.subscriber, (class, answer), now);
            }
            if channel == Channel::Email {
                self.figures.mail(attempt.no_relay.then_some(answer), now);
            }
        }
        let Some(pause) = attempt.pause else { return };
        let snapshot = self.attempts.engine.snapshot();
        let state = snapshot.workspaces.get(attempt.workspace);
        let subscriber =
            state.and_then(|state| state.subscribers.get(&attempt.attempted.delivery.subscriber));
        if let Some(to) = subscriber {
            self.limits.hold(channel, &to.address, pause);
        }
    }
}

/// Stores an outcome; returns whether that is possible. Until it is stored nothing of the delivery is tried again.
async fn store(engine: &Engine, attempt: &Attempt) -> bool {
    loop {
        let command = Command::Attempted(Box::new(attempt.attempted.clone()));
        match engine.command((attempt.workspace, command)).await {
            Ok(_) | Err(CommandError::Stopping) => return true,
            Err(CommandError::Rejected(_) | CommandError::Fault { .. }) => {
                let delivery = &attempt.attempted.delivery.id;
                tracing::error!(%delivery, "the outcome of a delivery cannot be stored: it is not tried again before a restart");
                return false;
            }
            Err(CommandError::Busy { .. } | CommandError::Unwritable(_)) => {
                tokio::time::sleep(UNSTORED).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
