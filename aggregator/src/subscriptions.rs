//! Subscriptions as everybody outside of the domain handles them: the secret links in messages, the digests by which an
//! address is known that must not be stored, addresses as people write them, files of subscribers, and their deliveries.

pub mod address;
pub mod deliveries;
pub mod import;
mod intake;
mod links;
pub mod table;

pub use intake::Intake;
pub use links::{LinkKey, LinkPurpose};
