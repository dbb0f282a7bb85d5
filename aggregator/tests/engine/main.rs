//! Random commands through `step`: hostile clocks, replays, gaps, changed files, people's words. What must
//! hold after every one of them, and that the store gives back what was committed.

mod clocks;
mod housekeeping;
mod invariants;
mod past;
mod script;
mod silence;
mod stored;
mod unreadable;
