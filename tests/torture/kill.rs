//! `kill -9` of either side, or both, at random moments under load.

use crate::dice::{Dice, pass, rounds, seed, until};
use crate::oracle::Look;
use crate::sender::{Ledger, Manners, Sender, checks_of};
use crate::target::Target;
use crate::yard::{Running, Yard, quick_check};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A fresh observation of every agent is stored this long after both sides run again.
const HEALED: Duration = Duration::from_secs(30);
/// Checks of the real agent.
const REAL: usize = 6;
/// Silence of a check with an interval of 200 ms, and of the senders' with one of a second.
const SILENCE: i64 = 10_600;
/// Rounds between two full judgements.
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
    yard: Yard,
    target: Target,
    aggregator: Option<Running>,
    agent: Option<Running>,
    config: PathBuf,
    senders: Vec<Sender>,
    dice: Dice,
    slowest: Duration,
}

fn torture(test: &str, usual: usize) {
    let rounds = rounds(usual);
    let began = Instant::now();
    let seed = seed(test);
    let mut scene = Scene::new(Dice::new(seed));
    let mut kills = [0_u32; 2];
    for round in 1..=rounds {
        let (aggregator, agent) = scene.strike();
        kills[0] += u32::from(aggregator);
        kills[1] += u32::from(agent);
        scene.heals();
        let ledgers = scene.ledgers();
        let look = Look::at(&scene.yard);
        for ledger in &ledgers {
            look.marks(ledger);
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
    fn new(mut dice: Dice) -> Self {
        let names = ["one", "two", "calm"];
        let mut checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
        checks.extend((0..REAL).map(|check| format!("real-{check}")));
        let yard = Yard::new(&checks, None);
        let aggregator = yard.start();
        let target = Target::start();
        let senders = names
            .iter()
            .map(|name| {
                let manners = Manners { always_well: *name == "calm", ..Manners::BAD };
                Sender::start(name, yard.private, yard.enrol(name), manners, dice.fork())
            })
            .collect();
        let checks: String =
            (0..REAL).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
        let (token, spool) = (yard.enrol("real"), yard.path("real/spool.db"));
        let config = yard.agent_config("real", yard.private, &token, &spool, &checks);
        let agent = yard.start_agent("real", &config);
        let (aggregator, agent) = (Some(aggregator), Some(agent));
        Self { yard, target, aggregator, agent, config, senders, dice, slowest: Duration::ZERO }
    }

    /// Load for a while, then the blow. Returns whom it struck.
    fn strike(&mut self) -> (bool, bool) {
        if self.dice.percent(40) {
            self.target.well.fetch_xor(true, Ordering::Relaxed);
        }
        pass(self.dice.between(150, 1_200));
        let whom = self.dice.below(10);
        let (aggregator, agent) = (whom < 6, whom >= 5);
        if aggregator && let Some(running) = self.aggregator.take() {
            running.kill();
        }
        if aggregator && agent {
            pass(self.dice.between(0, 100));
        }
        if agent && let Some(running) = self.agent.take() {
            running.kill();
        }
        pass(self.dice.between(0, 500));
        // Whoever comes back first.
        if agent && self.dice.percent(50) {
            self.agent = Some(self.yard.start_agent("real", &self.config));
        }
        if aggregator {
            self.aggregator = Some(self.yard.start());
        }
        if self.agent.is_none() {
            self.agent = Some(self.yard.start_agent("real", &self.config));
        }
        (aggregator, agent)
    }

    fn ledgers(&self) -> Vec<Ledger> {
        self.senders.iter().map(|sender| sender.ledger().clone()).collect()
    }

    /// Both sides run: something new of everyone is stored within the bound.
    fn heals(&mut self) {
        let before: Vec<u64> = self.senders.iter().map(|sender| sender.ledger().acknowledged()).collect();
        let real = |yard: &Yard| Look::at(yard).through("real").values().sum::<u64>();
        let real_before = real(&self.yard);
        let took = until("a fresh observation of everyone is stored", HEALED, || {
            let acknowledged = self.senders.iter().map(|sender| sender.ledger().acknowledged());
            acknowledged.zip(&before).all(|(now, before)| now > *before) && real(&self.yard) > real_before
        });
        self.slowest = self.slowest.max(took);
    }

    /// Everything, from a look at one moment. What was issued is read after it: it only grows.
    fn judge(&self) {
        let acknowledged = self.ledgers();
        let look = Look::at(&self.yard);
        look.sound();
        let mut judged = 0;
        for (before, now) in acknowledged.iter().zip(self.ledgers()) {
            look.marks(before);
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

    /// Everyone settles; then what is shown is what is stored, to the millisecond.
    fn end(self) -> String {
        self.target.well.store(true, Ordering::Relaxed);
        self.senders.iter().for_each(Sender::settle);
        until("all is well again", HEALED, || {
            self.yard.shown().is_some_and(|shown| shown.iter().all(|(_, status)| status == "operational"))
        });
        self.judge();
        let ledgers: Vec<Ledger> = self.senders.into_iter().map(Sender::stop).collect();
        drop(self.agent);
        let look = Look::at(&self.yard);
        look.page(&self.yard.shown().expect("the page"));
        for check in checks_of("calm") {
            assert_eq!(look.intervals(&check, SILENCE).unwrap_or(0), 0, "an outage that nobody saw");
        }
        let sheet = self.yard.csv();
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
