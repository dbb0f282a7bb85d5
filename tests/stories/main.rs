//! End to end: the two real programs, driven from outside, against a real web server that dies and
//! returns. What is asserted is what a visitor, an operator or an agent's owner would notice.
#![expect(clippy::disallowed_methods, reason = "a story compares what it did with the wall clock")]

mod addresses;
mod attacks;
mod caching;
mod certificates;
mod checked;
mod clocks;
mod commands;
mod continuity;
mod doctor;
mod enrolment;
mod former;
mod heartbeats;
mod http;
mod limits;
mod link;
mod logs;
mod manual;
mod numbers;
mod operations;
mod outage;
mod places;
mod privacy;
mod process;
mod refusals;
mod reload;
mod reporters;
mod restored;
mod rights;
mod roots;
mod sender;
mod service;
mod sight;
mod stolen;
mod suspend;
mod taken_away;
mod workspaces;
mod world;
