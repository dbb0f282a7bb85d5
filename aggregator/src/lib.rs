//! The aggregator: ingest and people's commands go in, one writer decides, publications come out.
//!
//! The domain (`skerry-domain`) is pure. The store (`skerry-store`) alone knows SQLite. `engine` owns the state and is
//! its only writer. `skerry-publish` turns state into bytes; `skerry-web` looks bytes up. See `ARCHITECTURE.md` for
//! the flow.

pub mod api;
pub mod app;
pub mod bounces;
pub mod certificate;
pub mod clock;
pub mod config;
pub mod control;
pub mod dead_man_switch;
pub mod desired;
pub mod doctor;
pub mod engine;
pub mod heartbeats;
pub mod hosts;
pub mod housekeeping;
pub mod ingest;
mod local;
pub mod mail_check;
pub mod operations;
pub mod outbox;
pub mod publish;
pub mod reload;
pub mod sign_ins;
pub mod subscriptions;
pub mod team;
pub mod texts;
pub mod timekeeping;
