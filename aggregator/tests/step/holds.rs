//! Holds and planned windows: every command and its edge cases, through the store.

use crate::fixture::{Fixture, START};
use skerry_domain::clock::SavedClock;
use skerry_domain::holds::Source;
use skerry_domain::rows::Subject;
use skerry_domain::state::{ComponentKey, State, WindowKey};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::{
    Answer, Change, Command, Context, Ids, NewWindow, REST_HOLDS, Rejected, RejectedKind, step,
};
use skerry_domain::time::{DAY, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;

const HOUR: i64 = 3_600 * SECOND;

impl Fixture {
    fn hold(&mut self, source: Source, status: Status, until: Option<Timestamp>) {
        let component = self.component();
        self.run(Command::SetHold { component, source, status, until });
    }

    fn release(&mut self, source: Source) -> Vec<Change> {
        let component = self.component();
        self.run(Command::ReleaseHold { component, source }).1
    }

    fn plan(&mut self, components: &[ComponentKey], from: Timestamp, to: Timestamp) -> WindowKey {
        match self.run(planned(components, from, to)).0 {
            Answer::Window(key) => key,
            other => panic!("{other:?}"),
        }
    }

    /// Asserts that the command is rejected and changes neither state nor store.
    pub(crate) fn rejected(&mut self, command: Command) -> Rejected {
        let before = self.state.clone();
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let rejected = step(&mut self.state, command, context).expect_err("it is rejected");
        assert!(self.state == before);
        self.assert_stored();
        rejected
    }

    /// Ticks exactly at that instant.
    fn tick_at(&mut self, at: Timestamp) -> Vec<Change> {
        self.now = at;
        self.run(Command::Tick).1
    }

    /// The effective status of the component at an instant.
    fn was(&self, at: Timestamp) -> Effective {
        let layers = &self.state.components[&self.component()].layers;
        skerry_domain::layers::effective(layers, at, at + 1)[0].value
    }
}

/// A window that nobody is told of before it begins.
fn planned(components: &[ComponentKey], from: Timestamp, to: Timestamp) -> Command {
    Command::PlanWindow(Box::new(NewWindow { lead: 0, ..NewWindow::over(components.to_vec(), from, to) }))
}

/// A component that is no longer linked to a check.
fn manual() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.now = START + 1;
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &[])]);
    fixture
}

#[test]
fn two_sources_never_overwrite_each_other() {
    let mut fixture = manual();
    fixture.hold(Source::Incident(7), Status::MajorOutage, None);
    fixture.now = START + SECOND;
    fixture.hold(Source::Rest, Status::DegradedPerformance, None);
    assert_eq!(fixture.shown().0, Status::DegradedPerformance, "the newest wins");
    fixture.now = START + 2 * SECOND;
    assert!(fixture.release(Source::Person).is_empty(), "a person holds nothing");
    assert_eq!(fixture.shown().0, Status::DegradedPerformance);
    let shown = Change::ComponentChanged(fixture.component());
    assert_eq!(fixture.release(Source::Rest), [shown]);
    assert_eq!(fixture.shown().0, Status::MajorOutage, "what the incident holds shows again");
    fixture.now = START + 3 * SECOND;
    fixture.hold(Source::Incident(8), Status::PartialOutage, None);
    fixture.release(Source::Incident(7));
    assert_eq!(fixture.shown().0, Status::PartialOutage, "each incident has its own");
    fixture.now = START + 4 * SECOND;
    fixture.release(Source::Incident(8));
    assert_eq!(fixture.shown().0, Status::Operational);
    fixture.assert_stored();
    let was = |second: i64| fixture.was(START + second * SECOND + SECOND / 2);
    let expected =
        [Status::MajorOutage, Status::DegradedPerformance, Status::MajorOutage, Status::PartialOutage];
    for (second, status) in (0..).zip(expected) {
        assert_eq!(was(second), Effective::Known(status), "the past stays");
    }
}

#[test]
fn an_expired_hold_is_not_shown_again_and_an_older_valid_one_is() {
    let mut fixture = manual();
    fixture.hold(Source::Incident(1), Status::MajorOutage, None);
    fixture.now = START + SECOND;
    fixture.hold(Source::Person, Status::PartialOutage, Some(START + 20 * SECOND));
    fixture.now = START + 2 * SECOND;
    fixture.hold(Source::Rest, Status::DegradedPerformance, Some(START + 40 * SECOND));
    let component = fixture.component();
    assert!(
        !fixture.tick_at(START + 20 * SECOND).contains(&Change::ComponentChanged(component)),
        "nothing shown changes"
    );
    assert_eq!(fixture.shown().0, Status::DegradedPerformance);
    assert!(!fixture.tick_at(START + 40 * SECOND - 1).contains(&Change::ComponentChanged(component)));
    assert!(
        fixture.tick_at(START + 40 * SECOND).contains(&Change::ComponentChanged(component)),
        "due at its end"
    );
    assert_eq!(fixture.shown().0, Status::MajorOutage, "the next that still stands");
    fixture.assert_stored();
}

#[test]
fn operational_releases_a_linked_component_but_no_hold_of_an_incident() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    fixture.hold(Source::Person, Status::MajorOutage, None);
    fixture.now = START + SECOND;
    fixture.hold(Source::Person, Status::Operational, None);
    assert_eq!(fixture.shown().0, Status::Operational);
    fixture.see(HardState::Down);
    assert_eq!(fixture.shown().0, Status::MajorOutage, "its check speaks");
    fixture.hold(Source::Incident(1), Status::PartialOutage, None);
    for source in [Source::Person, Source::Rest, Source::Incident(2)] {
        fixture.hold(source, Status::Operational, None);
        assert_eq!(fixture.shown().0, Status::PartialOutage, "{source:?}");
    }
    fixture.hold(Source::Incident(1), Status::Operational, None);
    assert_eq!(fixture.shown().0, Status::MajorOutage);
    assert!(fixture.state.components[&fixture.component()].holds.iter().all(|hold| hold.to <= fixture.now));
    fixture.assert_stored();
}

#[test]
fn a_hold_by_rest_on_a_linked_component_expires_after_a_day() {
    for (linked, ends) in [(true, START + REST_HOLDS), (false, Timestamp::FAR)] {
        let mut fixture = if linked { Fixture::new() } else { manual() };
        fixture.hold(Source::Rest, Status::PartialOutage, None);
        assert_eq!(fixture.state.components[&fixture.component()].holds[0].to, ends);
        fixture.now = START + SECOND;
        let until = START + 3 * DAY;
        fixture.hold(Source::Rest, Status::PartialOutage, Some(until));
        assert_eq!(fixture.state.components[&fixture.component()].holds[0].to, until, "as it was asked for");
        fixture.assert_stored();
    }
}

#[test]
fn a_hold_that_is_set_again_gets_no_row_of_its_own_unless_it_means_something_new() {
    let mut fixture = manual();
    let component = fixture.component();
    let holds = |fixture: &Fixture| fixture.state.components[&component].holds.len();
    for second in 0..3 {
        fixture.now = START + (second + 1) * SECOND;
        fixture.hold(Source::Person, Status::MajorOutage, None);
    }
    assert_eq!(holds(&fixture), 1);
    fixture.hold(Source::Rest, Status::PartialOutage, None);
    fixture.now = START + 5 * SECOND;
    fixture.hold(Source::Person, Status::MajorOutage, None);
    assert_eq!((holds(&fixture), fixture.shown().0), (3, Status::MajorOutage), "it is the newest again");
    fixture.plan(&[component], START + HOUR, START + 2 * HOUR);
    fixture.tick_at(START + HOUR);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    fixture.hold(Source::Person, Status::MajorOutage, None);
    assert_eq!((holds(&fixture), fixture.shown().0), (4, Status::MajorOutage), "set during the window");
    fixture.assert_stored();
}

#[test]
fn a_window_that_is_over_is_not_the_last_known_status() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    let component = fixture.component();
    fixture.plan(&[component], START + HOUR, START + 2 * HOUR);
    fixture.tick_at(START + HOUR);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    fixture.tick_at(START + 2 * HOUR);
    assert_eq!(fixture.shown(), (Status::Operational, true), "its checks fell silent during the window");
    let mut fixture = Fixture::new();
    let component = fixture.component();
    fixture.plan(&[component], START + HOUR, START + 2 * HOUR);
    assert!(!fixture.shown().1, "a window that is planned is no observation");
    fixture.tick_at(START + 2 * HOUR);
    assert!(!fixture.shown().1, "nobody ever observed it: there is nothing to grow old");
}

#[test]
fn invalid_holds_and_windows_are_rejected() {
    let mut fixture = Fixture::new();
    fixture.now = START + DAY;
    let (component, nobody, now) = (fixture.component(), ComponentKey(-1), fixture.now);
    let (source, status) = (Source::Person, Status::MajorOutage);
    for (command, kind, field) in [
        (
            Command::SetHold { component: nobody, source, status, until: None },
            RejectedKind::NotFound,
            "component",
        ),
        (Command::ReleaseHold { component: nobody, source }, RejectedKind::NotFound, "component"),
        (Command::SetHold { component, source, status, until: Some(now) }, RejectedKind::Invalid, "until"),
        (planned(&[], now, now + 1), RejectedKind::Invalid, "components"),
        (planned(&[component, nobody], now, now + 1), RejectedKind::NotFound, "component"),
        (planned(&[component], now + 1, now + 1), RejectedKind::Invalid, "to"),
        (planned(&[component], now - 2, now), RejectedKind::Invalid, "to"),
        (planned(&[component], now, Timestamp::FAR), RejectedKind::Invalid, "to"),
        (Command::CancelWindow { window: WindowKey(1), body: None }, RejectedKind::NotFound, "window"),
    ] {
        let told = format!("{command:?}");
        let rejected = fixture.rejected(command);
        assert_eq!((rejected.kind, rejected.field), (kind, field), "{told}");
    }
}

#[test]
fn windows_that_start_together_both_run() {
    let mut fixture = Fixture::new();
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &["web"]), ("api", &[])]);
    fixture.see(HardState::Up);
    let all: Vec<ComponentKey> = fixture.state.components.keys().copied().collect();
    let from = START + HOUR;
    let short = fixture.plan(&all[..1], from, from + HOUR);
    let long = fixture.plan(&all, from, from + 2 * HOUR);
    let id = |fixture: &Fixture, key| fixture.state.windows[&key].id.clone();
    assert!(id(&fixture, short).len() == 12 && id(&fixture, short) != id(&fixture, long));
    fixture.tick_at(from - 2);
    assert!(!fixture.tick_at(from - 1).contains(&Change::ComponentChanged(all[0])));
    assert_eq!(fixture.shown().0, Status::Operational);
    let changes = fixture.tick_at(from);
    assert!(
        changes.contains(&Change::ComponentChanged(all[0]))
            && changes.contains(&Change::ComponentChanged(all[1])),
        "due at its start"
    );
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    fixture.tick_at(from + HOUR);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance, "the other one runs");
    assert!(fixture.tick_at(from + 2 * HOUR).contains(&Change::ComponentChanged(all[0])), "due at its end");
    fixture.see(HardState::Up);
    assert_eq!(fixture.shown().0, Status::Operational);
    let rejected = fixture.rejected(Command::CancelWindow { window: short, body: None });
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::State, "window"), "it is history");
}

#[test]
fn a_hold_set_during_a_window_overrides_it_and_an_earlier_one_does_not() {
    let mut fixture = manual();
    let component = fixture.component();
    fixture.hold(Source::Rest, Status::DegradedPerformance, None);
    fixture.plan(&[component], START + HOUR, START + 3 * HOUR);
    fixture.tick_at(START + HOUR);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance, "made before");
    fixture.now = START + 2 * HOUR;
    fixture.hold(Source::Person, Status::MajorOutage, Some(START + 2 * HOUR + SECOND));
    assert_eq!(fixture.shown().0, Status::MajorOutage, "made within");
    fixture.tick_at(START + 2 * HOUR + SECOND);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance, "what shows again was made before");
    fixture.tick_at(START + 3 * HOUR);
    assert_eq!(fixture.shown().0, Status::DegradedPerformance);
    fixture.assert_stored();
    let layers = &fixture.state.components[&component].layers;
    let past = skerry_domain::layers::effective(layers, START, fixture.now);
    let major =
        past.iter().find(|one| one.value == Effective::Known(Status::MajorOutage)).expect("it counts");
    assert_eq!(major.to - major.from, SECOND);
}

#[test]
fn cancelling_removes_a_future_window_and_ends_a_running_one() {
    let mut fixture = manual();
    let component = fixture.component();
    let planned = fixture.plan(&[component], START + HOUR, START + 2 * HOUR);
    assert_eq!(fixture.run(Command::CancelWindow { window: planned, body: None }).1, [], "no page shows it");
    assert!(fixture.state.windows.is_empty() && fixture.state.next_due() != Some(START + HOUR));
    fixture.assert_stored();
    // A window that should have begun begins now.
    let runs = fixture.plan(&[component], START - HOUR, START + HOUR);
    assert_eq!((runs, fixture.state.windows[&runs].from), (WindowKey(2), START + 1), "no key is given twice");
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    fixture.tick_at(START + SECOND);
    let shown = [Change::MaintenanceChanged(runs), Change::ComponentChanged(component)];
    assert_eq!(fixture.run(Command::CancelWindow { window: runs, body: None }).1, shown);
    assert_eq!(fixture.shown().0, Status::Operational);
    assert_eq!(
        fixture.was(START + SECOND - 1),
        Effective::Known(Status::UnderMaintenance),
        "it was true until then"
    );
    assert_eq!(
        fixture.rejected(Command::CancelWindow { window: runs, body: None }).kind,
        RejectedKind::State
    );
    fixture.assert_stored();
}

/// The clock was ahead: holds move back with it, planned windows stay at their calendar times.
#[test]
fn a_clock_that_is_set_back_moves_holds_and_no_planned_window() {
    let mut fixture = manual();
    let component = fixture.component();
    fixture.now = START + DAY;
    fixture.hold(Source::Person, Status::MajorOutage, Some(START + DAY + HOUR));
    let window = fixture.plan(&[component], START + DAY + 2 * HOUR, START + DAY + 3 * HOUR);
    let (now, by) = (START + HOUR, DAY - HOUR);
    let (boot_id, boot_ms) = ("a boot".to_owned(), 1);
    let kept = SavedClock { boot_id, boot_ms, at: now, sure: true, agreed_ms: 0, proved: now };
    fixture.store.set_back(now, by, &kept).expect("written");
    let state = fixture.load(START);
    let hold = &state.components[&component].holds[0];
    assert_eq!((hold.from, hold.to), (now, now + HOUR));
    let times = |state: &State| (state.windows[&window].from, state.windows[&window].to);
    assert_eq!(times(&state), times(&fixture.state));
    assert_eq!(state.windows[&window].created_at, now, "what happened moves back");
    assert_eq!(state.components[&component].layers.planned[0].from, START + DAY + 2 * HOUR);
}

/// Two people read a status, and one of them sets another; the hold of a second source does not affect them.
#[test]
fn a_change_of_an_outdated_status_is_rejected_by_its_version() {
    let mut fixture = manual();
    let person = Subject::Hold(fixture.component(), Source::Person);
    assert_eq!(fixture.state.version(&person), None, "a person holds nothing");
    fixture.hold(Source::Person, Status::MajorOutage, None);
    let read = fixture.state.version(&person);
    fixture.now = START + SECOND;
    fixture.hold(Source::Rest, Status::DegradedPerformance, None);
    assert!(read.is_some() && fixture.state.version(&person) == read);
    fixture.hold(Source::Person, Status::PartialOutage, None);
    assert_ne!(fixture.state.version(&person), read);
    fixture.release(Source::Person);
    assert_eq!(fixture.state.version(&person), None);
    let component = fixture.component();
    let (from, to) = (fixture.now + HOUR, fixture.now + 2 * HOUR);
    let window = Subject::Window(fixture.plan(&[component], from, to));
    assert!(fixture.state.version(&window).is_some());
}
