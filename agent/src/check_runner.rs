//! The task that starts probes when they are due, feeds their results to the hysteresis and appends them to
//! the spool. It never waits for a probe, a disk or the network, so a slow check delays no other.

mod scheduled_check;

use crate::check_states::CheckStates;
use crate::clock::Clock;
use crate::hysteresis::Hysteresis;
use crate::observer::{Observer, crashed_probe};
use crate::probe::Observed;
use crate::schedule::{Cadence, Due, LONG, Lateness, Pace, Schedule, delay};
use crate::spool::{Entry, SavedState, Spool};
use scheduled_check::{Running, ScheduledCheck, is_silence, outcome_of, reason_of, state_of};
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

/// Longest sleep between looks at the schedule, ms.
const MAX_SLEEP: u64 = 86_400_000;
/// A wall clock that is off by more, ms, moves the grid once the right time is known.
const CLOCK_ERROR: u64 = 60_000;

/// Requests to the task, with a channel for the answer.
pub(crate) enum Control {
    /// Replace the checks.
    SetChecks(Vec<Check>, oneshot::Sender<()>),
    /// Show that the task is responsive.
    Ping(oneshot::Sender<()>),
}

/// The task's state.
pub(crate) struct CheckRunner {
    clock: Clock,
    observer: Observer,
    spool: Spool,
    states: Arc<CheckStates>,
    max_in_flight: usize,
    began: Instant,
    /// Boot clock at `began`, ms, so that a restart finds each check at its old place in its interval.
    began_ms: u64,
    /// Wall clock at boot clock 0, ms. Fixes the grid of the checks; later steps do not move it. The
    /// aggregator's first reply moves it if the wall clock was wrong at the start.
    origin: i64,
    checks: Vec<Option<ScheduledCheck>>,
    free: Vec<usize>,
    by_name: HashMap<Arc<str>, usize>,
    generations: u64,
    schedule: Schedule,
    probes: JoinSet<Observed>,
    slots: HashMap<Id, (usize, u64)>,
    lateness: Lateness,
}

impl CheckRunner {
    /// Starts with `checks` and their saved states.
    pub(crate) fn new(
        clock: Clock,
        observer: Observer,
        spool: Spool,
        states: Arc<CheckStates>,
        max_in_flight: usize,
        checks: Vec<Check>,
        remembered: Vec<SavedState>,
    ) -> Self {
        let began = clock.now();
        let mut runner = Self {
            clock,
            observer,
            spool,
            states,
            max_in_flight: max_in_flight.max(1),
            began: Instant::now(),
            began_ms: began.boot_ms,
            origin: began.wall_ms.saturating_sub_unsigned(began.boot_ms),
            checks: Vec::new(),
            free: Vec::new(),
            by_name: HashMap::new(),
            generations: 0,
            schedule: Schedule::default(),
            probes: JoinSet::new(),
            slots: HashMap::new(),
            lateness: Lateness::default(),
        };
        runner.observer.warn_about_permissions(&checks);
        let mut remembered: HashMap<Arc<str>, SavedState> =
            remembered.into_iter().map(|state| (Arc::clone(&state.check), state)).collect();
        let mut first = Vec::new();
        for check in checks {
            let state = remembered.remove(check.name.as_str());
            first.extend(runner.add(check, state));
        }
        runner.schedule_first_runs(&first);
        runner.prune_saved_states();
        runner
    }

    /// Runs until stopped. Running probes are aborted and report nothing.
    pub(crate) async fn run(mut self, mut controls: mpsc::Receiver<Control>, stop: CancellationToken) {
        let mut wake = pin!(tokio::time::sleep_until(self.began));
        let mut clock_offset = self.observer.time.offset();
        let mut aligned = false;
        loop {
            self.start_due();
            let room = self.probes.len() < self.max_in_flight;
            let earliest = self.schedule.earliest().filter(|_| room);
            if let Some(earliest) = earliest {
                let from_began = Duration::from_millis(earliest.saturating_sub(self.began_ms).min(MAX_SLEEP));
                let at = self.began + from_began;
                if wake.deadline() != at {
                    wake.as_mut().reset(at);
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                Some(done) = self.probes.join_next_with_id() => self.complete_all(done).await,
                Some(order) = controls.recv() => self.apply_control(order),
                Ok(()) = clock_offset.changed(), if !aligned => {
                    aligned = true;
                    let origin = *clock_offset.borrow_and_update();
                    self.realign(origin.unwrap_or(self.origin));
                }
                () = &mut wake, if earliest.is_some() => {}
                else => stop.cancelled().await,
            }
        }
    }

    /// Processes `first` and all other probes that have ended by now and appends their results together, so
    /// that one commit covers them. Waits for nothing else.
    async fn complete_all(&mut self, first: Result<(Id, Observed), JoinError>) {
        tokio::task::yield_now().await;
        let mut entries = Vec::new();
        entries.extend(self.complete(first));
        while let Some(done) = self.probes.try_join_next_with_id() {
            entries.extend(self.complete(done));
        }
        if !entries.is_empty() {
            self.spool.append_all(entries);
            self.states.mark_observed();
        }
    }

    fn apply_control(&mut self, order: Control) {
        let done = match order {
            Control::SetChecks(checks, done) => {
                self.set_checks(checks);
                done
            }
            Control::Ping(done) => done,
        };
        let _ = done.send(());
    }

    /// Monotonic milliseconds.
    fn now_ms(&self) -> u64 {
        self.began_ms + self.began.elapsed().as_millis() as u64
    }

    /// Adds a check. Returns its slot if it has to run at once, because nothing is known about it or it
    /// missed a run while the agent was down.
    fn add(&mut self, check: Check, state: Option<SavedState>) -> Option<(usize, u64)> {
        let definition = check.definition_hash();
        let cadence = Cadence::new(&check.name, check.interval, check.retry_interval, self.origin);
        let mut missed = true;
        let name: Arc<str> = check.name.as_str().into();
        let mut hysteresis = Hysteresis::default();
        if let Some(state) = state.filter(|state| state.definition == definition) {
            hysteresis = state.hysteresis;
            let since = self.clock.now().ms_since(&state.at);
            if is_silence(state.at, self.clock.now(), check.interval) {
                hysteresis.forget_runs();
            }
            // For shorter intervals the last run is not saved.
            missed = cadence.interval >= LONG && since >= cadence.interval;
            if hysteresis.hard != State::Unknown {
                let reason = state.reason;
                self.states.set(&name, state_of(&hysteresis, None, reason));
            }
        }
        self.generations += 1;
        let generation = self.generations;
        let at_once = missed || hysteresis.hard == State::Unknown;
        let watched = ScheduledCheck {
            check: Arc::new(check),
            name: Arc::clone(&name),
            definition,
            cadence,
            hysteresis,
            generation,
            running: None,
            evidence: None,
            inconclusive_runs: 0,
            certificate_ends_ms: None,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.checks.push(None);
            self.checks.len() - 1
        });
        self.checks[slot] = Some(watched);
        self.by_name.insert(name, slot);
        if at_once {
            return Some((slot, generation));
        }
        self.schedule.enter(Due { at: cadence.on_grid(self.now_ms()), slot, generation });
        None
    }

    /// Moves the grid if it was laid by a wrong clock. Checks with short intervals stay where they are.
    fn realign(&mut self, origin: i64) {
        if origin.abs_diff(self.origin) < CLOCK_ERROR {
            return;
        }
        self.origin = origin;
        let now = self.now_ms();
        for (slot, watched) in self.checks.iter_mut().enumerate() {
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

    /// Schedules these as soon as possible; many of them are spread over some seconds.
    fn schedule_first_runs(&mut self, first: &[(usize, u64)]) {
        let now = self.now_ms();
        for (place, (slot, generation)) in first.iter().copied().enumerate() {
            let at = now + delay(place, first.len());
            self.schedule.enter(Due { at, slot, generation });
        }
    }

    fn remove(&mut self, name: &str) {
        let Some(slot) = self.by_name.remove(name) else { return };
        if let Some(watched) = self.checks[slot].take()
            && let Some(running) = watched.running
        {
            running.task.abort();
        }
        self.free.push(slot);
        self.states.remove(name);
    }

    /// Unchanged checks keep running, changed ones start anew, and records of removed ones still drain.
    fn set_checks(&mut self, checks: Vec<Check>) {
        self.observer.warn_about_permissions(&checks);
        let named: HashSet<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        let gone: Vec<Arc<str>> =
            self.by_name.keys().filter(|name| !named.contains(&***name)).map(Arc::clone).collect();
        for name in gone {
            self.remove(&name);
        }
        self.states.set_inventory(inventory_of(&checks));
        let mut first = Vec::new();
        for check in checks {
            let slot = self.by_name.get(check.name.as_str()).copied();
            let present = slot.and_then(|slot| self.checks[slot].as_mut());
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
        self.schedule_first_runs(&first);
        self.prune_saved_states();
    }

    fn prune_saved_states(&self) {
        self.spool.keep_states_of(self.by_name.keys().map(ToString::to_string).collect());
    }

    fn start_due(&mut self) {
        let now = self.now_ms();
        while self.probes.len() < self.max_in_flight {
            let Some(due) = self.schedule.take(now) else { break };
            let Some(watched) = self.checks[due.slot].as_mut() else { continue };
            if watched.generation != due.generation || watched.running.is_some() {
                continue;
            }
            self.lateness.note(now, now.saturating_sub(due.at));
            let probe = self.observer.clone().observe(Arc::clone(&watched.check));
            let task = self.probes.spawn(probe);
            self.slots.insert(task.id(), (due.slot, due.generation));
            let started = self.clock.now();
            watched.running = Some(Running { task, due: due.at, started_ms: now, started });
        }
        self.states.set_lateness_ms(self.lateness.greatest(now));
        self.states.probe_metrics().in_flight(self.probes.len());
    }

    /// Processes the result of one probe. Returns the spool entry, unless the check was removed or changed
    /// meanwhile.
    fn complete(&mut self, done: Result<(Id, Observed), JoinError>) -> Option<Entry> {
        let (id, observed) = match done {
            Ok((id, observed)) => (id, observed),
            Err(error) => (error.id(), crashed_probe(&error)),
        };
        self.states.probe_metrics().ran(observed.outcome, observed.total);
        let (slot, generation) = self.slots.remove(&id)?;
        let now = self.now_ms();
        let watched = self.checks[slot].as_mut().filter(|watched| watched.generation == generation)?;
        let running = watched.running.take()?;
        let entry = watched.record(observed, running.started);
        self.states.set(&watched.name, watched.state(reason_of(&entry)));
        let pace = watched.pace(outcome_of(&entry), reason_of(&entry));
        let at = watched.cadence.next(running.due, running.started_ms, now, pace);
        self.schedule.enter(Due { at, slot, generation });
        Some(entry)
    }
}

/// The inventory of these checks.
pub(crate) fn inventory_of(checks: &[Check]) -> Vec<Declared> {
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
            depends_on: check.depends_on.clone(),
            labels: check.labels.clone(),
        })
        .collect()
}
