//! What people do about maintenance, through the store.

use crate::fixture::{Fixture, START};
use crate::maintenance::{by_hand, events, is_reminder, said, text};
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent, WindowText};
use skerry_domain::state::WindowKey;
use skerry_domain::status::Status;
use skerry_domain::step::{Command, NewWindow, RejectedKind, WindowChange};
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::verdict::Quorum;

use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled, Verifying};
use WindowEvent::{Announced, Rescheduled, Started};

#[test]
fn a_window_that_is_moved_says_so_once_and_reminds_again() {
    let mut fixture = Fixture::new();
    let key = fixture.maintain(fixture.new_window(START + 2 * DAY, START + 2 * DAY + HOUR));
    let moved =
        |from: Timestamp| WindowChange { from: Some(from), to: Some(from + HOUR), ..WindowChange::default() };
    fixture.alter(key, moved(START + 3 * DAY));
    assert_eq!(events(fixture.window(key)), [Announced], "nobody knew of the former times");
    fixture.restart_at(START + 2 * DAY);
    assert!(fixture.window(key).is_published());
    let WindowText::Automatic { from, to, .. } = fixture.window(key).updates[0].body else {
        panic!("automatic")
    };
    assert_eq!((from, to), (START + 3 * DAY, START + 3 * DAY + HOUR), "the times that hold");
    fixture.restart_at(START + 3 * DAY - HOUR);
    assert_eq!(fixture.window(key).reminded_at, Some(fixture.now));
    let revision = fixture.window(key).revision;
    fixture.alter(key, moved(START + 4 * DAY));
    assert_eq!(events(fixture.window(key)), [Announced, Rescheduled]);
    assert_eq!(fixture.window(key).revision, revision + 1);
    assert_eq!(fixture.alter(key, moved(START + 4 * DAY)), [], "the same times are no news");
    assert!(
        !fixture.restart_at(START + 3 * DAY).iter().any(is_reminder),
        "it is not due under the new times"
    );
    assert_eq!(fixture.window(key).status, Scheduled);
    assert!(fixture.restart_at(START + 4 * DAY - HOUR).iter().any(is_reminder));
    // Into the next half hour: it begins soon, and that was just said.
    fixture.alter(key, moved(fixture.now + 30 * MINUTE));
    let begins = fixture.now + 30 * MINUTE;
    assert!(!fixture.restart_at(begins - MINUTE).iter().any(is_reminder));
    fixture.restart_at(begins);
    assert_eq!(events(fixture.window(key)), [Announced, Rescheduled, Rescheduled, Started]);
    let texts = &fixture.window(key).updates;
    let WindowText::Automatic { from, .. } = texts[1].body else { panic!("it is automatic") };
    assert_eq!(from, START + 4 * DAY, "an entry says what was true when it was made");
}

#[test]
fn people_write_verify_and_end() {
    let mut fixture = by_hand();
    let start = fixture.now;
    let new = fixture.new_window(start + 2 * DAY, start + 2 * DAY + HOUR);
    let key = fixture.maintain(NewWindow { body: Some(text("We replace a disk")), ..new });
    let body = Some(text("We replace *two* disks"));
    fixture.alter(key, WindowChange { body, ..WindowChange::default() });
    assert!(fixture.window(key).updates[0].former.is_empty(), "nobody saw the former text");
    fixture.restart_at(start + DAY);
    assert_eq!(fixture.window(key).updates[0].display_at, start + DAY);
    let body = Some(text("We replace three disks"));
    fixture.alter(key, WindowChange { body, ..WindowChange::default() });
    let first = &fixture.window(key).updates[0];
    assert_eq!(first.former[0].written, "We replace *two* disks");
    assert_eq!(first.edited_at, Some(fixture.now));
    fixture.tell(key, None, "The disks arrived");
    fixture.restart_at(start + 2 * DAY + MINUTE);
    fixture.tell(key, Some(Verifying), "They are in");
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    assert_eq!(fixture.window(key).verifying_at, Some(fixture.now));
    fixture.restart_at(start + 2 * DAY + 2 * MINUTE);
    fixture.tell(key, Some(Completed), "All is well");
    assert_eq!(fixture.shown().0, Status::Operational);
    fixture.restart_at(start + 2 * DAY + HOUR);
    let expected = [
        (Scheduled, "We replace three disks"),
        (Scheduled, "The disks arrived"),
        (InProgress, "started"),
        (Verifying, "They are in"),
        (Completed, "All is well"),
    ];
    let said = said(fixture.window(key));
    let said: Vec<_> = said.iter().map(|(status, text)| (*status, text.as_str())).collect();
    assert_eq!(said, expected);
    assert_eq!(fixture.window(key).completed_at, Some(start + 2 * DAY + 2 * MINUTE));
    let update = fixture.window(key).updates[4].id.clone();
    let (body, display_at) = (Some(Box::new(text("All was well"))), None);
    fixture.run(Command::EditWindowUpdate { window: key, update, body, display_at });
    assert_eq!(fixture.window(key).updates[4].former[0].written, "All is well");
    let update = fixture.window(key).updates[4].id.clone();
    let shown_at = |at| {
        let (update, display_at) = (update.clone(), Some(at));
        Command::EditWindowUpdate { window: key, update, body: None, display_at }
    };
    let rejected = fixture.refuse(shown_at(Timestamp(946_684_799_999)));
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::Invalid, "display_at"), "a typing mistake");
    fixture.run(shown_at(start));
    fixture.assert_stored();
}

#[test]
fn a_window_begins_early_if_a_person_says_so() {
    let mut fixture = by_hand();
    let start = fixture.now;
    let key = fixture.maintain(fixture.new_window(start + 2 * DAY, start + 3 * DAY));
    fixture.now = start + HOUR;
    fixture.enter(key, InProgress);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    let window = fixture.window(key);
    assert_eq!((window.from, window.to), (start + HOUR, start + 3 * DAY));
    assert_eq!(window.announced_at, Some(start + HOUR));
    fixture.enter(key, Verifying);
    fixture.enter(key, InProgress);
    assert_eq!(events(fixture.window(key)), [Announced, Started, WindowEvent::Verifying, Started]);
    assert_eq!(fixture.window(key).started_at, Some(start + HOUR));
    fixture.restart_at(start + 3 * DAY);
    assert_eq!(fixture.window(key).status, Completed);
}

#[test]
fn other_components_are_under_maintenance_after_a_change() {
    let mut fixture = Fixture::new();
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"]), ("api", &[])]);
    let all: Vec<_> = fixture.state.components.keys().copied().collect();
    let key = fixture.maintain(NewWindow::over(all[..1].to_vec(), START + HOUR, START + 2 * HOUR));
    let components = Some(all[1..].to_vec());
    fixture.alter(key, WindowChange { components, ..WindowChange::default() });
    fixture.restart_at(START + HOUR);
    let planned =
        |fixture: &Fixture, place: usize| !fixture.state.components[&all[place]].layers.planned.is_empty();
    assert_eq!((planned(&fixture, 0), planned(&fixture, 1)), (false, true));
    let change = Box::new(WindowChange { components: Some(all.clone()), ..WindowChange::default() });
    let rejected = fixture.refuse(Command::ChangeWindow { window: key, change });
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::State, "components"), "it has begun");
}

#[test]
fn what_makes_no_sense_is_rejected() {
    let mut fixture = Fixture::new();
    let (now, component) = (fixture.now, fixture.component());
    let public = fixture.maintain(fixture.new_window(now + HOUR, now + 2 * HOUR));
    let private = fixture.hold_back(now + HOUR, now + 2 * HOUR);
    let new = fixture.new_window(now + HOUR, now + 2 * HOUR);
    let plan = |new: NewWindow| Command::PlanWindow(Box::new(new));
    let change = |window, change: WindowChange| Command::ChangeWindow { window, change: Box::new(change) };
    let none = WindowChange::default;
    let update = |window, status, body: Option<&str>| Command::UpdateWindow {
        window,
        status,
        body: body.map(|body| Box::new(text(body))),
        to: None,
    };
    let unknown = vec!["nothing".to_owned()];
    let edit =
        Command::EditWindowUpdate { window: public, update: "x".to_owned(), body: None, display_at: None };
    use RejectedKind::{Invalid, NotFound};
    for (command, kind, field) in [
        (plan(NewWindow { lead: -1, ..new.clone() }), Invalid, "lead"),
        (plan(NewWindow { lead: 400 * DAY, ..new.clone() }), Invalid, "lead"),
        (plan(NewWindow { checks: unknown.clone(), ..new.clone() }), NotFound, "checks"),
        (change(public, WindowChange { components: Some(Vec::new()), ..none() }), Invalid, "components"),
        (
            change(private, WindowChange { components: Some(vec![component]), ..none() }),
            Invalid,
            "components",
        ),
        (change(private, WindowChange { checks: Some(Vec::new()), ..none() }), Invalid, "checks"),
        (change(public, WindowChange { to: Some(now), ..none() }), Invalid, "to"),
        (change(WindowKey(9), none()), NotFound, "window"),
        (update(private, None, Some("Hello")), Invalid, "body"),
        (update(public, Some(Completed), None), Invalid, "status"),
        (update(public, Some(Verifying), None), Invalid, "status"),
        (update(public, Some(Cancelled), None), Invalid, "status"),
        (update(WindowKey(9), None, None), NotFound, "window"),
        (edit, NotFound, "update"),
    ] {
        let told = format!("{command:?}");
        let rejected = fixture.refuse(command);
        assert_eq!((rejected.kind, rejected.field), (kind, field), "{told}");
    }
    fixture.restart_at(now + HOUR);
    let moved = change(public, WindowChange { from: Some(now + 90 * MINUTE), ..none() });
    let rejected = fixture.refuse(moved);
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::State, "from"), "it has begun");
    fixture.restart_at(now + 2 * HOUR);
    for status in [Scheduled, InProgress, Verifying] {
        assert_eq!(fixture.refuse(update(public, Some(status), None)).field, "status", "it is over");
    }
    let moved = change(public, WindowChange { to: Some(now + 3 * HOUR), ..none() });
    assert_eq!(fixture.refuse(moved).kind, RejectedKind::State);
    // The text of what is over can still be corrected.
    fixture.alter(public, WindowChange { body: Some(text("A disk was replaced")), ..none() });
    assert_eq!(said(fixture.window(public))[0].1, "A disk was replaced");
}
