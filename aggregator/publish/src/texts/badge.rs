//! Badges.

use skerry_domain::incident::Impact;
use skerry_domain::status::Status;

texts! {
    /// Badges, where a status is written as within a sentence.
    BadgeTexts {
        /// The label of the page's status.
        fn status() -> &'static str;
        /// The label of the uptime.
        fn uptime() -> &'static str;
        /// What stands in the place of the uptime.
        fn not_enough_data() -> &'static str;
        /// What stands there in the first 24 hours.
        fn young() -> &'static str;
        /// The label of the response time.
        fn response() -> &'static str;
        fn no_data() -> &'static str;
        /// A status in a word or two.
        fn short(status: Status) -> &'static str;
        fn empty() -> &'static str;
        fn partial_data() -> &'static str;
        fn waiting() -> &'static str;
        fn maintenance() -> &'static str;
        /// The only open incident that affects visitors.
        fn incident(impact: Impact) -> String;
        /// Several of them.
        fn incidents(open: usize) -> String;
        /// Open incidents while everything is operational.
        fn beside_incidents(open: usize) -> String;
        fn some(status: &str, some: usize, of: usize) -> String;
        fn no_data_for(some: usize, of: usize) -> String;
        fn waiting_for(some: usize, of: usize) -> String;
        fn no_data_since(since: &str) -> String;
    }
}
