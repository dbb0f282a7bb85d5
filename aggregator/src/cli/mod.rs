//! What the command line does: run the aggregator, or work beside a running one, which follows the rows it writes.

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
pub(crate) use backup::{backup, put_back};
pub(crate) use checks::{Checks, checks};
pub(crate) use doctor::doctor;
pub(crate) use heartbeats::{Heartbeats, heartbeats};
pub(crate) use outages::{Outages, outages};
pub(crate) use place::refuse_former_place;
pub(crate) use probe::probe;
pub(crate) use serve::serve;
