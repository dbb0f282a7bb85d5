//! The channels by which notices reach people: mail, webhooks, chats.
//!
//! A channel takes a complete message, tries to hand it over once, and says what came of it. It decides neither what is
//! said nor to whom, keeps nothing between two attempts but connections, and knows neither state nor store.

pub mod alertmanager;
pub mod bounce;
pub mod chat;
pub mod destination;
mod fit;
pub mod http;
pub mod mail;
mod outcome;
pub mod rate;
pub mod retry;
pub mod template;
pub mod webhook;

pub use outcome::{Answer, Class, Outcome};
