//! What is seen no more is not over: problems and incidents of a check that three locations run.

use crate::fixture::{BOOTED, Fixture, START};
use skerry_domain::incident::{IncidentRules, IncidentStatus};
use skerry_domain::problem::{Level, ProblemSubject, Severity};
use skerry_domain::state::{AgentKey, IncidentKey, Origin};
use skerry_domain::step::{Change, Command, RecordKind, Report, When};
use skerry_domain::time::{MINUTE, SECOND};
use skerry_domain::track::HardState;

/// Three agents at three locations that run the check "web".
struct Three {
    fixture: Fixture,
    agents: [AgentKey; 3],
    sequences: [u64; 3],
}

impl Three {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let agents = [fixture.agent, fixture.enrol("b", "south"), fixture.enrol("c", "west")];
        agents[1..].iter().for_each(|agent| fixture.declare(*agent, &["web"]));
        let publish_from = Some(Severity::High);
        let rules = Some(IncidentRules { publish_from, ..IncidentRules::default() });
        fixture.run(Command::SetIncidentRules { rules, by: Origin::File });
        Self { fixture, agents, sequences: [0; 3] }
    }

    /// Each agent reports its state, unless it is silent, every 10 seconds until that time has passed.
    fn stay(&mut self, states: [Option<HardState>; 3], milliseconds: i64) {
        self.report(states, false, milliseconds);
    }

    fn report(&mut self, states: [Option<HardState>; 3], flapping: bool, milliseconds: i64) {
        let until = self.fixture.now + milliseconds;
        while self.fixture.now < until {
            for (place, hard) in states.iter().enumerate() {
                let Some(hard) = hard else { continue };
                self.sequences[place] += 1;
                let sequence = self.sequences[place];
                let boot = BOOTED + (self.fixture.now - START);
                let mut record = self.fixture.record(When::ThisBoot(boot), *hard);
                (record.sequence, record.through) = (sequence, sequence);
                if let RecordKind::Observed { first, .. } = &mut record.kind {
                    first.flapping = flapping;
                }
                let empty = self.fixture.empty(self.agents[place]);
                self.fixture.send(Report { records: vec![record], ..empty });
            }
            self.fixture.pass(10 * SECOND);
        }
    }

    fn status(&self) -> IncidentStatus {
        self.fixture.incident().status
    }

    fn level(&self) -> Option<Level> {
        let check = *self.fixture.state.checks.keys().next().expect("there is one");
        let open = self.fixture.state.open_problem(ProblemSubject::Check(check));
        open.map(|key| self.fixture.state.problems[&key].level)
    }
}

const UP: Option<HardState> = Some(HardState::Up);
const DOWN: Option<HardState> = Some(HardState::Down);

#[test]
fn an_outage_that_is_seen_no_more_does_not_recover() {
    let mut three = Three::new();
    three.stay([UP, UP, UP], MINUTE);
    three.stay([DOWN, DOWN, DOWN], MINUTE);
    assert_eq!((three.level(), three.status()), (Some(Level::Down), IncidentStatus::Investigating));
    three.stay([None, None, DOWN], 10 * MINUTE);
    assert_eq!((three.level(), three.status()), (Some(Level::Down), IncidentStatus::Investigating));
    three.stay([None, None, UP], 10 * MINUTE);
    assert_eq!(three.status(), IncidentStatus::Investigating, "two that said down are silent");
    three.stay([UP, UP, UP], MINUTE);
    assert_eq!((three.level(), three.status()), (None, IncidentStatus::Monitoring));
    three.stay([UP, UP, UP], 2 * MINUTE);
    assert_eq!(three.status(), IncidentStatus::Resolved);
    three.fixture.assert_stored();
}

#[test]
fn an_outage_that_grows_again_after_its_incident_ended_is_another_incident() {
    let mut three = Three::new();
    three.stay([UP, UP, UP], MINUTE);
    three.stay([DOWN, DOWN, UP], MINUTE);
    three.stay([UP, DOWN, UP], 5 * MINUTE);
    assert_eq!((three.level(), three.status()), (Some(Level::BelowQuorum), IncidentStatus::Resolved));
    three.stay([DOWN, DOWN, UP], MINUTE);
    assert_eq!(three.fixture.state.incidents.len(), 2);
    assert_eq!((three.level(), three.status()), (Some(Level::Down), IncidentStatus::Investigating));
    three.fixture.assert_stored();
}

#[test]
fn an_incident_whose_check_flaps_is_not_resolved() {
    let mut three = Three::new();
    three.stay([UP, UP, UP], MINUTE);
    three.stay([DOWN, DOWN, DOWN], MINUTE);
    three.stay([UP, UP, UP], MINUTE);
    assert_eq!(three.status(), IncidentStatus::Monitoring);
    three.report([DOWN, DOWN, DOWN], true, 10 * MINUTE);
    assert_eq!(three.status(), IncidentStatus::Monitoring, "it is down and flaps");
    three.stay([DOWN, DOWN, DOWN], MINUTE);
    assert_eq!(three.status(), IncidentStatus::Investigating, "the flapping has ended, and it is down");
    assert_eq!(three.fixture.state.incidents.len(), 1);
    three.fixture.assert_stored();
}

#[test]
fn a_problem_that_becomes_grave_enough_publishes_its_draft() {
    let mut three = Three::new();
    let (draft_from, publish_from) = (Some(Severity::Medium), Some(Severity::High));
    let rules = IncidentRules { draft_from, publish_from, ..IncidentRules::default() };
    three.fixture.run(Command::SetIncidentRules { rules: Some(rules), by: Origin::File });
    three.stay([UP, UP, UP], MINUTE);
    three.stay([Some(HardState::Degraded); 3], MINUTE);
    assert!(!three.fixture.incident().is_published());
    three.stay([DOWN, DOWN, DOWN], 10 * SECOND);
    assert!(three.fixture.incident().is_published());
    three.fixture.assert_stored();
}

#[test]
fn an_agent_that_was_silent_before_a_restart_has_no_problem_once_it_reports() {
    let mut three = Three::new();
    three.stay([UP, UP, UP], MINUTE);
    three.stay([None, UP, UP], 2 * MINUTE);
    let silent = |three: &Three| {
        three
            .fixture
            .state
            .problems
            .values()
            .filter(|one| one.is_open() && one.level == Level::Silent)
            .count()
    };
    assert_eq!(silent(&three), 1);
    let clock = three.fixture.state.clock;
    three.fixture.state = three.fixture.load(clock);
    three.fixture.state.clock = clock;
    three.fixture.state.become_ready(clock);
    three.stay([UP, UP, UP], 10 * SECOND);
    assert_eq!(silent(&three), 0);
}

#[test]
fn an_incident_whose_check_nobody_runs_any_more_asks_a_person() {
    let mut three = Three::new();
    three.stay([UP, UP, UP], MINUTE);
    three.stay([DOWN, DOWN, DOWN], MINUTE);
    three.stay([UP, UP, UP], 10 * SECOND);
    assert_eq!(three.status(), IncidentStatus::Monitoring);
    for agent in three.agents {
        three.fixture.declare(agent, &[]);
    }
    let changes = three.fixture.pass(5 * MINUTE);
    assert!(changes.contains(&Change::IncidentAsks(IncidentKey(1))));
    assert_eq!(three.status(), IncidentStatus::Monitoring);
    assert!(three.fixture.incident().touched);
}
