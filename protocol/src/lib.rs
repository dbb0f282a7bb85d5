//! What a Skerry agent and its aggregator say to each other ([`wire`]), the definition of a check,
//! which both programs read ([`check`]), when a job is due ([`schedule`]), what a file with a secret says
//! ([`secret`]), the strict TOML reader both configurations share ([`strict`]), and [`words`]. No I/O happens here, and nothing here knows the wall clock.

pub mod check;
pub mod schedule;
pub mod secret;
pub mod strict;
pub mod wire;
pub mod words;
