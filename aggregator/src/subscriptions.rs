//! Subscriptions as everybody outside of the domain handles them: the secret links in messages, the digests by which an
//! address is known that must not be stored, addresses as people write them and as they are shown, files of subscribers, their
//! deliveries, and what visitors get who subscribe, choose and leave.

pub mod address;
pub mod deliveries;
mod endpoint;
mod entered;
mod form_limits;
pub mod import;
mod intake;
mod links;
mod manage;
mod masked;
mod page_now;
mod shown;
pub mod table;

pub use address::UrlRules;
pub use endpoint::SubscriptionEndpoint;
pub use intake::Intake;
pub use links::{LinkKey, LinkPurpose};
pub use masked::{masked, shown_address};
