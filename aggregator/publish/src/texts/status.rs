//! The names of statuses, and words that many parts of a page share.

use skerry_domain::status::Status;

texts! {
    /// The names of statuses, and words that many parts of a page share.
    StatusTexts {
        /// The name of a status; `None` for no data.
        fn name(status: Option<Status>) -> &'static str;
        /// The same within a sentence.
        fn within(status: Option<Status>) -> &'static str;
        /// The same in the key above the bars, where there is little room.
        fn key(status: Option<Status>) -> &'static str;
        fn not_monitored() -> &'static str;
        fn set_by_team() -> &'static str;
        fn waiting() -> &'static str;
        /// Replaces a figure.
        fn no_uptime() -> &'static str;
        /// The heading of the components.
        fn heading() -> &'static str;
        /// "2 components"
        fn components(number: usize) -> String;
        fn uptime() -> &'static str;
        fn history() -> &'static str;
        /// The label of the links to what is above a page.
        fn breadcrumb() -> &'static str;
        /// Follows a time.
        fn or_later() -> &'static str;
    }
}
