//! What operators change of agents: tokens of one use, credentials, names and standings.

use skerry_domain::credentials::{Redeemed, Standing, token_hash};
use skerry_domain::rows::{Expected, Subject};
use skerry_domain::state::{Agent, State};
use skerry_domain::step::{
    Admission, AgentChange, Answer, Asked, Command, Context, Ids, RejectedKind, Stepped, step, step_asked,
};
use skerry_domain::time::{HOUR, MINUTE, SECOND, Timestamp};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A state that one workspace is in.
struct Desk {
    state: State,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        Self { state: State::default(), now: NOW }
    }

    fn step(&mut self, command: Command) -> Result<Stepped, RejectedKind> {
        let before = self.state.clone();
        let context = Context { now: self.now, ids: Ids::from_seed([1; 32]) };
        let stepped = step(&mut self.state, command, context).map_err(|rejected| rejected.kind);
        assert!(stepped.is_ok() || self.state == before, "rejected, and not as it was");
        stepped
    }

    fn change(&mut self, agent: &str, change: AgentChange) -> Result<(), RejectedKind> {
        self.step(Command::ChangeAgent { agent: agent.to_owned(), change }).map(drop)
    }

    fn add(&mut self, agent: &str, admission: Admission) -> Result<(), RejectedKind> {
        let (location, checks) = ("fra".to_owned(), Vec::new());
        self.change(agent, AgentChange::Add { location, checks, admission })
    }

    fn redeem(&mut self, token: &str, credential: &str) -> Redeemed {
        let (token, credential) = (token_hash(token), token_hash(credential));
        match self.step(Command::Redeem { token, credential }).map(|stepped| stepped.answer) {
            Ok(Answer::Redeemed(redeemed)) => redeemed,
            other => panic!("{other:?}"),
        }
    }

    fn owner(&self, token: &str) -> Option<&Agent> {
        self.state.credentials.get(&token_hash(token)).map(|key| &self.state.agents[key])
    }
}

fn offer(token: &str) -> Admission {
    Admission::Enrolment(token_hash(token))
}

fn credential(token: &str) -> Admission {
    Admission::Credential(token_hash(token))
}

#[test]
fn a_token_makes_one_credential_in_its_time() {
    let mut desk = Desk::new();
    desk.add("web-1", offer("first")).expect("taken");
    desk.change("web-1", AgentChange::Rotate(offer("second"))).expect("taken");
    assert_eq!(desk.redeem("first", "a"), Redeemed::Unknown, "a new one replaced it");
    assert_eq!(desk.redeem("nobody's", "a"), Redeemed::Unknown);
    desk.now = NOW + 15 * MINUTE;
    assert_eq!(desk.redeem("second", "a"), Redeemed::Expired { name: "web-1".to_owned() });
    assert_eq!(desk.owner("a"), None);
    desk.change("web-1", AgentChange::Rotate(offer("third"))).expect("taken");
    desk.now = desk.now + 15 * MINUTE - 1;
    let at = desk.now;
    assert!(matches!(desk.redeem("third", "a"), Redeemed::Enrolled { location, .. } if location == "fra"));
    assert_eq!(desk.redeem("third", "b"), Redeemed::Used { name: "web-1".to_owned(), at });
    assert!(desk.owner("a").is_some() && desk.owner("b").is_none());

    // Rotation: what it delivers with now is valid until the new token is used.
    desk.change("web-1", AgentChange::Rotate(offer("fourth"))).expect("taken");
    assert!(desk.owner("a").is_some());
    desk.redeem("fourth", "c");
    assert!(desk.owner("a").is_none() && desk.owner("c").is_some());
}

/// Made while the clock was in 2100, and brought after it was set right.
#[test]
fn a_token_of_the_future_does_not_outlive_its_time() {
    let mut desk = Desk::new();
    desk.add("shop", offer("token")).expect("taken");
    let token = desk.state.enrolments.get_mut(&token_hash("token")).expect("made");
    token.until = NOW + 2 * HOUR;
    assert_eq!(desk.redeem("token", "x"), Redeemed::Expired { name: "shop".to_owned() });
}

#[test]
fn an_agent_is_renamed_disabled_revoked_and_removed() {
    let mut desk = Desk::new();
    desk.add("web-1", credential("token")).expect("taken");
    desk.add("web-2", credential("other")).expect("taken");
    assert_eq!(desk.add("web-2", credential("third")), Err(RejectedKind::Conflict), "it is known");
    let rename = |to: &str| AgentChange::Rename(to.to_owned());
    assert_eq!(desk.change("web-1", rename("web-2")), Err(RejectedKind::Conflict), "the name is taken");
    desk.change("web-1", rename("shop")).expect("taken");
    let shop = desk.owner("token").expect("known");
    assert_eq!((shop.name.as_str(), shop.former_name.as_deref()), ("shop", Some("web-1")));
    desk.change("shop", AgentChange::Disable).expect("taken");
    assert_eq!(desk.owner("token").expect("known").standing, Standing::Disabled);
    assert_eq!(desk.change("shop", AgentChange::Rotate(offer("x"))), Err(RejectedKind::Forbidden));
    desk.change("shop", AgentChange::Enable).expect("taken");
    desk.change("shop", AgentChange::Rotate(offer("late"))).expect("taken");
    desk.now = desk.now + SECOND;
    desk.change("shop", AgentChange::Revoke).expect("taken");
    assert_eq!(desk.owner("token"), None);
    assert_eq!(desk.redeem("late", "x"), Redeemed::Unknown);
    assert_eq!(desk.change("shop", AgentChange::Enable), Err(RejectedKind::Forbidden));
    desk.change("web-2", AgentChange::Remove).expect("taken");
    assert_eq!(desk.owner("other"), None);
    desk.add("web-2", credential("again")).expect("the name is free");
    assert_eq!(desk.owner("again").expect("known").standing, Standing::Active);
}

#[test]
fn a_heartbeat_has_one_address() {
    let mut desk = Desk::new();
    let set = |token: Option<&str>| Command::SetHeartbeatToken {
        check: "job".to_owned(),
        token: token.map(token_hash),
    };
    assert_eq!(desk.step(set(None)).map(drop), Err(RejectedKind::NotFound));
    for token in ["one", "two"] {
        desk.step(set(Some(token))).expect("taken");
    }
    let opens = |desk: &Desk, token: &str| desk.state.heartbeat_addresses.contains_key(&token_hash(token));
    assert!(!opens(&desk, "one") && opens(&desk, "two"));
    desk.step(set(None)).expect("taken");
    assert!(!opens(&desk, "two"));
}

/// Two read an agent, and the first of them changes it.
#[test]
fn who_expects_what_is_no_longer_so_is_rejected() {
    let mut desk = Desk::new();
    desk.add("web-1", credential("token")).expect("taken");
    let key = *desk.state.credentials.get(&token_hash("token")).expect("added");
    let read = |desk: &Desk| {
        let subject = Subject::Agent(key);
        Expected { version: desk.state.version(&subject), subject }
    };
    let ask = |desk: &mut Desk, expected: &Expected, location: &str| {
        let agent = "web-1".to_owned();
        let change = AgentChange::Move(location.to_owned());
        let asked = Asked { author: None, expected: Some(expected) };
        let context = Context { now: desk.now, ids: Ids::from_seed([1; 32]) };
        let before = desk.state.clone();
        let command = Command::ChangeAgent { agent, change };
        let stepped = step_asked(&mut desk.state, command, context, asked);
        assert!(stepped.is_ok() || desk.state == before, "rejected, and not as it was");
        stepped.map(drop).map_err(|rejected| (rejected.kind, rejected.field))
    };
    let first = read(&desk);
    assert_eq!(ask(&mut desk, &first, "ams"), Ok(()));
    assert_eq!(ask(&mut desk, &first, "lon"), Err((RejectedKind::Conflict, "expected")));
    let again = read(&desk);
    assert_eq!(ask(&mut desk, &again, "lon"), Ok(()));
    let nobody = Expected { subject: Subject::Agent(key), version: None };
    assert_eq!(ask(&mut desk, &nobody, "fra"), Err((RejectedKind::Conflict, "expected")));
    // What it does for itself is none of what operators set.
    let read_before = read(&desk);
    desk.state.agents.get_mut(&key).expect("added").last_seen = Some(NOW);
    assert_eq!(ask(&mut desk, &read_before, "fra"), Ok(()));
}
