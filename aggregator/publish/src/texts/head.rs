//! What is shown of a page outside of it.

/// The description of a page that says nothing of its own.
pub(crate) fn about(name: &str) -> String {
    format!("Current status, incidents, maintenance and uptime of {name}.")
}

/// "Northwind status, as of 16:15 UTC, 20 November 2026."
pub(crate) fn as_of(name: &str, at: &str) -> String {
    format!("{name}, as of {at}.")
}
