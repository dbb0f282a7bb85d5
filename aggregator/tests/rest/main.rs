//! The REST API of a running aggregator: pages, components, groups and their uptime, as Statuspage's clients use them.

mod captures;
mod fixture;
mod incidents;
mod injection;
mod pages;
mod uptime;
