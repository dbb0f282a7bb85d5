//! `operational` as the confirmation that what an incident left behind is over, and the ends of maintenance that people
//! choose, through the store.

use crate::fixture::Fixture;
use crate::maintenance::{by_hand, events, text};
use skerry_domain::holds::Source;
use skerry_domain::incident::IncidentStatus;
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent, WindowText};
use skerry_domain::state::{ComponentKey, IncidentKey, PageKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, IncidentChange, NewIncident, NewSeries, RejectedKind, SeriesChange, WindowChange,
};
use skerry_domain::time::{DAY, HOUR, MINUTE};
use skerry_domain::track::HardState;

impl Fixture {
    /// An incident that holds the component at a major outage.
    fn outage(&mut self) -> IncidentKey {
        let new = NewIncident {
            page: PageKey(1),
            title: text("Orders fail"),
            status: IncidentStatus::Investigating,
            body: None,
            components: vec![(self.component(), Some(Status::MajorOutage))],
            impact_override: None,
            draft: false,
            backfilled: None,
            problems: Vec::new(),
        };
        match self.run(Command::OpenIncident(Box::new(new))).0 {
            Answer::Incident(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn resolve(&mut self, incident: IncidentKey) {
        let status = Some(IncidentStatus::Resolved);
        let change = Box::new(IncidentChange { status, ..IncidentChange::default() });
        self.run(Command::UpdateIncident { incident, change });
    }

    fn confirm(&mut self, source: Source) {
        let (component, status) = (self.component(), Status::Operational);
        self.run(Command::SetHold { component, source, status, until: None });
    }

    fn holds(&self) -> usize {
        let component = &self.state.components[&self.component()];
        component.holds.iter().filter(|hold| hold.to > self.now).count()
    }
}

fn naming(component: ComponentKey, status: Status) -> Box<IncidentChange> {
    Box::new(IncidentChange { components: vec![(component, Some(status))], ..IncidentChange::default() })
}

#[test]
fn operational_ends_what_resolved_incidents_hold_and_nothing_else() {
    for source in [Source::Person, Source::Rest] {
        let mut fixture = Fixture::new();
        fixture.stays(HardState::Up, MINUTE);
        let (first, second) = (fixture.outage(), fixture.outage());
        fixture.resolve(first);
        assert_eq!((fixture.shown().0, fixture.holds()), (Status::MajorOutage, 2), "nobody confirmed it");
        fixture.confirm(source);
        assert_eq!((fixture.shown().0, fixture.holds()), (Status::MajorOutage, 1), "{source:?}: one lasts");
        fixture.assert_stored();
        fixture.resolve(second);
        fixture.confirm(source);
        assert_eq!((fixture.shown().0, fixture.holds()), (Status::Operational, 0), "{source:?}");
        fixture.assert_stored();
    }
}

#[test]
fn a_resolved_incident_may_say_that_its_components_are_operational() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let component = fixture.component();
    let incident = fixture.outage();
    fixture.resolve(incident);
    let worse = Command::UpdateIncident { incident, change: naming(component, Status::PartialOutage) };
    let refused = fixture.refuse(worse);
    assert_eq!((refused.kind, refused.field), (RejectedKind::State, "components"));
    fixture.now = fixture.now + MINUTE;
    let resolved_at = fixture.incident().resolved_at;
    fixture.run(Command::UpdateIncident { incident, change: naming(component, Status::Operational) });
    assert_eq!((fixture.shown().0, fixture.holds()), (Status::Operational, 0));
    assert_eq!(fixture.incident().status, IncidentStatus::Resolved);
    assert_eq!(fixture.incident().resolved_at, resolved_at, "it is no later resolved");
    fixture.assert_stored();
}

#[test]
fn a_component_without_checks_is_confirmed_too() {
    let mut fixture = by_hand();
    let incident = fixture.outage();
    fixture.resolve(incident);
    fixture.now = fixture.now + MINUTE;
    fixture.confirm(Source::Rest);
    assert_eq!((fixture.shown().0, fixture.holds()), (Status::Operational, 1));
    fixture.run(Command::ReleaseHold { component: fixture.component(), source: Source::Rest });
    assert_ne!(fixture.shown().0, Status::MajorOutage, "it does not come back");
    fixture.assert_stored();
}

#[test]
fn the_last_words_stand_in_place_of_the_automatic_text() {
    let mut fixture = by_hand();
    let window = fixture.maintain(fixture.new_window(fixture.now + HOUR, fixture.now + 2 * HOUR));
    let body = Some(Box::new(text("No disks came.")));
    fixture.run(Command::CancelWindow { window, body });
    let updates = &fixture.window(window).updates;
    assert_eq!(updates.len(), 2, "it was announced and is cancelled");
    let last = updates.last().expect("the last words");
    assert_eq!(last.status, MaintenanceStatus::Cancelled);
    assert!(matches!(&last.body, WindowText::Written(text) if text.written == "No disks came."));
    fixture.assert_stored();
}

#[test]
fn maintenance_that_begins_early_may_get_another_end_at_once() {
    let mut fixture = by_hand();
    let window = fixture.maintain(fixture.new_window(fixture.now + 2 * HOUR, fixture.now + 4 * HOUR));
    let begin = |to| Command::UpdateWindow {
        window,
        status: Some(MaintenanceStatus::InProgress),
        body: None,
        to: Some(to),
    };
    assert_eq!(fixture.refuse(begin(fixture.now)).field, "to");
    let to = fixture.now + 2 * HOUR;
    fixture.run(begin(to));
    let one = fixture.window(window);
    assert_eq!((one.from, one.to), (fixture.now, to));
    assert_eq!(events(one), [WindowEvent::Announced, WindowEvent::Started], "its beginning names the end");
    fixture.assert_stored();
}

#[test]
fn occurrences_do_not_overlap() {
    let mut fixture = by_hand();
    let lasts = |hours: i64| fixture.new_window(fixture.now + HOUR, fixture.now + HOUR + hours * HOUR);
    let plan = |hours: i64, rule: &str| {
        let new = NewSeries { window: lasts(hours), rule: rule.to_owned() };
        Command::PlanSeries(Box::new(new))
    };
    let (daily, weekdays) = (plan(30, "FREQ=DAILY"), plan(30, "FREQ=WEEKLY;BYDAY=MO,TU"));
    let (weekly, short) = (plan(30, "FREQ=WEEKLY"), plan(2, "FREQ=DAILY"));
    for overlapping in [daily, weekdays] {
        let refused = fixture.refuse(overlapping);
        assert_eq!((refused.kind, refused.field), (RejectedKind::Invalid, "to"));
        assert!(refused.reason.contains("overlap"), "{refused}");
    }
    fixture.run(weekly);
    let Answer::Series(series) = fixture.run(short).0 else { panic!("it is planned") };
    let first = fixture.state.series[&series].recurrence.starts().next().expect("a date").at;
    let window = WindowChange { to: Some(first + DAY + HOUR), ..WindowChange::default() };
    let change = Box::new(SeriesChange { window, rule: None });
    let refused = fixture.refuse(Command::ChangeSeries { series, change });
    assert_eq!(refused.field, "to", "{refused}");
}
