//! Calendars as a program of others reads them.

use super::*;
use crate::sample::{NOW, component, maintenance, page};
use crate::view::{IncidentText, Item};
use icalendar::{Calendar, Component as _, Event};
use proptest::prelude::*;
use skerry_domain::status::Status;
use skerry_domain::time::DAY;

fn sample(windows: Vec<MaintenanceView>) -> PageView {
    let mut view = page(vec![Item::Component(component("aaa", Status::Operational))]);
    view.maintenance = windows;
    view
}

fn read(bytes: &[u8]) -> Calendar {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn only(view: &PageView) -> Event {
    let calendar = read(&render(view));
    let mut events = calendar.events();
    let one = events.next().expect("an event").clone();
    assert!(events.next().is_none(), "one event");
    one
}

fn value<'a>(event: &'a Event, name: &str) -> &'a str {
    event.property_value(name).unwrap_or_else(|| panic!("a {name}"))
}

#[test]
fn a_window_is_an_event_in_utc_with_the_times_of_its_row() {
    let event = only(&sample(vec![maintenance(MaintenanceStatus::Scheduled, 60)]));
    for (name, expected) in [
        ("DTSTART", "20261120T171500Z"),
        ("DTEND", "20261120T191500Z"),
        ("CREATED", "20261119T161500Z"),
        ("DTSTAMP", "20261120T151500Z"),
        ("LAST-MODIFIED", "20261120T151500Z"),
        ("SEQUENCE", "3"),
        ("STATUS", "CONFIRMED"),
        ("SUMMARY", "Database upgrade"),
        ("URL", "https://status.example.com/maintenance/maintenance1"),
    ] {
        assert_eq!(value(&event, name), expected, "{name}");
    }
    assert_eq!(
        event.get_description().expect("a description"),
        "Reports are read-only.\n\nAffects Component aaa.\n\n\
         https://status.example.com/maintenance/maintenance1"
    );
    assert_eq!(value(&event, "UID").len(), 36);
}

#[test]
fn the_uid_stays_whatever_changes_and_time_alone_changes_no_byte() {
    let mut view = sample(vec![maintenance(MaintenanceStatus::Scheduled, 60)]);
    let (before, bytes) = (only(&view), render(&view));
    view.now = NOW + 3 * DAY;
    assert_eq!(render(&view), bytes);
    view.url = "https://other.example".to_owned();
    view.maintenance[0].from = NOW + DAY;
    view.maintenance[0].to = NOW + 2 * DAY;
    view.maintenance[0].title = IncidentText::Automatic("Another title".to_owned());
    let after = only(&view);
    assert_eq!(value(&after, "UID"), value(&before, "UID"));
    assert_ne!(value(&after, "DTSTART"), value(&before, "DTSTART"));
}

#[test]
fn what_was_cancelled_stays_as_such_and_a_component_has_its_own() {
    let mut view = sample(vec![maintenance(MaintenanceStatus::Cancelled, 60)]);
    let event = only(&view);
    assert_eq!(
        (value(&event, "STATUS"), value(&event, "SUMMARY")),
        ("CANCELLED", "Cancelled: Database upgrade")
    );
    let mut other = maintenance(MaintenanceStatus::Scheduled, 90);
    other.id = "maintenance2".to_owned();
    other.components[0].id = "bbb".to_owned();
    view.maintenance.push(other);
    assert_eq!(read(&render(&view)).events().count(), 2);
    let Item::Component(component) = &view.items[0] else { panic!("a component") };
    let own = read(&render_component(&view, component));
    let own: Vec<_> = own.events().map(|one| value(one, "STATUS").to_owned()).collect();
    assert_eq!(own, ["CANCELLED"]);
}

#[test]
fn one_maintenance_is_the_same_event_without_a_calendar_to_subscribe_to() {
    let view = sample(vec![maintenance(MaintenanceStatus::Scheduled, 60)]);
    let (all, one) = (read(&render(&view)), read(&render_maintenance(&view, &view.maintenance[0])));
    let events = |calendar: &Calendar| calendar.events().map(|one| format!("{one:?}")).collect::<Vec<_>>();
    assert_eq!((events(&one), events(&one).len()), (events(&all), 1));
    assert!(all.get_name().is_some() && one.get_name().is_none(), "{one:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_and_no_line_is_too_long(title in "[ -~äß漢🚨\\n\\r\\t\u{0}\u{b}]{1,200}") {
        let title = format!("a{title}z");
        let mut view = sample(vec![maintenance(MaintenanceStatus::Scheduled, 60)]);
        view.maintenance[0].title = IncidentText::Automatic(title.clone());
        let bytes = render(&view);
        let text = std::str::from_utf8(&bytes).expect("characters stay whole");
        for line in text.split_terminator("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{:?}", line);
        }
        let kept: String = title.chars().filter(|one| *one == '\n' || !one.is_control()).collect();
        let event = only(&view);
        prop_assert_eq!(event.get_summary().expect("a title"), kept.as_str());
        prop_assert_eq!(value(&event, "STATUS"), "CONFIRMED");
    }
}

#[test]
fn a_message_names_its_method_and_who_sent_it_whatever_the_page_is_called() {
    let window = maintenance(MaintenanceStatus::Scheduled, 60);
    let mut view = sample(vec![window.clone()]);
    view.name = "a \"b\"; c:d\r\nSUMMARY:x".to_owned();
    let bytes = render_message(&view, &window);
    let calendar = read(&bytes);
    assert_eq!(calendar.property_value("METHOD"), Some("PUBLISH"));
    let event = calendar.events().next().expect("an event");
    assert_eq!(value(event, "SUMMARY"), "Database upgrade");
    assert_eq!(value(event, "ORGANIZER"), "https://status.example.com");
    assert_eq!(value(event, "UID"), value(&only(&view), "UID"), "as in the calendar of the page");
    let served = render_maintenance(&view, &window);
    assert!(!String::from_utf8_lossy(&served).contains("METHOD"), "what is subscribed to has none");
}
