//! Days in seconds: real spools, uplinks, ingest, engine and store on clocks that the test turns. The network
//! between them is a function that loses requests and replies. Every failure prints its seed.

#[path = "../torture/dice.rs"]
#[expect(dead_code, reason = "the torture runs throw more")]
#[macro_use]
mod dice;
mod centre;
mod host;
mod outage;
mod versions;
