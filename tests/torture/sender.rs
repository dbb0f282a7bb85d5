//! An agent that speaks the wire protocol itself and remembers everything it sent. It loses answers, replays
//! old batches, has a wrong wall clock, and replaces its spool.

use crate::harness::post;
use crate::record::{declared, record};
use crate::rng::{Rng, elapse};
use prost::Message;
use skerry_protocol::wire::{Batch, HardState, Inventory, PROTOCOL_VERSION, Reason, Reply, State, encode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Number of checks per sender.
pub(crate) const CHECKS: usize = 3;
/// Time between observations, ms.
const EVERY: u64 = 2;
/// Maximum number of records in a batch.
const MOST: usize = 1_500;
/// Boot clock at the start, ms: an uptime longer than any history.
const BOOT: u64 = 1_000_000_000;

/// One issued observation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issued {
    pub(crate) check: u32,
    pub(crate) boot_ms: u64,
    pub(crate) well: bool,
    pub(crate) hard: State,
    pub(crate) since: Option<u64>,
}

/// One spool of a sender.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spool {
    pub(crate) epoch: [u8; 16],
    /// The record of sequence n is at n − 1.
    pub(crate) issued: Vec<Issued>,
    pub(crate) acknowledged: u64,
    /// The highest sequence ever sent.
    pub(crate) sent: u64,
}

/// Everything a sender ever sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) name: String,
    pub(crate) spools: Vec<Spool>,
    pub(crate) answers_lost: u64,
    pub(crate) replays: u64,
    pub(crate) refused: u64,
    /// The longest time to an answer.
    pub(crate) waited: Duration,
    /// An answer that must never be given.
    pub(crate) wrong: Option<String>,
}

impl Ledger {
    /// Records acknowledged over all spools.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.spools.iter().map(|spool| spool.acknowledged).sum()
    }
}

/// How the sender misbehaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misbehaviour {
    pub(crate) answers_lost_percent: u64,
    pub(crate) replays_percent: u64,
    pub(crate) new_spool_percent: u64,
    /// All its checks are always up.
    pub(crate) always_well: bool,
}

impl Misbehaviour {
    pub(crate) const BAD: Self =
        Self { answers_lost_percent: 20, replays_percent: 20, new_spool_percent: 1, always_well: false };
}

#[derive(Debug)]
pub(crate) struct Sender {
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    settle: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The names of the checks of this sender.
pub(crate) fn checks_of(name: &str) -> Vec<String> {
    (0..CHECKS).map(|check| format!("{name}-{check}")).collect()
}

impl Sender {
    pub(crate) fn start(name: &str, port: u16, token: String, misbehaviour: Misbehaviour, rng: Rng) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger { name: name.to_owned(), ..Ledger::default() }));
        let (stop, settle) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let cut = Arc::new(AtomicBool::new(false));
        let work = Work {
            ledger: Arc::clone(&ledger),
            stop: Arc::clone(&stop),
            settle: Arc::clone(&settle),
            cut: Arc::clone(&cut),
            port,
            token,
            misbehaviour,
            rng,
            began: Instant::now(),
            checks: [CheckModel::default(); CHECKS],
            inventory: true,
            former: Vec::new(),
        };
        let thread = std::thread::spawn(move || work.run());
        Self { ledger, stop, settle, cut, thread: Some(thread) }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no one panics with the ledger in hand")
    }

    /// From now on all its checks are up.
    pub(crate) fn settle(&self) {
        self.settle.store(true, Ordering::Relaxed);
    }

    /// While its link is cut it keeps observing, and sends later.
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }

    /// Stops it and returns its ledger.
    pub(crate) fn stop(mut self) -> Ledger {
        self.end();
        self.ledger().clone()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the sender does not panic");
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The simulated state of a check.
#[derive(Clone, Copy, Debug)]
struct CheckModel {
    well: bool,
    run: u32,
    run_began: u64,
    run_well: bool,
    hard: State,
    since: u64,
    flips_at: u64,
}

impl Default for CheckModel {
    fn default() -> Self {
        let hard = State::Unknown;
        Self { well: true, run: 0, run_began: 0, run_well: true, hard, since: 0, flips_at: BOOT + 500 }
    }
}

struct Work {
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    settle: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
    port: u16,
    token: String,
    misbehaviour: Misbehaviour,
    rng: Rng,
    began: Instant,
    checks: [CheckModel; CHECKS],
    inventory: bool,
    former: Vec<Vec<u8>>,
}

impl Work {
    fn run(mut self) {
        let mut last = BOOT;
        while !self.stop.load(Ordering::Relaxed) {
            self.perhaps_new_spool();
            let now = self.boot_now();
            while last + EVERY <= now {
                last += EVERY;
                self.observe(last);
            }
            if !self.cut.load(Ordering::Relaxed) {
                self.deliver();
            }
            let pause = self.rng.between(5, 40);
            elapse(pause);
        }
    }

    fn boot_now(&self) -> u64 {
        BOOT + self.began.elapsed().as_millis() as u64
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no one panics with the ledger in hand")
    }

    fn perhaps_new_spool(&mut self) {
        let change = self.rng.percent(self.misbehaviour.new_spool_percent);
        let mut epoch = [0; 16];
        epoch[..8].copy_from_slice(&self.rng.next().to_be_bytes());
        let mut ledger = self.ledger.lock().expect("no one panics with the ledger in hand");
        let empty = ledger.spools.last().is_none_or(|spool| {
            change && spool.acknowledged == spool.issued.len() as u64 && ledger.spools.len() < 4_000
        });
        if empty {
            ledger.spools.push(Spool { epoch, ..Spool::default() });
            self.former.clear();
        }
    }

    /// Two equal observations in a row make a hard state, which starts with the first.
    fn observe(&mut self, boot_ms: u64) {
        let check = (boot_ms / EVERY) as usize % CHECKS;
        let calm = self.misbehaviour.always_well || self.settle.load(Ordering::Relaxed);
        let checks = &mut self.checks[check];
        if boot_ms >= checks.flips_at {
            checks.well = !checks.well;
            checks.flips_at = boot_ms + 200 + self.rng.below(4_000);
        }
        let well = checks.well || calm;
        if checks.run == 0 || checks.run_well != well {
            (checks.run, checks.run_began, checks.run_well) = (0, boot_ms, well);
        }
        checks.run += 1;
        let held = if well { State::Up } else { State::Down };
        let changed = checks.run >= 2 && checks.hard != held;
        if changed {
            (checks.hard, checks.since) = (held, checks.run_began);
        }
        let since = changed.then_some(checks.run_began);
        let issued = Issued { check: check as u32, boot_ms, well, hard: checks.hard, since };
        let mut ledger = self.ledger.lock().expect("no one panics with the ledger in hand");
        if let Some(spool) = ledger.spools.last_mut() {
            spool.issued.push(issued);
        }
    }

    fn deliver(&mut self) {
        let Some(body) = self.batch() else { return };
        let lost = self.rng.percent(self.misbehaviour.answers_lost_percent);
        let sent = Instant::now();
        let answer = post(self.port, &self.token, &body, !lost);
        if lost {
            self.ledger().answers_lost += 1;
            return;
        }
        {
            let mut ledger = self.ledger();
            ledger.waited = ledger.waited.max(sent.elapsed());
        }
        match answer {
            Some((200, reply)) => self.accepted(&body, &reply),
            Some((503 | 429, _)) => self.ledger().refused += 1,
            Some((status, words)) => {
                let words = String::from_utf8_lossy(&words).into_owned();
                self.ledger().wrong = Some(format!("a good batch was answered {status}: {words}"));
            }
            None => {}
        }
        if self.rng.percent(self.misbehaviour.replays_percent) && !self.former.is_empty() {
            self.replay();
        }
    }

    fn accepted(&mut self, body: &[u8], reply: &[u8]) {
        let Ok(reply) = Reply::decode(reply) else {
            self.ledger().wrong = Some("a reply that cannot be read".to_owned());
            return;
        };
        self.inventory = reply.want_inventory;
        let mut ledger = self.ledger.lock().expect("no one panics with the ledger in hand");
        let Some(spool) = ledger.spools.last_mut() else { return };
        let through = reply.acknowledged_through;
        if through > spool.sent || through < spool.acknowledged {
            let what =
                format!("{through} was acknowledged; sent {}, before {}", spool.sent, spool.acknowledged);
            ledger.wrong = Some(what);
            return;
        }
        spool.acknowledged = through;
        drop(ledger);
        self.former.push(body.to_vec());
        if self.former.len() > 20 {
            self.former.remove(0);
        }
    }

    /// Replays an old batch. Its answer counts like any other.
    fn replay(&mut self) {
        let which = self.rng.below(self.former.len() as u64) as usize;
        let body = self.former[which].clone();
        if let Some((200, reply)) = post(self.port, &self.token, &body, true) {
            self.ledger().replays += 1;
            self.accepted(&body, &reply);
        }
    }

    fn batch(&mut self) -> Option<Vec<u8>> {
        let lie = match self.rng.below(8) {
            0 => -86_400_000,
            1 => 86_400_000,
            2 => 3_600_000,
            3 => -1_790_000_000_000,
            4 => i64::MAX / 2,
            _ => 0,
        };
        let now = self.boot_now();
        let names = checks_of(&self.ledger().name);
        let mut ledger = self.ledger.lock().expect("no one panics with the ledger in hand");
        let name = ledger.name.clone();
        let index = ledger.spools.len() as u32 - 1;
        let spool = ledger.spools.last_mut()?;
        let from = spool.acknowledged as usize;
        let to = spool.issued.len().min(from + MOST);
        spool.sent = spool.sent.max(to as u64);
        let records = (from..to).map(|at| record(index, at as u64 + 1, &spool.issued[at], lie)).collect();
        let epoch = spool.epoch.to_vec();
        let former = ledger.spools.iter().rev().nth(1).map(|former| former.epoch.to_vec());
        drop(ledger);
        let inventory =
            self.inventory.then(|| Inventory { checks: names.iter().map(|name| declared(name)).collect() });
        let batch = Batch {
            protocol: PROTOCOL_VERSION,
            agent: name,
            agent_version: "test".to_owned(),
            epoch,
            boot_id: "0d9af5a1-90c0-4b2e-8c5f-00ffee001122".to_owned(),
            boot_now_ms: now,
            wall_now_ms: lie,
            checks: names,
            boots: vec!["0d9af5a1-90c0-4b2e-8c5f-00ffee001122".to_owned()],
            records,
            snapshot: self.snapshot(now),
            inventory,
            spool: None,
            process: Vec::new(),
            acknowledged_through: 0,
            former_epoch: former.unwrap_or_default(),
            location: String::new(),
        };
        Some(encode(&batch).expect("it compresses"))
    }

    fn snapshot(&self, now: u64) -> Vec<HardState> {
        let known = self.checks.iter().zip(0..).filter(|(checks, _)| checks.hard != State::Unknown);
        known
            .map(|(checks, check)| HardState {
                check,
                state: checks.hard as i32,
                flapping: false,
                since_ms_ago: now.saturating_sub(checks.since),
                evidence_ms_ago: Some(EVERY),
                reason: Reason::None as i32,
                certificate_ends_ms: None,
            })
            .collect()
    }
}
