//! Random commands through `step` (wrong clocks, replays, gaps, changed files, manual changes): their invariants, loading
//! of the committed state, and the work next to the writer.

mod announced;
mod asleep;
mod branding;
mod clients;
mod clocks;
mod failing_store;
mod folded;
mod hostile;
mod housekeeping;
mod invariants;
mod labelled;
mod past;
mod people;
mod planning;
mod recurring;
mod refused;
mod reloaded;
mod reports;
mod runtime;
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
mod year;
