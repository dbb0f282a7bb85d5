//! Messages to subscribers: mails, and what is posted to channels.

use skerry_domain::status::Status;

texts! {
    /// Messages to subscribers: mails, and what is posted to channels. All is plain text.
    MessageTexts {
        /// The state of the message that asks for a confirmation.
        fn one_more_step() -> &'static str;
        /// The title of that message.
        fn confirm_title() -> &'static str;
        /// "Confirm updates from Northwind status"
        fn confirm_subject(page: &str) -> String;
        /// Why it comes, to a mail address or to a channel.
        fn somebody_asked(page: &str, channel: bool) -> String;
        /// Stands before the link to confirm.
        fn confirm_within() -> &'static str;
        fn works_for_a_day() -> &'static str;
        fn confirm() -> &'static str;
        /// The foot of that message.
        fn not_asked() -> &'static str;
        /// The state of the message with the link to manage a subscription.
        fn manage_state() -> &'static str;
        /// The title of that message.
        fn manage_title() -> &'static str;
        /// "Your updates from Northwind status"
        fn manage_subject(page: &str) -> String;
        /// Why it comes, to a mail address or to a channel.
        fn link_was_asked(page: &str, channel: bool) -> String;
        /// The foot of that message.
        fn link_not_asked() -> &'static str;
        /// The state and the title of the message that nothing more is sent to an endpoint that failed.
        fn quarantined_state() -> &'static str;
        fn quarantined_title() -> &'static str;
        /// "Updates from Northwind status are paused"
        fn quarantined_subject(page: &str) -> String;
        /// Why it comes, to a channel: mails are never paused.
        fn quarantined() -> &'static str;
        /// The link by which that is changed.
        fn resume() -> &'static str;
        fn quarantined_foot() -> &'static str;
        /// "You asked Northwind status for updates on Payments."; without a name: for all.
        fn subscribed(page: &str, followed: Option<&str>) -> String;
        fn subscribed_monthly(page: &str) -> String;
        fn change() -> &'static str;
        fn stop() -> &'static str;
        /// "All times in UTC."
        fn times(zone: &str) -> String;
        /// Above earlier updates.
        fn earlier() -> &'static str;
        fn see_incident() -> &'static str;
        /// The same once it is resolved.
        fn see_what_happened() -> &'static str;
        fn read_postmortem() -> &'static str;
        fn see_maintenance() -> &'static str;
        fn see_announcement() -> &'static str;
        /// "See Webhooks", "See October 2026"
        fn see(name: &str) -> String;
        /// "Resolved after 3 h 5 min."
        fn resolved_after(length: &str) -> String;
        /// The names of facts: of the beginning, of how long something lasted, of a time, of a planned one, and of components.
        fn since() -> &'static str;
        fn duration() -> &'static str;
        fn time() -> &'static str;
        fn planned_time() -> &'static str;
        fn affected(open: bool) -> &'static str;
        /// The state of maintenance that is still to come, and the beginning of its subject.
        fn planned_maintenance() -> &'static str;
        /// "Starts in 60 minutes"
        fn starts_in(minutes: i64) -> String;
        /// Of maintenance that was called off.
        fn was_planned(span: &str) -> String;
        /// With a calendar entry.
        fn entry_follows() -> &'static str;
        /// With the calendar entry of maintenance that was called off.
        fn entry_removes() -> &'static str;
        /// The state of an announcement.
        fn announcement(warns: bool) -> &'static str;
        /// The names of the status before, and of the present one.
        fn before() -> &'static str;
        fn now() -> &'static str;
        /// The subject of several interruptions: "interruptions"
        fn interruptions(number: usize, outages: bool) -> &'static str;
        /// "Between 14:02 and 15:58 UTC, Fri 20 Nov, 11 min in all", without a full stop; without a day if the times have theirs.
        fn between(from: &str, to: &str, day: Option<&str>, sum: &str) -> String;
        /// "It is operational now."
        fn is_now(status: Status) -> &'static str;
        /// When the next message comes if a status goes on changing.
        fn next_when_steady(minutes: i64) -> String;
        fn test_state() -> &'static str;
        fn test_title() -> &'static str;
        fn test(page: &str) -> String;
        fn monthly_report() -> &'static str;
        /// Of a month in which nothing was announced.
        fn nothing_happened() -> &'static str;
        /// "2 h 25 min of outage"
        fn outages(major: Option<&str>, partial: Option<&str>) -> String;
        /// Of an incident that lasts.
        fn not_resolved() -> &'static str;
        fn all_components() -> &'static str;
        fn no_component() -> &'static str;
        /// The same behind [`MessageTexts::subscribed`].
        fn on_no_component() -> &'static str;
        fn all_updates() -> &'static str;
        fn only_outages() -> &'static str;
        fn status_changes() -> &'static str;
        fn monthly_within() -> &'static str;
    }
}
