//! Problems and the incidents that they make by themselves, through the store.

use crate::fixture::{Fixture, START};
use skerry_domain::automatic_text::AutomaticEvent;
use skerry_domain::incident::{Body, Impact, Incident, IncidentRules, IncidentStatus, StatusChange};
use skerry_domain::problem::{Level, Problem, ProblemEventKind, ProblemSubject, Severity};
use skerry_domain::state::{IncidentKey, Origin, ProblemKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Change, Command, NewWindow, ProblemChange, Report, When};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;

impl Fixture {
    /// Reports a state every 10 seconds from now on, until that time has passed.
    pub(crate) fn stays(&mut self, hard: HardState, milliseconds: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        let until = self.now + milliseconds;
        while self.now < until {
            changes.extend(self.see(hard));
            changes.extend(self.pass((until - self.now).min(10 * SECOND)));
        }
        changes
    }

    pub(crate) fn problem(&self) -> &Problem {
        self.state.problems.values().next_back().expect("there is a problem")
    }

    pub(crate) fn incident(&self) -> &Incident {
        self.state.incidents.values().next_back().expect("there is an incident")
    }

    fn rules(&mut self, rules: IncidentRules) {
        self.run(Command::SetIncidentRules { rules: Some(rules), by: Origin::File });
    }
}

fn kinds(problem: &Problem) -> Vec<ProblemEventKind> {
    problem.events.iter().map(|event| event.kind).collect()
}

fn events(incident: &Incident) -> Vec<(IncidentStatus, AutomaticEvent)> {
    let of = |body: &Option<Body>| match body {
        Some(Body::Automatic(text)) => text.event,
        other => panic!("{other:?} is not automatic"),
    };
    incident.updates.iter().map(|update| (update.status, of(&update.body))).collect()
}

#[test]
fn an_outage_is_one_problem_with_its_evidence_and_one_draft() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    assert!(fixture.state.problems.is_empty());
    let began = fixture.now;
    fixture.see(HardState::Down);
    let problem = fixture.problem();
    assert_eq!((problem.began, problem.level, problem.severity()), (began, Level::Down, Severity::High));
    assert_eq!(problem.events[0].reporters, ["a (north)"]);
    let incident = fixture.incident();
    assert!(!incident.is_published(), "people approve it");
    assert_eq!(incident.impact, Impact::Critical);
    let component = fixture.component();
    let change = StatusChange { component, from: Status::Operational, to: Status::MajorOutage, set: false };
    assert_eq!(incident.updates[0].components, [change]);
    fixture.assert_stored();
    let changes = fixture.stays(HardState::Down, 20 * MINUTE);
    assert!(!changes.iter().any(|change| matches!(change, Change::IncidentReminder(_))), "it is a draft");
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (1, 1));
    let up = fixture.now;
    fixture.see(HardState::Up);
    let problem = fixture.problem();
    assert_eq!(problem.ended, Some(up));
    assert_eq!(kinds(problem), [ProblemEventKind::Opened, ProblemEventKind::Ended]);
    assert_eq!(fixture.incident().status, IncidentStatus::Monitoring);
    fixture.assert_stored();
    fixture.stays(HardState::Up, 2 * MINUTE - SECOND);
    assert_eq!(fixture.incident().status, IncidentStatus::Monitoring);
    fixture.stays(HardState::Up, 2 * SECOND);
    let incident = fixture.incident();
    assert_eq!(incident.status, IncidentStatus::Resolved);
    use AutomaticEvent::{Began, Recovered, Resolved};
    use IncidentStatus as Is;
    let expected = [(Is::Investigating, Began), (Is::Monitoring, Recovered), (Is::Resolved, Resolved)];
    assert_eq!(events(incident), expected);
    fixture.assert_stored();
}

#[test]
fn what_recurs_during_monitoring_continues_the_incident() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.stays(HardState::Down, 10 * MINUTE);
    fixture.stays(HardState::Up, MINUTE);
    fixture.see(HardState::Down);
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (2, 1));
    assert_eq!(fixture.incident().status, IncidentStatus::Investigating);
    fixture.stays(HardState::Down, 10 * MINUTE);
    assert_eq!(fixture.incident().status, IncidentStatus::Investigating, "it is not resolved meanwhile");
    fixture.stays(HardState::Up, 3 * MINUTE);
    assert_eq!(fixture.incident().status, IncidentStatus::Resolved);
    fixture.see(HardState::Down);
    assert_eq!(fixture.state.incidents.len(), 2, "after the end it is another one");
    fixture.assert_stored();
}

#[test]
fn severity_decides_what_becomes_of_a_problem() {
    use Severity::{Critical, High, Low, Medium};
    let never = (None, None);
    for (hard, rules, drafts, published) in [
        (HardState::Down, (Some(High), None), 1, false),
        (HardState::Down, (Some(High), Some(High)), 1, true),
        (HardState::Down, (Some(Critical), None), 0, false),
        (HardState::Down, never, 0, false),
        (HardState::Degraded, (Some(High), None), 0, false),
        (HardState::Degraded, (Some(Medium), Some(High)), 1, false),
        (HardState::Degraded, (Some(Low), Some(Low)), 1, true),
    ] {
        let mut fixture = Fixture::new();
        let (draft_from, publish_from) = rules;
        fixture.rules(IncidentRules { draft_from, publish_from, ..IncidentRules::default() });
        fixture.stays(HardState::Up, MINUTE);
        fixture.see(hard);
        assert_eq!(fixture.state.problems.len(), 1, "{hard:?}");
        let incidents: Vec<bool> = fixture.state.incidents.values().map(Incident::is_published).collect();
        assert_eq!(incidents, vec![published; drafts], "{hard:?} {rules:?}");
        fixture.assert_stored();
    }
}

#[test]
fn a_problem_that_grows_leads_to_an_incident_later() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.stays(HardState::Degraded, MINUTE);
    assert_eq!(fixture.problem().severity(), Severity::Medium);
    assert!(fixture.state.incidents.is_empty());
    fixture.see(HardState::Down);
    assert_eq!(fixture.problem().severity(), Severity::High);
    assert_eq!(fixture.state.incidents.len(), 1);
    fixture.stays(HardState::Degraded, MINUTE);
    let problem = fixture.problem();
    use ProblemEventKind::{Eased, Grew, Opened};
    assert_eq!(kinds(problem), [Opened, Grew, Eased]);
    assert_eq!((problem.level, problem.worst), (Level::Degraded, Level::Down));
    assert_eq!(fixture.incident().status, IncidentStatus::Investigating, "it lasts");
    fixture.assert_stored();
}

#[test]
fn an_operator_decides_over_a_problem() {
    let mut fixture = Fixture::new();
    fixture.rules(IncidentRules { draft_from: Some(Severity::Critical), ..IncidentRules::default() });
    fixture.stays(HardState::Up, MINUTE);
    fixture.see(HardState::Down);
    let problem = ProblemKey(1);
    let mut change = |change: ProblemChange| {
        fixture.run(Command::ChangeProblem { problem, change });
        fixture.state.incidents.len()
    };
    assert_eq!(change(ProblemChange::Note("a switch was replaced".to_owned())), 0);
    assert_eq!(change(ProblemChange::SetPrivate(true)), 0);
    assert_eq!(change(ProblemChange::SetSeverity(Some(Severity::Critical))), 0, "it is private");
    assert_eq!(change(ProblemChange::SetPrivate(false)), 1);
    assert_eq!(change(ProblemChange::Acknowledge), 1);
    assert!(fixture.problem().acknowledged.is_some());
    fixture.assert_stored();
}

#[test]
fn a_window_holds_a_problem_back_until_it_ends() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let components = vec![fixture.component()];
    let (from, to) = (fixture.now, fixture.now + 10 * MINUTE);
    fixture.run(Command::PlanWindow(Box::new(NewWindow::over(components, from, to))));
    fixture.stays(HardState::Down, 9 * MINUTE);
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (1, 0));
    fixture.stays(HardState::Down, MINUTE - SECOND);
    assert!(fixture.state.incidents.is_empty());
    fixture.stays(HardState::Down, 2 * SECOND);
    assert_eq!(fixture.state.incidents.len(), 1, "what outlives the window is announced at its end");
    fixture.assert_stored();

    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let components = vec![fixture.component()];
    let (from, to) = (fixture.now, fixture.now + 10 * MINUTE);
    fixture.run(Command::PlanWindow(Box::new(NewWindow::over(components, from, to))));
    fixture.stays(HardState::Down, 5 * MINUTE);
    fixture.stays(HardState::Up, 10 * MINUTE);
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (1, 0), "nobody hears of it");
}

#[test]
fn a_problem_that_is_older_than_a_window_is_not_announced_again_after_it() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.stays(HardState::Down, MINUTE);
    let components = vec![fixture.component()];
    let (from, to) = (fixture.now, fixture.now + 10 * MINUTE);
    fixture.run(Command::PlanWindow(Box::new(NewWindow::over(components, from, to))));
    fixture.stays(HardState::Down, 20 * MINUTE);
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (1, 1));
    assert_eq!(fixture.incident().updates.len(), 1);
}

#[test]
fn history_that_arrives_late_leaves_an_ended_problem_and_no_incident() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let boot = crate::fixture::BOOTED + (fixture.now - START);
    fixture.pass(HOUR);
    let records = [(HardState::Down, 10 * SECOND), (HardState::Down, 20 * SECOND), (HardState::Up, MINUTE)];
    let records = records.map(|(hard, after)| fixture.record(When::ThisBoot(boot + after), hard));
    fixture.send(Report { records: records.to_vec(), ..fixture.empty(fixture.agent) });
    let of_check: Vec<&Problem> = fixture
        .state
        .problems
        .values()
        .filter(|problem| matches!(problem.subject, ProblemSubject::Check(_)))
        .collect();
    assert_eq!(of_check.len(), 1);
    assert!(of_check[0].late && !of_check[0].is_open());
    assert!(fixture.state.incidents.is_empty());
    fixture.assert_stored();
}

#[test]
fn two_checks_that_fail_together_are_one_incident() {
    let mut fixture = Fixture::new();
    let quorums = [("web", Quorum::Majority), ("db", Quorum::Majority)];
    fixture.configure(&quorums, &[("site", &["web"]), ("data", &["db"])]);
    fixture.declare(fixture.agent, &["web", "db"]);
    let both = |fixture: &mut Fixture, hard: [HardState; 2]| {
        let boot = crate::fixture::BOOTED + (fixture.now - START);
        let records = [0, 1].map(|check| {
            let mut record = fixture.record(When::ThisBoot(boot), hard[check]);
            if let skerry_domain::step::RecordKind::Observed { first, .. } = &mut record.kind {
                first.check = check;
            }
            record
        });
        let checks = vec!["web".to_owned(), "db".to_owned()];
        fixture.send(Report { checks, records: records.to_vec(), ..fixture.empty(fixture.agent) });
        fixture.pass(10 * SECOND);
    };
    both(&mut fixture, [HardState::Up, HardState::Up]);
    both(&mut fixture, [HardState::Down, HardState::Up]);
    both(&mut fixture, [HardState::Down, HardState::Down]);
    assert_eq!((fixture.state.problems.len(), fixture.state.incidents.len()), (2, 1));
    assert_eq!(fixture.incident().components().len(), 2, "a draft names them at once");
    for _ in 0..6 {
        both(&mut fixture, [HardState::Down, HardState::Down]);
    }
    assert_eq!(fixture.incident().updates.len(), 1, "in the update that it has");
    both(&mut fixture, [HardState::Up, HardState::Down]);
    assert_eq!(fixture.incident().status, IncidentStatus::Investigating, "one lasts");
    both(&mut fixture, [HardState::Up, HardState::Up]);
    assert_eq!(fixture.incident().status, IncidentStatus::Monitoring);
    fixture.assert_stored();
}

#[test]
fn fewer_locations_than_the_quorum_are_a_low_problem_that_stays_private() {
    let mut fixture = Fixture::new();
    let other = fixture.enrol("b", "south");
    fixture.declare(other, &["web"]);
    fixture.rules(IncidentRules { draft_from: Some(Severity::Low), ..IncidentRules::default() });
    let boot = crate::fixture::BOOTED + (fixture.now - START);
    let mut up = fixture.record(When::ThisBoot(boot), HardState::Up);
    up.sequence = 1;
    up.through = 1;
    fixture.send(Report { epoch: [8; 16], records: vec![up], ..fixture.empty(other) });
    fixture.sequence = 0;
    fixture.see(HardState::Down);
    let problem = fixture.problem();
    assert_eq!((problem.level, problem.severity()), (Level::BelowQuorum, Severity::Low));
    assert!(fixture.state.incidents.is_empty(), "the component is operational");
    fixture.assert_stored();
    fixture.see(HardState::Up);
    assert!(!fixture.problem().is_open());
    fixture.assert_stored();
}

#[test]
fn an_agent_that_falls_silent_is_a_problem_until_it_reports_again() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.pass(2 * MINUTE);
    let problem = fixture.problem();
    assert_eq!((problem.subject, problem.level), (ProblemSubject::Agent(fixture.agent), Level::Silent));
    fixture.assert_stored();
    fixture.see(HardState::Up);
    assert!(!fixture.problem().is_open());
    assert!(fixture.state.incidents.is_empty());
    fixture.assert_stored();
}

#[test]
fn a_published_incident_without_an_update_reminds_until_it_is_resolved() {
    let mut fixture = Fixture::new();
    fixture.rules(IncidentRules { publish_from: Some(Severity::High), ..IncidentRules::default() });
    fixture.stays(HardState::Up, MINUTE);
    let reminders = |changes: &[Change]| {
        changes.iter().filter(|change| matches!(change, Change::IncidentReminder(IncidentKey(1)))).count()
    };
    assert_eq!(reminders(&fixture.stays(HardState::Down, 29 * MINUTE)), 0);
    assert_eq!(reminders(&fixture.stays(HardState::Down, 2 * MINUTE)), 1);
    assert_eq!(reminders(&fixture.stays(HardState::Down, 28 * MINUTE)), 0);
    assert_eq!(reminders(&fixture.stays(HardState::Down, 2 * MINUTE)), 1);
    fixture.assert_stored();
}

#[test]
fn an_ended_problem_is_forgotten_after_400_days() {
    let mut fixture = Fixture::new();
    fixture.rules(IncidentRules { draft_from: None, ..IncidentRules::default() });
    fixture.stays(HardState::Up, MINUTE);
    fixture.stays(HardState::Down, MINUTE);
    fixture.see(HardState::Up);
    let ended = fixture.now;
    for (after, kept) in [(399 * DAY, 1), (400 * DAY, 0)] {
        fixture.now = ended + after;
        fixture.run(Command::Tick);
        let of_check = |problem: &&Problem| matches!(problem.subject, ProblemSubject::Check(_));
        assert_eq!(fixture.state.problems.values().filter(of_check).count(), kept);
        fixture.assert_stored();
    }
}
