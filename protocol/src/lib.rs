//! What both programs share: the protocol between agent and aggregator ([`wire`]), the definition of a check
//! ([`check`]), cron schedules ([`schedule`]), secrets in files ([`secret`]), the strict TOML reader of both
//! configurations ([`strict`]), and text for people ([`words`]). Does no I/O and reads no clock.

pub mod check;
pub mod schedule;
pub mod secret;
pub mod strict;
pub mod wire;
pub mod words;
