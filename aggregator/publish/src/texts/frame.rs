//! What surrounds every page.

texts! {
    /// What surrounds every page.
    FrameTexts {
        fn skip() -> &'static str;
        /// Above the preview of a page.
        fn preview() -> &'static str;
        fn help() -> &'static str;
        fn rss() -> &'static str;
        fn calendar() -> &'static str;
        fn api() -> &'static str;
        /// The heading of the list of pages.
        fn directory() -> &'static str;
        /// The zone, and the weights of outages in percent.
        fn footer(zone: &str, major: u32, partial: u32) -> String;
    }
}
