//! The domain: computes what is true from what was observed. Pure: no I/O, no async, no clock, no randomness, no
//! logging, no serde. Time is an argument.

mod agent;
pub mod agent_check;
pub mod automatic_text;
pub mod check_verdict;
pub mod clock;
pub mod clone_detection;
pub mod component;
pub mod correction;
pub mod credentials;
pub mod days;
pub mod former;
pub mod heartbeat;
pub mod holds;
pub mod incident;
pub mod interval;
mod keys;
pub mod layers;
pub mod maintenance;
pub mod outages;
pub mod problem;
pub mod reporters;
pub mod rows;
pub mod schedule;
pub mod shared_vec;
pub mod spans;
pub mod state;
pub mod status;
pub mod step;
pub mod table;
pub mod text;
pub mod time;
pub mod track;
pub mod uptime;
pub mod verdict;
pub mod votes;
pub mod workspaces;
