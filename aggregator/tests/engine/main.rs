//! Random commands through `step`: hostile clocks, replays, gaps, changed files, people's words. What must
//! hold after every one of them, that the store gives back what was committed, and what is done beside the writer.

mod asleep;
mod clocks;
mod failing_store;
mod folded;
mod hostile;
mod housekeeping;
mod invariants;
mod past;
mod refused;
mod reloaded;
mod reports;
mod script;
mod sight;
mod silence;
mod snapshots;
mod stored;
mod tokens;
mod turned;
mod unreadable;
mod verdicts;
mod workspace;
