//! What is said of a component whose status changes: beside its incident, again and again, and by time alone.

use crate::fixture::Fixture;
use crate::maintenance::text;
use crate::notices::{Heard, with};
use crate::subscribers::{all, asked};
use skerry_domain::holds::Source;
use skerry_domain::notice::NoticeKind;
use skerry_domain::state::ComponentKey;
use skerry_domain::status::Status;
use skerry_domain::step::{Command, IncidentChange, NewSubscriber};
use skerry_domain::subscriber::{Channel, Choices, Consent, Updates};
use skerry_domain::time::{HOUR, MINUTE, SECOND};
use skerry_domain::track::HardState;
use std::collections::BTreeSet;

#[test]
fn a_hold_that_ends_is_said_once_whatever_comes_before_the_tick() {
    for report_between in [false, true] {
        let mut fixture = Fixture::new();
        let component = fixture.component();
        let choices = Choices { status_changes: true, ..Choices::default() };
        let one = fixture.subscriber("changes@example.com", with(choices));
        fixture.see(HardState::Up);
        let (source, status) = (Source::Person, Status::MajorOutage);
        let until = Some(fixture.now + 20 * SECOND);
        fixture.run(Command::SetHold { component, source, status, until });
        assert_eq!(fixture.heard(10 * SECOND).get(&one), Some(&vec![("status", 1)]));
        fixture.now = fixture.now + 10 * SECOND + 5;
        if report_between {
            fixture.see(HardState::Up);
        }
        assert_eq!(fixture.heard(2 * MINUTE).get(&one), Some(&vec![("status", 1)]), "{report_between}");
        assert_eq!(fixture.heard(2 * MINUTE), Heard::new());
    }
}

#[test]
fn a_status_that_an_incident_sets_is_one_message() {
    let mut fixture = Fixture::new();
    let component = fixture.component();
    let of = |updates, components: Option<BTreeSet<ComponentKey>>| {
        with(Choices { status_changes: true, updates, components, monthly: false })
    };
    let everything = fixture.subscriber("everything@example.com", of(Updates::All, None));
    let outages = fixture.subscriber("outages@example.com", of(Updates::Outages, None));
    let hook = NewSubscriber {
        channel: Channel::Webhook,
        consent: Consent::Import,
        ..asked("https://hooks.example.com/a", all())
    };
    let hook = fixture.ask(hook).0.expect("made");
    fixture.see(HardState::Up);
    let incident = fixture.opened(&[(component, Some(Status::DegradedPerformance))]);
    let told = fixture.heard(2 * MINUTE);
    assert_eq!(told.get(&everything), Some(&vec![("incident", 1)]));
    assert_eq!(told.get(&outages), Some(&vec![("status", 1)]), "it hears nothing of the incident");
    assert_eq!(told.get(&hook), Some(&vec![("incident", 1), ("status", 1)]), "as by Statuspage");
    // What the incident does not say is a message of its own.
    let (source, status) = (Source::Person, Status::PartialOutage);
    fixture.run(Command::SetHold { component, source, status, until: None });
    let told = fixture.heard(2 * MINUTE);
    assert_eq!(told.get(&everything), Some(&vec![("status", 1)]));
    fixture.assert_stored();
    // Both within a minute: the message says the status that the incident does not.
    let change = IncidentChange {
        body: Some(text("It is worse.")),
        components: vec![(component, Some(Status::MajorOutage))],
        ..IncidentChange::default()
    };
    fixture.run(Command::UpdateIncident { incident, change: Box::new(change) });
    fixture.heard(SECOND);
    fixture.run(Command::SetHold { component, source, status, until: None });
    let told = fixture.heard(2 * MINUTE);
    assert_eq!(told.get(&everything), Some(&vec![("status", 1)]), "{told:?}");
    fixture.assert_stored();
}

#[test]
fn a_status_that_never_rests_is_said_in_digests() {
    let mut fixture = Fixture::new();
    let component = fixture.component();
    let choices = Choices { status_changes: true, ..Choices::default() };
    let one = fixture.subscriber("changes@example.com", with(choices));
    let quiet = fixture.subscriber("quiet@example.com", all());
    let hook = NewSubscriber {
        channel: Channel::Webhook,
        consent: Consent::Import,
        ..asked("https://x.example", all())
    };
    let hook = fixture.ask(hook).0.expect("made");
    fixture.see(HardState::Up);
    let mut heard = Heard::new();
    for round in 0..20 {
        let status = if round % 2 == 0 { Status::MajorOutage } else { Status::PartialOutage };
        let source = Source::Person;
        fixture.run(Command::SetHold { component, source, status, until: None });
        for (key, mut said) in fixture.heard(2 * MINUTE) {
            heard.entry(key).or_default().append(&mut said);
        }
    }
    for (key, mut said) in fixture.heard(HOUR) {
        heard.entry(key).or_default().append(&mut said);
    }
    let said = &heard[&one];
    assert!(said.len() <= 7, "{said:?}");
    assert_eq!(said.iter().map(|(_, steps)| steps).sum::<usize>(), 20, "each change is said: {said:?}");
    assert_eq!(heard.get(&hook), Some(said), "webhooks hear of each change, as Statuspage's do");
    assert_eq!(heard.get(&quiet), None);
    assert_eq!(said[0], (NoticeKind::Status.name(), 1), "the first at once");
}

#[test]
fn a_status_that_does_not_rest_for_hours_is_said_in_few_messages() {
    let mut fixture = Fixture::new();
    let component = fixture.component();
    let choices = Choices { status_changes: true, ..Choices::default() };
    let one = fixture.subscriber("changes@example.com", with(choices));
    fixture.see(HardState::Up);
    let source = Source::Person;
    let mut said = Vec::new();
    for round in 0..8 * 60 {
        let status = if round % 2 == 0 { Status::MajorOutage } else { Status::PartialOutage };
        fixture.run(Command::SetHold { component, source, status, until: None });
        let told = fixture.heard(MINUTE);
        said.extend(told.get(&one).into_iter().flatten().map(|(_, steps)| (round, *steps)));
    }
    // Four by themselves, a digest of a quarter of an hour, and one of six hours.
    assert!((5..=7).contains(&said.len()), "{said:?}");
    assert_eq!(fixture.heard(28 * MINUTE).get(&one), None, "it has not rested yet");
    let rest = fixture.heard(3 * MINUTE);
    let rest: usize = rest[&one].iter().map(|(_, steps)| steps).sum();
    assert_eq!(said.iter().map(|(_, steps)| steps).sum::<usize>() + rest, 8 * 60, "each change is said");
    assert_eq!(fixture.heard(7 * HOUR).get(&one), None);
    fixture.assert_stored();
}

#[test]
fn the_end_of_a_maintenance_says_nothing_of_a_component_that_is_down_after_it() {
    for (after, is_a_message) in [(HardState::Up, false), (HardState::Down, true)] {
        let mut fixture = Fixture::new();
        let choices = Choices { status_changes: true, ..Choices::default() };
        let one = fixture.subscriber("changes@example.com", with(choices));
        fixture.see(HardState::Up);
        let window = fixture.new_window(fixture.now, fixture.now + MINUTE);
        fixture.maintain(window);
        let begun = fixture.heard(30 * SECOND).remove(&one).unwrap_or_default();
        assert!(begun.iter().all(|(kind, _)| *kind == "maintenance"), "it states that: {begun:?}");
        fixture.see(after);
        let ended = fixture.heard(2 * MINUTE).remove(&one).unwrap_or_default();
        assert!(ended.iter().any(|(kind, _)| *kind == "maintenance"), "{ended:?}");
        assert_eq!(ended.iter().any(|(kind, _)| *kind == "status"), is_a_message, "{after:?}: {ended:?}");
        fixture.assert_stored();
    }
}

#[test]
fn a_status_that_has_rested_is_said_at_once_when_it_changes_again() {
    let mut fixture = Fixture::new();
    let component = fixture.component();
    let choices = Choices { status_changes: true, ..Choices::default() };
    let one = fixture.subscriber("changes@example.com", with(choices));
    fixture.see(HardState::Up);
    let set = |status| Command::SetHold { component, source: Source::Person, status, until: None };
    for round in 0..40 {
        let status = if round % 2 == 0 { Status::MajorOutage } else { Status::PartialOutage };
        fixture.run(set(status));
        fixture.heard(MINUTE);
    }
    let rest = fixture.heard(30 * MINUTE);
    assert!(rest.get(&one).is_some_and(|said| said.len() == 1), "a digest: {rest:?}");
    fixture.heard(5 * MINUTE);
    fixture.run(set(Status::MajorOutage));
    assert_eq!(fixture.heard(SECOND).get(&one), Some(&vec![("status", 1)]));
}
