//! Past days and months.

use crate::view::CorrectionKind;

texts! {
    /// Past days and months.
    PastTexts {
        fn heading() -> &'static str;
        fn quiet() -> &'static str;
        fn not_monitored() -> &'static str;
        fn maintenance() -> &'static str;
        /// The same within a sentence.
        fn maintenance_within() -> &'static str;
        fn partial_data() -> &'static str;
        /// The same within a sentence.
        fn partial_data_within() -> &'static str;
        fn partial_data_means() -> &'static str;
        /// The text before the link and after it, and the text of the link; `listed`: other lines stand above.
        fn more(number: usize, listed: bool) -> [String; 3];
        fn all() -> &'static str;
        /// For one component or for several.
        fn no_data_means(components: usize) -> &'static str;
        fn times(times: usize, sum: &str) -> String;
        fn each(shortest: &str, longest: &str) -> String;
        fn so_far(duration: &str, since: &str) -> String;
        /// The link to the figures that have no place.
        fn all_groups() -> &'static str;
        /// The link to the list of months.
        fn all_months() -> &'static str;
        fn earlier() -> &'static str;
        /// Follows an outage that is over.
        fn unannounced() -> &'static str;
        /// Of a month that can still change; the time is markup.
        fn so_far_until(at: &str) -> String;
        /// Why the past was corrected, within a sentence.
        fn correction(kind: CorrectionKind) -> &'static str;
        /// "Corrected on 16 Nov: false alarm."
        fn corrected_on(day: &str, kind: CorrectionKind) -> String;
        /// Follows what is said of a day; `alone`: nothing is said of it.
        fn corrected(kinds: &str, alone: bool) -> String;
        /// "3 incidents, 1 maintenance", "2 maintenance windows", or nothing.
        fn held(incidents: usize, maintenance: usize) -> String;
        /// "4 short slowdowns": several that nobody announced, `all_short` or not. `outages`: some were no mere slowdowns.
        fn several(number: usize, outages: bool, all_short: bool) -> String;
        /// "11 min in all"
        fn in_all(sum: &str) -> String;
    }
}
