//! From a state to what operators have to know.

use super::*;
use skerry_domain::delivery::BounceRate;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::problem::{Acknowledged, ProblemEvent, ProblemEventKind};
use skerry_domain::state::{Agent, AgentKey, Check, IncidentKey, PageKey, SubscriberKey};
use skerry_domain::step::{Command, Context, Ids, step};
use skerry_domain::time::HOUR;
use std::collections::BTreeSet;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn problem(id: &str, subject: ProblemSubject, level: Level) -> Problem {
    let event = ProblemEvent {
        number: 1,
        at: NOW,
        kind: ProblemEventKind::Opened,
        level,
        reason: Reason::Timeout,
        reporters: vec!["fra-1 (fra)".to_owned()],
        note: None,
        by: None,
    };
    Problem {
        id: id.to_owned(),
        subject,
        began: NOW - HOUR,
        opened: NOW,
        ended: None,
        level,
        worst: level,
        severity: Severity::High,
        severity_override: None,
        private: false,
        late: false,
        withdrawn: false,
        flaps: 0,
        acknowledged: None,
        events: vec![event].into(),
    }
}

/// A state with a check "web" and an agent, built by steps, and these problems.
fn state(problems: Vec<Problem>) -> State {
    let mut state = State::default();
    let add = Command::AddAgent { name: "fra-1".to_owned(), location: "fra".to_owned() };
    step(&mut state, add, Context { now: NOW, ids: Ids::from_seed([1; 32]) }).expect("taken");
    state.workspace.name = "default".to_owned();
    state.checks.insert(CheckKey(1), Check::new("web"));
    for (key, problem) in (1..).map(ProblemKey).zip(problems) {
        state.open_problems.insert(problem.subject, key);
        state.problems.insert(key, problem);
    }
    state
}

fn seen(state: &State) -> Vec<Condition> {
    conditions(&nothing_but(state, NOW))
}

static NOTHING_FAILS: BTreeMap<Channel, Failing> = BTreeMap::new();
static NONE_SKEWED: Skewed = Skewed::new();

/// What is seen of a workspace if its state is all.
fn nothing_but(state: &State, now: Timestamp) -> Seen<'_> {
    let (failing, skewed) = (&NOTHING_FAILS, &NONE_SKEWED);
    Seen { state, now, quarantined: None, clock: None, mail: None, failing, skewed }
}

fn agent_of(state: &State) -> AgentKey {
    let first: Option<(&AgentKey, &Agent)> = state.agents.first_key_value();
    *first.expect("it was added").0
}

#[test]
fn a_problem_names_its_check_its_reason_and_who_reports_it() {
    let acknowledged = Some(Acknowledged { at: NOW, by: "cli:0".to_owned() });
    let of = ProblemSubject::Check(CheckKey(1));
    let all = seen(&state(vec![Problem { acknowledged, ..problem("abc", of, Level::Down) }]));
    let [one] = all.as_slice() else { panic!("one problem lasts: {all:?}") };
    assert_eq!((one.id.as_str(), one.title.as_str()), ("problem-abc", "web is down"));
    assert_eq!((one.severity, one.since, one.acknowledged), (Severity::High, NOW - HOUR, true));
    assert_eq!(
        one.text,
        "Since 2026-09-21 13:13 UTC, severity high.\nReason: timeout.\nReported by fra-1 (fra).\n\
         Problem abc; to acknowledge it: skerry-aggregator problem ack abc"
    );
    let alert = [
        ("alertname", "SkerryProblem"),
        ("check", "web"),
        ("id", "problem-abc"),
        ("severity", "high"),
        ("workspace", "default"),
    ];
    assert_eq!(one.alert, alert.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn a_silent_agent_is_a_problem() {
    let mut state = state(Vec::new());
    let of = ProblemSubject::Agent(agent_of(&state));
    state.open_problems.insert(of, ProblemKey(7));
    state.problems.insert(ProblemKey(7), problem("def", of, Level::Silent));
    let all = seen(&state);
    assert_eq!(all[0].title, "agent fra-1 no longer reports");
    assert_eq!((all[0].alert["agent"].as_str(), all[0].alert["location"].as_str()), ("fra-1", "fra"));
}

fn incident(published_at: Option<Timestamp>, reminded_at: Option<Timestamp>) -> Incident {
    Incident {
        id: "inc".to_owned(),
        page: PageKey(1),
        title: Title::Automatic,
        status: IncidentStatus::Investigating,
        impact: Impact::Major,
        impact_override: None,
        automatic: true,
        touched: false,
        spreads: false,
        backfilled: false,
        created_at: NOW - HOUR,
        published_at,
        approved: false,
        started_at: NOW - HOUR,
        identified_at: None,
        monitoring_at: None,
        resolved_at: None,
        updated_at: NOW - HOUR,
        reminded_at,
        recovered_at: None,
        postmortem: None,
        problems: BTreeSet::from([ProblemKey(1)]),
        suggested: BTreeSet::new(),
        refused: BTreeSet::new(),
        updates: Vec::new().into(),
    }
}

#[test]
fn drafts_wait_for_approval_and_published_incidents_for_updates() {
    let published = Some(NOW - HOUR);
    for (incident, expected) in [
        (incident(None, None), Some((About::Drafts, "draft-inc", NOW - HOUR))),
        (incident(published, None), None),
        (incident(published, Some(NOW)), Some((About::UpdatesDue, "update-due-inc", NOW - HOUR / 2))),
    ] {
        let mut state = state(Vec::new());
        let critical = problem("abc", ProblemSubject::Check(CheckKey(1)), Level::Down);
        state.problems.insert(ProblemKey(1), Problem { severity: Severity::Critical, ..critical });
        state.open_incidents.insert(IncidentKey(1));
        state.incidents.insert(IncidentKey(1), incident);
        let all = seen(&state);
        let found = all.first().map(|one| (one.about, one.id.as_str(), one.since));
        assert_eq!(found, expected);
        assert!(all.iter().all(|one| one.severity == Severity::Critical), "that of its problem");
    }
}

#[test]
fn a_relay_that_takes_nothing_is_a_condition_after_some_minutes() {
    let state = state(Vec::new());
    let failure = MailFailure { since: NOW, answer: "connect: refused".to_owned() };
    let held = |now| conditions(&Seen { mail: Some(&failure), ..nothing_but(&state, now) }).pop();
    assert_eq!(held(NOW + 4 * MINUTE), None, "relays are restarted");
    let condition = held(NOW + 5 * MINUTE).expect("it holds");
    assert_eq!(
        (condition.id.as_str(), condition.severity, condition.since),
        ("default-mail", Severity::High, NOW)
    );
    assert!(condition.text.contains("connect: refused"), "{:?}", condition.text);
}

#[test]
fn a_channel_of_which_nothing_is_taken_is_a_condition_after_half_an_hour() {
    let state = state(Vec::new());
    let answer = "451 4.7.1 Try again later".to_owned();
    let failure = MailFailure { since: NOW, answer: answer.clone() };
    let held = |subscribers, now, mail| {
        let subscribers = (0..subscribers).map(SubscriberKey).collect();
        let failing = Failing { since: NOW, last: now, subscribers, answer: answer.clone() };
        let failing = [(Channel::Email, failing)].into();
        let all = conditions(&Seen { failing: &failing, mail, ..nothing_but(&state, now) });
        all.into_iter().map(|one| (one.id, one.text)).collect::<Vec<_>>()
    };
    assert_eq!(held(9, NOW + 29 * MINUTE, None), []);
    assert_eq!(held(2, NOW + HOUR, None), [], "the fault may be that of two mailboxes");
    let all = held(3, NOW + 30 * MINUTE, None);
    assert!(
        matches!(&all[..], [(id, text)] if id == "default-failing-email" && text.contains(&answer)),
        "{all:?}"
    );
    let all = held(9, NOW + HOUR, Some(&failure));
    assert!(matches!(&all[..], [(id, _)] if id == "default-mail"), "one fault is said once: {all:?}");
}

#[test]
fn an_agent_whose_clock_is_wrong_is_a_condition_after_some_minutes() {
    let mut state = state(Vec::new());
    let key = agent_of(&state);
    let mut skew = |skew, seen: Timestamp| {
        let agent = state.agents.get_mut(&key).expect("it was added");
        (agent.skew, agent.last_seen) = (skew, Some(seen));
        skewed(&state, NOW)
    };
    assert_eq!(skew(2_000, NOW), []);
    assert_eq!(skew(-2_001, NOW), [key]);
    assert_eq!(skew(90_000, NOW - 10 * MINUTE), [], "it is silent");
    assert_eq!(skew(90_000, NOW), [key]);
    let other = Agent { name: "fra-2".to_owned(), ..state.agents.get(&key).expect("it was added").clone() };
    state.agents.insert(AgentKey(99), other);
    assert_eq!(skewed(&state, NOW), [], "the clock of this host is wrong");
    state.agents.get_mut(&AgentKey(99)).expect("inserted").skew = 0;
    assert_eq!(skewed(&state, NOW), [key]);
    let held = |since| {
        let skewed = [(key, since)].into();
        conditions(&Seen { skewed: &skewed, ..nothing_but(&state, NOW) }).pop()
    };
    assert_eq!(held(NOW - 4 * MINUTE), None);
    let condition = held(NOW - 5 * MINUTE).expect("it holds");
    assert_eq!(
        (condition.about, condition.title.as_str()),
        (About::Clock, "The clock of the agent fra-1 is wrong")
    );
    assert!(condition.text.starts_with("It is 90 s ahead."), "{}", condition.text);
}

#[test]
fn many_bounces_and_an_unsure_clock_hold_while_they_last() {
    let mut state = state(Vec::new());
    let bounces = |tried, refused| {
        let mut rate = BounceRate::default();
        (0..tried).for_each(|number| rate.count(NOW, true, number < refused));
        rate
    };
    state.bounces = bounces(100, 50);
    let titles = |state: &State, clock, now| {
        let all = conditions(&Seen { clock, ..nothing_but(state, now) });
        all.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(titles(&state, None, NOW), ["default-bounces"]);
    assert_eq!(titles(&state, None, NOW + 2 * HOUR), [""; 0]);
    state.bounces = bounces(100, 5);
    assert_eq!(titles(&state, None, NOW), [""; 0]);
    let unsure = |ago| Some(("Nothing confirms it.", NOW - ago));
    assert_eq!(titles(&state, unsure(MINUTE - 1), NOW), [""; 0], "it may be a start");
    assert_eq!(titles(&state, unsure(MINUTE), NOW), ["default-clock"]);
    let quarantined = Some(Quarantined { count: 2, since: NOW });
    let all = conditions(&Seen { quarantined, ..nothing_but(&state, NOW) });
    assert_eq!((all[0].about, all[0].severity), (About::Deliveries, Severity::Low));
    assert!(all[0].text.starts_with("2 endpoints took no message"), "{}", all[0].text);
}
