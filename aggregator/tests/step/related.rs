//! Which components an incident names when a further problem belongs to it.

use crate::fixture::{BOOTED, Fixture, START};
use skerry_domain::incident::{IncidentRules, IncidentStatus};
use skerry_domain::problem::Severity;
use skerry_domain::state::{ComponentKey, IncidentKey, Origin, PageKey, ProblemKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Command, NewIncident, Report, When, affected_by};
use skerry_domain::text::Text;
use skerry_domain::time::{MINUTE, SECOND};
use skerry_domain::track::HardState;
use skerry_sanitiser::{Form, Replacement, Rules, Settings};

const INCIDENT: IncidentKey = IncidentKey(1);

/// Two components, of one check each, and drafts from `from` on.
fn two(from: Option<Severity>) -> Fixture {
    let mut fixture = Fixture::new();
    let rules = IncidentRules { draft_from: from, ..IncidentRules::default() };
    fixture.run(Command::SetIncidentRules { rules: Some(rules), by: Origin::File });
    let quorums = [("web", Default::default()), ("db", Default::default())];
    fixture.configure(&quorums, &[("site", &["web"]), ("data", &["db"])]);
    fixture.declare(fixture.agent, &["web", "db"]);
    for check in ["web", "db"] {
        fixture.reports(check, HardState::Up);
    }
    fixture
}

impl Fixture {
    fn reports(&mut self, check: &str, hard: HardState) {
        self.now = self.now + SECOND;
        let boot = BOOTED + (self.now - START);
        let records = vec![self.record(When::ThisBoot(boot), hard)];
        let checks = vec![check.to_owned()];
        self.send(Report { checks, records, ..self.empty(self.agent) });
    }

    /// The names and statuses of the components that the first incident names.
    fn components_named(&self) -> Vec<(&str, Status)> {
        let all = self.state.incidents[&INCIDENT].components();
        let name = |key| self.state.components[&key].settings.name.as_str();
        all.into_iter().map(|(key, status)| (name(key), status)).collect()
    }
}

#[test]
fn a_draft_names_a_further_component_at_once_and_visitors_hear_of_it_after_a_minute() {
    let both = [("site", Status::MajorOutage), ("data", Status::MajorOutage)];
    for published in [false, true] {
        let mut fixture = two(Some(Severity::Low));
        if published {
            let publish_from = Some(Severity::Low);
            let rules = IncidentRules { publish_from, draft_from: publish_from, ..IncidentRules::default() };
            fixture.run(Command::SetIncidentRules { rules: Some(rules), by: Origin::File });
        }
        fixture.reports("web", HardState::Down);
        fixture.reports("db", HardState::Down);
        assert_eq!(fixture.components_named() == both, !published, "{:?}", fixture.components_named());
        fixture.run(Command::PublishIncident { incident: INCIDENT });
        // The agent is silent from now on: the last that is known counts.
        fixture.pass(MINUTE);
        assert_eq!(fixture.components_named(), both);
        let updates = fixture.incident().updates.len();
        assert_eq!(updates, if published { 2 } else { 1 }, "a draft has no visitors to tell");
        fixture.assert_stored();
    }
}

#[test]
fn an_accepted_suggestion_names_what_it_affects_and_leaves_the_incident_to_its_problems() {
    let mut fixture = two(Some(Severity::Low));
    fixture.reports("web", HardState::Down);
    fixture.run(Command::PublishIncident { incident: INCIDENT });
    fixture.reports("db", HardState::Down);
    assert_eq!(fixture.components_named().len(), 1, "it is only suggested");
    fixture.run(Command::LinkProblem { incident: INCIDENT, problem: ProblemKey(2), linked: true });
    assert_eq!(fixture.components_named(), [("site", Status::MajorOutage), ("data", Status::MajorOutage)]);
    fixture.assert_stored();
    fixture.reports("web", HardState::Up);
    fixture.pass(SECOND);
    assert_eq!(fixture.incident().status, IncidentStatus::Investigating, "the other one lasts");
    fixture.reports("db", HardState::Up);
    for _ in 0..18 {
        fixture.reports("web", HardState::Up);
        fixture.reports("db", HardState::Up);
        fixture.pass(8 * SECOND);
    }
    assert_eq!(fixture.incident().status, IncidentStatus::Resolved, "nobody had to resolve it");
}

#[test]
fn a_problem_that_a_person_adds_while_an_incident_is_monitoring_brings_it_back() {
    let mut fixture = two(Some(Severity::Low));
    fixture.reports("web", HardState::Down);
    fixture.run(Command::PublishIncident { incident: INCIDENT });
    fixture.reports("db", HardState::Down);
    fixture.reports("web", HardState::Up);
    assert_eq!(fixture.incident().status, IncidentStatus::Monitoring);
    fixture.run(Command::LinkProblem { incident: INCIDENT, problem: ProblemKey(2), linked: true });
    let incident = fixture.incident();
    assert_eq!((incident.status, incident.recovered_at), (IncidentStatus::Investigating, None));
    assert_eq!(fixture.components_named()[1], ("data", Status::MajorOutage));
    assert!(incident.follows_problems());
    fixture.assert_stored();
}

#[test]
fn a_refused_suggestion_leaves_the_incident_to_its_problems_and_the_problem_to_a_draft() {
    let mut fixture = two(Some(Severity::Low));
    fixture.reports("web", HardState::Down);
    fixture.run(Command::PublishIncident { incident: INCIDENT });
    fixture.reports("db", HardState::Down);
    fixture.run(Command::LinkProblem { incident: INCIDENT, problem: ProblemKey(2), linked: false });
    assert!(fixture.state.incidents[&INCIDENT].follows_problems());
    let draft = fixture.incident();
    assert!(!draft.is_published() && draft.problems.contains(&ProblemKey(2)));
    fixture.assert_stored();
}

#[test]
fn what_a_person_opens_for_a_problem_or_adds_it_to_names_what_it_affects() {
    let rules = Rules::new(&Settings::default()).expect("usable");
    let clean = |written: &str| {
        let public = rules.sanitise(written, Form::Plain, &Replacement::default(), &[]).text.expect("clean");
        Text { written: written.to_owned(), public }
    };
    let mut fixture = two(None);
    fixture.reports("web", HardState::Down);
    fixture.reports("db", HardState::Down);
    let new = NewIncident {
        page: PageKey(1),
        title: clean("Orders fail"),
        status: IncidentStatus::Investigating,
        body: Some(clean("We look into it.")),
        components: Vec::new(),
        impact_override: None,
        draft: false,
        backfilled: None,
        problems: vec![ProblemKey(1)],
    };
    let foretold: Vec<(ComponentKey, Status)> = affected_by(&fixture.state, PageKey(1), &new.problems)
        .iter()
        .map(|one| (one.component, one.to))
        .collect();
    let (answer, _) = fixture.run(Command::OpenIncident(Box::new(new)));
    assert_eq!(answer, Answer::Incident(INCIDENT));
    assert_eq!(fixture.components_named(), [("site", Status::MajorOutage)]);
    assert_eq!(fixture.state.incidents[&INCIDENT].components(), foretold, "a template names the same");
    let held = fixture.state.components.values().any(|component| !component.holds.is_empty());
    assert!(!held, "the checks decide its status");
    fixture.run(Command::LinkProblem { incident: INCIDENT, problem: ProblemKey(2), linked: true });
    assert_eq!(fixture.components_named(), [("site", Status::MajorOutage), ("data", Status::MajorOutage)]);
    fixture.assert_stored();
}
