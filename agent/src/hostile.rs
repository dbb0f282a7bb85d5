//! Every reader of untrusted bytes in the agent (a target's answer, a damaged disk) as a plain function of
//! bytes, for fuzzing. Each does what the program does with those bytes and asserts the invariants: no panic,
//! no long detail, no control characters. Nothing else calls them.

pub use crate::probe::hostile::{certificate, dns_answer, http_answer, plugin_output, starttls};
pub use crate::spool::row::corrupt_rows;
