//! The age of a page.

texts! {
    /// The age of a page; times are markup.
    AgeTexts {
        fn nothing_reported() -> &'static str;
        fn verified(at: &str) -> String;
        fn as_of(at: &str) -> String;
        /// Follows a sentence.
        fn valid_until(sentence: &str, until: &str) -> String;
    }
}
