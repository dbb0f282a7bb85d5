//! Checks that depend on others, through the store: what fails behind an outage opens no problem of its own.

use crate::fixture::{BOOTED, EPOCH, Fixture, START, configure, live};
use crate::reports::{observed, record};
use skerry_domain::problem::{Level, Problem, ProblemEventKind, ProblemSubject, Severity};
use skerry_domain::state::{AgentKey, ComponentKey};
use skerry_domain::status::Status;
use skerry_domain::step::{Command, DeclaredCheck, DesiredHeartbeat, Report, When};
use skerry_domain::time::{HOUR, MINUTE, SECOND};
use skerry_domain::track::HardState::{self, Degraded, Down, Up};
use skerry_domain::verdict::Quorum;

/// "web" feeds the component "site" and needs what the test says; "router" feeds "network".
fn fixture(parents: &[(&str, &[&str])]) -> Fixture {
    let mut fixture = Fixture::new();
    let checks = [("web", Quorum::Majority), ("router", Quorum::Majority)];
    let components: [(&str, &[&str]); 2] = [("site", &["web"]), ("network", &["router"])];
    fixture.run(Command::Configure(Box::new(configure(&checks, &components))));
    let agent = fixture.agent;
    fixture.depends(agent, EPOCH, parents);
    fixture
}

const WEB: &[(&str, &[&str])] = &[("web", &["router"]), ("router", &[])];

impl Fixture {
    fn depends(&mut self, agent: AgentKey, epoch: [u8; 16], parents: &[(&str, &[&str])]) {
        let declared = |(name, parents): &(&str, &[&str])| DeclaredCheck {
            name: (*name).to_owned(),
            definition: vec![1; 16],
            interval_ms: 10 * SECOND,
            severity: Severity::High,
            depends_on: parents.iter().map(ToString::to_string).collect(),
            labels: Default::default(),
        };
        let inventory = Some(parents.iter().map(declared).collect());
        self.send(Report { epoch, inventory, ..self.empty(agent) });
    }

    /// The agent sees these states now, in one batch; then 10 s pass.
    fn sees(&mut self, states: &[(&str, HardState)]) {
        let boot = BOOTED + (self.now - START);
        let records = states.iter().enumerate().map(|(check, (_, hard))| {
            self.sequence += 1;
            let mut one = observed(When::ThisBoot(boot), *hard);
            one.check = check;
            record(self.sequence, one)
        });
        let records = records.collect();
        let checks = states.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.send(Report { checks, records, ..self.empty(self.agent) });
        self.pass(10 * SECOND);
    }

    /// The names of the checks with an open problem.
    fn failing(&self) -> Vec<&str> {
        let name = |subject: &ProblemSubject| match subject {
            ProblemSubject::Check(check) => self.state.checks[check].name.as_str(),
            ProblemSubject::Agent(_) => "an agent",
        };
        let mut names: Vec<&str> = self.state.open_problems.keys().map(name).collect();
        names.sort_unstable();
        names
    }

    fn named(&self, name: &str) -> ComponentKey {
        let found = self.state.components.iter().find(|(_, one)| one.settings.name == name);
        *found.expect("there is one").0
    }

    fn problem_of(&self, name: &str) -> &Problem {
        let subject = ProblemSubject::Check(self.state.check_names[name]);
        &self.state.problems[&self.state.open_problem(subject).expect("one is open")]
    }
}

#[test]
fn failures_behind_an_outage_open_no_problem() {
    // In one batch, and one after the other.
    for batches in [
        &[&[("web", Down), ("router", Down)][..]][..],
        &[&[("router", Down)], &[("web", Down)]],
        &[&[("router", Down)], &[("web", Degraded)], &[("web", Down)]],
    ] {
        let mut fixture = fixture(WEB);
        fixture.sees(&[("web", Up), ("router", Up)]);
        batches.iter().for_each(|batch| fixture.sees(batch));
        assert_eq!(fixture.failing(), ["router"]);
        let (site, network) = (fixture.named("site"), fixture.named("network"));
        let drafts: Vec<Vec<ComponentKey>> = fixture
            .state
            .incidents
            .values()
            .map(|one| one.components().into_iter().map(|(component, _)| component).collect())
            .collect();
        assert_eq!(drafts, [vec![network]], "the draft names what is down itself");
        let shown = fixture.state.components[&site].layers.status_at(fixture.now);
        assert_eq!(shown, Some(Status::MajorOutage), "its component stays true");
        fixture.assert_stored();
        fixture.sees(&[("web", Up), ("router", Up)]);
        assert_eq!(fixture.state.problems.len(), 1, "it left no problem of its own");
        fixture.assert_stored();
    }
}

/// The agent comes back before its silence was noticed: first a snapshot of the router, then its history, by which nobody
/// knows whether it was down when the other failed.
#[test]
fn a_failure_stands_alone_once_the_past_of_its_parent_explains_it_no_more() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("web", Up), ("router", Up)]);
    fixture.sees(&[("router", Down)]);
    fixture.sees(&[("web", Down)]);
    assert_eq!(fixture.failing(), ["router"]);
    fixture.now = fixture.now + 5 * MINUTE;
    let snapshot = live(Degraded);
    let checks = vec!["router".to_owned()];
    fixture.send(Report { checks, snapshot, ..fixture.empty(fixture.agent) });
    assert_eq!(fixture.failing(), ["router"]);
    fixture.sees(&[("router", Degraded)]);
    assert_eq!(fixture.failing(), ["an agent", "router", "web"], "the agent is silent about the other");
    fixture.assert_stored();
}

/// While the second location did not count, the first decided alone that the router was down. An absence that becomes
/// known keeps the second in the count: then nobody knows, and the outage that the failure waited for was none.
#[test]
fn a_failure_stands_alone_once_an_absence_takes_its_explanation_back() {
    let mut fixture = fixture(WEB);
    let silent = fixture.enrol("b", "south");
    fixture.depends(silent, [8; 16], &[("router", &[])]);
    fixture.sees(&[("web", Up), ("router", Up)]);
    fixture.pass(25 * HOUR);
    fixture.sees(&[("router", Down)]);
    let began = fixture.now;
    fixture.sees(&[("web", Down)]);
    fixture.sees(&[("router", Up)]);
    assert_eq!(fixture.failing(), Vec::<&str>::new(), "nobody has looked since the router is up");
    fixture.run(Command::Away { from: fixture.now + -30 * HOUR });
    assert_eq!(fixture.failing(), ["web"]);
    let problem = fixture.problem_of("web");
    assert_eq!((problem.began, problem.level), (began, Level::Down));
    fixture.assert_stored();
}

#[test]
fn what_still_fails_after_the_outage_opens_its_problem_with_its_true_beginning() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("web", Up), ("router", Up)]);
    fixture.sees(&[("router", Down)]);
    let began = fixture.now;
    fixture.sees(&[("web", Down)]);
    fixture.sees(&[("router", Up)]);
    assert_eq!(fixture.failing(), Vec::<&str>::new(), "nobody has looked since the router is up");
    fixture.assert_stored();
    fixture.sees(&[("web", Down)]);
    assert_eq!(fixture.failing(), ["web"]);
    let problem = fixture.problem_of("web");
    assert_eq!((problem.began, problem.level), (began, Level::Down));
    fixture.assert_stored();
}

#[test]
fn a_problem_from_before_the_outage_stays_and_ends_with_its_fault() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("web", Degraded), ("router", Up)]);
    fixture.sees(&[("router", Down)]);
    fixture.sees(&[("web", Down)]);
    assert_eq!(fixture.failing(), ["router", "web"]);
    assert_eq!(fixture.problem_of("web").level, Level::Degraded, "it does not grow meanwhile");
    fixture.sees(&[("web", Up)]);
    assert_eq!(fixture.failing(), ["router"], "a recovery is never held back");
    fixture.sees(&[("web", Down)]);
    assert_eq!(fixture.failing(), ["router"], "and it does not open again");
    fixture.assert_stored();

    let mut fixture = self::fixture(WEB);
    fixture.sees(&[("web", Degraded), ("router", Up)]);
    fixture.sees(&[("router", Down), ("web", Down)]);
    fixture.sees(&[("router", Up), ("web", Down)]);
    let events: Vec<_> = fixture.problem_of("web").events.iter().map(|event| event.kind).collect();
    assert_eq!(events, [ProblemEventKind::Opened, ProblemEventKind::Grew], "after the outage it grows");
    fixture.assert_stored();
}

/// What it shows, the parents of each check, the state of each check, and the checks that have a problem.
type Case<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])], &'a [(&'a str, HardState)], &'a [&'a str]);

#[test]
fn who_silences_whom() {
    let router: &[&str] = &["router"];
    let both = [("web", Down), ("router", Down)];
    let table: [Case<'_>; 7] = [
        ("through others", &[("web", &["switch"]), ("switch", router), ("router", &[])], &both, &["router"]),
        (
            "one of several",
            &[("web", &["router", "power"]), ("router", &[]), ("power", &[])],
            &both,
            &["router"],
        ),
        ("a parent that is only degraded", WEB, &[("web", Down), ("router", Degraded)], &["router", "web"]),
        ("a parent that nobody ever saw", WEB, &[("web", Down)], &["web"]),
        ("a parent that nobody declares", &[("web", &["nobody's"])], &[("web", Down)], &["web"]),
        ("each other", &[("web", router), ("router", &["web"])], &both, &["router", "web"]),
        (
            "each other, behind a third",
            &[("web", &["router", "power"]), ("router", &["web"]), ("power", &[])],
            &[("web", Down), ("router", Down), ("power", Down)],
            &["power"],
        ),
    ];
    for (what, parents, states, open) in table {
        let mut fixture = fixture(parents);
        fixture.sees(states);
        assert_eq!(fixture.failing(), open, "{what}");
        fixture.assert_stored();
    }
}

#[test]
fn a_parent_that_is_seen_no_more_stays_what_it_was() {
    for (last, open) in [(Down, &["router"][..]), (Up, &["web"])] {
        let mut fixture = fixture(WEB);
        fixture.sees(&[("web", Up), ("router", last)]);
        for _ in 0..6 {
            fixture.sees(&[("web", Up)]);
        }
        fixture.sees(&[("web", Down)]);
        let checks: Vec<&str> = fixture.failing().into_iter().filter(|name| *name != "an agent").collect();
        assert_eq!(checks, open, "the router was {last:?}");
    }
}

#[test]
fn a_parent_that_nobody_runs_any_more_explains_nothing() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("router", Down), ("web", Down)]);
    assert_eq!(fixture.failing(), ["router"]);
    fixture.depends(fixture.agent, EPOCH, &[("web", &["router"])]);
    assert_eq!(fixture.failing(), ["web"]);
    fixture.assert_stored();
}

#[test]
fn a_changed_dependency_counts_at_once() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("router", Down), ("web", Down)]);
    fixture.depends(fixture.agent, EPOCH, &[("web", &[]), ("router", &[])]);
    assert_eq!(fixture.failing(), ["router", "web"]);
    fixture.depends(fixture.agent, EPOCH, WEB);
    assert_eq!(fixture.failing(), ["router", "web"], "what is open stays");
    fixture.assert_stored();
}

#[test]
fn one_agent_alone_does_not_silence_what_others_report() {
    let mut fixture = fixture(WEB);
    let other = fixture.enrol("b", "south");
    fixture.depends(other, [8; 16], &[("web", &[])]);
    fixture.sees(&[("router", Down), ("web", Down)]);
    assert_eq!(fixture.failing(), ["router", "web"]);
    fixture.depends(other, [8; 16], WEB);
    assert!(fixture.state.explained_by(fixture.state.check_names["web"]).is_some(), "now both say so");
    fixture.assert_stored();
}

#[test]
fn a_restart_keeps_what_depends_on_what() {
    let mut fixture = fixture(WEB);
    fixture.sees(&[("router", Down), ("web", Down)]);
    fixture.state = fixture.load(fixture.now);
    fixture.pass(SECOND);
    fixture.sees(&[("router", Down), ("web", Down)]);
    assert_eq!(fixture.failing(), ["router"]);
    fixture.sees(&[("router", Up), ("web", Down)]);
    assert_eq!(fixture.failing(), ["web"]);
    fixture.assert_stored();
}

#[test]
fn a_job_that_cannot_call_during_an_outage_has_no_problem_until_the_outage_is_over() {
    let mut fixture = fixture(&[("router", &[])]);
    let expected = skerry_domain::heartbeat::Expected { period: MINUTE, schedule: None, grace: SECOND };
    fixture.run(Command::DeclareHeartbeats(vec![DesiredHeartbeat {
        check: "backup".to_owned(),
        definition: vec![1],
        expected,
        severity: Severity::High,
        depends_on: vec!["router".to_owned()],
        labels: Default::default(),
    }]));
    let ping = skerry_domain::step::HeartbeatPing {
        check: "backup".to_owned(),
        kind: skerry_domain::step::PingKind::Success,
        run: String::new(),
        took_ms: None,
        detail: String::new(),
    };
    fixture.run(Command::HeartbeatPing(Box::new(ping)));
    for _ in 0..9 {
        fixture.sees(&[("router", Down)]);
    }
    assert_eq!(fixture.failing(), ["router"]);
    fixture.sees(&[("router", Up)]);
    assert_eq!(fixture.failing(), ["backup"]);
    fixture.assert_stored();
}

#[test]
fn a_failure_that_becomes_known_late_is_explained_by_an_outage_of_its_time() {
    for (router, expected) in [(Down, "router"), (Up, "web")] {
        let mut fixture = fixture(WEB);
        fixture.sees(&[("web", Up), ("router", Up)]);
        let begins = BOOTED + (fixture.now - START);
        fixture.pass(3 * MINUTE);
        let mut records = Vec::new();
        let seen = [(0, router, Down), (10, router, Down), (20, Up, Up), (30, Up, Up)];
        for (seconds, router, web) in seen {
            for (check, hard) in [(1, router), (0, web)] {
                fixture.sequence += 1;
                let mut one = observed(When::ThisBoot(begins + seconds * SECOND), hard);
                one.check = check;
                records.push(record(fixture.sequence, one));
            }
        }
        let checks = vec!["web".to_owned(), "router".to_owned()];
        fixture.send(Report { checks, records, ..fixture.empty(fixture.agent) });
        let name = |subject: &ProblemSubject| match subject {
            ProblemSubject::Check(check) => Some(fixture.state.checks[check].name.as_str()),
            ProblemSubject::Agent(_) => None,
        };
        let of_checks: Vec<&str> =
            fixture.state.problems.values().filter_map(|one| name(&one.subject)).collect();
        assert_eq!(of_checks, [expected], "the router was {router:?}");
        fixture.assert_stored();
    }
}
