//! The sign-in page.

texts! {
    /// The sign-in page.
    SignInTexts {
        fn title() -> &'static str;
        fn password() -> &'static str;
        fn submit() -> &'static str;
        fn wrong() -> &'static str;
        fn unavailable() -> &'static str;
        /// `until` is a time such as "16:30 UTC".
        fn too_many_tries(until: &str) -> String;
    }
}
