//! What receivers of the team were told: stored, and forgotten a week after the end.

use crate::fixture::Fixture;
use skerry_domain::problem::Severity;
use skerry_domain::state::TrackKey;
use skerry_domain::step::{Command, TeamTold, ToldCondition};
use skerry_domain::team::TOLD_KEPT;
use skerry_domain::time::{DAY, MINUTE};

fn told(fixture: &Fixture, receiver: &str, condition: &str, firing: bool) -> Command {
    let told = ToldCondition {
        condition: condition.to_owned(),
        firing,
        severity: Severity::High,
        title: format!("{condition} is down"),
        labels: [("team", "web=eu"), ("check", condition)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        since: fixture.now,
    };
    Command::TeamTold(Box::new(TeamTold { receiver: receiver.to_owned(), told: vec![told] }))
}

#[test]
fn what_was_told_is_stored_by_receiver_and_condition() {
    let mut fixture = Fixture::new();
    for (receiver, condition) in [("chat", "a"), ("chat", "b"), ("pager", "a")] {
        fixture.run(told(&fixture, receiver, condition, true));
    }
    fixture.assert_stored();
    let of = |fixture: &Fixture, receiver: &str| {
        let told = fixture.state.told_to(receiver).map(|(id, told)| (id.to_owned(), told.is_firing()));
        told.collect::<Vec<_>>()
    };
    assert_eq!(of(&fixture, "chat"), [("a".to_owned(), true), ("b".to_owned(), true)]);
    assert_eq!(of(&fixture, "pager"), [("a".to_owned(), true)]);
    assert!(of(&fixture, "nobody").is_empty());
    fixture.now = fixture.now + MINUTE;
    fixture.run(told(&fixture, "chat", "a", false));
    fixture.assert_stored();
    assert_eq!(of(&fixture, "chat"), [("a".to_owned(), false), ("b".to_owned(), true)]);
    assert_eq!(of(&fixture, "pager"), [("a".to_owned(), true)]);
    let ended = &fixture.state.told[&("chat".to_owned(), "a".to_owned())];
    assert_eq!(
        ended.resolved_at.map(|at| at - ended.fired_at),
        Some(MINUTE),
        "when it was last said to hold stays"
    );
}

#[test]
fn what_has_ended_is_forgotten_after_a_week() {
    let mut fixture = Fixture::new();
    fixture.run(told(&fixture, "chat", "a", true));
    fixture.run(told(&fixture, "chat", "b", true));
    fixture.run(told(&fixture, "chat", "a", false));
    let fold = |fixture: &mut Fixture| {
        fixture.run(Command::Fold { before: fixture.now, limit: 10, after: TrackKey(0) });
        fixture.assert_stored();
        fixture.state.told.keys().map(|(_, condition)| condition.clone()).collect::<Vec<_>>()
    };
    fixture.now = fixture.now + (TOLD_KEPT - DAY);
    assert_eq!(fold(&mut fixture), ["a", "b"]);
    fixture.now = fixture.now + DAY;
    assert_eq!(fold(&mut fixture), ["b"], "what holds stays");
}
