//! `/api/v1`: what Statuspage does not have. Plain JSON; errors are problem details (RFC 9457); lists are `data` with the
//! newest first, and `next`, which `?after=` of the next request takes.

pub(super) mod announcements;
pub(super) mod audit;
pub(super) mod bounces;
pub(super) mod corrections;
pub(super) mod deliveries;
pub(super) mod drafts;
pub(super) mod holds;
pub(super) mod incidents;
mod list;
pub(super) mod notices;
pub(super) mod problems;
pub(super) mod settings;
pub(super) mod subscribers;
pub(super) mod templates;
