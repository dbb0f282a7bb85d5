//! The page of one component.

use skerry_domain::status::Status;

texts! {
    /// The page of one component.
    ComponentTexts {
        fn back() -> &'static str;
        /// After the state.
        fn since() -> &'static str;
        fn response() -> &'static str;
        /// The label of the links to the windows of the chart.
        fn window() -> &'static str;
        fn median() -> &'static str;
        /// The texts before the 95th percentile; the second is bold with it.
        fn slowest() -> [&'static str; 2];
        /// What is said of a point that is pointed at: `{0}` is when, `{1}` its median, `{2}` its 95th percentile.
        fn point() -> &'static str;
        fn no_response() -> &'static str;
        /// Nothing was measured in a window, but before.
        fn no_response_lately() -> &'static str;
        fn days() -> &'static str;
        /// Above and below the bar of the last 90 days, where texts differ between wide and narrow pages.
        fn marks() -> [&'static str; 2];
        fn first_mark() -> [&'static str; 2];
        fn last_mark() -> &'static str;
        /// The last status before the data ended.
        fn was(last: Status) -> String;
        /// A person set the status; the time is markup.
        fn set_at(time: &str) -> String;
        /// The chart in words; `window` is its index. The outages are those of [`ComponentTexts::outage`] or
        /// [`ComponentTexts::outages`].
        fn chart(window: usize, medians: &str, slowest: &str, outages: &[String]) -> String;
        /// `to` is `None` while it lasts.
        fn outage(status: Status, from: &str, to: Option<&str>) -> String;
        /// More outages than are named.
        fn outages(number: usize, sum: &str) -> String;
        /// "150 to 310 ms"
        fn range(low: &str, high: &str) -> String;
    }
}
