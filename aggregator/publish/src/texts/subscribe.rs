//! Subscribing: the forms, what follows them, and the pages behind the links in messages.

use crate::html::{FormFault, TestResult};

texts! {
    /// Subscribing. Names and addresses arrive as markup.
    SubscribeTexts {
        /// The title of the page of forms, and the link to it.
        fn title() -> &'static str;
        /// The link to the form for one incident, and its title.
        fn on_incident() -> &'static str;
        /// The same for one maintenance.
        fn on_maintenance() -> &'static str;
        fn about() -> &'static str;
        /// As markup, with the title of one incident or maintenance.
        fn about_one(title: &str) -> String;
        /// Where nobody can subscribe.
        fn without_subscription() -> &'static str;
        fn email() -> &'static str;
        fn by_email() -> &'static str;
        fn kept() -> &'static str;
        fn privacy() -> &'static str;
        /// The disclosure of choices, and what is chosen before.
        fn choose() -> &'static str;
        fn everything() -> &'static str;
        fn other_ways() -> &'static str;
        fn in_channel() -> &'static str;
        fn webhook() -> &'static str;
        fn signed_json() -> &'static str;
        fn feeds() -> &'static str;
        fn feeds_about() -> &'static str;
        fn incoming_url() -> &'static str;
        fn endpoint_url() -> &'static str;
        fn test() -> &'static str;
        fn test_about() -> &'static str;
        /// The form of those who have a subscription, and what it is for.
        fn already() -> &'static str;
        fn already_about() -> &'static str;
        fn send_link() -> &'static str;
        fn check_inbox() -> &'static str;
        fn sent() -> &'static str;
        /// As markup; `again` is the path of the form.
        fn sent_note(again: &str) -> String;
        fn link_sent() -> &'static str;
        /// As markup; `again` is the path of the form.
        fn link_note(again: &str) -> String;
        fn check_channel() -> &'static str;
        fn test_sent() -> &'static str;
        fn confirm_title() -> &'static str;
        /// As markup: the page, the address, and what it will hear of.
        fn will_go(page: &str, address: &str, what: &str) -> String;
        fn confirm() -> &'static str;
        fn not_you() -> &'static str;
        fn confirmed() -> &'static str;
        /// What to do where messages do not link to the page of the subscription.
        fn bookmark() -> &'static str;
        /// As markup.
        fn back_to(page: &str) -> String;
        fn yours() -> &'static str;
        /// As markup: the address, and the day since when.
        fn yours_since(address: &str, day: &str) -> String;
        /// `time` is one such as "16:15 UTC".
        fn saved(time: &str) -> String;
        /// Messages to a channel or to a server failed for too long.
        fn quarantined() -> &'static str;
        fn hear() -> &'static str;
        fn all_updates() -> [&'static str; 2];
        fn only_outages() -> [&'static str; 2];
        fn all_components() -> [&'static str; 2];
        fn only_these() -> &'static str;
        /// "All 8 components"
        fn all_of(number: usize) -> String;
        /// The disclosure of the components of a group.
        fn single_ones() -> &'static str;
        fn also() -> &'static str;
        fn status_changes() -> [&'static str; 2];
        fn monthly() -> [&'static str; 2];
        /// The heading of the incidents and maintenance that somebody follows.
        fn followed() -> &'static str;
        fn save() -> &'static str;
        fn stop_all() -> &'static str;
        fn download() -> &'static str;
        fn secret() -> &'static str;
        fn secret_about() -> &'static str;
        /// `until` is a time such as "16:15 UTC, 20 November".
        fn former_secret(until: &str) -> String;
        fn new_secret() -> &'static str;
        /// The heading of what follows: what the link to the page of a subscription is good for, and the button for a new one.
        fn link() -> &'static str;
        /// The heading of what follows: the button that sends a test to an endpoint, and how it ended at a time.
        fn try_title() -> &'static str;
        fn try_about() -> &'static str;
        fn tested(result: TestResult, time: &str) -> String;
        /// Whether messages bring it: those by mail do.
        fn link_about(by_mail: bool) -> &'static str;
        fn new_link() -> &'static str;
        /// It has a new one.
        fn link_renewed(by_mail: bool) -> &'static str;
        fn stop_title() -> &'static str;
        /// As markup.
        fn stop(address: &str, page: &str) -> String;
        fn fewer() -> &'static str;
        fn stopped_title() -> &'static str;
        fn stopped() -> &'static str;
        fn spent_title() -> &'static str;
        /// As markup; `again` is the path of the form for a new link.
        fn spent(again: &str) -> String;
        /// A form that its own page seems not to have sent.
        fn foreign_title() -> &'static str;
        /// As markup; `again` is the path of the form.
        fn foreign(again: &str) -> String;
        /// Why a form is not taken.
        fn fault(fault: &FormFault) -> String;
    }
}
