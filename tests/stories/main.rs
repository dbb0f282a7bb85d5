//! End to end: the two real programs, driven from outside, against a real web server that dies and
//! returns. What is asserted is what a visitor, an operator or an agent's owner would notice.
#![expect(clippy::disallowed_methods, reason = "a story compares what it did with the wall clock")]

mod continuity;
mod enrolment;
mod http;
mod link;
mod operations;
mod outage;
mod privacy;
mod process;
mod refusals;
mod workspaces;
mod world;
