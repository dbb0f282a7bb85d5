//! Agent.

pub mod probe;
