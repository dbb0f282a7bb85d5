//! Incidents as people open, update and end them, through the store.

use crate::fixture::{Fixture, START};
use skerry_domain::holds::Source;
use skerry_domain::incident::{Body, Impact, IncidentRules, IncidentStatus, Title};
use skerry_domain::problem::Severity;
use skerry_domain::state::{ComponentKey, IncidentKey, Origin, PageKey, ProblemKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Change, Command, Context, Ids, IncidentChange, NewIncident, PostmortemChange, RejectedKind, step,
};
use skerry_domain::text::Text;
use skerry_domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_sanitiser::{Form, Replacement, Rules, Settings};

fn text(written: &str, form: Form) -> Text {
    let rules = Rules::new(&Settings::default()).expect("usable");
    let public = rules.sanitise(written, form, &Replacement::default(), &[]).text.expect("clean");
    Text { written: written.to_owned(), public }
}

fn new(components: &[(ComponentKey, Option<Status>)]) -> NewIncident {
    NewIncident {
        page: PageKey(1),
        title: text("Orders fail", Form::Plain),
        status: IncidentStatus::Investigating,
        body: Some(text("We look into it: **10.0.0.1** does not answer.", Form::Markdown)),
        components: components.to_vec(),
        impact_override: None,
        draft: false,
        backfilled: None,
        problems: Vec::new(),
    }
}

impl Fixture {
    fn open(&mut self, new: NewIncident) -> IncidentKey {
        match self.run(Command::OpenIncident(Box::new(new))).0 {
            Answer::Incident(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn change(&mut self, incident: IncidentKey, change: IncidentChange) {
        self.run(Command::UpdateIncident { incident, change: Box::new(change) });
    }

    fn refused(&mut self, command: Command) -> (RejectedKind, &'static str) {
        let before = self.state.clone();
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let rejected = step(&mut self.state, command, context).expect_err("it is rejected");
        assert!(self.state == before, "a rejected command changes nothing");
        (rejected.kind, rejected.field)
    }
}

#[test]
fn an_incident_holds_what_it_says_until_it_is_resolved() {
    for release in [true, false] {
        let mut fixture = Fixture::new();
        fixture.stays(HardState::Up, MINUTE);
        let component = fixture.component();
        let incident = fixture.open(new(&[(component, Some(Status::PartialOutage))]));
        assert_eq!(fixture.shown().0, Status::PartialOutage);
        assert_eq!(fixture.incident().impact, Impact::Major);
        fixture.assert_stored();
        fixture.stays(HardState::Up, HOUR);
        assert_eq!(fixture.shown().0, Status::PartialOutage, "no check ends it");
        let status = Some(IncidentStatus::Identified);
        let body = Some(text("A disk is full.", Form::Markdown));
        let components = vec![(component, Some(Status::DegradedPerformance))];
        fixture.change(incident, IncidentChange { status, body, components, ..IncidentChange::default() });
        assert_eq!(fixture.shown().0, Status::DegradedPerformance);
        assert_eq!(fixture.incident().impact, Impact::Major, "it never falls");
        let change = fixture.incident().updates[1].components[0];
        assert_eq!((change.from, change.to), (Status::PartialOutage, Status::DegradedPerformance));
        let status = Some(IncidentStatus::Resolved);
        fixture.change(incident, IncidentChange { status, release, ..IncidentChange::default() });
        let shown = if release { Status::Operational } else { Status::DegradedPerformance };
        assert_eq!(fixture.shown().0, shown);
        let resolved = fixture.incident();
        assert_eq!((resolved.resolved_at, resolved.is_open()), (Some(fixture.now), false));
        assert_eq!(resolved.updates.len(), 3);
        fixture.assert_stored();
    }
}

#[test]
fn a_draft_sets_nothing_until_it_is_published() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let component = fixture.component();
    let draft = NewIncident { draft: true, ..new(&[(component, Some(Status::MajorOutage))]) };
    let incident = fixture.open(draft);
    assert_eq!(fixture.shown().0, Status::Operational);
    fixture.assert_stored();
    fixture.run(Command::PublishIncident { incident });
    assert_eq!(fixture.shown().0, Status::MajorOutage);
    assert!(fixture.incident().is_published());
    fixture.assert_stored();
}

#[test]
fn an_approved_incident_follows_its_problem_and_a_touched_one_asks() {
    for touched in [false, true] {
        let mut fixture = Fixture::new();
        fixture.stays(HardState::Up, MINUTE);
        fixture.see(HardState::Down);
        let incident = IncidentKey(1);
        fixture.run(Command::PublishIncident { incident });
        if touched {
            let body = Some(text("A person knows more.", Form::Markdown));
            fixture.change(incident, IncidentChange { body, ..IncidentChange::default() });
        }
        fixture.stays(HardState::Down, MINUTE);
        let mut changes = fixture.see(HardState::Up);
        changes.extend(fixture.stays(HardState::Up, 3 * MINUTE));
        let asked = changes.contains(&Change::IncidentAsks(incident));
        let status = if touched { IncidentStatus::Investigating } else { IncidentStatus::Resolved };
        assert_eq!((fixture.incident().status, asked), (status, touched));
        fixture.assert_stored();
    }
}

#[test]
fn an_incident_that_is_entered_afterwards_changes_no_status() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, HOUR);
    let component = fixture.component();
    let (from, to) = (START + MINUTE, START + 2 * MINUTE);
    let backfilled = NewIncident { backfilled: Some((from, to)), ..new(&[(component, None)]) };
    fixture.open(backfilled.clone());
    let incident = fixture.incident();
    assert_eq!((incident.started_at, incident.resolved_at), (from, Some(to)));
    assert_eq!(incident.updates[0].display_at, to);
    assert_eq!(fixture.shown().0, Status::Operational);
    fixture.assert_stored();
    let long_ago = Timestamp(946_684_799_999);
    for (from, to) in [(to, from), (from, fixture.now + 1), (long_ago, to)] {
        let wrong = NewIncident { backfilled: Some((from, to)), ..backfilled.clone() };
        let refused = fixture.refused(Command::OpenIncident(Box::new(wrong)));
        assert_eq!(refused, (RejectedKind::Invalid, "backfilled"));
    }
}

/// Statuspage's clients announce what was over before they learnt of it.
#[test]
fn an_incident_that_is_opened_as_resolved_is_over_at_once() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, HOUR);
    let component = fixture.component();
    let over =
        NewIncident { status: IncidentStatus::Resolved, ..new(&[(component, Some(Status::Operational))]) };
    let key = fixture.open(over.clone());
    let now = fixture.now;
    let incident = fixture.incident();
    assert_eq!((incident.started_at, incident.resolved_at, incident.is_open()), (now, Some(now), false));
    assert_eq!((incident.status, incident.updates.len()), (IncidentStatus::Resolved, 1));
    assert!(!incident.backfilled && incident.is_published());
    assert!(!fixture.state.open_incidents.contains(&key), "nobody is reminded of it");
    let changes = fixture.stays(HardState::Up, HOUR);
    assert!(!changes.iter().any(|change| matches!(change, Change::IncidentReminder(_))));
    fixture.see(HardState::Down);
    assert_eq!(fixture.shown().0, Status::MajorOutage, "checks decide");
    fixture.assert_stored();
    let draft = NewIncident { draft: true, ..over };
    let refused = fixture.refused(Command::OpenIncident(Box::new(draft)));
    assert_eq!(refused, (RejectedKind::Invalid, "status"));
}

#[test]
fn an_update_is_shown_neither_later_than_now_nor_in_another_century() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, HOUR);
    let incident = fixture.open(new(&[]));
    let started = fixture.now;
    fixture.now = started + HOUR;
    let update = fixture.incident().updates[0].id.clone();
    let edit = |at: Timestamp| {
        let (update, display_at) = (update.clone(), Some(at));
        Command::EditUpdate { incident, update, body: None, display_at }
    };
    let say = |at: Timestamp| {
        let (body, display_at) = (Some(text("It goes on.", Form::Markdown)), Some(at));
        let change = Box::new(IncidentChange { body, display_at, ..IncidentChange::default() });
        Command::UpdateIncident { incident, change }
    };
    for at in [Timestamp(946_684_799_999), fixture.now + 1] {
        for command in [edit(at), say(at)] {
            assert_eq!(fixture.refused(command), (RejectedKind::Invalid, "display_at"));
        }
    }
    fixture.run(edit(started + MINUTE));
    fixture.run(say(started + -HOUR));
    let shown: Vec<_> = fixture.incident().updates.iter().map(|update| update.display_at).collect();
    assert_eq!(shown, [started + MINUTE, started + -HOUR]);
    fixture.assert_stored();
}

#[test]
fn former_texts_are_kept_and_a_deleted_incident_leaves_no_row() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let component = fixture.component();
    let incident = fixture.open(new(&[(component, Some(Status::MajorOutage))]));
    let update = fixture.incident().updates[0].id.clone();
    for body in ["The password is hunter2.", "We look into it."] {
        let body = Some(Box::new(text(body, Form::Markdown)));
        let update = update.clone();
        fixture.run(Command::EditUpdate { incident, update, body, display_at: None });
    }
    let edited = &fixture.incident().updates[0];
    let former: Vec<&str> = edited.former.iter().map(|former| former.written.as_str()).collect();
    assert_eq!(former, ["We look into it: **10.0.0.1** does not answer.", "The password is hunter2."]);
    let Some(Body::Written(shown)) = &edited.body else { panic!("{edited:?}") };
    assert_eq!(shown.public.plain(), "We look into it.");
    fixture.assert_stored();
    let changes = fixture.run(Command::DeleteIncident { incident }).1;
    assert!(changes.contains(&Change::IncidentDeleted { page: PageKey(1), published: true }));
    assert_eq!(fixture.shown().0, Status::Operational, "what it held is released");
    assert!(fixture.state.incidents.is_empty());
    fixture.assert_stored();
}

#[test]
fn a_postmortem_belongs_to_a_resolved_incident() {
    let mut fixture = Fixture::new();
    let incident = fixture.open(new(&[]));
    let written = text("What we learned.", Form::Markdown);
    let postmortem = |change: PostmortemChange| {
        let change = Box::new(change);
        Command::ChangePostmortem { incident, change }
    };
    let write = || postmortem(PostmortemChange::Write(written.clone()));
    assert_eq!(fixture.refused(write()), (RejectedKind::State, "postmortem"));
    let status = Some(IncidentStatus::Resolved);
    fixture.change(incident, IncidentChange { status, ..IncidentChange::default() });
    let publish = || postmortem(PostmortemChange::Publish);
    assert_eq!(fixture.refused(publish()), (RejectedKind::NotFound, "postmortem"));
    fixture.run(write());
    let published = |fixture: &Fixture| {
        fixture.incident().postmortem.as_ref().and_then(|postmortem| postmortem.published_at)
    };
    assert_eq!(published(&fixture), None);
    fixture.run(publish());
    assert_eq!(published(&fixture), Some(fixture.now));
    fixture.assert_stored();
    fixture.run(postmortem(PostmortemChange::Revert));
    assert_eq!(published(&fixture), None);
    fixture.run(postmortem(PostmortemChange::Delete));
    assert_eq!(fixture.incident().postmortem, None);
    fixture.assert_stored();
}

#[test]
fn what_cannot_be_is_refused() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    let component = fixture.component();
    let incident = fixture.open(new(&[]));
    let twice = new(&[(component, None), (component, None)]);
    let elsewhere = NewIncident { page: PageKey(9), ..new(&[]) };
    let unknown = new(&[(ComponentKey(99), None)]);
    let problem = NewIncident { problems: vec![ProblemKey(5)], ..new(&[]) };
    let open = |new: NewIncident| Command::OpenIncident(Box::new(new));
    let late = IncidentChange { display_at: Some(fixture.now + 1), ..IncidentChange::default() };
    use RejectedKind::{Invalid, NotFound};
    for (command, expected) in [
        (open(twice), (Invalid, "components")),
        (open(elsewhere), (NotFound, "page")),
        (open(unknown), (NotFound, "component")),
        (open(problem), (NotFound, "problem")),
        (Command::UpdateIncident { incident, change: Box::new(late) }, (Invalid, "display_at")),
        (Command::PublishIncident { incident: IncidentKey(9) }, (NotFound, "incident")),
        (Command::DeleteIncident { incident: IncidentKey(9) }, (NotFound, "incident")),
    ] {
        assert_eq!(fixture.refused(command), expected);
    }
}

#[test]
fn stamps_follow_the_states() {
    let mut fixture = Fixture::new();
    let incident = fixture.open(new(&[]));
    let mut stamps = |status: IncidentStatus| {
        fixture.now = fixture.now + SECOND;
        fixture.change(incident, IncidentChange { status: Some(status), ..IncidentChange::default() });
        let found = fixture.incident();
        let since = |at: Option<Timestamp>| at.map(|at| (at - START) / SECOND);
        (since(found.identified_at), since(found.monitoring_at), since(found.resolved_at))
    };
    use IncidentStatus::{Identified, Investigating, Monitoring, Resolved};
    assert_eq!(stamps(Identified), (Some(1), None, None));
    assert_eq!(stamps(Monitoring), (Some(1), Some(2), None));
    assert_eq!(stamps(Resolved), (Some(1), Some(2), Some(3)));
    assert_eq!(stamps(Investigating), (Some(1), None, None), "it is open again");
    assert_eq!(stamps(Resolved), (Some(1), None, Some(5)));
    fixture.assert_stored();
}

#[test]
fn a_second_problem_is_only_suggested_to_an_approved_incident() {
    let mut fixture = Fixture::new();
    let rules = IncidentRules { draft_from: Some(Severity::Low), ..IncidentRules::default() };
    fixture.run(Command::SetIncidentRules { rules: Some(rules), by: Origin::File });
    let quorums = [("web", Default::default()), ("db", Default::default())];
    fixture.configure(&quorums, &[("site", &["web", "db"])]);
    fixture.declare(fixture.agent, &["web", "db"]);
    fixture.see(HardState::Down);
    fixture.run(Command::PublishIncident { incident: IncidentKey(1) });
    let boot = crate::fixture::BOOTED + (fixture.now - START);
    let record = fixture.record(skerry_domain::step::When::ThisBoot(boot), HardState::Down);
    let checks = vec!["db".to_owned()];
    let report =
        skerry_domain::step::Report { checks, records: vec![record], ..fixture.empty(fixture.agent) };
    fixture.send(report);
    let incident = fixture.incident();
    assert_eq!((incident.problems.len(), incident.suggested.len()), (1, 1));
    fixture.assert_stored();
    let link =
        |linked: bool| Command::LinkProblem { incident: IncidentKey(1), problem: ProblemKey(2), linked };
    fixture.run(link(true));
    assert_eq!((fixture.incident().problems.len(), fixture.incident().suggested.len()), (2, 0));
    fixture.assert_stored();
    fixture.run(link(false));
    let incident = &fixture.state.incidents[&IncidentKey(1)];
    assert_eq!(incident.problems.len(), 1);
    assert!(matches!(incident.title, Title::Automatic));
    // What a person refused is not suggested again, whatever becomes of its component: it has a draft of its own.
    fixture.see(HardState::Degraded);
    fixture.see(HardState::Down);
    let incident = &fixture.state.incidents[&IncidentKey(1)];
    assert_eq!((incident.problems.len(), incident.suggested.len(), incident.refused.len()), (1, 0, 1));
    assert_eq!(fixture.state.incidents.len(), 2);
    assert!(fixture.incident().problems.contains(&ProblemKey(2)) && !fixture.incident().is_published());
    fixture.assert_stored();
    fixture.run(link(true));
    let incident = &fixture.state.incidents[&IncidentKey(1)];
    assert_eq!((incident.problems.len(), incident.refused.len()), (2, 0));
    fixture.run(link(false));
    let component = fixture.component();
    assert!(fixture.state.components[&component].holds.iter().all(|hold| hold.source != Source::Incident(1)));
    fixture.assert_stored();
}

#[test]
fn what_a_person_sets_in_a_draft_takes_effect_when_it_is_published() {
    let mut fixture = Fixture::new();
    fixture.stays(HardState::Up, MINUTE);
    fixture.see(HardState::Down);
    let (incident, component) = (IncidentKey(1), fixture.component());
    for status in [Status::MajorOutage, Status::PartialOutage] {
        let components = vec![(component, Some(status))];
        fixture.change(incident, IncidentChange { components, ..IncidentChange::default() });
    }
    fixture.run(Command::PublishIncident { incident });
    assert_eq!(fixture.shown().0, Status::PartialOutage, "what was set last");
    fixture.stays(HardState::Up, MINUTE);
    assert_eq!(fixture.shown().0, Status::PartialOutage, "it holds until the incident is resolved");
    fixture.assert_stored();
}

#[test]
fn a_postmortem_is_a_draft_again_when_its_incident_is_open_again() {
    let mut fixture = Fixture::new();
    let incident = fixture.open(new(&[]));
    let status =
        |status: IncidentStatus| IncidentChange { status: Some(status), ..IncidentChange::default() };
    fixture.change(incident, status(IncidentStatus::Resolved));
    for change in
        [PostmortemChange::Write(text("What we learned.", Form::Markdown)), PostmortemChange::Publish]
    {
        fixture.run(Command::ChangePostmortem { incident, change: Box::new(change) });
    }
    let components = vec![(fixture.component(), Some(Status::MajorOutage))];
    let change = Box::new(IncidentChange { components, ..IncidentChange::default() });
    let refused = fixture.refused(Command::UpdateIncident { incident, change });
    assert_eq!(refused, (RejectedKind::State, "components"), "it is over and would hold it unseen");
    fixture.change(incident, status(IncidentStatus::Investigating));
    let postmortem = fixture.incident().postmortem.as_ref().expect("it is kept");
    assert_eq!(postmortem.published_at, None);
    fixture.assert_stored();
}
