//! What the command line does beside a running aggregator: it writes rows, and the aggregator follows them.

mod agents;
mod table;

pub(crate) use agents::{Agents, agents};
