//! The REST API of a running aggregator: pages, components, groups, their uptime, and problems, as
//! Statuspage's clients use them.

mod announcements;
mod bounces;
mod captures;
mod components;
mod deliveries;
mod fixture;
mod guards;
mod incidents;
mod injection;
mod nested_groups;
mod pages;
mod private;
mod problems;
mod said;
mod subscriber_files;
mod subscribers;
mod templates;
mod tokens;
mod uptime;
