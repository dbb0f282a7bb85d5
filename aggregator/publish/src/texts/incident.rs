//! Incidents: their states, and the titles and texts of automatic ones.

use skerry_domain::automatic_text::ReasonClass;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::status::Status;

texts! {
    /// Incidents: their states, and the titles and texts of automatic ones.
    IncidentTexts {
        /// The heading of what is open.
        fn now() -> &'static str;
        fn updates() -> &'static str;
        fn postmortem() -> &'static str;
        fn affected_components() -> &'static str;
        /// The heads of their table: the present status, or the worst one of a resolved incident, and when it had one.
        fn columns() -> [&'static str; 4];
        /// Between statuses that followed each other.
        fn then() -> &'static str;
        fn what_is_done() -> &'static str;
        /// "Affects Reports, Dashboards."; once it is over: "Affected Reports."
        fn affects(names: &str, open: bool) -> String;
        /// The name of a state.
        fn status(status: IncidentStatus) -> &'static str;
        /// "Card payments declined: identified."
        fn in_brief(title: &str, status: IncidentStatus) -> String;
        /// Follows the title of the only open incident while no component is impaired.
        fn only_open(status: IncidentStatus) -> &'static str;
        /// The same for several.
        fn several_open(incidents: usize) -> String;
        /// "4 more updates"
        fn more_updates(updates: usize) -> String;
        /// "Major outage for 2 h 13 min"
        fn lasted(label: &str, length: &str) -> String;
        /// "After 2 h 13 min"
        fn after(length: &str) -> String;
        /// Before the instant at which an incident began.
        fn since() -> &'static str;
        /// The same after a status.
        fn status_since() -> &'static str;
        /// "from operational to partial outage"
        fn changed(from: Status, to: Status) -> String;
        /// "14:02 to 17:07, 3 h 5 min"; `all`: without an interruption.
        fn affected(span: &str, length: &str, all: bool) -> String;
        /// "Edited 15:50"; the time is markup.
        fn edited(at: &str) -> String;
        /// "Published Tue 24 Nov, 10:00 UTC."; the time is markup.
        fn published(at: &str) -> String;
        /// "Resolved: Card payments declined", the title of a document.
        fn document(status: IncidentStatus, title: &str) -> String;
        /// "Major outage: Card payments", the title of an automatic incident.
        fn title(impact: Impact, names: &[String]) -> String;
        /// "Card payments, Refunds and Payouts"
        fn listed(names: &[String]) -> String;
        /// The first text of an automatic incident.
        fn began(names: &[String], since: &str, class: ReasonClass) -> String;
        /// More components are affected, or one is worse.
        fn spread(names: &[String]) -> String;
        /// The fault began again.
        fn recurred(since: &str, class: ReasonClass) -> String;
        /// The fault ended.
        fn recovered(names: &[String], since: &str) -> String;
        /// The fault has not returned.
        fn resolved(since: &str) -> String;
    }
}

/// The most components that the title of an automatic incident names.
pub(super) const NAMED_IN_TITLE: usize = 3;
/// The same for a text.
pub(super) const NAMED: usize = 5;
