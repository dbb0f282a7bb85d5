//! The agent: runs checks, judges them with hysteresis, and streams what it sees to an aggregator.
//!
//! ```text
//! schedule ─▶ probe ─▶ hysteresis ─▶ spool ─▶ uplink
//! ```
//!
//! [`run`] wires the modules and is the entry point for embedders: [`run::Agent::start`] with an
//! [`uplink::Deliver`] of their own.

mod check_runner;
pub mod check_states;
pub mod clock;
pub mod config;
pub mod delivery;
mod descriptors;
pub mod doctor;
pub mod enrolment;
pub mod hostile;
pub mod hysteresis;
pub mod metrics;
mod observer;
pub mod probe;
pub mod probe_command;
pub mod run;
pub mod schedule;
pub mod self_test;
pub mod spool;
mod tls_verifier;
pub mod uplink;
