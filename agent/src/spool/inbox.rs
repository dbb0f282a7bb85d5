//! The bounded buffer in front of the spool's thread: appending never waits for the disk.

use super::{Entry, Lost, Page};
use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Time between attempts after a disk failure.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) enum Command {
    Read { records: usize, bytes: usize, answer: oneshot::Sender<Option<Page>> },
    Acknowledge { epoch: [u8; 16], sequence: u64 },
    StartNewEpoch { epoch: [u8; 16], through: u64 },
    SetAside { epoch: [u8; 16], sequence: u64 },
    KeepStatesOf(HashSet<String>),
    Flush(oneshot::Sender<()>),
    Ping(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Entries and commands that wait for the thread.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    most: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    commands: Vec<Command>,
    /// Dropped since the last successful write.
    lost: Lost,
    /// Entries that the thread has taken and not written yet.
    in_flight: usize,
    /// The disk is not tried again before this.
    retry_at: Option<Instant>,
}

impl Inbox {
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), most }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Each change below is one push or one take, so the value is consistent even after a panic elsewhere.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append_all(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut waiting = self.waiting();
        waiting.entries.extend(entries);
        waiting.give_up_beyond(self.most);
        drop(waiting);
        self.arrived.notify_one();
    }

    pub(super) fn command(&self, command: Command) {
        self.waiting().commands.push(command);
        self.arrived.notify_one();
    }

    /// Waits for work, at most until `deadline`.
    pub(super) fn take(&self, deadline: Option<Instant>) -> (Vec<Entry>, Lost, Vec<Command>) {
        let mut waiting = self.waiting();
        loop {
            let now = Instant::now();
            let blocked = waiting.retry_at.filter(|at| *at > now);
            let entries_wait = !waiting.entries.is_empty() || waiting.lost.count > 0;
            if !waiting.commands.is_empty()
                || entries_wait && blocked.is_none()
                || deadline.is_some_and(|deadline| deadline <= now)
            {
                let commands = std::mem::take(&mut waiting.commands);
                if blocked.is_some() {
                    return (Vec::new(), Lost::default(), commands);
                }
                waiting.retry_at = None;
                let entries: Vec<Entry> = std::mem::take(&mut waiting.entries).into();
                waiting.in_flight = entries.len();
                return (entries, std::mem::take(&mut waiting.lost), commands);
            }
            let until = [deadline, blocked].into_iter().flatten().min();
            waiting = match until {
                Some(until) => {
                    let wait = self.arrived.wait_timeout(waiting, until - now);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Takes all entries and losses at the end.
    pub(super) fn take_all(&self) -> (Vec<Entry>, Lost) {
        let mut waiting = self.waiting();
        (std::mem::take(&mut waiting.entries).into(), std::mem::take(&mut waiting.lost))
    }

    /// Everything taken has been written.
    pub(super) fn written(&self) {
        self.waiting().in_flight = 0;
    }

    /// Puts entries that could not be written back to the front.
    pub(super) fn put_back(&self, entries: Vec<Entry>, lost: &Lost) {
        let mut waiting = self.waiting();
        waiting.in_flight = 0;
        for entry in entries.into_iter().rev() {
            waiting.entries.push_front(entry);
        }
        waiting.lost.count += lost.count;
        if let (Some(from), Some(to)) = (lost.from_wall_ms, lost.to_wall_ms) {
            waiting.lost.span(from, to);
        }
        waiting.retry_at = Some(Instant::now() + RETRY_AFTER);
        waiting.give_up_beyond(self.most);
    }
}

impl Waiting {
    fn give_up_beyond(&mut self, most: usize) {
        while self.entries.len() + self.in_flight > most {
            let routine = self.entries.iter().position(|entry| !entry.hard).unwrap_or(0);
            let Some(entry) = self.entries.remove(routine) else { return };
            self.lost.count += 1;
            self.lost.span(entry.observation.wall_ms, entry.observation.wall_ms);
            // The present state outlives the record that reported it.
            let Some(state) = entry.state else { continue };
            let again = self.entries.iter_mut().skip(routine).find(|later| later.check == entry.check);
            if let Some(later) = again
                && later.state.is_none()
            {
                later.state = Some(state);
            }
        }
    }
}
