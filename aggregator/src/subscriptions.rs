//! Subscriptions as everybody outside of the domain handles them: the secret links in messages, and the digests by which an
//! address is known that must not be stored.

mod links;

pub use links::{LinkKey, LinkPurpose};
