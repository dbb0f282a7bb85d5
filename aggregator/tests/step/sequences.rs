//! Sequences and names of a batch: old spools, old databases, and a batch with too many names.

use crate::fixture::Fixture;
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Change, Command, Context, Ids, Report, step};
use skerry_domain::time::SECOND;
use skerry_domain::track::HardState;

#[test]
fn a_spool_put_back_from_an_old_copy_is_noticed_and_an_old_database_goes_on() {
    let mut fixture = Fixture::new();
    for _ in 0..5 {
        fixture.see(HardState::Up);
        fixture.pass(SECOND);
    }
    fixture.sequence = 2;
    let changes = fixture.see(HardState::Up);
    assert!(
        changes.contains(&Change::OldCopy { agent: fixture.agent, newest: 3, through: 5 }),
        "{changes:?}"
    );
    fixture.sequence = 4;
    let replay = fixture.see(HardState::Up);
    assert!(!replay.iter().any(|change| matches!(change, Change::OldCopy { .. })), "a lost reply is none");
    fixture.sequence = 90_000;
    let ahead = fixture.see(HardState::Down);
    assert!(ahead.iter().any(|change| matches!(change, Change::Gap { from: 6, to: 90_001, .. })));
    assert_eq!(fixture.shown(), (Status::MajorOutage, false), "and the page goes on");
    fixture.assert_stored();
}

#[test]
fn what_an_agent_was_told_is_held_and_is_not_is_noticed_also_while_it_has_nothing_to_send() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    let forgotten = |changes: &[Change]| {
        let stretch = |change: &Change| match change {
            Change::Gap { from, to, acknowledged: true, .. } => Some((*from, *to)),
            _ => None,
        };
        changes.iter().filter_map(stretch).collect::<Vec<_>>()
    };
    // It was told no more than what is held: all is well.
    let told = Report { acknowledged: 1, ..fixture.empty(fixture.agent) };
    assert_eq!(forgotten(&fixture.send(told).1), []);
    // It was told of 40, of which one stands here.
    let told = Report { acknowledged: 40, ..fixture.empty(fixture.agent) };
    let (answer, changes) = fixture.send(told.clone());
    assert_eq!(forgotten(&changes), [(2, 41)]);
    assert!(matches!(answer, Answer::Acknowledged { through: 40, .. }), "{answer:?}");
    assert_eq!(forgotten(&fixture.send(told).1), [], "once");
    // What it goes on with is no gap; and what it sends is never passed over for its own word.
    fixture.sequence = 40;
    let next = fixture.see(HardState::Up);
    assert!(!next.iter().any(|change| matches!(change, Change::Gap { .. })), "{next:?}");
    fixture.assert_stored();
}

#[test]
fn names_without_end_are_refused_and_leave_nothing_behind() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    let before = fixture.state.tracks.len();
    let checks = (0..50_000).map(|n| format!("check {n}")).collect();
    let report = Report { checks, ..fixture.empty(fixture.agent) };
    let context = Context { now: fixture.now, ids: Ids::from_seed([1; 32]) };
    let rejected = step(&mut fixture.state, Command::Report(Box::new(report)), context);
    assert!(matches!(&rejected, Err(why) if why.field == "checks"), "{rejected:?}");
    assert_eq!(fixture.state.tracks.len(), before);
    fixture.see(HardState::Up);
    fixture.assert_stored();
}
