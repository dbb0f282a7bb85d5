//! Messages to subscribers, in English.

use super::English;
use crate::texts::message::MessageTexts;
use skerry_domain::status::Status;

impl MessageTexts for English {
    fn one_more_step(&self) -> &'static str {
        "One more step"
    }

    fn confirm_title(&self) -> &'static str {
        "Confirm your updates"
    }

    fn confirm_subject(&self, page: &str) -> String {
        format!("Confirm updates from {page}")
    }

    fn somebody_asked(&self, page: &str, channel: bool) -> String {
        if channel {
            format!(
                "This is a test message. Somebody, perhaps one of you, asked {page} to send updates to this channel."
            )
        } else {
            format!("Somebody, probably you, asked {page} to send updates to this address.")
        }
    }

    fn confirm_within(&self) -> &'static str {
        "Confirm within 24 hours:"
    }

    fn works_for_a_day(&self) -> &'static str {
        "The link works for 24\u{a0}hours."
    }

    fn confirm(&self) -> &'static str {
        "Confirm"
    }

    fn not_asked(&self) -> &'static str {
        "You did not ask for this? Do nothing, and nothing more will be sent."
    }

    fn manage_state(&self) -> &'static str {
        "Your link"
    }

    fn manage_title(&self) -> &'static str {
        "Your updates"
    }

    fn manage_subject(&self, page: &str) -> String {
        format!("Your updates from {page}")
    }

    fn link_was_asked(&self, page: &str, channel: bool) -> String {
        let asked = if channel {
            format!("Somebody, perhaps one of you, asked {page} for the link to the updates of this channel.")
        } else {
            format!("Somebody, probably you, asked {page} for the link to your updates.")
        };
        format!("{asked} Whoever has it can change and stop them.")
    }

    fn link_not_asked(&self) -> &'static str {
        "You did not ask for this? Do nothing, and nothing changes."
    }

    fn quarantined_state(&self) -> &'static str {
        "Not delivered"
    }

    fn quarantined_title(&self) -> &'static str {
        "Your updates are paused"
    }

    fn quarantined_subject(&self, page: &str) -> String {
        format!("Updates from {page} are paused")
    }

    fn quarantined(&self) -> &'static str {
        "For three days our messages to this channel did not get through, so we paused them. Open “Get updates again” and send a \
         test message. Updates go on once somebody opens its link and confirms."
    }

    fn resume(&self) -> &'static str {
        "Get updates again"
    }

    fn quarantined_foot(&self) -> &'static str {
        "You want no more updates? Open the link and stop them; we delete the address."
    }

    fn subscribed(&self, page: &str, followed: Option<&str>) -> String {
        match followed {
            Some(followed) => format!("You asked {page} for updates on {followed}."),
            None => format!("You asked {page} for updates."),
        }
    }

    fn subscribed_monthly(&self, page: &str) -> String {
        format!("You asked {page} for a monthly report.")
    }

    fn change(&self) -> &'static str {
        "Change what you hear about"
    }

    fn stop(&self) -> &'static str {
        "Stop all updates"
    }

    fn times(&self, zone: &str) -> String {
        format!("All times in {zone}.")
    }

    fn earlier(&self) -> &'static str {
        "Earlier"
    }

    fn see_incident(&self) -> &'static str {
        "See the incident"
    }

    fn see_what_happened(&self) -> &'static str {
        "See what happened"
    }

    fn read_postmortem(&self) -> &'static str {
        "Read the postmortem"
    }

    fn see_maintenance(&self) -> &'static str {
        "See the maintenance"
    }

    fn see_announcement(&self) -> &'static str {
        "See the announcement"
    }

    fn see(&self, name: &str) -> String {
        format!("See {name}")
    }

    fn resolved_after(&self, length: &str) -> String {
        format!("Resolved after {length}.")
    }

    fn since(&self) -> &'static str {
        "Since"
    }

    fn duration(&self) -> &'static str {
        "Duration"
    }

    fn time(&self) -> &'static str {
        "Time"
    }

    fn planned_time(&self) -> &'static str {
        "Planned for"
    }

    fn affected(&self, open: bool) -> &'static str {
        if open { "Affects" } else { "Affected" }
    }

    fn planned_maintenance(&self) -> &'static str {
        "Planned maintenance"
    }

    fn starts_in(&self, minutes: i64) -> String {
        format!("Starts in {minutes} {}", if minutes == 1 { "minute" } else { "minutes" })
    }

    fn was_planned(&self, span: &str) -> String {
        format!("It was planned for {span}.")
    }

    fn entry_follows(&self) -> &'static str {
        "The attached calendar entry follows if the time changes."
    }

    fn entry_removes(&self) -> &'static str {
        "The attached entry removes it from your calendar."
    }

    fn announcement(&self, warns: bool) -> &'static str {
        if warns { "Important announcement" } else { "Announcement" }
    }

    fn before(&self) -> &'static str {
        "Before"
    }

    fn now(&self) -> &'static str {
        "Now"
    }

    fn interruptions(&self, number: usize, outages: bool) -> &'static str {
        match (number, outages) {
            (1, true) => "interruption",
            (_, true) => "interruptions",
            (1, false) => "slowdown",
            (_, false) => "slowdowns",
        }
    }

    fn between(&self, from: &str, to: &str, day: Option<&str>, sum: &str) -> String {
        let day = day.map_or_else(String::new, |day| format!(", {day}"));
        format!("Between {from} and {to}{day}, {sum} in all")
    }

    fn is_now(&self, status: Status) -> &'static str {
        match status {
            Status::Operational => "It is operational now.",
            Status::DegradedPerformance => "Its performance is degraded now.",
            Status::PartialOutage => "It has a partial outage now.",
            Status::MajorOutage => "It has a major outage now.",
            Status::UnderMaintenance => "It is under maintenance now.",
        }
    }

    fn next_when_steady(&self, minutes: i64) -> String {
        format!(
            "If it goes on changing, the next message comes once it has been steady for {minutes} minutes."
        )
    }

    fn test_state(&self) -> &'static str {
        "Test"
    }

    fn test_title(&self) -> &'static str {
        "Test message"
    }

    fn test(&self, page: &str) -> String {
        format!("Updates from {page} arrive here. Nothing has happened.")
    }

    fn monthly_report(&self) -> &'static str {
        "Monthly report"
    }

    fn nothing_happened(&self) -> &'static str {
        "no incidents and no maintenance"
    }

    fn outages(&self, major: Option<&str>, partial: Option<&str>) -> String {
        match (major, partial) {
            (None, None) => "No outage".to_owned(),
            (Some(major), None) => format!("{major} of outage"),
            (None, Some(partial)) => format!("{partial} of partial outage"),
            (Some(major), Some(partial)) => format!("{major} of outage, {partial} partial"),
        }
    }

    fn not_resolved(&self) -> &'static str {
        "not resolved yet"
    }

    fn all_components(&self) -> &'static str {
        "all components"
    }

    fn no_component(&self) -> &'static str {
        "no component"
    }

    fn on_no_component(&self) -> &'static str {
        self.no_component()
    }

    fn all_updates(&self) -> &'static str {
        "all updates"
    }

    fn only_outages(&self) -> &'static str {
        "only outages"
    }

    fn status_changes(&self) -> &'static str {
        "every status change"
    }

    fn monthly_within(&self) -> &'static str {
        "a monthly report"
    }
}
