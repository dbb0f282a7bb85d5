//! The agent: runs checks, judges them with hysteresis, and streams what it sees to an aggregator.
//!
//! ```text
//! schedule ─▶ probe ─▶ hysteresis ─▶ spool ─▶ uplink
//! ```
//!
//! [`run`] wires the rooms and is what an embedder needs: [`run::Agent::start`] with a
//! [`uplink::Deliver`] of its own.

mod belief;
pub mod board;
pub mod clock;
pub mod config;
pub mod delivery;
mod descriptors;
pub mod doctor;
pub mod enrolment;
mod eyes;
pub mod hostile;
pub mod hysteresis;
pub mod metrics;
pub mod probe;
pub mod probe_command;
mod rounds;
pub mod run;
pub mod schedule;
pub mod self_test;
pub mod spool;
pub mod uplink;
