//! The one task that starts probes when they are due, judges what they saw and hands it to the spool.
//! It never waits for a probe, a disk or the network; a slow check delays no other.

use crate::board::{Board, Seen};
use crate::clock::{Clock, Moment};
use crate::eyes::{Watch, failed_inside};
use crate::hysteresis::{Hysteresis, Thresholds, Transition};
use crate::probe::Observed;
use crate::schedule::{Cadence, Due, Lateness, Schedule};
use crate::spool::{Entry, Spool, Standing};
use skerry_protocol::check::Check;
use skerry_protocol::wire::{Declared, Observation, Outcome, Reason, State};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Longest detail kept, bytes.
const LONGEST_DETAIL: usize = 200;
/// The task looks at its schedule at least this often, ms.
const LONGEST_SLEEP: u64 = 86_400_000;

/// What the task is asked beside its work, and whom it answers.
pub(crate) enum Order {
    /// Run these checks from now on.
    Run(Vec<Check>, oneshot::Sender<()>),
    /// Show that it turns.
    Turn(oneshot::Sender<()>),
}

/// One check that is run.
struct Watched {
    check: Arc<Check>,
    name: Arc<str>,
    definition: [u8; 16],
    cadence: Cadence,
    hysteresis: Hysteresis,
    generation: u64,
    running: Option<Running>,
    evidence: Option<Moment>,
}

struct Running {
    task: AbortHandle,
    due: u64,
    started_ms: u64,
    started: Moment,
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
        let mut rounds = Self {
            clock,
            watch,
            spool,
            board,
            max_in_flight: max_in_flight.max(1),
            began: Instant::now(),
            began_ms: clock.now().boot_ms,
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
        for check in checks {
            let standing = remembered.remove(check.name.as_str());
            rounds.add(check, standing);
        }
        rounds.forget_others();
        rounds
    }

    /// Runs until it is told to stop; probes on their way are given up, and say nothing.
    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        let mut wake = pin!(tokio::time::sleep_until(self.began));
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

    fn add(&mut self, check: Check, standing: Option<Standing>) {
        let definition = check.definition_hash();
        let cadence = Cadence::new(&check.name, check.interval, check.retry_interval);
        let name: Arc<str> = check.name.as_str().into();
        let mut hysteresis = Hysteresis::default();
        if let Some(standing) = standing.filter(|standing| standing.definition == definition) {
            hysteresis = standing.hysteresis;
            let silence = 3 * check.interval.as_millis() as u64 + 10_000;
            if self.clock.now().ms_since(&standing.at) > silence {
                hysteresis.forget_runs();
            }
            if hysteresis.hard != State::Unknown {
                let reason = standing.reason;
                self.board.put(&name, seen(&hysteresis, None, reason));
            }
        }
        self.generations += 1;
        let generation = self.generations;
        let known = hysteresis.hard != State::Unknown;
        let at = cadence.first(self.now_ms(), known);
        let watched = Watched {
            check: Arc::new(check),
            name: Arc::clone(&name),
            definition,
            cadence,
            hysteresis,
            generation,
            running: None,
            evidence: None,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.watched.push(None);
            self.watched.len() - 1
        });
        self.watched[slot] = Some(watched);
        self.by_name.insert(name, slot);
        self.schedule.enter(Due { at, slot, generation });
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
        for check in checks {
            let slot = self.by_name.get(check.name.as_str()).copied();
            let present = slot.and_then(|slot| self.watched[slot].as_mut());
            match present {
                Some(watched) if watched.definition == check.definition_hash() => {
                    watched.check = Arc::new(check);
                }
                _ => {
                    self.remove(&check.name);
                    self.add(check, None);
                }
            }
        }
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
        self.board.put(&watched.name, seen(&watched.hysteresis, watched.evidence, reason_of(&entry)));
        let unconfirmed = watched.hysteresis.unconfirmed();
        let at = watched.cadence.next(running.due, running.started_ms, now, unconfirmed);
        self.schedule.enter(Due { at, slot, generation });
        Some(entry)
    }
}

impl Watched {
    /// Takes what one run saw; gives the entry for the spool.
    fn judge(&mut self, observed: Observed, started: Moment) -> Entry {
        let before = self.hysteresis;
        let thresholds = Thresholds { fall: self.check.fall, rise: self.check.rise };
        let change = self.hysteresis.step(observed.outcome, started, thresholds);
        if observed.outcome != Outcome::Inconclusive {
            self.evidence = Some(started);
        }
        if let Some(change) = change {
            tracing::info!(
                check = %self.name,
                from = change.from.name(),
                to = change.to.name(),
                reason = observed.reason.name(),
                detail = %observed.detail,
                "hard transition"
            );
        }
        let flapping = self.hysteresis.flapping;
        if flapping != before.flapping {
            tracing::info!(check = %self.name, flapping, "a check began to flap, or no longer does");
        }
        let standing = (before != self.hysteresis).then(|| {
            Box::new(Standing {
                check: Arc::clone(&self.name),
                definition: self.definition,
                hysteresis: self.hysteresis,
                reason: observed.reason,
                at: started,
            })
        });
        Entry {
            check: Arc::clone(&self.name),
            boot: started.boot,
            observation: observation(observed, started, &self.hysteresis, change),
            hard: change.is_some() || flapping != before.flapping,
            interval_ms: u32::try_from(self.check.interval.as_millis()).unwrap_or(u32::MAX),
            standing,
        }
    }
}

fn observation(
    observed: Observed,
    started: Moment,
    hysteresis: &Hysteresis,
    change: Option<Transition>,
) -> Observation {
    let mut detail = observed.detail;
    let end = (0..=LONGEST_DETAIL.min(detail.len())).rfind(|end| detail.is_char_boundary(*end)).unwrap_or(0);
    detail.truncate(end);
    let since = change.map(|change| change.since);
    let same_boot = since.filter(|since| since.boot == started.boot);
    let other_boot = since.filter(|since| since.boot != started.boot);
    Observation {
        check: 0,
        boot: 0,
        boot_ms: started.boot_ms,
        wall_ms: started.wall_ms,
        outcome: observed.outcome as i32,
        reason: observed.reason as i32,
        detail,
        total_us: u64::try_from(observed.total.as_micros()).unwrap_or(u64::MAX),
        phases: observed.phases,
        hard: hysteresis.hard as i32,
        since_boot_ms: same_boot.map(|since| since.boot_ms),
        since_wall_ms: other_boot.map(|since| since.wall_ms),
        flapping: hysteresis.flapping,
    }
}

fn seen(hysteresis: &Hysteresis, evidence: Option<Moment>, reason: Reason) -> Seen {
    Seen { state: hysteresis.hard, flapping: hysteresis.flapping, since: hysteresis.since, evidence, reason }
}

fn reason_of(entry: &Entry) -> Reason {
    Reason::from_wire(entry.observation.reason)
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
        })
        .collect()
}
