//! `/v1`: Statuspage's Manage API for what exists here. An incident there is an incident or a maintenance here. What
//! operators read is what visitors read: texts as the sanitiser passed them. Drafts are left to `/api/v1`.

mod component_object;
pub(super) mod component_settings;
pub(super) mod components;
pub(super) mod groups;
pub(super) mod incident_subscribers;
pub(super) mod incidents;
pub(super) mod lists;
pub(super) mod maintenance;
mod objects;
pub(super) mod pages;
pub(super) mod postmortem;
mod rows;
mod search;
pub(super) mod subscriber_lists;
mod subscriber_object;
pub(super) mod subscribers;
pub(super) mod templates;
pub(super) mod texts;
pub(super) mod uptime;
