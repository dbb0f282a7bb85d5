//! Faults on purpose, and the oracle of `tests/faults/README.md` after each: kills of either side under load,
//! full and failing disks, damaged files, lost answers, replays and requests that overtake each other. Every failure prints its seed and how to
//! see it again.

#[macro_use]
mod dice;
mod backup;
mod damage;
mod disk;
mod drain;
mod kill;
mod lost_commits;
mod oracle;
#[expect(dead_code, reason = "the power run asks more of it")]
mod peer;
mod read_only;
mod record;
mod reorder;
mod sender;
mod target;
mod upgrade;
mod wire;
mod yard;
