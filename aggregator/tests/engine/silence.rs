//! Events for operators: agents that became silent and agents that no longer count, each reported once; and locations
//! that a verdict overrules.

use crate::reports::{empty, observed, record};
use crate::script::{START, World, at, declared};
use skerry_domain::state::CheckKey;
use skerry_domain::step::{Change, Command, Observed, Report, When, step};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::{Quorum, Verdict, Vote};
use skerry_domain::votes::{lacking, minorities, of_check};

/// An agent reports check `a`, observed now. Returns the changes.
fn hears(world: &mut World, who: usize, hard: HardState, definition: u8) -> Vec<Change> {
    let sender = &mut world.senders[who];
    sender.sequence += 1;
    let when = When::ThisBoot(HOUR);
    let first = Observed { since: Some(when), ..observed(when, hard) };
    let mut check = declared("a", 1_000);
    check.definition = vec![definition];
    let report = Report {
        records: vec![record(sender.sequence, first)],
        inventory: Some(vec![check]),
        ..empty(sender.agent, world.now, HOUR)
    };
    step(&mut world.state, Command::Report(Box::new(report)), at(world.now)).expect("taken").changes
}

/// The length of a silence that is reported as ended, in ms.
fn heard_again(changes: &[Change]) -> Option<i64> {
    let silent = |change: &Change| match change {
        Change::ReportsAgain { checks, silent_ms, .. } if checks.len() == 1 => Some(*silent_ms),
        _ => None,
    };
    changes.iter().find_map(silent)
}

fn check_a(world: &World) -> CheckKey {
    *world.state.checks.iter().find(|(_, check)| check.name == "a").expect("it was reported").0
}

/// How many agents a tick reports as silent, and as no longer counting.
fn told(world: &mut World, now: Timestamp) -> (usize, usize) {
    let changes = step(&mut world.state, Command::Tick, at(now)).expect("taken").changes;
    let silent = changes.iter().filter(|change| matches!(change, Change::FellSilent { .. })).count();
    (silent, changes.iter().filter(|change| matches!(change, Change::Excluded { .. })).count())
}

#[test]
fn silence_and_exclusion_are_reported_once_for_each_agent() {
    let (mut world, _) = World::new();
    world.now = START + 10 * SECOND;
    hears(&mut world, 0, HardState::Up, 1);
    hears(&mut world, 1, HardState::Up, 1);
    assert_eq!(told(&mut world, START + 15 * SECOND), (0, 0));
    world.now = START + 20 * SECOND;
    hears(&mut world, 1, HardState::Up, 1);
    assert_eq!(told(&mut world, START + 24 * SECOND), (1, 0), "three intervals and ten seconds");
    assert_eq!(told(&mut world, START + MINUTE), (1, 0));
    assert_eq!(told(&mut world, START + HOUR), (0, 0), "once");
    let lacks = lacking(&world.state);
    assert!(lacks.len() == 2 && lacks.values().all(|one| (one.silent, one.excluded) == (1, 0)), "{lacks:?}");
    assert_eq!(told(&mut world, START + DAY + MINUTE), (0, 2));
    assert_eq!(told(&mut world, START + 2 * DAY), (0, 0), "once");
    let votes = of_check(&world.state, check_a(&world), START + 2 * DAY);
    assert!(votes.agents.iter().all(|one| one.vote == Vote::Absent), "{votes:?}");
}

#[test]
fn the_end_of_a_silence_is_reported_with_its_duration() {
    let (mut world, _) = World::new();
    world.now = START + 10 * SECOND;
    assert_eq!(
        heard_again(&hears(&mut world, 0, HardState::Up, 1)),
        None,
        "who was never heard was not silent"
    );
    world.now = START + 20 * SECOND;
    assert_eq!(heard_again(&hears(&mut world, 0, HardState::Up, 1)), None);
    assert_eq!(told(&mut world, START + 34 * SECOND), (1, 0));
    world.now = START + 50 * SECOND;
    assert_eq!(
        heard_again(&hears(&mut world, 0, HardState::Up, 1)),
        Some(30 * SECOND),
        "since the last evidence"
    );
    world.now = START + 51 * SECOND;
    assert_eq!(heard_again(&hears(&mut world, 0, HardState::Up, 1)), None, "once");
    assert_eq!(told(&mut world, START + HOUR), (1, 0), "and it falls silent anew");
    // A new process has not reported any agent as silent yet.
    world.state.tracks.update_all(|_, one| one.called_silent = false);
    world.state.become_ready(START + HOUR + SECOND);
    world.now = START + HOUR + 2 * SECOND;
    assert_eq!(heard_again(&hears(&mut world, 0, HardState::Up, 1)), None, "our own downtime is not silence");
    assert_eq!(told(&mut world, START + 2 * DAY - HOUR), (1, 1));
    world.now = START + 2 * DAY;
    assert!(
        heard_again(&hears(&mut world, 0, HardState::Up, 1)).is_some(),
        "also where it counted no longer"
    );
}

#[test]
fn a_minority_is_named_while_the_verdict_overrules_it() {
    let (mut world, _) = World::new();
    world.now = START + 10 * SECOND;
    hears(&mut world, 0, HardState::Down, 1);
    hears(&mut world, 1, HardState::Up, 1);
    let check = check_a(&world);
    world.state.checks.get_mut(&check).expect("it is there").quorum = Quorum::Majority;
    let votes = of_check(&world.state, check, world.now);
    assert_eq!((votes.verdict, votes.minority()), (Verdict::Up, vec!["here"]));
    assert_eq!(minorities(&world.state, world.now), [(check, vec!["here".to_owned()])]);
    hears(&mut world, 1, HardState::Up, 2);
    let lacks: Vec<_> = lacking(&world.state).values().map(|one| (one.conflicting, one.held)).collect();
    assert_eq!(lacks, [(1, 0), (1, 1)], "they define it each in their own way, and the first of them holds");
    let votes = of_check(&world.state, check, world.now);
    assert_eq!((votes.verdict, votes.minority()), (Verdict::Down, Vec::<&str>::new()));

    world.now = START + 12 * SECOND;
    hears(&mut world, 1, HardState::Down, 1);
    let votes = of_check(&world.state, check, world.now);
    assert_eq!((votes.verdict, votes.minority()), (Verdict::Down, Vec::<&str>::new()));
    assert_eq!(minorities(&world.state, world.now), []);
    assert!(lacking(&world.state).is_empty());
}
