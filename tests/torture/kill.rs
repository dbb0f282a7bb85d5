//! `kill -9` of either side, or both, at random moments under load.

use crate::harness::{Harness, Running, quick_check};
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, rounds, seed, until};
use crate::sender::{Ledger, Misbehaviour, Sender, checks_of};
use crate::target::Target;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Both sides run again; within this time a new observation of every agent is stored.
const HEALED: Duration = Duration::from_secs(30);
/// Number of checks of the real agent.
const REAL: usize = 6;
/// Silence limit of a check with an interval of 200 ms; the senders' checks have one of a second.
const SILENCE: i64 = 10_600;
/// Rounds between two complete judgements.
const FULL: usize = 25;

#[test]
fn either_side_is_killed_a_hundred_times() {
    torture("torture::either_side", 100);
}

#[test]
#[ignore = "long: a thousand kills take about half an hour"]
fn either_side_is_killed_a_thousand_times() {
    torture("torture::either_side_is_killed_a_thousand", 1_000);
}

struct Scene {
    target: Target,
    aggregator: Option<Running>,
    agent: Option<Running>,
    config: PathBuf,
    senders: Vec<Sender>,
    rng: Rng,
    slowest: Duration,
    /// Last, so that its logs outlive their writers.
    harness: Harness,
}

fn torture(test: &str, usual: usize) {
    let rounds = rounds(usual);
    let began = Instant::now();
    let seed = seed(test);
    let mut scene = Scene::new(Rng::new(seed));
    let mut kills = [0_u32; 2];
    for round in 1..=rounds {
        let (aggregator, agent) = scene.inject_fault();
        kills[0] += u32::from(aggregator);
        kills[1] += u32::from(agent);
        scene.heals();
        let ledgers = scene.ledgers();
        let look = DatabaseView::at(&scene.harness);
        for (ledger, sender) in ledgers.iter().zip(&scene.senders) {
            look.marks(ledger, || sender.ledger().spools.len());
        }
        drop(look);
        if round % FULL == 0 {
            scene.judge();
            say!("round {round}: sound after {:?}", began.elapsed());
        }
    }
    let slowest = scene.slowest;
    let sums = scene.end();
    say!(
        "{rounds} rounds, the aggregator killed {} times, the agent {}, in {:?}: {sums}; a fresh observation at \
         most {slowest:?} after the start",
        kills[0],
        kills[1],
        began.elapsed()
    );
}

impl Scene {
    fn new(mut rng: Rng) -> Self {
        let names = ["one", "two", "calm"];
        let mut checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
        checks.extend((0..REAL).map(|check| format!("real-{check}")));
        let harness = Harness::new(&checks, None);
        let aggregator = harness.start();
        let target = Target::start();
        let senders = names
            .iter()
            .map(|name| {
                let misbehaviour = Misbehaviour { always_well: *name == "calm", ..Misbehaviour::BAD };
                Sender::start(name, harness.private, harness.enrol(name), misbehaviour, rng.fork())
            })
            .collect();
        let checks: String =
            (0..REAL).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
        let (token, spool) = (harness.enrol("real"), harness.path("real/spool.db"));
        let config = harness.agent_config("real", harness.private, &token, &spool, &checks);
        let agent = harness.start_agent("real", &config);
        let (aggregator, agent) = (Some(aggregator), Some(agent));
        Self { harness, target, aggregator, agent, config, senders, rng, slowest: Duration::ZERO }
    }

    /// Applies load for a while, then kills. Returns which sides were killed.
    fn inject_fault(&mut self) -> (bool, bool) {
        if self.rng.percent(40) {
            self.target.well.fetch_xor(true, Ordering::Relaxed);
        }
        elapse(self.rng.between(150, 1_200));
        let whom = self.rng.below(10);
        let (aggregator, agent) = (whom < 6, whom >= 5);
        if aggregator && let Some(running) = self.aggregator.take() {
            running.kill();
        }
        if aggregator && agent {
            elapse(self.rng.between(0, 100));
        }
        if agent && let Some(running) = self.agent.take() {
            running.kill();
        }
        elapse(self.rng.between(0, 500));
        // Either side may start first.
        if agent && self.rng.percent(50) {
            self.agent = Some(self.harness.start_agent("real", &self.config));
        }
        if aggregator {
            self.aggregator = Some(self.harness.start());
        }
        if self.agent.is_none() {
            self.agent = Some(self.harness.start_agent("real", &self.config));
        }
        (aggregator, agent)
    }

    fn ledgers(&self) -> Vec<Ledger> {
        self.senders.iter().map(|sender| sender.ledger().clone()).collect()
    }

    /// Both sides run: something new of everyone is stored within the time limit.
    fn heals(&mut self) {
        let before: Vec<u64> = self.senders.iter().map(|sender| sender.ledger().acknowledged()).collect();
        let real = |harness: &Harness| DatabaseView::at(harness).through("real").values().sum::<u64>();
        let real_before = real(&self.harness);
        let assert_no_wrong_answers = || {
            let log = self.aggregator.as_ref().map(Running::log_text).unwrap_or_default();
            for sender in &self.senders {
                let ledger = sender.ledger();
                assert_eq!(ledger.wrong, None, "{}\n{log}", ledger.name);
            }
        };
        let took = until("a fresh observation of everyone is stored", HEALED, || {
            assert_no_wrong_answers();
            let acknowledged = self.senders.iter().map(|sender| sender.ledger().acknowledged());
            acknowledged.zip(&before).all(|(now, before)| now > *before) && real(&self.harness) > real_before
        });
        self.slowest = self.slowest.max(took);
    }

    /// Judges one snapshot of everything. The issued records are read after it, because they only grow.
    fn judge(&self) {
        let acknowledged = self.ledgers();
        let look = DatabaseView::at(&self.harness);
        look.sound();
        let mut judged = 0;
        for (before, now) in acknowledged.iter().zip(self.ledgers()) {
            look.marks(before, || now.spools.len());
            look.once(&now);
            look.transitions(&now);
            for check in checks_of(&now.name) {
                judged += usize::from(look.intervals(&check, SILENCE).is_some());
            }
        }
        look.accounted("real");
        for check in 0..REAL {
            judged += usize::from(look.intervals(&format!("real-{check}"), SILENCE).is_some());
        }
        assert!(judged > 0, "no component had evidence without a gap");
    }

    /// Waits until everyone has settled; then the page equals the store, to the millisecond.
    fn end(self) -> String {
        self.target.well.store(true, Ordering::Relaxed);
        self.senders.iter().for_each(Sender::settle);
        until("all is well again", HEALED, || {
            self.harness.shown().is_some_and(|shown| shown.iter().all(|(_, status)| status == "operational"))
        });
        self.judge();
        let ledgers: Vec<Ledger> = self.senders.into_iter().map(Sender::stop).collect();
        drop(self.agent);
        let look = DatabaseView::at(&self.harness);
        look.page(&self.harness.shown().expect("the page"));
        for check in checks_of("calm") {
            assert_eq!(look.intervals(&check, SILENCE).unwrap_or(0), 0, "an outage that nobody saw");
        }
        let sheet = self.harness.csv();
        let mut outages = 0;
        for (name, seconds) in sheet {
            if let Some(outage) = look.intervals(&name, SILENCE) {
                assert_eq!(
                    (seconds * 1_000.0).round() as i64,
                    outage,
                    "{name}: uptime.csv says another time"
                );
                outages += outage;
            }
        }
        let observations: u64 = ledgers.iter().map(|ledger| look.once(ledger)).sum();
        let (real, gone) = look.accounted("real");
        let sum = |one: fn(&Ledger) -> u64| ledgers.iter().map(one).sum::<u64>();
        let spools: usize = ledgers.iter().map(|ledger| ledger.spools.len()).sum();
        format!(
            "{observations} + {real} observations once each over {spools} spools, {} answers lost, {} batches \
             sent again, {} refused as busy, {gone} jumped over or lost by the real agent, {} s of outage",
            sum(|ledger| ledger.answers_lost),
            sum(|ledger| ledger.replays),
            sum(|ledger| ledger.refused),
            outages / 1_000
        )
    }
}
