//! What is posted to channels.

use crate::messages::{URL, all, links};
use skerry_publish::messages::ChatParts;

fn chat(language: &str, name: &str) -> ChatParts {
    let zone = if language == "de" { "Europe/Berlin" } else { "Etc/UTC" };
    let contents = all(language, zone);
    contents.iter().find(|(known, _)| *known == name).expect("it is said").1.chat(&links())
}

fn named(facts: &[(&str, &str)]) -> Vec<(String, String)> {
    facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn link(label: &str, path: &str) -> Option<(String, String)> {
    Some((label.to_owned(), format!("{URL}/{path}")))
}

#[test]
fn a_chat_shows_the_same_words_and_its_own_links() {
    let update = chat("en", "update");
    assert_eq!((update.page.as_str(), update.title.as_str()), ("Northwind status", "Card payments declined"));
    let facts = [("Since", "14:02 UTC, Fri 20 Nov"), ("Affects", "Card payments, Refunds, Payouts")];
    assert_eq!(update.facts, named(&facts));
    assert_eq!(Some(update.link), link("See the incident", "incidents/incident0001"));
    assert_eq!(update.subscription, None, "everybody in the channel reads it");
}

#[test]
fn what_asks_for_something_names_its_link_and_whom_it_may_surprise() {
    let manage = link("Change what you hear about", "subscriptions/3hT9xQm2");
    assert_eq!(chat("en", "manage").subscription, manage);
    let confirm = chat("en", "confirm");
    let asked = "This is a test message. Somebody, perhaps one of you, asked Northwind status to send updates to this channel. \
                 The link works for 24 hours.\n\nYou did not ask for this? Do nothing, and nothing more will be sent.";
    assert_eq!(confirm.text, asked);
    assert_eq!(confirm.subscription, link("Confirm", "subscriptions/Vn5cR7pd/confirm"));
    assert_eq!(confirm.link, ("See Northwind status".to_owned(), URL.to_owned()));
    for (language, label, state) in [
        ("en", "Get updates again", "Not delivered"),
        ("de", "Wieder Meldungen erhalten", "Nicht zugestellt"),
    ] {
        let quarantined = chat(language, "quarantined");
        assert_eq!(quarantined.state, state);
        assert_eq!(quarantined.subscription, link(label, "subscriptions/3hT9xQm2"));
        assert!(quarantined.text.contains(label), "as its link says: {}", quarantined.text);
    }
}

#[test]
fn facts_of_a_status_are_whole() {
    let digest = [("Time", "Between 14:02 and 15:58 UTC, Fri 20 Nov, 11 min in all"), ("Now", "Operational")];
    assert_eq!(chat("en", "digest").facts, named(&digest));
    let status = [("Since", "14:02 UTC, Fri 20 Nov"), ("Before", "Operational")];
    assert_eq!(chat("en", "status").facts, named(&status));
    assert_eq!(chat("en", "resolved").facts[0].0, "Duration");
    let times = &chat("de", "digest").facts[0].1;
    assert!(times.ends_with("insgesamt 11 Min."), "an abbreviation keeps its stop: {times}");
}
