//! Subscribing, in English.

use super::English;
use crate::html::{FormFault, TestResult};
use crate::texts::subscribe::SubscribeTexts;

impl SubscribeTexts for English {
    fn title(&self) -> &'static str {
        "Get updates"
    }

    fn on_incident(&self) -> &'static str {
        "Get updates on this incident"
    }

    fn on_maintenance(&self) -> &'static str {
        "Get updates on this maintenance"
    }

    fn about(&self) -> &'static str {
        "One message for each update of an incident or a maintenance. You can stop them at any time."
    }

    fn about_one(&self, title: &str) -> String {
        format!("One message for each update of <b>{title}</b>. You can stop them at any time.")
    }

    fn without_subscription(&self) -> &'static str {
        "Feeds and the calendar need no subscription."
    }

    fn email(&self) -> &'static str {
        "Email address"
    }

    fn by_email(&self) -> &'static str {
        "Get updates by email"
    }

    fn privacy(&self) -> &'static str {
        "Privacy policy"
    }

    fn kept(&self) -> &'static str {
        "We keep the address, your choices and when you confirmed, and delete them when you stop all updates."
    }

    fn choose(&self) -> &'static str {
        "Choose what you hear about"
    }

    fn everything(&self) -> &'static str {
        "All components, all updates"
    }

    fn other_ways(&self) -> &'static str {
        "Other ways"
    }

    fn in_channel(&self) -> &'static str {
        "a message in a channel"
    }

    fn webhook(&self) -> &'static str {
        "Webhook"
    }

    fn signed_json(&self) -> &'static str {
        "signed JSON to your server"
    }

    fn feeds(&self) -> &'static str {
        "Feeds and calendar"
    }

    fn feeds_about(&self) -> &'static str {
        "RSS, Atom, JSON, iCalendar; no subscription needed"
    }

    fn incoming_url(&self) -> &'static str {
        "Incoming webhook URL"
    }

    fn endpoint_url(&self) -> &'static str {
        "URL of your server"
    }

    fn test(&self) -> &'static str {
        "Send a test message"
    }

    fn test_about(&self) -> &'static str {
        "The test message holds a link. Updates start once somebody has opened it and confirmed."
    }

    fn already(&self) -> &'static str {
        "Already subscribed?"
    }

    fn already_about(&self) -> &'static str {
        "change or stop what you get by email"
    }

    fn send_link(&self) -> &'static str {
        "Send me a link"
    }

    fn check_inbox(&self) -> &'static str {
        "Check your inbox"
    }

    fn sent(&self) -> &'static str {
        "If this address can receive our updates, a message with a link to confirm is on its way."
    }

    fn sent_note(&self, again: &str) -> String {
        format!(
            "The link works for 24 hours. Nothing after 10 minutes? Check your spam folder, then <a href=\"{again}\">try again</a>."
        )
    }

    fn link_sent(&self) -> &'static str {
        "If this address receives our updates, a message with a link to change or stop them is on its way."
    }

    fn link_note(&self, again: &str) -> String {
        format!("Nothing after 10 minutes? Check your spam folder, then <a href=\"{again}\">try again</a>.")
    }

    fn check_channel(&self) -> &'static str {
        "Look for the test message"
    }

    fn test_sent(&self) -> &'static str {
        "If this URL can receive our updates, a test message is on its way. Updates start once somebody has opened its link \
         and confirmed, within 24 hours."
    }

    fn confirm_title(&self) -> &'static str {
        "Confirm your updates"
    }

    fn will_go(&self, page: &str, address: &str, what: &str) -> String {
        format!("Updates from {page} will go to <b>{address}</b>: {what}.")
    }

    fn confirm(&self) -> &'static str {
        "Confirm"
    }

    fn not_you(&self) -> &'static str {
        "You did not ask for this? Close this page."
    }

    fn confirmed(&self) -> &'static str {
        "You will hear from us"
    }

    fn bookmark(&self) -> &'static str {
        "Bookmark your page: later messages do not link to it."
    }

    fn back_to(&self, page: &str) -> String {
        format!("Back to {page}")
    }

    fn yours(&self) -> &'static str {
        "Your updates"
    }

    fn yours_since(&self, address: &str, day: &str) -> String {
        format!("For <b>{address}</b>, since {day}.")
    }

    fn saved(&self, time: &str) -> String {
        format!("Saved at {time}.")
    }

    fn quarantined(&self) -> &'static str {
        "Your updates are paused: our messages no longer got through. Send a test message; updates go on once somebody opens its \
         link and confirms."
    }

    fn hear(&self) -> &'static str {
        "What you hear about"
    }

    fn all_updates(&self) -> [&'static str; 2] {
        ["All updates", "Incidents and maintenance, each update"]
    }

    fn only_outages(&self) -> [&'static str; 2] {
        ["Only outages", "Partial and major outages, start and end"]
    }

    fn all_components(&self) -> [&'static str; 2] {
        ["All components", "Including those added later"]
    }

    fn only_these(&self) -> &'static str {
        "Only these"
    }

    fn all_of(&self, number: usize) -> String {
        match number {
            1 => "Its one component".to_owned(),
            2 => "Both components".to_owned(),
            number => format!("All {number} components"),
        }
    }

    fn single_ones(&self) -> &'static str {
        "Or single components"
    }

    fn also(&self) -> &'static str {
        "Also"
    }

    fn status_changes(&self) -> [&'static str; 2] {
        ["Status changes", "Each change of a component's status, even without an incident"]
    }

    fn monthly(&self) -> [&'static str; 2] {
        ["Monthly report", "Uptime and incidents, on the 1st"]
    }

    fn followed(&self) -> &'static str {
        "Incidents and maintenance"
    }

    fn save(&self) -> &'static str {
        "Save"
    }

    fn stop_all(&self) -> &'static str {
        "Stop all updates"
    }

    fn download(&self) -> &'static str {
        "Download what we keep"
    }

    fn secret(&self) -> &'static str {
        "Signing secret"
    }

    fn secret_about(&self) -> &'static str {
        "Your server uses it to check that a request is ours. It is shown on this page only."
    }

    fn former_secret(&self, until: &str) -> String {
        format!("The previous secret still signs requests until {until}.")
    }

    fn new_secret(&self) -> &'static str {
        "Make a new secret"
    }

    fn link(&self) -> &'static str {
        "The link to this page"
    }

    fn link_about(&self, by_mail: bool) -> &'static str {
        if by_mail {
            "Whoever has this link can change and stop your updates. A new link replaces the one in earlier messages; their links \
             to stop still work."
        } else {
            "Whoever has the link can change and stop your updates. A new link replaces it."
        }
    }

    fn try_title(&self) -> &'static str {
        "Test"
    }

    fn try_about(&self) -> &'static str {
        "See whether messages arrive. The test says that nothing has happened."
    }

    fn tested(&self, result: TestResult, time: &str) -> String {
        let said = match result {
            TestResult::Taken => "The test message arrived",
            TestResult::Refused => "The test message was not taken: the answer was no success",
            TestResult::TooMany => "The test message was not taken: too many messages came before it",
            TestResult::Unreachable => "The test message did not arrive: nothing answers at this URL",
            TestResult::Timeout => "The test message did not arrive: there was no answer in time",
            TestResult::Certificate => "The test message did not arrive: the certificate is not acceptable",
            TestResult::Forbidden => "No test message was sent: this URL leads where messages may not go",
            TestResult::NotSent => "No test message was sent. Try again in a minute",
        };
        format!("{said} ({time}).")
    }

    fn new_link(&self) -> &'static str {
        "Make a new link"
    }

    fn link_renewed(&self, by_mail: bool) -> &'static str {
        if by_mail {
            "This page has a new link. Later messages carry the new one."
        } else {
            "This page has a new link. Bookmark it: the old one no longer works."
        }
    }

    fn stop_title(&self) -> &'static str {
        "Stop all updates?"
    }

    fn stop(&self, address: &str, page: &str) -> String {
        format!("<b>{address}</b> will hear nothing more from {page}, and we delete the address.")
    }

    fn fewer(&self) -> &'static str {
        "Choose fewer instead"
    }

    fn stopped_title(&self) -> &'static str {
        "You will hear nothing more"
    }

    fn stopped(&self) -> &'static str {
        "The address is deleted. A message that was already on its way may still arrive."
    }

    fn spent_title(&self) -> &'static str {
        "This link no longer works"
    }

    fn spent(&self, again: &str) -> String {
        format!(
            "It was used or replaced, has expired, or its subscription has ended. <a href=\"{again}\">Get a new one</a>."
        )
    }

    fn foreign_title(&self) -> &'static str {
        "This form was not taken"
    }

    fn foreign(&self, again: &str) -> String {
        format!(
            "We could not check where this form came from. <a href=\"{again}\">Open the form</a> and send it again."
        )
    }

    fn fault(&self, fault: &FormFault) -> String {
        match fault {
            FormFault::NoMailAddress => "Enter an address like name@example.com.".to_owned(),
            FormFault::NotHttps => "This must be an https address.".to_owned(),
            FormFault::NoUrl => "This is not a URL.".to_owned(),
            FormFault::TooLong => "This URL is too long.".to_owned(),
            FormFault::OddCharacters => {
                "This URL contains a space, a control character or a backslash.".to_owned()
            }
            FormFault::Credentials => "This URL contains a user name or a password.".to_owned(),
            FormFault::Port(port) => format!("This URL uses port {port}, which is not allowed for HTTPS."),
            FormFault::NotPublic => "The host of this URL is not public.".to_owned(),
            FormFault::NotOfService => {
                "This is not a URL of that service for incoming messages.".to_owned()
            }
            FormFault::RetiredConnector => {
                "Microsoft retired connectors in May 2026. Create a workflow that posts to a channel when a webhook request is \
                 received, and use its URL."
                    .to_owned()
            }
            FormFault::NoComponent => "Choose at least one component, or all.".to_owned(),
            FormFault::NothingFollowed => {
                "Choose at least one, or stop all updates.".to_owned()
            }
            FormFault::TooManyTries(until) => format!("Too many tries. Try again after {until}."),
            FormFault::Unavailable => "This could not be saved. Try again in a minute.".to_owned(),
        }
    }
}
