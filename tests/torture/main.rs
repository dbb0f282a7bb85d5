//! Faults on purpose, and the oracle of `tests/faults/README.md` after each: kills of either side under load,
//! full and failing disks, damaged files, lost answers and replays. Every failure prints its seed and how to
//! see it again.

#[macro_use]
mod dice;
mod damage;
mod disk;
mod kill;
mod oracle;
#[expect(dead_code, reason = "the power run asks more of it")]
mod peer;
mod sender;
mod target;
mod wire;
mod yard;
