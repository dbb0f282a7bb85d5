//! Announcements.

texts! {
    /// Announcements; times are markup.
    AnnouncementTexts {
        /// Names their part of the page for those who do not see it.
        fn label() -> &'static str;
        /// Stands before the title of a warning.
        fn important() -> &'static str;
        /// "2 more announcements"
        fn more(number: usize) -> String;
        /// Of one that is shown until somebody ends it.
        fn since(from: &str) -> String;
        /// Of one that is shown for a time.
        fn during(span: &str) -> String;
        /// Of one that is over, as markup.
        fn ended(span: &str) -> String;
    }
}
