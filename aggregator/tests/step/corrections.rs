//! Corrections of the past, through the store: what visitors see of them, and what stays for operators.

use crate::fixture::{Fixture, START};
use skerry_domain::layers::effective;
use skerry_domain::rows::{Author, Row, Write};
use skerry_domain::state::{ComponentKey, CorrectionKey};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::{
    Answer, Asked, Change, Command, Context, Ids, NewCorrection, RejectedKind, step, step_asked,
};
use skerry_domain::time::{HOUR, MINUTE, Timestamp};
use skerry_domain::track::HardState;

impl Fixture {
    fn correction(&self, from: Timestamp, to: Timestamp, status: Status) -> NewCorrection {
        let (component, reason) = (self.component(), "the probe was at fault".to_owned());
        NewCorrection { component, from, to, status, reason }
    }

    fn correct(&mut self, from: Timestamp, to: Timestamp, status: Status) -> CorrectionKey {
        let new = self.correction(from, to, status);
        let (answer, changes) = self.run(Command::Correct(Box::new(new)));
        let component = self.component();
        assert_eq!(changes, [Change::ComponentChanged(component), Change::PastCorrected(component)]);
        self.assert_stored();
        match answer {
            Answer::Correction(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn undo(&mut self, correction: CorrectionKey) -> Vec<Change> {
        let changes = self.run(Command::UndoCorrection { correction }).1;
        self.assert_stored();
        changes
    }

    /// The uptime of 24 hours in hundredths of a percent, the seconds of major outage of the day, and the figures as CSV.
    fn figures(&self) -> (Option<u32>, i64, String) {
        let page = *self.state.pages.keys().next().expect("there is one");
        let view =
            skerry_publish::build::page_view(&self.state, page, "http://x", self.now).expect("a living page");
        let csv = String::from_utf8(skerry_publish::csv::render(&view).expect("renders")).expect("text");
        match &view.items[0] {
            skerry_publish::view::Item::Component(one) => {
                let major: i64 = one.days.iter().map(|day| day.tally.major).sum();
                (one.windows[0].hundredths, major / 1_000, csv)
            }
            skerry_publish::view::Item::Group(_) => panic!("no group was asked for"),
        }
    }

    fn statuses(&self, instants: &[Timestamp]) -> Vec<Effective> {
        let layers = &self.state.components[&self.component()].layers;
        instants.iter().map(|at| effective(layers, *at, *at + 1)[0].value).collect()
    }
}

/// An outage of ten minutes that has ended. Also returns its beginning.
fn after_an_outage() -> (Fixture, Timestamp) {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, 10 * MINUTE);
    let began = fixture.now;
    fixture.stays(HardState::Down, 10 * MINUTE);
    fixture.stays(HardState::Up, 10 * MINUTE);
    (fixture, began)
}

#[test]
fn bars_percentages_and_csv_follow_a_correction_and_its_end() {
    let (mut fixture, began) = after_an_outage();
    let before = fixture.figures();
    assert_eq!(before.1, 600);
    let automatic = fixture.state.components[&fixture.component()].layers.automatic.clone();
    let correction = fixture.correct(began, began + 10 * MINUTE, Status::Operational);
    let corrected = fixture.figures();
    assert_eq!((corrected.0, corrected.1), (Some(10_000), 0));
    assert_ne!(corrected.2, before.2);
    let layers = &fixture.state.components[&fixture.component()].layers;
    assert_eq!(layers.automatic, automatic, "operators see what was observed");
    fixture.state = fixture.load(START);
    fixture.run(Command::Tick);
    assert_eq!(fixture.figures(), corrected, "also after a restart");
    fixture.undo(correction);
    assert_eq!(fixture.figures(), before);
    assert!(fixture.state.corrections[&correction].undone.is_some(), "what was said stays");
    assert_eq!(fixture.undo(correction), [], "it is undone once");
}

#[test]
fn the_newest_correction_that_stands_wins() {
    let (mut fixture, began) = after_an_outage();
    let instants = [1, 4, 8, 11].map(|minute| began + minute * MINUTE);
    let known = Effective::Known;
    let (major, up) = (known(Status::MajorOutage), known(Status::Operational));
    let (planned, partial) = (known(Status::UnderMaintenance), known(Status::PartialOutage));
    assert_eq!(fixture.statuses(&instants), [major, major, major, up]);
    let first = fixture.correct(began, began + 5 * MINUTE, Status::UnderMaintenance);
    assert_eq!(fixture.statuses(&instants), [planned, planned, major, up]);
    let second = fixture.correct(began + 3 * MINUTE, began + 12 * MINUTE, Status::PartialOutage);
    assert_eq!(fixture.statuses(&instants), [planned, partial, partial, partial]);
    let third = fixture.correct(began, fixture.now, Status::Operational);
    assert_eq!(fixture.statuses(&instants), [up, up, up, up]);
    fixture.undo(second);
    assert_eq!(fixture.statuses(&instants), [up, up, up, up]);
    fixture.undo(third);
    assert_eq!(fixture.statuses(&instants), [planned, planned, major, up]);
    fixture.undo(first);
    assert_eq!(fixture.statuses(&instants), [major, major, major, up]);
}

/// Only the past is corrected: what is now stays as it is.
#[test]
fn a_correction_up_to_now_changes_nothing_from_now_on() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.stays(HardState::Down, 10 * MINUTE);
    let now = fixture.now;
    fixture.correct(START, now, Status::Operational);
    assert_eq!(fixture.shown().0, Status::MajorOutage);
    fixture.stays(HardState::Down, MINUTE);
    let known = Effective::Known;
    let found = fixture.statuses(&[now - 1, now]);
    assert_eq!(found, [known(Status::Operational), known(Status::MajorOutage)]);
}

#[test]
fn invalid_corrections_are_rejected() {
    let (mut fixture, began) = after_an_outage();
    let new = fixture.correction(began, began + MINUTE, Status::Operational);
    let (nobody, now) = (ComponentKey(-1), fixture.now);
    let reason = |reason: &str| NewCorrection { reason: reason.to_owned(), ..new.clone() };
    for (new, kind, field) in [
        (NewCorrection { component: nobody, ..new.clone() }, RejectedKind::NotFound, "component"),
        (NewCorrection { to: began, ..new.clone() }, RejectedKind::Invalid, "to"),
        (NewCorrection { to: began - 1, ..new.clone() }, RejectedKind::Invalid, "to"),
        (NewCorrection { to: now + 1, ..new.clone() }, RejectedKind::Invalid, "to"),
        (NewCorrection { from: START - HOUR, to: START, ..new.clone() }, RejectedKind::Invalid, "to"),
        (reason(" \n"), RejectedKind::Invalid, "reason"),
        (reason(&"x".repeat(2_001)), RejectedKind::Invalid, "reason"),
    ] {
        let before = fixture.state.clone();
        let context = Context { now, ids: Ids::from_seed([1; 32]) };
        let told = format!("{new:?}");
        let rejected = step(&mut fixture.state, Command::Correct(Box::new(new)), context);
        let rejected = rejected.map(|_| ()).expect_err("it is rejected");
        assert_eq!((rejected.kind, rejected.field), (kind, field), "{told}");
        assert!(fixture.state == before);
    }
    let unknown = Command::UndoCorrection { correction: CorrectionKey(1) };
    let context = Context { now, ids: Ids::from_seed([1; 32]) };
    let rejected = step(&mut fixture.state, unknown, context).map(|_| ()).expect_err("there is none");
    assert_eq!(rejected.kind, RejectedKind::NotFound);
}

#[test]
fn who_corrected_and_who_undid_is_kept() {
    let (mut fixture, began) = after_an_outage();
    let mut ask = |actor: &str, command: Command| {
        let (actor, action) = (actor.to_owned(), command.name().to_owned());
        let author = Author { actor, action, source: None, request: None };
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        let asked = Asked { author: Some(&author), expected: None };
        let stepped = step_asked(&mut fixture.state, command, context, asked).expect("taken");
        fixture.store.commit(&stepped.rows).expect("commits");
        let audited = stepped.rows.iter().filter_map(|write| match write {
            Write::Append(Row::Audit(row)) => {
                Some((row.object.clone(), row.before.clone(), row.after.clone()))
            }
            _ => None,
        });
        audited.collect::<Vec<_>>()
    };
    let reason = "it was planned".to_owned();
    let (component, status) = (ComponentKey(1), Status::UnderMaintenance);
    let new = NewCorrection { component, from: began, to: began + MINUTE, status, reason };
    let made = ask("ann", Command::Correct(Box::new(new)));
    let [(object, None, Some(correction))] = &made[..] else { panic!("{made:?}") };
    assert!(object == "correction" && correction.contains("it was planned"), "{made:?}");
    let undone = ask("bob", Command::UndoCorrection { correction: CorrectionKey(1) });
    let [(_, Some(before), Some(after))] = &undone[..] else { panic!("{undone:?}") };
    assert!(before == correction && after.contains("bob"), "{undone:?}");
    fixture.assert_stored();
    let correction = &fixture.state.corrections[&CorrectionKey(1)];
    assert_eq!(correction.made_by.as_deref(), Some("ann"));
    assert_eq!(correction.undone.as_ref().and_then(|undone| undone.by.as_deref()), Some("bob"));
    assert_eq!(fixture.state.correction_with_id(&correction.id), Some(CorrectionKey(1)));
}
