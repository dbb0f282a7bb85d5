//! Subscriptions as everybody outside of the domain handles them: the secret links in messages, the digests by which an
//! address is known that must not be stored, addresses as they are entered and as they are shown, and what visitors get who
//! subscribe, choose and leave.

mod endpoint;
mod entered;
mod form_limits;
mod links;
mod masked;
mod page_now;
mod shown;

pub use endpoint::SubscriptionEndpoint;
pub use entered::{UrlRules, read_address};
pub use links::{LinkKey, LinkPurpose};
pub use masked::masked;
