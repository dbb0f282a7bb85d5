//! Everything of the agent that reads bytes which it did not write (a target's answer, a broken disk), as
//! plain functions of bytes, for fuzzing. They do what the program does with those bytes and check what must
//! hold of any: no panic, no detail that is long or holds control characters. Nothing else calls them.

pub use crate::probe::hostile::{certificate, dns_answer, http_answer, plugin_output, starttls};
pub use crate::spool::row::rubble;
