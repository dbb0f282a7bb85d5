//! The commands: they run the aggregator, send changes to a running one, or read its database.

mod agents;
mod announcements;
mod backup;
mod checks;
mod components;
mod corrections;
mod doctor;
mod heartbeats;
mod incidents;
mod maintenance;
mod outages;
mod place;
mod probe;
mod problems;
mod reading;
mod release;
mod serve;
mod table;
mod tokens;
mod told;

pub(crate) use agents::{Agents, agents, note};
pub(crate) use announcements::{Announcements, announcements};
pub(crate) use backup::{backup, restore};
pub(crate) use checks::{Checks, checks};
pub(crate) use components::{Components, components};
pub(crate) use corrections::{Corrections, corrections};
pub(crate) use doctor::doctor;
pub(crate) use heartbeats::{Heartbeats, heartbeats};
pub(crate) use incidents::{Incidents, incidents};
pub(crate) use maintenance::{Maintenance, maintenance};
pub(crate) use outages::{Outages, outages};
pub(crate) use place::reject_former_place;
pub(crate) use probe::probe;
pub(crate) use problems::{Problems, problems};
pub(crate) use serve::serve;
pub(crate) use tokens::{Tokens, tokens};
