//! Agent.

pub mod config;
pub mod probe;
