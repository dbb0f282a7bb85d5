//! The rows of components and groups, their lists of days, and the explanation of figures.

texts! {
    /// The rows of components and groups, their lists of days, and the explanation of figures.
    RowTexts {
        /// Replaces a figure in the first 24 hours.
        fn young_figure() -> &'static str;
        fn new_means() -> &'static str;
        fn star_means() -> &'static str;
        /// The text before and after the number of marks, which the style sheet changes on phones.
        fn marks() -> [&'static str; 2];
        /// The text before the link and after it, and the text of the link.
        fn older(days: i32) -> [String; 3];
        /// Before the name of a component.
        fn more() -> &'static str;
        fn more_and_response() -> &'static str;
        /// Above the bars: the text before and after the number of days, when they begin, and when they end.
        fn scale() -> [&'static str; 3];
        /// "5 others: operational"
        fn others(number: usize) -> String;
        fn since(figure: &str, day: &str) -> String;
        /// `since`: some figures have a day next to them.
        fn percentages(since: bool) -> String;
        fn young(since: &str) -> String;
        /// For screen readers.
        fn affected(days: usize) -> String;
        /// For a component or a group; `time` is markup.
        fn no_data_since(time: &str) -> String;
        /// "1 of 2 checks not seen since 14:40"; the time is markup, or `None` for never.
        fn unseen(unseen: usize, of: usize, since: Option<&str>) -> String;
        /// "1 of 2 checks not seen", beside the name of what is operational by the others.
        fn partly_unseen(unseen: usize, of: usize) -> String;
        fn all_operational(of: usize) -> String;
        fn in_maintenance(some: usize, of: usize) -> String;
        /// Never observed, where there is little room.
        fn waiting(of: usize) -> &'static str;
        fn partial_data(some: usize, of: usize) -> String;
        fn no_data(some: usize, of: usize) -> String;
        fn some_affected(some: usize, of: usize) -> String;
        /// Follows the list of days: how many of them were operational, and since when the component has been monitored.
        fn rest(listed: bool, quiet: usize, of: usize, since: Option<&str>) -> String;
    }
}
