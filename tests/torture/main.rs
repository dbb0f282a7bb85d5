//! Injected faults, each followed by the oracle of `tests/faults/README.md`: kills of either side under load,
//! full and failing disks, damaged files, lost answers, replays and reordered requests. Every failure prints
//! its seed and how to reproduce it.

#[macro_use]
mod rng;
mod backup;
mod damage;
mod disk;
mod drain;
#[expect(dead_code, reason = "the power run asks more of it")]
mod fake_aggregator;
mod fan_out;
mod harness;
mod kill;
mod late_batches;
mod lost_commits;
mod oracle;
mod read_only;
mod record;
mod reorder;
mod sender;
mod target;
mod upgrade;
