//! Commands through `step` and the store: what a hostile agent, a dying link, an old backup and an edited file must not
//! do to the state or its rows.

mod configuration;
mod dismissed;
mod evidence;
mod fixture;
mod forgotten;
mod holds;
mod placement;
#[path = "../engine/reports.rs"]
mod reports;
mod sequences;
