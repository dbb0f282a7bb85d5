//! Announcements.

use skerry_protocol::words::count;

/// Names their part of the page for those who do not see it.
pub(crate) const LABEL: &str = "Announcements";
/// Stands before the title of a warning.
pub(crate) const IMPORTANT: &str = "Important: ";

/// "2 more announcements"
pub(crate) fn more(number: usize) -> String {
    count(number, "more announcement")
}

/// Of one that is shown until somebody ends it; as markup, as the following ones.
pub(crate) fn since(from: &str) -> String {
    format!("Since {from}.")
}

/// Of one that is shown for a time.
pub(crate) fn during(span: &str) -> String {
    format!("{span}.")
}

/// Of one that is over.
pub(crate) fn ended(span: &str) -> String {
    format!("<b>Ended.</b> It was shown {span}.")
}
