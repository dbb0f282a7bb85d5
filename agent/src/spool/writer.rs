//! The only thread that accesses the spool's disk. Nobody waits for it except callers with a question.

use super::fault::Fault;
use super::inbox::{Command, Inbox, RETRY_AFTER};
use super::lock::{acquire_lock, keep_epoch, write_obstacle};
use super::salvage::{Salvaged, salvage};
use super::store::Store;
use super::{Entry, Limits, Lost, Page, SavedState, SpoolStatus};
use crate::clock::Clock;
use skerry_protocol::wire;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Maximum time from a commit to its sync.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// The thread's state.
pub(super) struct Writer {
    inbox: Arc<Inbox>,
    path: PathBuf,
    limits: Limits,
    clock: Clock,
    store: Option<Store>,
    /// The acknowledged mark in memory: a disk that cannot delete must not make us send again and again.
    acknowledged: ([u8; 16], u64),
    sync_at: Option<Instant>,
    synced: watch::Sender<u64>,
    status: watch::Sender<SpoolStatus>,
    trouble: Option<String>,
    /// `None` until it could be taken.
    lock: Option<File>,
}

impl Writer {
    pub(super) fn open(path: &Path, limits: Limits, clock: Clock) -> Result<(Self, Vec<SavedState>), Fault> {
        let mut writer = Self {
            inbox: Arc::new(Inbox::new(limits.memory_records.max(1))),
            path: path.to_owned(),
            limits,
            clock,
            store: None,
            acknowledged: ([0; 16], 0),
            sync_at: None,
            synced: watch::Sender::new(0),
            status: watch::Sender::default(),
            trouble: None,
            lock: None,
        };
        let mut states = Vec::new();
        match writer.open_store() {
            Err(refused @ Fault::Refused(_)) => return Err(refused),
            Err(fault) => {
                states = writer.remember();
                writer.report_failure(&fault);
            }
            Ok(()) => {
                if let Some(store) = &writer.store {
                    states = store.states()?;
                }
            }
        }
        Ok((writer, states))
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    pub(super) fn synced(&self) -> watch::Receiver<u64> {
        self.synced.subscribe()
    }

    pub(super) fn status(&self) -> watch::Receiver<SpoolStatus> {
        self.status.subscribe()
    }

    /// Runs until it is told to close.
    pub(super) fn run(mut self) {
        loop {
            let (entries, lost, commands) = self.inbox.take(self.sync_at);
            self.write(entries, &lost);
            for command in commands {
                if let Command::Close(answer) = command {
                    self.close();
                    // Releases the lock before anyone learns of the end.
                    drop(self);
                    let _ = answer.send(());
                    return;
                }
                self.execute(command);
            }
            if self.sync_at.is_some_and(|at| at <= Instant::now()) {
                self.sync();
            }
        }
    }

    /// Reads what is readable without writing: the states, and the epoch under which the present states are
    /// reported meanwhile; a new one if there is none.
    fn remember(&mut self) -> Vec<SavedState> {
        let Salvaged { spool, states, .. } = salvage(&self.path).unwrap_or_default();
        let mut fresh = [0; 16];
        let epoch =
            spool.epoch.as_slice().try_into().or_else(|_| getrandom::fill(&mut fresh).map(|()| fresh));
        if let Ok(epoch) = epoch {
            self.acknowledged = (epoch, spool.acknowledged);
        }
        states
    }

    fn open_store(&mut self) -> Result<(), Fault> {
        if self.lock.is_none() {
            self.lock = Some(acquire_lock(&self.path)?);
        }
        // A new spool names the epoch that was reported without a disk as its former one.
        if self.acknowledged.0 != [0; 16] {
            keep_epoch(&self.path, self.acknowledged.0);
        }
        let store = Store::open(&self.path, self.clock)?;
        // An unreadable state is damage, too: detected now, while a new spool can still be started.
        let store = match store.states() {
            Ok(_) => store,
            Err(Fault::Damaged(why)) => {
                drop(store);
                Store::replace(&self.path, self.clock, &why)?
            }
            Err(fault) => return Err(fault),
        };
        self.acknowledged = (epoch_of(&store), store.about.acknowledged);
        keep_epoch(&self.path, self.acknowledged.0);
        self.store = Some(store);
        self.announce();
        Ok(())
    }

    /// Runs `work` on the store, which is opened first if necessary. After damage the store is replaced and
    /// the work is repeated on the new one.
    fn on_store(&mut self, mut work: impl FnMut(&mut Store) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.store.is_none() {
            self.open_store()?;
        }
        let Some(store) = &mut self.store else { return Ok(()) };
        let done = work(store);
        if let Err(Fault::Damaged(why)) = done {
            self.store = None;
            let store = Store::replace(&self.path, self.clock, &why)?;
            self.acknowledged = (epoch_of(&store), store.about.acknowledged);
            keep_epoch(&self.path, self.acknowledged.0);
            return work(self.store.insert(store));
        }
        done
    }

    fn write(&mut self, entries: Vec<Entry>, lost: &Lost) {
        if entries.is_empty() && lost.count == 0 {
            return;
        }
        let durable = entries.iter().any(|entry| entry.hard);
        let lost_here = Lost { why: "the spool could not be written".to_owned(), ..lost.clone() };
        let loss = (lost.count > 0).then_some(&lost_here);
        match self.on_store(|store| store.write(loss, &entries, durable)) {
            Ok(()) => {
                self.inbox.written();
                self.report_recovery();
                if durable {
                    self.announce();
                } else {
                    self.sync_at.get_or_insert_with(|| Instant::now() + SYNC_EVERY);
                }
            }
            Err(fault) => {
                self.inbox.put_back(entries, lost);
                self.report_failure(&fault);
            }
        }
    }

    fn sync(&mut self) {
        self.sync_at = None;
        let (limits, clock) = (self.limits, self.clock);
        let (epoch, acknowledged) = self.acknowledged;
        let wall_ms = clock.now().wall_ms;
        let done = self.on_store(|store| {
            if epoch_of(store) == epoch && acknowledged > store.about.acknowledged {
                store.acknowledge(acknowledged, wall_ms)?;
            }
            store.trim(&limits, clock)?;
            store.sync()
        });
        match done {
            Ok(()) => {
                self.report_recovery();
                self.announce();
            }
            Err(fault) => {
                self.report_failure(&fault);
                self.sync_at = Some(Instant::now() + RETRY_AFTER);
            }
        }
    }

    fn execute(&mut self, command: Command) {
        match command {
            Command::Read { records, bytes, answer } => {
                let _ = answer.send(self.read(records, bytes));
            }
            Command::Acknowledge { epoch, sequence } => {
                if self.acknowledged.0 == epoch && sequence > self.acknowledged.1 {
                    self.acknowledged.1 = sequence;
                    let wall_ms = self.clock.now().wall_ms;
                    let done = self.on_store(|store| match epoch_of(store) == epoch {
                        true => store.acknowledge(sequence, wall_ms),
                        false => Ok(()),
                    });
                    self.note(done);
                }
            }
            Command::SetAside { epoch, sequence } => {
                let done = self.on_store(|store| match epoch_of(store) == epoch {
                    true => store.set_aside(sequence),
                    false => Ok(()),
                });
                self.note(done);
            }
            Command::StartNewEpoch { epoch, through } => self.start_new_epoch(epoch, through),
            Command::KeepStatesOf(names) => {
                let done = self.on_store(|store| store.keep_states_of(&names));
                self.note(done);
            }
            Command::Flush(answer) => {
                self.sync();
                let _ = answer.send(());
            }
            Command::Ping(answer) => {
                let _ = answer.send(());
            }
            Command::Close(_) => {}
        }
    }

    fn start_new_epoch(&mut self, epoch: [u8; 16], through: u64) {
        let mut begun = None;
        let done = self.on_store(|store| {
            if epoch_of(store) == epoch {
                let why = format!(
                    "the spool was put back from an old copy: the aggregator has its records up to {through}, it made \
                     them up to {}. What the spool in its place held at last is not known",
                    store.issued()
                );
                let lost = wire::Lost { why, ..wire::Lost::default() };
                store.start_new_epoch(&lost)?;
                begun = Some(epoch_of(store));
            }
            Ok(())
        });
        if let Some(begun) = begun {
            self.acknowledged = (begun, 0);
            keep_epoch(&self.path, begun);
            self.announce();
        }
        self.note(done);
    }

    fn read(&mut self, records: usize, bytes: usize) -> Option<Page> {
        let mut page = None;
        let known = self.acknowledged;
        let done = self.on_store(|store| {
            let epoch = epoch_of(store);
            let after = if epoch == known.0 { known.1 } else { 0 };
            let former = store.about.former_epoch.as_slice().try_into().ok();
            let issued = Some(store.issued());
            let records = store.hand_out(after, records, bytes)?;
            page = Some(Page { epoch, acknowledged: after, former, issued, records });
            Ok(())
        });
        if let Err(fault) = done {
            self.report_failure(&fault);
            // The present states can be reported without a disk, under the last known epoch.
            let (epoch, acknowledged) = self.acknowledged;
            let (former, issued, records) = (None, None, Vec::new());
            return (epoch != [0; 16]).then_some(Page { epoch, acknowledged, former, issued, records });
        }
        page
    }

    fn close(&mut self) {
        let (entries, lost) = self.inbox.take_all();
        self.write(entries, &lost);
        self.sync();
        self.store = None;
    }

    /// Publishes the synced sequence and the status.
    fn announce(&mut self) {
        let Some(store) = &self.store else { return };
        let (durable, about) = (store.durable(), &store.about);
        let status = SpoolStatus {
            depth: store.depth,
            bytes: store.bytes,
            oldest_ms: store.oldest_ms(self.clock).unwrap_or(0),
            lost: about.lost,
            set_aside: about.set_aside,
            acknowledged: about.acknowledged.max(self.acknowledged.1),
            issued: store.issued(),
            acknowledged_wall_ms: (about.acknowledged_wall_ms != 0).then_some(about.acknowledged_wall_ms),
            trouble: self.trouble.clone(),
        };
        self.status.send_replace(status);
        self.synced.send_if_modified(|known| std::mem::replace(known, durable) != durable);
    }

    fn note(&mut self, done: Result<(), Fault>) {
        match done {
            Ok(()) => {
                self.sync_at.get_or_insert_with(|| Instant::now() + SYNC_EVERY);
            }
            Err(fault) => {
                self.report_failure(&fault);
                self.sync_at.get_or_insert_with(|| Instant::now() + RETRY_AFTER);
            }
        }
    }

    /// Logs a disk failure once.
    fn report_failure(&mut self, fault: &Fault) {
        let write_obstacle = write_obstacle(&self.path);
        if self.trouble.is_none() {
            let spool = self.path.display();
            let meanwhile = "records are held in memory, and the agent tries again";
            match &write_obstacle {
                Some(why) => {
                    tracing::error!(%spool, "the spool cannot be written: {fault}; {meanwhile}. {why}");
                }
                None => tracing::warn!(%spool, "the spool cannot be written: {fault}; {meanwhile}"),
            }
        }
        let trouble = write_obstacle.map_or_else(|| fault.to_string(), |why| format!("{fault}; {why}"));
        self.status.send_modify(|status| status.trouble = Some(trouble.clone()));
        self.trouble = Some(trouble);
        // A connection that saw the disk fail is not used again.
        if matches!(fault, Fault::Unavailable(_)) {
            self.store = None;
        }
    }

    fn report_recovery(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!(spool = %self.path.display(), "the spool can be written again");
            self.status.send_modify(|status| status.trouble = None);
        }
    }
}

fn epoch_of(store: &Store) -> [u8; 16] {
    store.about.epoch.as_slice().try_into().unwrap_or_default()
}
