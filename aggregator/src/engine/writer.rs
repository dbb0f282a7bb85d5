//! The writer's thread: it steps a group of commands, commits it in one transaction, answers, and reports the changes.
//! If a group cannot be written, the state is read back from the store.

use super::losses::Losses;
use super::time_faults::TimeFaults;
use super::{
    Changed, CommandError, Envelope, Health, Maintenance, Message, Reply, Snapshot, lock, read, weight,
};
use crate::clock::Clock;
use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use skerry_domain::clock::SavedClock;
use skerry_domain::rows::Write;
use skerry_domain::state::{State, WorkspaceKey};
use skerry_domain::step::{Answer, Asked, Change, Command, Context, Ids, Rejected};
use skerry_domain::time::{SECOND, Timestamp};
use skerry_domain::workspaces::{Outcome, Workspaces};
use skerry_host::random;
use skerry_store::{Store, StoreError};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Commands committed together at most.
const GROUP: usize = 256;
/// Once a group has this many observations of a lane, no further command of that lane joins. It is the size of a
/// history batch: others wait for tens of milliseconds, and a commit per batch is cheap compared to its rows.
pub(super) const GROUP_OBSERVATIONS: usize = 5_000;
/// A longer time between two turns, ms, means that the aggregator itself was away; it is no silence of an agent.
const PAUSE: i64 = 5 * SECOND;
/// The shortest and longest time between two ticks. Within these bounds a tick occurs when something is due.
const TICK: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];
/// How long after a failed commit writing is tried again.
const RETRY_WRITE: Duration = Duration::from_secs(1);

pub(super) fn load(store: &Store, ready_at: Timestamp) -> Result<Workspaces, StoreError> {
    let mut workspaces = store.load(ready_at)?;
    let last_seen = |state: &State| state.agents.values().filter_map(|agent| agent.last_seen).max();
    workspaces
        .set_clock(workspaces.iter().filter_map(|(_, state)| last_seen(state)).max().unwrap_or_default());
    Ok(workspaces)
}

/// A command that waits for the commit, and its answer.
pub(super) struct Waiting {
    pub(super) envelope: Envelope,
    pub(super) reply: Reply,
    answer: Result<Answer, Rejected>,
}

/// Commands that are stepped and not committed yet.
#[derive(Default)]
struct Group {
    waiting: Vec<Waiting>,
    changes: Vec<(WorkspaceKey, Change)>,
    rows: Vec<Write>,
    /// The state before the group.
    before: Workspaces,
    tick: bool,
    maintenance: Vec<(Maintenance, Sender<Result<usize, StoreError>>)>,
    turns: Vec<Sender<()>>,
    /// Taken from the present lane: messages, and observations in them.
    messages: usize,
    present: usize,
    stop: bool,
}

impl Group {
    fn note(&mut self, outcome: Outcome) -> Answer {
        self.changes.extend(outcome.changes);
        self.rows.extend(outcome.rows);
        outcome.answer
    }
}

pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) workspaces: Workspaces,
    pub(super) clock: Arc<Mutex<Clock>>,
    pub(super) receiver: Receiver<Message>,
    /// Reports of history. At least one joins every group, so that the present cannot starve it.
    pub(super) history: Receiver<Message>,
    pub(super) changed: Changed,
    pub(super) health: Arc<Health>,
    pub(super) losses: Losses,
    pub(super) failed_at: Option<Instant>,
    pub(super) time_faults: TimeFaults,
    /// The error of the last failed write.
    pub(super) failure: String,
    /// The aggregator has been unreachable since then; the next commit records it.
    pub(super) away_since: Option<Timestamp>,
    /// The clock as it was last stored.
    pub(super) kept_clock: Option<SavedClock>,
    pub(super) snapshots: Arc<ArcSwap<Snapshot>>,
    /// Whether the state equals the stored one, apart from uncommitted steps.
    pub(super) stored: bool,
}

impl Drop for Writer {
    /// The channel keeps unreceived messages while there are senders: drain it, so that their callers stop waiting.
    fn drop(&mut self) {
        self.health.ended.store(true, Ordering::SeqCst);
        self.receiver.try_iter().chain(self.history.try_iter()).for_each(drop);
    }
}

impl Writer {
    pub(super) fn run(mut self) {
        let mut next_tick = Instant::now();
        loop {
            let (first, history) = crossbeam_channel::select_biased! {
                recv(self.receiver) -> message => (message.map(Some), false),
                recv(self.history) -> message => (message.map(Some), true),
                default(next_tick.saturating_duration_since(Instant::now())) => (Ok(None), false),
            };
            let Ok(first) = first else { return };
            let tick = Instant::now() >= next_tick;
            let (present, past) = if history { (None, first) } else { (first, None) };
            if self.turn(present, past, tick) {
                self.keep_clock(true);
                return;
            }
            if tick {
                next_tick = Instant::now() + self.until_due();
            }
        }
    }

    /// The time from this tick to the next.
    fn until_due(&self) -> Duration {
        let due = self.workspaces.next_due().map_or(i64::MAX, |due| due - read(&self.clock));
        Duration::from_millis(u64::try_from(due).unwrap_or(0)).clamp(TICK[0], TICK[1])
    }

    /// Processes one group: what was already received and what else is waiting. Returns whether to stop after it.
    fn turn(&mut self, present: Option<Message>, past: Option<Message>, tick: bool) -> bool {
        self.set_back_if_due();
        let now = read(&self.clock);
        let turned_at = Timestamp(self.health.turned_at.swap(now.0, Ordering::Relaxed));
        if now - turned_at > PAUSE {
            // The process slept, was stopped or waited for the disk, or the clock was put forward: reports wait unread.
            self.workspaces.become_ready(now);
            if turned_at > Timestamp(0) {
                self.note_away(turned_at);
            }
        }
        self.try_again();
        if self.failed_at.is_none() {
            self.retry_time_faults();
        }
        let mut group = Group { before: self.workspaces.clone(), tick, ..Group::default() };
        if let Some(stepped) = self.away() {
            group.note(stepped);
        }
        if let Some(message) = present {
            group.present = self.take(message, &mut group);
        }
        self.gather(past, &mut group);
        if tick {
            // A tick is never rejected.
            let _ = self.step_time(&Command::Tick).map(|stepped| group.note(stepped));
        }
        let (maintenance, turns, stop) =
            (std::mem::take(&mut group.maintenance), std::mem::take(&mut group.turns), group.stop);
        let unsure_ms = lock(&self.clock).standing().unsure_ms;
        self.workspaces.set_unsure(unsure_ms);
        self.commit(group);
        self.keep_clock(stop);
        for turn in turns {
            let _ = turn.send(());
        }
        for (maintenance, reply) in maintenance {
            let _ = reply.send(maintenance.run(&mut self.store));
        }
        stop
    }

    /// Collects waiting messages up to the limits of a group: the present first, and again after each report of
    /// history, so that messages that arrived meanwhile still join this group.
    fn gather(&mut self, mut first: Option<Message>, group: &mut Group) {
        let mut past = 0;
        loop {
            self.take_present(group);
            if past >= GROUP_OBSERVATIONS {
                return;
            }
            let Some(history) = first.take().or_else(|| self.history.try_recv().ok()) else { return };
            past += self.take(history, group);
        }
    }

    fn take_present(&mut self, group: &mut Group) {
        while group.messages < GROUP && group.present < GROUP_OBSERVATIONS {
            let Ok(message) = self.receiver.try_recv() else { return };
            group.messages += 1;
            group.present += self.take(message, group);
        }
    }

    /// Returns the number of its observations.
    fn take(&mut self, message: Message, group: &mut Group) -> usize {
        match message {
            Message::Command(mut envelope, reply) => {
                let weight = envelope.report().map_or(0, weight);
                let latest = read(&self.clock).max(self.workspaces.clock());
                if let Some(report) = envelope.report_mut() {
                    // The clock may have been set back since the report arrived.
                    report.received = report.received.min(latest);
                }
                if self.failed_at.is_some() {
                    let why = format!("a write failed a moment ago ({})", self.failure);
                    reply.send(Err(CommandError::Unwritable(why)));
                } else {
                    // A rejection waits for the commit too: the state it was based on may be rolled back.
                    let answer = self.step_for(&envelope).map(|stepped| group.note(stepped));
                    group.waiting.push(Waiting { envelope, reply, answer });
                }
                return weight;
            }
            Message::Maintenance(maintenance, reply) => group.maintenance.push((maintenance, reply)),
            Message::Turn(turn) => group.turns.push(turn),
            Message::Stop => group.stop = true,
        }
        0
    }

    /// Steps the commands of an envelope at the current time.
    pub(super) fn step_for(&mut self, envelope: &Envelope) -> Result<Outcome, Rejected> {
        let author = envelope.author();
        let asked = Asked { author: author.as_ref(), expected: envelope.expected.as_ref() };
        self.workspaces.step(&envelope.commands, self.context(), asked)
    }

    pub(super) fn context(&self) -> Context {
        Context { now: read(&self.clock), ids: Ids::from_seed(random::bytes()) }
    }

    fn commit(&mut self, group: Group) {
        let Group { waiting, changes, rows, before, tick, .. } = group;
        // While writing fails, time still passes for the pages; those changes are made again after the reload.
        let written = if self.failed_at.is_some() {
            Ok(())
        } else {
            let begun = Instant::now();
            let written = self.write(&rows);
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.health.commit_us.fetch_add(took, Ordering::Relaxed);
            written
        };
        match written {
            Ok(()) => {
                if self.failed_at.is_none() {
                    self.away_since = None;
                }
                self.health.commits.fetch_add(u64::from(!rows.is_empty()), Ordering::Relaxed);
                self.health.commands.fetch_add(waiting.len() as u64, Ordering::Relaxed);
                // Publish before answering, so that a caller finds its change in the snapshot.
                self.publish();
                for Waiting { reply, answer, .. } in waiting {
                    reply.send(answer.map_err(CommandError::from));
                }
                self.report(changes);
            }
            Err(StoreError::Constraint { .. }) => self.one_by_one(before, waiting, tick),
            Err(error) => self.failed(&error, waiting),
        }
    }

    /// Commits rows. The files are checked before the commit, and again before anyone is told that it succeeded.
    pub(super) fn write(&mut self, rows: &[Write]) -> Result<(), StoreError> {
        self.store.is_in_place()?;
        self.store.commit(rows)?;
        if rows.is_empty() { Ok(()) } else { self.store.is_in_place() }
    }

    pub(super) fn failed(&mut self, error: &StoreError, waiting: Vec<Waiting>) {
        self.health.failed_commits.fetch_add(1, Ordering::Relaxed);
        self.health.unwritable.store(true, Ordering::Relaxed);
        tracing::error!(%error, path = %self.store.path().display(), "the database cannot be written: agents keep their results and the pages stay; free disk space or correct permissions");
        // Pings cannot be stored now and are refused, including those that arrived during this write.
        self.note_away(Timestamp(self.health.turned_at.load(Ordering::Relaxed)));
        self.failure = error.to_string();
        for Waiting { reply, .. } in waiting {
            reply.send(Err(CommandError::Unwritable(self.failure.clone())));
        }
        self.failed_at = Some(Instant::now());
        self.reload();
        self.publish();
    }

    /// Publishes the state to readers, unless it contains changes that are not stored.
    pub(super) fn publish(&self) {
        if self.stored {
            let commit = self.health.commits.load(Ordering::Relaxed);
            let workspaces = self.workspaces.clone();
            self.snapshots.store(Arc::new(Snapshot { at: workspaces.clock(), workspaces, commit }));
        }
    }

    /// Discards steps that were not written by reading the state back. Returns whether that succeeded.
    pub(super) fn reload(&mut self) -> bool {
        match load(&self.store, self.workspaces.ready_at()) {
            Ok(mut workspaces) => {
                workspaces.continue_from(&self.workspaces);
                self.workspaces = workspaces;
                self.stored = true;
            }
            Err(error) => {
                tracing::error!(%error, "the state cannot be read back");
                self.stored = false;
            }
        }
        self.stored
    }

    fn try_again(&mut self) {
        let Some(failed) = self.failed_at.filter(|failed| failed.elapsed() >= RETRY_WRITE) else { return };
        // The state must first equal the stored one; otherwise a batch that was never written could be acknowledged.
        let writes = self.store.is_in_place().and_then(|()| self.store.try_write());
        if writes.is_err() || !self.reload() {
            self.failed_at = Some(Instant::now());
            return;
        }
        tracing::info!(after = ?failed.elapsed(), "the database can be written again");
        self.failed_at = None;
        self.health.unwritable.store(false, Ordering::Relaxed);
    }
}
