//! Folding compared with a simple model: whatever is pushed, sent, acknowledged, folded, dropped and
//! reopened, each observation is acknowledged, waiting, folded or counted as lost, and no sequence is
//! assigned twice.

use super::store::Store;
use super::*;
use crate::clock::Clock;
use proptest::prelude::*;
use skerry_protocol::wire::record::Kind;
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Act {
    /// Pushes runs of a check with one outcome; `hard` makes the last one a transition.
    Push {
        check: u8,
        runs: u8,
        outcome: u8,
        hard: bool,
    },
    /// The agent is off for this many minutes.
    Pause(u8),
    /// Reads this many of the oldest records and perhaps delivers them.
    Send(u16),
    /// Acknowledges what was sent last, all or half of it.
    Acknowledge {
        half: bool,
    },
    /// Enforces the limits.
    Trim,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3_u8, 1..60_u8, 1..3_u8, prop::bool::weighted(0.2))
            .prop_map(|(check, runs, outcome, hard)| Act::Push { check, runs, outcome, hard }),
        1 => (1..9_u8).prop_map(Act::Pause),
        2 => (1..200_u16).prop_map(Act::Send),
        2 => any::<bool>().prop_map(|half| Act::Acknowledge { half }),
        4 => Just(Act::Trim),
        1 => Just(Act::Reopen),
    ]
}

struct Model {
    store: Store,
    path: std::path::PathBuf,
    clock: Clock,
    limits: Limits,
    boot_ms: u64,
    pushed: u64,
    hard: u64,
    arrived: Vec<(u64, u64)>,
    acknowledged: u64,
    sent: Vec<Stored>,
    /// Dropped while being sent, and delivered all the same.
    both: u64,
}

impl Model {
    fn push(&mut self, check: u8, runs: u8, outcome: u8, hard: bool) {
        let now = self.clock.now();
        let entries: Vec<Entry> = (0..runs)
            .map(|run| {
                self.boot_ms += 1_000;
                let hard = hard && run + 1 == runs;
                let observation = wire::Observation {
                    boot_ms: self.boot_ms,
                    wall_ms: now.wall_ms,
                    outcome: i32::from(outcome),
                    since_boot_ms: hard.then_some(self.boot_ms),
                    total_us: 900 + u64::from(run),
                    ..wire::Observation::default()
                };
                let check = format!("check-{check}").into();
                Entry { check, boot: now.boot, observation, hard, interval_ms: 3_000, state: None }
            })
            .collect();
        self.store.write(None, &entries, true).expect("a disk");
        self.pushed += u64::from(runs);
        self.hard += u64::from(hard);
    }

    /// The aggregator's side: takes everything above its mark once.
    fn acknowledge(&mut self, half: bool) {
        let sent = std::mem::take(&mut self.sent);
        let taken = if half { sent.len() / 2 } else { sent.len() };
        let waiting = self.store.read(0, usize::MAX >> 1, usize::MAX).expect("reads");
        for stored in &sent[..taken] {
            if stored.sequence > self.acknowledged {
                let gone = !waiting.iter().any(|one| one.sequence == stored.sequence);
                self.both += if gone { stored.weight() } else { 0 };
                self.arrived.push((stored.sequence, stored.weight()));
                self.acknowledged = stored.through();
            }
        }
        if self.acknowledged > 0 {
            self.store.acknowledge(self.acknowledged, 1).expect("a disk");
        }
    }

    fn step(&mut self, act: &Act) {
        match *act {
            Act::Push { check, runs, outcome, hard } => self.push(check, runs, outcome, hard),
            Act::Pause(minutes) => self.boot_ms += u64::from(minutes) * 60_000,
            Act::Send(records) => {
                self.sent =
                    self.store.hand_out(self.acknowledged, usize::from(records), 1 << 20).expect("reads");
            }
            Act::Acknowledge { half } => self.acknowledge(half),
            Act::Trim => self.store.trim(&self.limits, self.clock).expect("a disk"),
            Act::Reopen => self.reopen(),
        }
    }

    fn reopen(&mut self) {
        let sizes = (self.store.depth, self.store.bytes);
        self.store = Store::open(&self.path, self.clock).expect("opens");
        assert_eq!((self.store.depth, self.store.bytes), sizes, "the running sizes are those of the rows");
    }

    fn check(&self) {
        let all = self.store.read(0, usize::MAX >> 1, usize::MAX).expect("reads");
        let waiting: u64 = all.iter().map(Stored::weight).sum();
        let arrived: u64 = self.arrived.iter().map(|(_, weight)| weight).sum();
        assert_eq!(
            waiting + arrived + self.store.about.lost,
            self.pushed + self.both,
            "something vanished, or is twice"
        );
        let told: u64 = all
            .iter()
            .map(|stored| match &stored.kind {
                Some(Kind::Lost(lost)) => lost.count,
                _ => 0,
            })
            .sum();
        assert!(told <= self.store.about.lost);
        for pair in all.windows(2) {
            assert!(pair[1].sequence > pair[0].through(), "{pair:?}");
        }
        let lossless = self.store.about.lost == 0;
        if lossless {
            let mut next = self.acknowledged;
            for stored in &all {
                assert_eq!(stored.sequence, next + 1, "a fold left a gap");
                next = stored.through();
            }
        }
        for stored in &all {
            if let Some(Kind::Folded(folded)) = &stored.kind {
                let first = folded.first.as_ref().expect("it has a first");
                let spread = folded.last_boot_ms - first.boot_ms;
                let longest = u64::from(folded.count - 1) * 19_000;
                assert!(
                    first.since_boot_ms.is_none() && folded.count <= 1_000 && spread <= longest,
                    "{folded:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn nothing_vanishes_without_a_fold_or_a_loss(acts in prop::collection::vec(act(), 1..40), kib in 4..40_u64) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("spool.db");
        let clock = Clock::open().expect("a boot id");
        let store = Store::open(&path, clock).expect("opens");
        let limits = Limits { max_bytes: kib << 10, reserve_bytes: 0, ..Limits::default() };
        let boot_ms = clock.now().boot_ms;
        let mut model = Model {
            store, path, clock, limits, boot_ms,
            pushed: 0, hard: 0, arrived: Vec::new(), acknowledged: 0, sent: Vec::new(), both: 0,
        };
        for act in &acts {
            model.step(act);
            model.check();
        }
        model.reopen();
        model.check();
    }
}

#[test]
fn a_full_spool_of_calm_checks_folds_and_loses_nothing() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("spool.db");
    let clock = Clock::open().expect("a boot id");
    let store = Store::open(&path, clock).expect("opens");
    let limits = Limits { max_bytes: 64 << 10, reserve_bytes: 0, ..Limits::default() };
    let boot_ms = clock.now().boot_ms;
    let mut model = Model {
        store,
        path,
        clock,
        limits,
        boot_ms,
        pushed: 0,
        hard: 0,
        arrived: Vec::new(),
        acknowledged: 0,
        sent: Vec::new(),
        both: 0,
    };
    for round in 0..400_u32 {
        model.push((round % 3) as u8, 50, 1, round % 100 == 99);
        model.step(&Act::Trim);
    }
    model.check();
    assert_eq!(model.store.about.lost, 0);
    assert!(model.store.bytes <= limits.max_bytes);
    // Records that were handed out are never touched: the aggregator may have them.
    model.step(&Act::Send(3));
    let handed_out: Vec<(u64, u64)> = model.sent.iter().map(|one| (one.sequence, one.weight())).collect();
    for _ in 0..100 {
        model.push(1, 50, 1, false);
        model.step(&Act::Trim);
    }
    let after = model.store.read(0, 3, 1 << 20).expect("reads");
    assert_eq!(after.iter().map(|one| (one.sequence, one.weight())).collect::<Vec<_>>(), handed_out);
    model.step(&Act::Acknowledge { half: false });
    model.check();
}
