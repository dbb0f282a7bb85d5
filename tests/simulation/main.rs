//! Days in seconds: real spools, uplinks, ingest, engine and store on simulated clocks. The network between
//! them is a function that loses requests and replies. Every failure prints its seed.

#[path = "../torture/rng.rs"]
#[expect(dead_code, reason = "the torture runs throw more")]
#[macro_use]
mod rng;
mod aggregator;
mod host;
mod outage;
mod versions;
