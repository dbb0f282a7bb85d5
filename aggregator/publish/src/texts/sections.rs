//! The sections of the index behind its components: grids, services of others, metrics.

texts! {
    /// The sections of the index behind its components: grids, services of others, metrics.
    SectionTexts {
        /// Above a grid, where a dash is a component that is operational.
        fn dash() -> &'static str;
        /// "4 others operational"
        fn others_operational(number: usize) -> String;
        /// The heading of services of others.
        fn services() -> &'static str;
        fn about_services() -> &'static str;
        /// Times are markup.
        fn seen(time: &str) -> String;
        /// Of a service whose status is not known.
        fn last_seen(time: &str) -> String;
        fn never_seen() -> &'static str;
        /// Replaces the status of a service.
        fn not_known() -> &'static str;
        /// The heading of metrics.
        fn metrics() -> &'static str;
        fn about_metrics() -> &'static str;
        /// Unfolds those that have no room.
        fn all_metrics() -> &'static str;
        /// A metric of the last 24 hours in words; "150 to 310 ms".
        fn chart(medians: &str, slowest: &str) -> String;
    }
}
