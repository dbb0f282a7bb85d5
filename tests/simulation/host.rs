//! An agent: real hysteresis, check states, spool and uplink on a host whose clocks the test sets.

use crate::rng::Rng;
use async_trait::async_trait;
use bytes::Bytes;
use skerry_agent::check_states::{CheckState, CheckStates};
use skerry_agent::clock::{BootId, Clock, ClockReading, SimulatedClock};
use skerry_agent::hysteresis::{Hysteresis, Thresholds};
use skerry_agent::self_test::{SelfTest, SelfTestSettings};
use skerry_agent::spool::{Entry, Limits, SavedState, Spool};
use skerry_agent::uplink::{Deliver, Delivery, Step, Uplink};
use skerry_aggregator::ingest::authenticate::LocalDelivery;
use skerry_protocol::wire::{Declared, Observation, Outcome, Reason, State};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

const TWICE: Thresholds = Thresholds { fall: 2, rise: 2 };

/// The link to the aggregator; `None`: nobody listens.
pub(crate) struct Link {
    target: Mutex<(Option<LocalDelivery>, Rng)>,
}

impl Link {
    pub(crate) fn connect(&self, intake: Option<LocalDelivery>) {
        self.target.lock().expect("nobody panicked").0 = intake;
    }
}

#[async_trait]
impl Deliver for Link {
    /// Loses one request in twenty and one reply in ten.
    async fn deliver(&self, body: Bytes) -> Delivery {
        let (intake, request_lost, reply_lost) = {
            let mut way = self.target.lock().expect("nobody panicked");
            let intake = way.0.as_ref().map(|intake| LocalDelivery {
                engine: intake.engine.clone(),
                aggregator_id: intake.aggregator_id.clone(),
                agent: intake.agent,
                name: intake.name.clone(),
            });
            (intake, way.1.percent(5), way.1.percent(10))
        };
        let lost = |why: &str| Delivery::Again { after: None, why: why.to_owned() };
        let Some(intake) = intake else { return lost("connection refused") };
        if request_lost {
            return lost("the request was lost");
        }
        let delivery = intake.deliver(body).await;
        if reply_lost { lost("the reply was lost") } else { delivery }
    }
}

/// A check with all its observations.
pub(crate) struct SimulatedCheck {
    pub(crate) name: String,
    shared: Arc<str>,
    hysteresis: Hysteresis,
    due: i64,
    well: bool,
    flips_at: i64,
    /// True time of each run, ms.
    pub(crate) issued: Vec<i64>,
    /// Since when (true time) and to which state.
    pub(crate) flips: Vec<(i64, State)>,
}

impl SimulatedCheck {
    /// The status the page has to show.
    pub(crate) fn expected_status(&self) -> &'static str {
        match self.hysteresis.hard {
            State::Unknown => "no_data",
            State::Up => "operational",
            State::Degraded => "degraded_performance",
            State::Down => "major_outage",
        }
    }
}

pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) location: &'static str,
    pub(crate) limits: Limits,
    pub(crate) interval: i64,
    pub(crate) checks: Vec<SimulatedCheck>,
    pub(crate) link: Arc<Link>,
    pub(crate) restarts: u32,
    pub(crate) reboots: u32,
    /// When the uplink acts next, true time.
    pub(crate) wakes: i64,
    /// Difference of its wall clock from true time, ms.
    skew: i64,
    booted: i64,
    boots: u8,
    path: PathBuf,
    simulated: &'static SimulatedClock,
    process: Option<AgentProcess>,
    /// Observations may be unsynced.
    dirty: bool,
    rng: Rng,
}

/// A process on the host.
struct AgentProcess {
    clock: Clock,
    spool: Spool,
    states: Arc<CheckStates>,
    uplink: Uplink,
}

impl Host {
    #[expect(clippy::disallowed_methods, reason = "the clocks of a simulated host live as long as the test")]
    pub(crate) async fn new(
        (name, location): (&'static str, &'static str),
        (checks, interval): (usize, i64),
        limits: Limits,
        path: PathBuf,
        mut rng: Rng,
        now: i64,
    ) -> Self {
        let checks = (0..checks).map(|number| {
            let name = format!("{name}-{number}");
            SimulatedCheck {
                shared: name.as_str().into(),
                name,
                hysteresis: Hysteresis::default(),
                due: now + rng.below(interval.unsigned_abs()).cast_signed(),
                well: true,
                flips_at: now + 3_600_000,
                issued: Vec::new(),
                flips: Vec::new(),
            }
        });
        let checks: Vec<SimulatedCheck> = checks.collect();
        let link = Link { target: Mutex::new((None, rng.fork())) };
        let skew = rng.below(600_000).cast_signed() - 300_000;
        let mut host = Self {
            name,
            location,
            limits,
            interval,
            checks,
            link: Arc::new(link),
            restarts: 0,
            reboots: 0,
            wakes: now,
            skew,
            booted: now - 5_000_000,
            boots: 1,
            path,
            // As long as the test: many parts hold the clocks of a host.
            simulated: Box::leak(Box::default()),
            process: None,
            dirty: false,
            rng,
        };
        host.set_time(now);
        host.start();
        host
    }

    pub(crate) fn set_time(&self, now: i64) {
        self.simulated.boot_ms.store((now - self.booted).unsigned_abs(), Ordering::Relaxed);
        self.simulated.wall_ms.store(now + self.skew, Ordering::Relaxed);
    }

    /// Loads the spool's saved states, as the agent does.
    fn start(&mut self) {
        let boot = BootId::from_bytes(&[self.boots; 16]).expect("sixteen bytes");
        let clock = Clock::simulated(boot, self.simulated);
        let (spool, remembered) = Spool::open(&self.path, self.limits, clock).expect("the spool opens");
        let declared = self.checks.iter().map(|check| declared(&check.name, self.interval)).collect();
        let states = Arc::new(CheckStates::new(declared));
        for state in remembered {
            let known = self.checks.iter_mut().find(|check| *check.name == *state.check);
            let check = known.expect("a check of ours");
            check.hysteresis = state.hysteresis;
            states.set(&check.shared, seen(&check.hysteresis, None));
        }
        let self_test = Arc::new(SelfTest::new(SelfTestSettings::default()));
        let deliver: Arc<dyn Deliver> = self.link.clone();
        let (name, spool_of, board_of) = (self.name.to_owned(), spool.clone(), Arc::clone(&states));
        let uplink = Uplink::new(name, spool_of, board_of, self_test, deliver, clock);
        self.process = Some(AgentProcess { clock, spool, states, uplink });
    }

    fn process(&mut self) -> &mut AgentProcess {
        self.process.as_mut().expect("it runs")
    }

    /// The process ends, and sometimes the host with it, for less than the silence limit. Returns when it is
    /// back.
    pub(crate) async fn restart(&mut self, now: i64) {
        let process = self.process.take().expect("it runs");
        process.spool.close().await;
        drop(process);
        self.restarts += 1;
        let mut back = now + 1_000 + self.rng.below(10_000).cast_signed();
        if self.rng.percent(40) {
            self.reboots += 1;
            self.boots += 1;
            back += 20_000;
            self.booted = back - 15_000;
        }
        for check in &mut self.checks {
            check.hysteresis = Hysteresis::default();
            check.due = check.due.max(back);
        }
        self.wakes = self.wakes.max(back);
        self.set_time(back);
        self.start();
    }

    /// When the next check is due.
    pub(crate) fn due(&self) -> i64 {
        self.checks.iter().map(|check| check.due).min().expect("a check")
    }

    /// Runs every check that is due.
    pub(crate) fn run_due_checks(&mut self, now: i64) {
        self.set_time(now);
        self.dirty = true;
        let (interval, process) = (self.interval, self.process.as_ref().expect("it runs"));
        for check in self.checks.iter_mut().filter(|check| check.due <= now) {
            check.due += interval * ((now - check.due) / interval + 1);
            if check.flips_at <= now {
                check.well = !check.well;
                let hours = if check.well { 20 } else { 2 };
                check.flips_at = now + 120_000 + self.rng.below(hours * 3_600_000).cast_signed();
            }
            let at = process.clock.now();
            let (outcome, reason) = if check.well {
                (Outcome::Up, Reason::None)
            } else {
                (Outcome::Down, Reason::StatusMismatch)
            };
            let before = check.hysteresis;
            let change = check.hysteresis.step(outcome, at, TWICE);
            check.issued.push(now);
            if let Some(change) = change {
                let ago = i64::try_from(at.ms_since(&change.since)).expect("not long");
                check.flips.push((now - ago, change.to));
            }
            process.states.set(&check.shared, seen(&check.hysteresis, Some(at)));
            let since = change.map(|change| change.since);
            let observation = Observation {
                boot_ms: at.boot_ms,
                wall_ms: at.wall_ms,
                outcome: outcome as i32,
                reason: reason as i32,
                total_us: 40_000 + self.rng.below(9_000),
                hard: check.hysteresis.hard as i32,
                since_boot_ms: since.filter(|since| since.boot == at.boot).map(|since| since.boot_ms),
                since_wall_ms: since.filter(|since| since.boot != at.boot).map(|since| since.wall_ms),
                ..Observation::default()
            };
            let state = (before != check.hysteresis).then(|| {
                let (check_name, hysteresis) = (Arc::clone(&check.shared), check.hysteresis);
                Box::new(SavedState { check: check_name, definition: [1; 16], hysteresis, reason, at })
            });
            process.spool.append(Entry {
                check: Arc::clone(&check.shared),
                boot: at.boot,
                observation,
                hard: change.is_some(),
                interval_ms: u32::try_from(interval).expect("short"),
                state,
            });
        }
    }

    /// Waits until the observations are synced and within the limits.
    pub(crate) async fn flush(&mut self, now: i64) {
        self.set_time(now);
        self.process().spool.flush().await;
        self.dirty = false;
    }

    /// One step of the uplink; a batch takes `cost` ms.
    pub(crate) async fn send(&mut self, now: i64, cost: i64) {
        self.set_time(now);
        if self.dirty {
            self.flush(now).await;
        }
        let step = self.process().uplink.send_next().await;
        self.wakes = now
            + match step {
                Step::Sent => cost,
                Step::Empty => 1_000,
                Step::Retry(pause) => i64::try_from(pause.as_millis()).expect("short").max(1),
            };
    }

    /// Waiting records and lost records.
    pub(crate) fn waiting_and_lost(&self) -> (u64, u64) {
        let status = self.process.as_ref().expect("it runs").spool.status();
        (status.depth, status.lost)
    }

    /// Number of observations folded into other waiting records.
    pub(crate) fn folded(&self) -> u64 {
        let status = self.process.as_ref().expect("it runs").spool.status();
        (status.issued - status.acknowledged).saturating_sub(status.depth)
    }

    /// Inverts the true state of all its checks until `until`.
    pub(crate) fn invert_checks(&mut self, until: i64) {
        for check in &mut self.checks {
            check.well = check.hysteresis.hard != State::Up;
            check.flips_at = until;
        }
    }
}

fn seen(hysteresis: &Hysteresis, evidence: Option<ClockReading>) -> CheckState {
    let (state, since) = (hysteresis.hard, hysteresis.since);
    CheckState { state, flapping: false, since, evidence, reason: Reason::None, certificate_ends_ms: None }
}

fn declared(name: &str, interval: i64) -> Declared {
    Declared {
        name: name.to_owned(),
        kind: "http".to_owned(),
        definition: vec![1; 16],
        interval_ms: interval.unsigned_abs(),
        timeout_ms: 10_000,
        severity: "high".to_owned(),
        depends_on: Vec::new(),
        labels: Default::default(),
        ..Declared::default()
    }
}
