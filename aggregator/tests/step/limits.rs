//! How much people may write and plan: what is too much is refused, names its limit, and changes nothing.

use crate::fixture::{Fixture, START};
use skerry_domain::access::Role;
use skerry_domain::announcement::AnnouncementLevel;
use skerry_domain::incident::{Impact, IncidentStatus};
use skerry_domain::state::{IncidentKey, PageKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Answer, Command, Context, Ids, IncidentChange, MAX_OPEN_INCIDENTS, MAX_UPDATES, NewAnnouncement,
    NewApiToken, NewIncident, NewWindow, WindowChange, step,
};
use skerry_domain::text::Text;
use skerry_domain::time::{DAY, HOUR, Timestamp};
use skerry_sanitiser::{Form, Replacement, Rules, Settings};
use std::sync::LazyLock;

fn text(written: &str) -> Text {
    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&Settings::default()).expect("usable"));
    let public = RULES.sanitise(written, Form::Markdown, &Replacement::default(), &[]).text.expect("clean");
    Text { written: written.to_owned(), public }
}

/// Why a command is refused: its reason.
fn refused(fixture: &mut Fixture, command: Command) -> String {
    let before = fixture.state.clone();
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let rejected = step(&mut fixture.state, command, context).expect_err("it is refused");
    assert!(fixture.state == before, "a refused command changes nothing");
    rejected.reason
}

fn open(body: Option<&str>, draft: bool) -> Command {
    Command::OpenIncident(Box::new(NewIncident {
        page: PageKey(1),
        title: text("Slow"),
        status: IncidentStatus::Investigating,
        body: body.map(text),
        components: Vec::new(),
        impact_override: None,
        draft,
        backfilled: None,
        problems: Vec::new(),
    }))
}

fn opened(fixture: &mut Fixture, body: Option<&str>) -> IncidentKey {
    match fixture.run(open(body, false)).0 {
        Answer::Incident(key) => key,
        other => panic!("{other:?}"),
    }
}

fn update(incident: IncidentKey, body: &str, status: Option<IncidentStatus>) -> Command {
    let change = IncidentChange { body: Some(text(body)), status, ..IncidentChange::default() };
    Command::UpdateIncident { incident, change: Box::new(change) }
}

#[test]
fn a_workspace_has_so_many_open_incidents_and_drafts() {
    let mut fixture = Fixture::new();
    let first = opened(&mut fixture, None);
    for _ in 1..MAX_OPEN_INCIDENTS {
        fixture.run(open(None, true));
    }
    assert!(refused(&mut fixture, open(None, true)).starts_with("1000 incidents"), "of drafts, too");
    fixture.run(update(first, "Done", Some(IncidentStatus::Resolved)));
    opened(&mut fixture, None);
}

#[test]
fn an_incident_has_so_many_updates_and_can_always_be_resolved() {
    let mut fixture = Fixture::new();
    let incident = opened(&mut fixture, Some("We look"));
    for _ in 1..MAX_UPDATES {
        fixture.run(update(incident, "Still", None));
    }
    assert!(refused(&mut fixture, update(incident, "Still", None)).contains("at most 500"));
    fixture.run(update(incident, "Done", Some(IncidentStatus::Resolved)));
    assert!(
        refused(&mut fixture, update(incident, "Again", Some(IncidentStatus::Identified)))
            .contains("at most 500")
    );
    let edit = |fixture: &Fixture| {
        let update = fixture.state.incidents[&incident].updates[0].id.clone();
        Command::EditUpdate { incident, update, body: Some(Box::new(text("Edited"))), display_at: None }
    };
    for _ in 0..101 {
        fixture.run(edit(&fixture));
    }
    let kept = fixture.state.incidents[&incident].updates[0].former.len();
    assert_eq!(kept, 100, "a text can always be taken back");
}

#[test]
fn what_a_page_carries_at_once_is_bounded() {
    let mut fixture = Fixture::new();
    let long = "x".repeat(25_000);
    let incident = opened(&mut fixture, Some(&long));
    let mut updates = 1;
    let reason = loop {
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        match step(&mut fixture.state, update(incident, &long, None), context) {
            Ok(_) => updates += 1,
            Err(rejected) => break rejected.reason,
        }
    };
    assert!(updates == 83 && reason.contains("larger than 2 MiB"), "{updates}: {reason}");
    let other = opened(&mut fixture, Some(&long));
    for _ in 1..81 {
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        step(&mut fixture.state, update(other, &long, None), context).expect("within the limit");
    }
    let opens = |fixture: &mut Fixture| {
        let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
        step(&mut fixture.state, open(Some(&long), false), context).is_ok()
    };
    let taken = (0..3).take_while(|_| opens(&mut fixture)).count();
    assert!(taken < 3, "the page is full");
    let reason = refused(&mut fixture, open(Some(&long), false));
    assert!(reason.contains("larger than 4 MiB"), "{reason}");
    let from = fixture.now + HOUR;
    let window = NewWindow {
        body: Some(text(&long)),
        ..NewWindow::over(vec![fixture.component()], from, from + HOUR)
    };
    assert!(refused(&mut fixture, Command::PlanWindow(Box::new(window))).contains("larger than 4 MiB"));
    let taken_back = fixture.state.incidents[&incident].updates[1].id.clone();
    let body = Some(Box::new(text("Shorter")));
    fixture.run(Command::EditUpdate { incident, update: taken_back, body, display_at: None });
}

#[test]
fn times_that_nobody_means_are_refused() {
    let mut fixture = Fixture::new();
    let (now, over) = (fixture.now, vec![fixture.component()]);
    let plan = |from, to| Command::PlanWindow(Box::new(NewWindow::over(over.clone(), from, to)));
    let far = Timestamp(253_402_300_799_000);
    assert!(refused(&mut fixture, plan(now, now + 31 * DAY + 1)).contains("at most 31 days"));
    assert!(refused(&mut fixture, plan(far - HOUR, far)).contains("within five years"));
    let Answer::Window(window) = fixture.run(plan(now - 400 * DAY, now + 31 * DAY)).0 else {
        panic!("a window")
    };
    let change = WindowChange { to: Some(now + 32 * DAY), ..WindowChange::default() };
    assert!(
        refused(&mut fixture, Command::ChangeWindow { window, change: Box::new(change) }).contains("31 days")
    );
    let announcement = |from, to| {
        Command::CreateAnnouncement(Box::new(NewAnnouncement {
            title: text("Hello"),
            body: text("Hello"),
            level: AnnouncementLevel::Information,
            pages: vec![PageKey(1)],
            from,
            to,
            tell_subscribers: false,
        }))
    };
    assert!(refused(&mut fixture, announcement(now, Some(far))).contains("within five years"));
    assert!(refused(&mut fixture, announcement(far, None)).contains("within five years"));
    let token = |expires_at| {
        Command::AddApiToken(Box::new(NewApiToken {
            name: "a".to_owned(),
            hash: [1; 32],
            role: Role::Viewer,
            scopes: Vec::new(),
            pages: Vec::new(),
            expires_at: Some(expires_at),
        }))
    };
    assert!(refused(&mut fixture, token(START + 3_654 * DAY)).contains("within ten years"));
    fixture.run(token(START + 3_650 * DAY));
}

#[test]
fn the_state_of_what_visitors_do_not_see_shows_in_no_impact() {
    let mut fixture = Fixture::new();
    let component = fixture.component();
    let show = |fixture: &mut Fixture, public: bool| {
        let mut all = crate::fixture::configure(
            &[("web", skerry_domain::verdict::Quorum::Majority)],
            &[("site", &["web"])],
        );
        let Some(skerry_domain::step::DesiredItem::Component(one)) = all.pages[0].items.first_mut() else {
            panic!("a component")
        };
        one.settings.public = public;
        fixture.run(Command::Configure(Box::new(all)));
    };
    show(&mut fixture, false);
    let incident = opened(&mut fixture, Some("We look"));
    let set = |status| {
        let change =
            IncidentChange { components: vec![(component, Some(status))], ..IncidentChange::default() };
        Command::UpdateIncident { incident, change: Box::new(change) }
    };
    fixture.run(set(Status::MajorOutage));
    assert_eq!(fixture.state.incidents[&incident].impact, Impact::None);
    fixture.run(set(Status::PartialOutage));
    show(&mut fixture, true);
    assert_eq!(fixture.state.incidents[&incident].impact, Impact::Critical, "as its updates say");
    fixture.assert_stored();
}
