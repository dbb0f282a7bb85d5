//! Maintenance, through the store: what happens by itself, also over absences of the aggregator, and which problems it
//! holds back.

use crate::fixture::{Fixture, START};
use skerry_domain::clock::SavedClock;
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow, WindowEvent, WindowText};
use skerry_domain::state::WindowKey;
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Change, Command, Context, Ids, NewWindow, Rejected, RejectedKind, WindowChange, step,
};
use skerry_domain::text::Text;
use skerry_domain::time::{DAY, HOUR, MINUTE, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;
use skerry_sanitiser::{Form, Replacement, Rules, Settings};

use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled};
use WindowEvent::{Announced, Extended, Started};

pub(crate) fn text(written: &str) -> Text {
    let rules = Rules::new(&Settings::default()).expect("usable");
    let public = rules.sanitise(written, Form::Markdown, &Replacement::default(), &[]).text.expect("clean");
    Text { written: written.to_owned(), public }
}

/// What the entries say, written texts as they are.
pub(crate) fn said(window: &PlannedWindow) -> Vec<(MaintenanceStatus, String)> {
    let of = |text: &WindowText| match text {
        WindowText::Written(text) => text.public.plain(),
        WindowText::Automatic { event, .. } => event.name().to_owned(),
    };
    window.updates.iter().map(|update| (update.status, of(&update.body))).collect()
}

pub(crate) fn events(window: &PlannedWindow) -> Vec<WindowEvent> {
    let of = |text: &WindowText| match text {
        WindowText::Written(text) => panic!("{text:?} is written"),
        WindowText::Automatic { event, .. } => *event,
    };
    window.updates.iter().map(|update| of(&update.body)).collect()
}

impl Fixture {
    pub(crate) fn new_window(&self, from: Timestamp, to: Timestamp) -> NewWindow {
        NewWindow::over(vec![self.component()], from, to)
    }

    pub(crate) fn maintain(&mut self, new: NewWindow) -> WindowKey {
        match self.run(Command::PlanWindow(Box::new(new))).0 {
            Answer::Window(key) => key,
            other => panic!("{other:?}"),
        }
    }

    /// A private window over the check.
    pub(crate) fn hold_back(&mut self, from: Timestamp, to: Timestamp) -> WindowKey {
        let checks = vec!["web".to_owned()];
        self.maintain(NewWindow { checks, ..NewWindow::over(Vec::new(), from, to) })
    }

    pub(crate) fn alter(&mut self, window: WindowKey, change: WindowChange) -> Vec<Change> {
        self.run(Command::ChangeWindow { window, change: Box::new(change) }).1
    }

    pub(crate) fn enter(&mut self, window: WindowKey, status: MaintenanceStatus) -> Vec<Change> {
        self.run(Command::UpdateWindow { window, status: Some(status), body: None, to: None }).1
    }

    pub(crate) fn tell(&mut self, window: WindowKey, status: Option<MaintenanceStatus>, body: &str) {
        let body = Some(Box::new(text(body)));
        self.run(Command::UpdateWindow { window, status, body, to: None });
    }

    pub(crate) fn window(&self, key: WindowKey) -> &PlannedWindow {
        &self.state.windows[&key]
    }

    /// Ticks once a minute.
    fn minutes(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.now = self.now + MINUTE;
            self.run(Command::Tick);
        }
    }

    /// Starts again from what is stored, and ticks twice at that time.
    pub(crate) fn restart_at(&mut self, at: Timestamp) -> Vec<Change> {
        self.assert_stored();
        self.now = at;
        self.state = self.load(at);
        let mut changes = self.run(Command::Tick).1;
        changes.extend(self.run(Command::Tick).1);
        self.assert_stored();
        changes
    }

    pub(crate) fn refuse(&mut self, command: Command) -> Rejected {
        let before = self.state.clone();
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let rejected = step(&mut self.state, command, context).map(|_| ()).expect_err("it is rejected");
        assert!(self.state == before, "a rejected command changes nothing");
        rejected
    }
}

/// A component that no check feeds.
pub(crate) fn by_hand() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.now = START + 1;
    fixture.configure(&[("web", Quorum::Majority)], &[("site", &[])]);
    fixture
}

pub(crate) fn is_reminder(change: &Change) -> bool {
    matches!(change, Change::MaintenanceReminder(_))
}

/// A window from 48 to 50 hours from now on, under an aggregator that runs only at these minutes.
#[test]
fn every_moment_takes_effect_once_whatever_the_aggregator_misses() {
    let hours = |hours: i64| hours * 60;
    let done = [Announced, Started, WindowEvent::Completed];
    for (told, minutes, announced, reminded) in [
        ("at every moment", vec![hours(24), hours(47), hours(48), hours(50)], hours(24), Some(hours(47))),
        (
            "before each",
            vec![hours(24) - 1, hours(24), hours(47) - 1, hours(47), hours(51)],
            hours(24),
            Some(hours(47)),
        ),
        ("late to announce", vec![hours(30), hours(47), hours(52)], hours(30), Some(hours(47))),
        ("away over announcement and reminder", vec![1, hours(47) + 30, hours(50)], hours(47) + 30, None),
        ("late to remind", vec![hours(24), hours(47) + 30, hours(50)], hours(24), Some(hours(47) + 30)),
        ("away over the reminder", vec![hours(24), hours(48) + 10, hours(50)], hours(24), None),
        ("away over the end", vec![hours(24), hours(47), hours(60)], hours(24), Some(hours(47))),
        ("away over all of it", vec![1, hours(90)], hours(90), None),
    ] {
        let mut fixture = Fixture::new();
        let at = |minutes: i64| START + minutes * MINUTE;
        let (from, to) = (at(hours(48)), at(hours(50)));
        let key = fixture.maintain(fixture.new_window(from, to));
        assert!(!fixture.window(key).is_published(), "{told}");
        let mut reminders = Vec::new();
        for minute in minutes {
            let changes = fixture.restart_at(at(minute));
            reminders.extend(changes.iter().filter(|one| is_reminder(one)).map(|_| minute));
        }
        let window = fixture.window(key);
        assert_eq!(reminders, reminded.into_iter().collect::<Vec<_>>(), "{told}");
        assert_eq!(window.announced_at, Some(at(announced)), "{told}");
        assert_eq!(window.status, Completed, "{told}");
        assert_eq!((window.started_at, window.completed_at), (Some(from), Some(to)), "{told}");
        assert_eq!(events(window), done, "{told}");
        let shown: Vec<_> = window.updates.iter().map(|update| update.display_at).collect();
        assert_eq!(shown, [at(announced).min(from), from, to], "{told}");
        assert_eq!(fixture.state.window_with_id(&window.id), Some(key));
    }
}

#[test]
fn a_window_that_is_made_late_announces_at_once_and_skips_a_reminder_that_is_past() {
    for (minutes, reminded) in [(30, None), (60, None), (61, Some(1)), (120, Some(60))] {
        let mut fixture = by_hand();
        let start = fixture.now;
        let from = start + minutes * MINUTE;
        let key = fixture.maintain(fixture.new_window(from, from + HOUR));
        assert_eq!(fixture.window(key).announced_at, Some(start));
        fixture.minutes(minutes - 1);
        let at = fixture.window(key).reminded_at;
        assert_eq!(at, reminded.map(|minute| start + minute * MINUTE), "{minutes} minutes before");
        assert_eq!(fixture.window(key).status, Scheduled);
        assert_eq!(fixture.shown().0, Status::Operational);
        fixture.minutes(1);
        assert_eq!(fixture.window(key).status, InProgress);
        assert_eq!(fixture.shown().0, Status::UnderMaintenance);
        fixture.assert_stored();
    }
    let mut fixture = Fixture::new();
    let new = fixture.new_window(START + 2 * HOUR, START + 3 * HOUR);
    let key = fixture.maintain(NewWindow { reminds: false, ..new });
    fixture.minutes(120);
    assert_eq!(fixture.window(key).reminded_at, None, "it was not wanted");
}

#[test]
fn a_private_window_holds_problems_back_and_tells_nobody() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let (from, to) = (fixture.now + MINUTE, fixture.now + 20 * MINUTE);
    let key = fixture.hold_back(from, to);
    fixture.stays(HardState::Up, 2 * MINUTE);
    fixture.stays(HardState::Down, 10 * MINUTE);
    assert_eq!(fixture.shown().0, Status::MajorOutage, "the page says what is");
    let problem = fixture.state.problems.keys().next_back().copied().expect("it is recorded");
    assert!(fixture.state.is_held_back(problem) && fixture.state.incidents.is_empty());
    fixture.assert_stored();
    fixture.stays(HardState::Down, to - fixture.now - MINUTE);
    assert!(fixture.state.incidents.is_empty());
    fixture.stays(HardState::Down, MINUTE);
    assert_eq!(fixture.state.incidents.len(), 1, "what outlives it makes a draft at its end");
    assert!(!fixture.state.is_held_back(problem));
    let window = fixture.window(key);
    assert_eq!((window.page, window.announced_at, window.status), (None, None, Completed));
    assert!(window.updates.is_empty());
    fixture.assert_stored();
}

#[test]
fn a_problem_is_held_back_until_the_last_of_several_windows_ends() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let now = fixture.now;
    fixture.maintain(fixture.new_window(now, now + 10 * MINUTE));
    fixture.hold_back(now + 5 * MINUTE, now + 20 * MINUTE);
    fixture.maintain(fixture.new_window(now + 15 * MINUTE, now + 30 * MINUTE));
    fixture.stays(HardState::Down, 12 * MINUTE);
    assert_eq!(fixture.shown().0, Status::MajorOutage, "only the window over checks runs");
    fixture.restart_at(fixture.now);
    fixture.stays(HardState::Down, 17 * MINUTE);
    assert_eq!(fixture.shown().0, Status::UnderMaintenance);
    assert!(fixture.state.incidents.is_empty());
    fixture.stays(HardState::Down, MINUTE);
    assert_eq!((fixture.shown().0, fixture.state.incidents.len()), (Status::MajorOutage, 1));
    assert_eq!(fixture.state.problems.len(), 1);
    fixture.assert_stored();
}

/// However a window ends early, an outage that lasts is announced at once; an outage that ended within is not.
#[test]
fn an_early_end_lets_problems_through() {
    for (told, end) in [("ended", Some(Completed)), ("cancelled", None)] {
        for private in [false, true] {
            let mut fixture = Fixture::new();
            fixture.stays(HardState::Up, MINUTE);
            let (from, to) = (fixture.now, fixture.now + HOUR);
            let new = fixture.new_window(from, to);
            let window = if private { fixture.hold_back(from, to) } else { fixture.maintain(new) };
            fixture.stays(HardState::Down, 5 * MINUTE);
            assert!(fixture.state.incidents.is_empty());
            match end {
                Some(status) => fixture.enter(window, status),
                None => fixture.run(Command::CancelWindow { window, body: None }).1,
            };
            assert_eq!(fixture.state.incidents.len(), 1, "{told}");
            assert_eq!(fixture.shown().0, Status::MajorOutage, "{told}");
            fixture.assert_stored();
            fixture.restart_at(from + HOUR);
            let expected = if end.is_some() { Completed } else { Cancelled };
            assert_eq!(fixture.window(window).status, expected, "{told}");
            assert_eq!(fixture.window(window).runs(), (from, from + 5 * MINUTE));
            assert_eq!(fixture.state.incidents.len(), 1, "{told}: once");
            fixture.assert_stored();
        }
    }
}

#[test]
fn an_extended_window_holds_back_until_its_new_end() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let (from, to) = (fixture.now, fixture.now + 10 * MINUTE);
    let key = fixture.maintain(fixture.new_window(from, to));
    fixture.stays(HardState::Down, 5 * MINUTE);
    fixture.alter(key, WindowChange { to: Some(to + 10 * MINUTE), ..WindowChange::default() });
    assert_eq!(events(fixture.window(key)), [Announced, Started, Extended]);
    fixture.restart_at(fixture.now);
    fixture.stays(HardState::Down, 14 * MINUTE);
    assert_eq!((fixture.shown().0, fixture.state.incidents.len()), (Status::UnderMaintenance, 0));
    fixture.stays(HardState::Down, 2 * MINUTE);
    assert_eq!((fixture.shown().0, fixture.state.incidents.len()), (Status::MajorOutage, 1));
    assert_eq!(fixture.window(key).completed_at, Some(to + 10 * MINUTE));
    fixture.assert_stored();
}

#[test]
fn a_window_that_is_cancelled_before_it_begins_is_remembered_only_if_somebody_was_told() {
    let mut fixture = by_hand();
    let start = fixture.now;
    let later = fixture.maintain(fixture.new_window(start + 2 * DAY, start + 3 * DAY));
    let soon = fixture.maintain(fixture.new_window(start + 2 * HOUR, start + 3 * HOUR));
    fixture.now = start + MINUTE;
    assert_eq!(fixture.run(Command::CancelWindow { window: later, body: None }).1, [], "nobody knows of it");
    assert!(!fixture.state.windows.contains_key(&later));
    let changes = fixture.run(Command::CancelWindow { window: soon, body: None }).1;
    assert_eq!(changes, [Change::MaintenanceChanged(soon)]);
    let window = fixture.window(soon);
    assert_eq!((window.status, window.cancelled_at), (Cancelled, Some(start + MINUTE)));
    assert_eq!(events(window), [Announced, WindowEvent::Cancelled]);
    assert_eq!((window.from, window.to), (start + 2 * HOUR, start + 3 * HOUR), "calendars show when it was");
    for at in [2 * HOUR, 2 * HOUR + MINUTE, 3 * HOUR] {
        fixture.restart_at(start + at);
        assert_eq!(fixture.shown().0, Status::Operational, "it never runs");
    }
    assert_eq!(fixture.window(soon).updates.len(), 2, "nothing more is said");
    let rejected = fixture.refuse(Command::CancelWindow { window: soon, body: None });
    assert_eq!((rejected.kind, rejected.field), (RejectedKind::State, "window"));
}

/// Planned times do not depend on the clock: what began under a clock that was ahead begins again at its time.
#[test]
fn a_window_that_began_under_a_clock_that_was_ahead_begins_again() {
    for (told, ahead) in [("running", DAY + MINUTE), ("over", 2 * DAY)] {
        let mut fixture = by_hand();
        let start = fixture.now;
        let (from, to) = (start + DAY, start + DAY + HOUR);
        let key = fixture.maintain(fixture.new_window(from, to));
        fixture.restart_at(start + ahead);
        assert!(fixture.window(key).started_at.is_some(), "{told}");
        let (boot_id, boot_ms, now) = ("a boot".to_owned(), 1, start + HOUR);
        let kept = SavedClock { boot_id, boot_ms, at: now, sure: true, agreed_ms: 0, proved: now };
        fixture.store.set_back(now, ahead - HOUR, &kept).expect("written");
        fixture.now = now;
        fixture.state = fixture.load(now);
        fixture.run(Command::Tick);
        assert_eq!(
            (fixture.window(key).status, fixture.shown().0),
            (Scheduled, Status::Operational),
            "{told}"
        );
        fixture.restart_at(from);
        let found = (fixture.window(key).status, fixture.shown().0);
        assert_eq!(found, (InProgress, Status::UnderMaintenance), "{told}");
        fixture.restart_at(to);
        assert_eq!((fixture.window(key).completed_at, fixture.shown().0), (Some(to), Status::Operational));
    }
}
