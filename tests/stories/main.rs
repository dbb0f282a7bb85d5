//! End to end: the two real programs, driven from outside, against a real web server that dies and returns.
//! Asserts what a visitor, an operator or an agent's owner would notice.
#![expect(clippy::disallowed_methods, reason = "a story compares what it did with the wall clock")]

mod addresses;
mod announcements;
mod attacks;
mod caching;
mod certificates;
mod clocks;
mod commands;
mod continuity;
mod control;
mod database_removed;
mod doctor;
mod enrolment;
mod extreme_numbers;
mod file_diagnostics;
mod heartbeats;
mod http;
mod incident_pages;
mod incidents;
mod limits;
mod link;
mod logs;
mod maintenance;
mod maintenance_pages;
mod manual;
mod no_data;
mod operations;
mod outage;
mod paths;
mod previous_release;
mod privacy;
mod process;
mod refusals;
mod reload;
mod reporters;
mod rest;
mod restored;
mod rights;
mod roots;
mod sender;
mod service;
mod stolen_token;
mod suspend;
mod workspaces;
mod world;
