//! Faults on purpose, and the oracle of `tests/faults/README.md` after each: kills of either side under load,
//! full and failing disks, damaged files, lost answers and replays. Every failure prints its seed and how to
//! see it again.

mod dice;
mod kill;
mod oracle;
mod sender;
mod target;
mod yard;
