//! Commands through `step` and the store: hostile agents, failing links, old backups and edited files must not corrupt
//! the state or its rows.

mod configuration;
mod dismissed;
mod evidence;
mod fixture;
mod forgotten;
mod holds;
mod incidents;
mod placement;
mod problems;
#[path = "../engine/reports.rs"]
mod reports;
mod sequences;
