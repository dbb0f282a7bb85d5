//! What is shown of a page outside of it.

texts! {
    /// What is shown of a page outside of it.
    HeadTexts {
        /// The description of a page that says nothing of its own.
        fn about(name: &str) -> String;
        /// What the card of a page without a state shows.
        fn plain_card() -> &'static str;
        /// What a month held: "November 2026: 3 incidents, 1 maintenance. Uptime 99.93%."
        fn month(name: &str, held: &str, uptime: Option<&str>) -> String;
        /// "Northwind status, as of 16:15 UTC, 20 November 2026."
        fn as_of(name: &str, at: &str) -> String;
    }
}
