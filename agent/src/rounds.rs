//! The one task that starts probes when they are due, judges what they saw and hands it to the spool.
//! It never waits for a probe, a disk or the network; a slow check delays no other.

mod watched;

use crate::board::Board;
use crate::clock::Clock;
use crate::eyes::{Watch, failed_inside};
use crate::hysteresis::Hysteresis;
use crate::probe::Observed;
use crate::schedule::{Cadence, Due, LONG, Lateness, Pace, Schedule, delay};
use crate::spool::{Entry, Spool, Standing};
use skerry_protocol::check::Check;
use skerry_protocol::wire::{Declared, Outcome, Reason, State};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use watched::{Running, Watched, is_blind, outcome_of, reason_of, seen};

/// The task looks at its schedule at least this often, ms.
const LONGEST_SLEEP: u64 = 86_400_000;
/// A wall clock that is so far off, ms, lays no grid.
const WRONG: u64 = 60_000;

/// What the task is asked beside its work, and whom it answers.
pub(crate) enum Order {
    /// Run these checks from now on.
    Run(Vec<Check>, oneshot::Sender<()>),
    /// Show that it turns.
    Turn(oneshot::Sender<()>),
}

/// The task's own.
pub(crate) struct Rounds {
    clock: Clock,
    watch: Watch,
    spool: Spool,
    board: Arc<Board>,
    max_in_flight: usize,
    began: Instant,
    /// Boot clock at `began`, ms, so that a restart finds each check at its old place in its interval.
    began_ms: u64,
    /// What the wall clock says when the boot clock is 0, ms: the grid of the checks, which no later step moves. The
    /// first reply of the aggregator moves it where the wall clock was wrong at the start.
    origin: i64,
    watched: Vec<Option<Watched>>,
    free: Vec<usize>,
    by_name: HashMap<Arc<str>, usize>,
    generations: u64,
    schedule: Schedule,
    probes: JoinSet<Observed>,
    slots: HashMap<Id, (usize, u64)>,
    lateness: Lateness,
}

impl Rounds {
    /// Takes up `checks`, with what is remembered of them.
    pub(crate) fn new(
        clock: Clock,
        watch: Watch,
        spool: Spool,
        board: Arc<Board>,
        max_in_flight: usize,
        checks: Vec<Check>,
        remembered: Vec<Standing>,
    ) -> Self {
        let began = clock.now();
        let mut rounds = Self {
            clock,
            watch,
            spool,
            board,
            max_in_flight: max_in_flight.max(1),
            began: Instant::now(),
            began_ms: began.boot_ms,
            origin: began.wall_ms.saturating_sub_unsigned(began.boot_ms),
            watched: Vec::new(),
            free: Vec::new(),
            by_name: HashMap::new(),
            generations: 0,
            schedule: Schedule::default(),
            probes: JoinSet::new(),
            slots: HashMap::new(),
            lateness: Lateness::default(),
        };
        rounds.watch.warn_of_lacks(&checks);
        let mut remembered: HashMap<Arc<str>, Standing> =
            remembered.into_iter().map(|standing| (Arc::clone(&standing.check), standing)).collect();
        let mut first = Vec::new();
        for check in checks {
            let standing = remembered.remove(check.name.as_str());
            first.extend(rounds.add(check, standing));
        }
        rounds.begin(&first);
        rounds.forget_others();
        rounds
    }

    /// Runs until it is told to stop; probes on their way are given up, and say nothing.
    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        let mut wake = pin!(tokio::time::sleep_until(self.began));
        let mut told = self.watch.time.told();
        let mut anchored = false;
        loop {
            self.start_due();
            let room = self.probes.len() < self.max_in_flight;
            let earliest = self.schedule.earliest().filter(|_| room);
            if let Some(earliest) = earliest {
                let from_began =
                    Duration::from_millis(earliest.saturating_sub(self.began_ms).min(LONGEST_SLEEP));
                let at = self.began + from_began;
                if wake.deadline() != at {
                    wake.as_mut().reset(at);
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                Some(done) = self.probes.join_next_with_id() => self.finish(done).await,
                Some(order) = orders.recv() => self.obey(order),
                Ok(()) = told.changed(), if !anchored => {
                    anchored = true;
                    let origin = *told.borrow_and_update();
                    self.anchor(origin.unwrap_or(self.origin));
                }
                () = &mut wake, if earliest.is_some() => {}
                else => stop.cancelled().await,
            }
        }
    }

    /// Takes what probes saw that ended together, `first` and others, and hands it to the spool in one piece, so
    /// that one commit serves all of it. Waits for nothing but those whose end is already known to this process.
    async fn finish(&mut self, first: Result<(Id, Observed), JoinError>) {
        tokio::task::yield_now().await;
        let mut entries = Vec::new();
        entries.extend(self.finished(first));
        while let Some(done) = self.probes.try_join_next_with_id() {
            entries.extend(self.finished(done));
        }
        if !entries.is_empty() {
            self.spool.append_all(entries);
            self.board.note_observation();
        }
    }

    fn obey(&mut self, order: Order) {
        let done = match order {
            Order::Run(checks, done) => {
                self.reload(checks);
                done
            }
            Order::Turn(done) => done,
        };
        let _ = done.send(());
    }

    /// Monotonic count of milliseconds.
    fn now_ms(&self) -> u64 {
        self.began_ms + self.began.elapsed().as_millis() as u64
    }

    /// Takes up a check. Gives its place where it is to run at once: nothing is known of it, or it should have run
    /// while the agent was away.
    fn add(&mut self, check: Check, standing: Option<Standing>) -> Option<(usize, u64)> {
        let definition = check.definition_hash();
        let cadence = Cadence::new(&check.name, check.interval, check.retry_interval, self.origin);
        let mut missed = true;
        let name: Arc<str> = check.name.as_str().into();
        let mut hysteresis = Hysteresis::default();
        if let Some(standing) = standing.filter(|standing| standing.definition == definition) {
            hysteresis = standing.hysteresis;
            let since = self.clock.now().ms_since(&standing.at);
            if is_blind(standing.at, self.clock.now(), check.interval) {
                hysteresis.forget_runs();
            }
            // Of a shorter one it is not kept when it last ran.
            missed = cadence.interval >= LONG && since >= cadence.interval;
            if hysteresis.hard != State::Unknown {
                let reason = standing.reason;
                self.board.put(&name, seen(&hysteresis, None, reason));
            }
        }
        self.generations += 1;
        let generation = self.generations;
        let at_once = missed || hysteresis.hard == State::Unknown;
        let watched = Watched {
            check: Arc::new(check),
            name: Arc::clone(&name),
            definition,
            cadence,
            hysteresis,
            generation,
            running: None,
            evidence: None,
            silent_runs: 0,
            certificate_ends_ms: None,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.watched.push(None);
            self.watched.len() - 1
        });
        self.watched[slot] = Some(watched);
        self.by_name.insert(name, slot);
        if at_once {
            return Some((slot, generation));
        }
        self.schedule.enter(Due { at: cadence.on_grid(self.now_ms()), slot, generation });
        None
    }

    /// Lays the grid anew where it was laid by a wrong clock. What runs every few minutes may stay where it is.
    fn anchor(&mut self, origin: i64) {
        if origin.abs_diff(self.origin) < WRONG {
            return;
        }
        self.origin = origin;
        let now = self.now_ms();
        for (slot, watched) in self.watched.iter_mut().enumerate() {
            let Some(watched) = watched.as_mut().filter(|watched| watched.cadence.interval >= LONG) else {
                continue;
            };
            let check = &watched.check;
            watched.cadence = Cadence::new(&check.name, check.interval, check.retry_interval, origin);
            if watched.running.is_none() && watched.pace(Outcome::Up, Reason::None) == Pace::Settled {
                self.generations += 1;
                watched.generation = self.generations;
                let at = watched.cadence.on_grid(now);
                self.schedule.enter(Due { at, slot, generation: self.generations });
            }
        }
    }

    /// Runs these as soon as may be, many of them over some seconds.
    fn begin(&mut self, first: &[(usize, u64)]) {
        let now = self.now_ms();
        for (place, (slot, generation)) in first.iter().copied().enumerate() {
            let at = now + delay(place, first.len());
            self.schedule.enter(Due { at, slot, generation });
        }
    }

    fn remove(&mut self, name: &str) {
        let Some(slot) = self.by_name.remove(name) else { return };
        if let Some(watched) = self.watched[slot].take()
            && let Some(running) = watched.running
        {
            running.task.abort();
        }
        self.free.push(slot);
        self.board.remove(name);
    }

    /// Unchanged checks go on as they are; changed ones begin anew; the records of removed ones still drain.
    fn reload(&mut self, checks: Vec<Check>) {
        self.watch.warn_of_lacks(&checks);
        let named: HashSet<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        let gone: Vec<Arc<str>> =
            self.by_name.keys().filter(|name| !named.contains(&***name)).map(Arc::clone).collect();
        for name in gone {
            self.remove(&name);
        }
        self.board.declare(declared(&checks));
        let mut first = Vec::new();
        for check in checks {
            let slot = self.by_name.get(check.name.as_str()).copied();
            let present = slot.and_then(|slot| self.watched[slot].as_mut());
            match present {
                Some(watched) if watched.definition == check.definition_hash() => {
                    watched.check = Arc::new(check);
                }
                _ => {
                    self.remove(&check.name);
                    first.extend(self.add(check, None));
                }
            }
        }
        self.begin(&first);
        self.forget_others();
    }

    fn forget_others(&self) {
        self.spool.keep_states_of(self.by_name.keys().map(ToString::to_string).collect());
    }

    fn start_due(&mut self) {
        let now = self.now_ms();
        while self.probes.len() < self.max_in_flight {
            let Some(due) = self.schedule.take(now) else { break };
            let Some(watched) = self.watched[due.slot].as_mut() else { continue };
            if watched.generation != due.generation || watched.running.is_some() {
                continue;
            }
            self.lateness.note(now, now.saturating_sub(due.at));
            let probe = self.watch.clone().observe(Arc::clone(&watched.check));
            let task = self.probes.spawn(probe);
            self.slots.insert(task.id(), (due.slot, due.generation));
            let started = self.clock.now();
            watched.running = Some(Running { task, due: due.at, started_ms: now, started });
        }
        self.board.set_lateness_ms(self.lateness.greatest(now));
        self.board.measured().in_flight(self.probes.len());
    }

    /// Judges what one probe saw: the entry for the spool, unless its check is no longer run, or not like this.
    fn finished(&mut self, done: Result<(Id, Observed), JoinError>) -> Option<Entry> {
        let (id, observed) = match done {
            Ok((id, observed)) => (id, observed),
            Err(error) => (error.id(), failed_inside(&error)),
        };
        self.board.measured().ran(observed.outcome, observed.total);
        let (slot, generation) = self.slots.remove(&id)?;
        let now = self.now_ms();
        let watched = self.watched[slot].as_mut().filter(|watched| watched.generation == generation)?;
        let running = watched.running.take()?;
        let entry = watched.judge(observed, running.started);
        self.board.put(&watched.name, watched.seen(reason_of(&entry)));
        let pace = watched.pace(outcome_of(&entry), reason_of(&entry));
        let at = watched.cadence.next(running.due, running.started_ms, now, pace);
        self.schedule.enter(Due { at, slot, generation });
        Some(entry)
    }
}

/// The inventory of these checks.
pub(crate) fn declared(checks: &[Check]) -> Vec<Declared> {
    let whole = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    checks
        .iter()
        .map(|check| Declared {
            name: check.name.clone(),
            kind: check.kind.name().to_owned(),
            definition: check.definition_hash().to_vec(),
            interval_ms: whole(check.interval),
            timeout_ms: whole(check.timeout),
            severity: check.severity.name().to_owned(),
            asserts: check.asserts_hash().to_vec(),
        })
        .collect()
}
