//! Feeds and calendars.

texts! {
    /// Feeds and calendars. What has Statuspage's shape is in [`crate::texts::statuspage`].
    FeedTexts {
        /// What the feeds are about.
        fn description() -> &'static str;
        /// "Northwind status: Card payments", the title of a component's feed or calendar.
        fn of_component(page: &str, component: &str) -> String;
        /// "Postmortem: Card payments declined"
        fn postmortem(title: &str) -> String;
        /// "Rescheduled: Database upgrade"; the state is one of [`crate::texts::maintenance::MaintenanceTexts::entry`].
        fn maintenance(state: &str, title: &str) -> String;
        /// "Cancelled: Database upgrade", the title in a calendar.
        fn cancelled(title: &str) -> String;
    }
}
