use super::*;
use crate::heartbeat::Expected;
use crate::problem::Severity;
use crate::state::PageSettings;
use crate::step::{
    Configure, DesiredHeartbeat, DesiredPage, HeartbeatPing, Ids, PageChange, PingKind, RejectedKind,
};
use crate::time::MINUTE;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn context() -> Context {
    Context { now: NOW, ids: Ids::from_seed([1; 32]) }
}

fn step(all: &mut Workspaces, commands: &[(Target, Command)]) -> Result<Outcome, RejectedKind> {
    let before = all.clone();
    let outcome = all.step(commands, context(), Asked::default()).map_err(|rejected| rejected.kind);
    assert!(outcome.is_ok() || *all == before, "rejected, and not as it was");
    outcome
}

fn named(name: &str, command: Command) -> (Target, Command) {
    (Target::Name(name.to_owned()), command)
}

fn add(agent: &str, token: u8) -> Command {
    let admission = Admission::Credential([token; 32]);
    let change = AgentChange::Add { location: "here".to_owned(), checks: Vec::new(), admission };
    Command::ChangeAgent { agent: agent.to_owned(), change }
}

fn page() -> Command {
    let page = DesiredPage {
        key: "shop".to_owned(),
        settings: PageSettings::named("shop"),
        zone: jiff::tz::TimeZone::UTC,
        items: Vec::new(),
    };
    Command::Configure(Box::new(Configure { checks: Vec::new(), pages: vec![page] }))
}

#[test]
fn workspaces_share_no_row_keys_and_no_ids() {
    let mut all = Workspaces::default();
    for name in ["one", "other"] {
        step(&mut all, &[named(name, page()), named(name, add("web-1", name.len() as u8))]).expect("taken");
    }
    let of = |name: &str| {
        let state = all.named(name).expect("it was created");
        let (page, agent) = (state.pages.first_key_value(), state.agents.keys().next());
        (state.workspace.key.0, page.map(|(key, page)| (key.0, page.id.clone())), agent.map(|key| key.0))
    };
    let (one, other) = (of("one"), of("other"));
    assert_eq!((one.0, one.2, other.0, other.2), (1, Some(1), 2, Some(1)));
    let ids = [one.1, other.1].map(|page| page.expect("a page"));
    assert!(ids[0].0 == ids[1].0 && ids[0].1 != ids[1].1, "{ids:?}");
    let found = all.agent_of(&[5; 32]).map(|(key, agent)| (key, agent.name.as_str()));
    assert_eq!(found, Some(((WorkspaceKey(2), AgentKey(1)), "web-1")));
}

#[test]
fn the_directory_follows_the_tokens() {
    let mut all = Workspaces::default();
    step(&mut all, &[named("one", add("web-1", 1))]).expect("taken");
    assert_eq!(step(&mut all, &[named("other", add("web-1", 1))]), Err(RejectedKind::Conflict));
    assert!(all.named("other").is_none(), "a rejected command creates no workspace");
    let change = |change| Command::ChangeAgent { agent: "web-1".to_owned(), change };
    step(&mut all, &[named("one", change(AgentChange::Revoke))]).expect("taken");
    assert!(all.agent_of(&[1; 32]).is_none());
    step(&mut all, &[named("other", add("web-1", 1))]).expect("the token is free");
    let offer = AgentChange::Rotate(Admission::Enrolment([2; 32]));
    step(&mut all, &[named("other", change(offer))]).expect("taken");
    assert_eq!(all.workspace_of_enrolment(&[2; 32]), Some(WorkspaceKey(2)));
    let address = |token| Command::SetHeartbeatToken { check: "job".to_owned(), token };
    step(&mut all, &[named("other", address(Some([3; 32])))]).expect("taken");
    assert_eq!(all.heartbeat_of(&[3; 32]), Some((WorkspaceKey(2), "job")));
    assert_eq!(step(&mut all, &[named("one", address(Some([3; 32])))]), Err(RejectedKind::Conflict));
    step(&mut all, &[named("other", address(None))]).expect("taken");
    assert_eq!(all.heartbeat_of(&[3; 32]), None);
    let states = all.iter().map(|(_, state)| state.clone());
    assert_eq!(Workspaces::new(states, all.ready_at()).directory, all.directory, "as it is read back");
}

#[test]
fn commands_of_several_workspaces_are_carried_out_together_or_not_at_all() {
    let mut all = Workspaces::default();
    step(&mut all, &[named("one", page())]).expect("taken");
    let remove = Command::ChangeAgent { agent: "nobody".to_owned(), change: AgentChange::Remove };
    let outcome =
        step(&mut all, &[named("one", add("web-1", 1)), named("two", page()), named("one", remove)]);
    assert_eq!(outcome, Err(RejectedKind::NotFound));
    let keep = (Target::All, Command::KeepWorkspaces(vec!["two".to_owned()]));
    let outcome = step(&mut all, &[named("two", page()), keep]).expect("taken");
    let archived: Vec<bool> =
        all.iter().flat_map(|(_, state)| state.pages.values()).map(|one| one.archived).collect();
    assert_eq!(archived, [true, false], "of the workspace that no file declares");
    let saved: Vec<i64> = outcome.changes.iter().map(|(workspace, _)| workspace.0).collect();
    assert_eq!(saved, [2, 1]);
    let unknown = (Target::Key(WorkspaceKey(3)), page());
    assert_eq!(step(&mut all, &[unknown]), Err(RejectedKind::NotFound));
}

/// A slug stands in addresses of the whole installation.
#[test]
fn a_slug_or_host_of_a_page_made_at_run_time_is_nobody_elses() {
    let named_page = |slug: &str, domain: Option<&str>| PageSettings {
        domain: domain.map(str::to_owned),
        ..PageSettings::named(slug)
    };
    let create = |slug: &str, domain: Option<&str>| Command::CreatePage(Box::new(named_page(slug, domain)));
    let file = |key: &str, slug: &str, domain: Option<&str>| {
        let (settings, zone) = (named_page(slug, domain), jiff::tz::TimeZone::UTC);
        let page = DesiredPage { key: key.to_owned(), settings, zone, items: Vec::new() };
        Command::Configure(Box::new(Configure { checks: Vec::new(), pages: vec![page] }))
    };
    let mut all = Workspaces::default();
    step(&mut all, &[named("one", file("shop", "shop", Some("shop.example")))]).expect("taken");
    for (slug, domain) in [("shop", None), ("other", Some("shop.example"))] {
        assert_eq!(
            step(&mut all, &[named("two", create(slug, domain))]),
            Err(RejectedKind::Conflict),
            "{slug}"
        );
    }
    let made = step(&mut all, &[named("two", create("made", Some("made.example")))]).expect("taken");
    let Answer::Page(page) = made.answer else { panic!("{made:?}") };
    assert_eq!(step(&mut all, &[named("one", create("made", None))]), Err(RejectedKind::Conflict));
    let rename = |slug: &str| {
        let change = PageChange { slug: Some(slug.to_owned()), ..PageChange::default() };
        Command::ChangePage { page, change: Box::new(change), zone: jiff::tz::TimeZone::UTC }
    };
    assert_eq!(step(&mut all, &[named("two", rename("shop"))]), Err(RejectedKind::Conflict));
    // A reload that would have it is refused as a whole, and says how to take the page over.
    let reload = [named("one", file("shop", "made", None)), named("three", add("web-1", 1))];
    let refused = all.step(&reload, context(), Asked::default()).expect_err("refused");
    let id = all.named("two").expect("it is there").pages[&page].id.clone();
    assert!(refused.reason.contains(&format!("write key = {id:?}")), "{refused}");
    step(&mut all, &[named("two", file(&id, "made", None))]).expect("the file takes it over");
    step(&mut all, &[named("one", create("made too", None))]).expect_err("no slug");
    let archive = (Target::All, Command::KeepWorkspaces(vec!["one".to_owned()]));
    step(&mut all, &[archive]).expect("taken");
    step(&mut all, &[named("one", create("made", None))]).expect("an archived page answers nowhere");
}

/// One tick finds late heartbeats in every workspace.
#[test]
fn observations_of_one_tick_stand_in_their_own_workspaces() {
    let mut all = Workspaces::default();
    let expected = Expected { period: MINUTE, schedule: None, grace: 0 };
    let job = DesiredHeartbeat {
        check: "job".to_owned(),
        definition: vec![1],
        expected,
        severity: Severity::High,
        depends_on: Vec::new(),
        labels: Default::default(),
    };
    let call = HeartbeatPing {
        check: "job".to_owned(),
        kind: PingKind::Success,
        run: String::new(),
        took_ms: None,
        detail: String::new(),
    };
    for name in ["one", "other"] {
        let declare = named(name, Command::DeclareHeartbeats(vec![job.clone()]));
        let call = named(name, Command::HeartbeatPing(Box::new(call.clone())));
        step(&mut all, &[declare, call]).expect("taken");
    }
    let late = Context { now: NOW + 2 * MINUTE, ..context() };
    let outcome = all.step(&[(Target::All, Command::Tick)], late, Asked::default()).expect("taken");
    let observed = |write: &Write| match write {
        Write::Observe(workspace, raw) => Some((workspace.0, raw.len())),
        _ => None,
    };
    let observed: Vec<_> = outcome.rows.iter().filter_map(observed).collect();
    assert_eq!(observed, [(1, 1), (2, 1)]);
}
