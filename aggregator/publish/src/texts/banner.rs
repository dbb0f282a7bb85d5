//! The sentence of the banner and the facts below it.

texts! {
    /// The sentence of the banner and the facts below it. Texts that end in a blank are followed by a name or a time.
    BannerTexts {
        fn empty() -> &'static str;
        fn empty_why() -> &'static str;
        fn fine() -> &'static str;
        fn fine_why() -> &'static str;
        fn waiting() -> &'static str;
        fn waiting_why() -> &'static str;
        fn seen_fine() -> &'static str;
        fn maintenance() -> &'static str;
        fn no_data_for() -> &'static str;
        fn no_data_for_any() -> &'static str;
        /// Stands for the names of all components.
        fn all() -> &'static str;
        fn since() -> &'static str;
        /// Follows a name.
        fn name_since() -> &'static str;
        fn first_since() -> &'static str;
        fn also() -> &'static str;
        fn rest_fine() -> &'static str;
        fn seen_rest_fine() -> &'static str;
        fn all_seen_fine() -> &'static str;
        fn not_down() -> &'static str;
        fn part_of() -> &'static str;
        fn waiting_for() -> &'static str;
        /// The text before and after the time since when there is no data: for all components, for one or for several; `later`: of
        /// some of them since later.
        fn not_seen(all: bool, components: usize, later: bool) -> [String; 2];
        /// " since 14:40 or later"
        fn brief_since(time: &str, later: bool) -> String;
        /// "No data for 2 components since 14:40."
        fn no_data(components: usize, since: &str) -> String;
        /// Follows [`BannerTexts::part_of`] and the names.
        fn part_since(since: &str) -> String;
    }
}
