//! Sequence numbers and names in batches: old spools, old databases, and a batch with too many names.

use crate::fixture::Fixture;
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Change, Command, Context, Ids, Report, step};
use skerry_domain::time::SECOND;
use skerry_domain::track::HardState;

#[test]
fn a_restored_old_spool_is_noticed_and_an_old_database_continues() {
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
fn acknowledged_records_that_are_missing_are_noticed_even_without_new_ones() {
    let mut fixture = Fixture::new();
    fixture.see(HardState::Up);
    let forgotten = |changes: &[Change]| {
        let stretch = |change: &Change| match change {
            Change::Gap { from, to, acknowledged: true, .. } => Some((*from, *to)),
            _ => None,
        };
        changes.iter().filter_map(stretch).collect::<Vec<_>>()
    };
    // No more than what is stored was acknowledged: nothing is missing.
    let told = Report { acknowledged: 1, ..fixture.empty(fixture.agent) };
    assert_eq!(forgotten(&fixture.send(told).1), []);
    // 40 were acknowledged, of which one is stored.
    let told = Report { acknowledged: 40, ..fixture.empty(fixture.agent) };
    let (answer, changes) = fixture.send(told.clone());
    assert_eq!(forgotten(&changes), [(2, 41)]);
    assert!(matches!(answer, Answer::Acknowledged { through: 40, .. }), "{answer:?}");
    assert_eq!(forgotten(&fixture.send(told).1), [], "once");
    // Its next records are no gap, and no record is skipped because of the agent's own claim.
    fixture.sequence = 40;
    let next = fixture.see(HardState::Up);
    assert!(!next.iter().any(|change| matches!(change, Change::Gap { .. })), "{next:?}");
    fixture.assert_stored();
}

#[test]
fn too_many_names_are_rejected_and_leave_nothing_behind() {
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
