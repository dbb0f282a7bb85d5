//! The commands: they run the aggregator, send changes to a running one, or read its database.

mod agents;
mod backup;
mod checks;
mod doctor;
mod heartbeats;
mod outages;
mod place;
mod probe;
mod serve;
mod table;

pub(crate) use agents::{Agents, agents, note};
pub(crate) use backup::{backup, restore};
pub(crate) use checks::{Checks, checks};
pub(crate) use doctor::doctor;
pub(crate) use heartbeats::{Heartbeats, heartbeats};
pub(crate) use outages::{Outages, outages};
pub(crate) use place::reject_former_place;
pub(crate) use probe::probe;
pub(crate) use serve::serve;
