//! Commands through `step` and the store: hostile agents, failing links, old backups and edited files must not corrupt
//! the state or its rows.

mod absence;
mod access;
mod announcements;
mod bounces;
mod configuration;
mod confirmed;
mod corrections;
mod dependencies;
mod dismissed;
mod evidence;
mod fixture;
mod forgotten;
mod holds;
mod incidents;
mod labels;
mod labels_limited;
mod limits;
mod maintenance;
mod nested;
mod notices;
mod placement;
mod planning;
mod previews;
mod problems;
mod recurring;
mod related;
#[path = "../engine/reports.rs"]
mod reports;
mod runtime;
mod runtime_refused;
mod sequences;
mod status_changes;
mod subscribers;
mod team;
mod templates;
mod unseen;
