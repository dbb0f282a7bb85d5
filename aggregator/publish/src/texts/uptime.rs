//! The uptime pages, and the figures on the page of a component.

texts! {
    /// The uptime pages, and the figures on the page of a component.
    UptimeTexts {
        fn download() -> &'static str;
        /// The heading of the explanation, and the link to it.
        fn how() -> &'static str;
        fn months() -> &'static str;
        fn nothing() -> &'static str;
        /// The windows, in the order of [`crate::view::ComponentView::windows`].
        fn windows() -> [&'static str; 4];
        /// The columns of a month.
        fn month() -> [&'static str; 4];
        /// The columns of the page of a component.
        fn columns() -> [&'static str; 6];
        /// The head of the names, for screen readers.
        fn name() -> &'static str;
        /// The head of the sentences that replace columns on phones.
        fn in_words() -> &'static str;
        /// What stands instead of a figure, and what it means.
        fn none_yet() -> [&'static str; 2];
        /// The same of what has been monitored for less than a day.
        fn young_figure() -> [&'static str; 2];
        /// The same where too little was seen.
        fn not_enough() -> [&'static str; 2];
        fn since(day: &str) -> String;
        /// The line below the title; `time` is markup.
        fn lead(time: &str, groups: bool) -> String;
        /// The same for a month: `at` is the instant, as markup, up to which it is known if it can still change.
        fn lead_of_month(at: Option<&str>, present: bool, groups: bool) -> String;
        fn in_month(month: &str) -> String;
        /// "Uptime in October 2026, by component: 99.93% in all.", outside of the page.
        fn described(month: &str, figure: Option<&str>) -> String;
        fn history_of_month(month: &str) -> String;
        /// Below the table of a component.
        fn left_out(statuspage: bool, unmonitored: bool) -> String;
        /// A row of that table on phones: "2 h 13 min outage, 12 min partial, 4 h maintenance left out. Coverage 99.97%."
        fn row(
            outage: Option<&str>,
            partial: Option<&str>,
            left_out: Option<(&str, bool)>,
            coverage: Option<&str>,
        ) -> String;
        /// Explains the calculation, one paragraph each; `major` and `partial` are weights in percent.
        fn formula(statuspage: bool, major: u32, partial: u32, zone: &str) -> [String; 3];
    }
}

/// A duration of zero.
pub(crate) const ZERO: &str = "–";
