//! The kept verdicts, and the events of their changes.

use crate::past::{quorum, report, take};
use crate::script::{START, World, at, declared};
use skerry_domain::check_verdict::CheckVerdict;
use skerry_domain::state::CheckKey;
use skerry_domain::step::{Change, Command, DeclaredCheck, Report, step};
use skerry_domain::time::{DAY, HOUR, SECOND, Timestamp};
use skerry_domain::track::HardState;
use skerry_domain::verdict::{Quorum, Verdict};
use skerry_domain::votes::verdict_since;

/// From, to, since when and until when (ms after the start), and whether it is late.
type SelfReport = (Verdict, Verdict, Option<i64>, Option<i64>, bool);

fn told(changes: &[Change]) -> Vec<SelfReport> {
    let ms = |at: &Option<Timestamp>| at.map(|at| at - START);
    let of = |change: &Change| match change {
        Change::Verdict { from, to, since, until, late, .. } => {
            Some((from.verdict, to.verdict, ms(since), ms(until), *late))
        }
        _ => None,
    };
    changes.iter().filter_map(of).collect()
}

/// The same report about a check without a component.
fn of_no_component(report: Report) -> Report {
    let rename = |one: DeclaredCheck| DeclaredCheck { name: "nobody's".to_owned(), ..one };
    let inventory = report.inventory.map(|all| all.into_iter().map(rename).collect());
    Report { checks: vec!["nobody's".to_owned()], inventory, ..report }
}

fn kept<'a>(world: &'a World, name: &str) -> (CheckKey, &'a CheckVerdict) {
    let (key, _) = world.state.checks.iter().find(|(_, check)| check.name == name).expect("it was reported");
    (*key, &world.state.verdicts[key])
}

fn tick(world: &mut World, ms: i64) -> Vec<Change> {
    world.now = START + ms;
    step(&mut world.state, Command::Tick, at(world.now)).expect("taken").changes
}

#[test]
fn a_verdict_is_kept_with_its_beginning_and_reporters_even_without_a_component() {
    for feeds in [true, false] {
        let (mut world, _) = World::new();
        quorum(&mut world, Quorum::Majority);
        let of = |report| if feeds { report } else { of_no_component(report) };
        let name = if feeds { "a" } else { "nobody's" };
        world.now = START + 10 * SECOND;
        let first = of(report(&world, 0, 1, &[(2_000, HardState::Up), (0, HardState::Up)]));
        assert_eq!(
            told(&take(&mut world, first)),
            [(Verdict::Unknown, Verdict::Up, Some(8_000), None, false)]
        );
        let second = of(report(&world, 1, 1, &[(0, HardState::Up)]));
        assert_eq!(told(&take(&mut world, second)), [], "one more says the same");
        assert_eq!(kept(&world, name).1.reported_by.len(), 2);
        world.now = START + 14 * SECOND;
        let down = of(report(&world, 0, 3, &[(1_000, HardState::Down)]));
        assert_eq!(told(&take(&mut world, down)), [], "one of two is no majority");
        let one = [world.senders[0].agent, world.senders[1].agent];
        assert_eq!(kept(&world, name).1.reported_by[0].agent, one[1], "it is the other who says up");
        let down = of(report(&world, 1, 2, &[(2_000, HardState::Down)]));
        let changes = take(&mut world, down);
        assert_eq!(told(&changes), [(Verdict::Up, Verdict::Down, Some(13_000), None, false)]);
        let (check, now) = kept(&world, name);
        let reporters: Vec<_> =
            now.reported_by.iter().map(|one| (one.agent, one.location.as_str())).collect();
        assert_eq!(reporters, [(one[0], "here"), (one[1], "there")]);
        assert_eq!(now.since, verdict_since(&world.state, check, world.now));
        // Both become silent: the verdict becomes unknown, and the tick reports it.
        let changes = tick(&mut world, 28 * SECOND);
        assert_eq!(told(&changes), [(Verdict::Down, Verdict::Unknown, Some(13_000), None, false)]);
        assert_eq!(told(&tick(&mut world, HOUR)), []);
    }
}

#[test]
fn an_agent_that_never_reports_is_excluded_from_the_kept_verdict() {
    let (mut world, _) = World::new();
    quorum(&mut world, Quorum::All);
    world.now = START;
    let mute = Report { inventory: Some(vec![declared("a", 1_000)]), ..report(&world, 1, 1, &[]) };
    take(&mut world, mute);
    let mut down = report(&world, 0, 1, &[(0, HardState::Down)]);
    down.inventory = Some(vec![declared("a", DAY)]);
    assert_eq!(told(&take(&mut world, down)), [], "it is one of two");
    let due = world.state.next_due().expect("the other may leave");
    assert!(due <= START + DAY, "{due}");
    assert_eq!(told(&tick(&mut world, DAY - 1)), []);
    let changes = tick(&mut world, DAY);
    assert_eq!(told(&changes), [(Verdict::Unknown, Verdict::Down, Some(DAY), None, false)]);
}

#[test]
fn an_outage_that_becomes_known_after_its_end_is_reported_and_marked_as_late() {
    // The check runs every second: its silence limit is 13 s.
    for (ago, late) in [(9, false), (40, true)] {
        let (mut world, _) = World::new();
        quorum(&mut world, Quorum::Any);
        world.now = START + 60 * SECOND;
        let second = |n: i64| if (3..=5).contains(&n) { HardState::Down } else { HardState::Up };
        let from = ago * SECOND;
        let seen: Vec<_> = (0..=ago).map(|n| (from - n * SECOND, second(n))).collect();
        let history = report(&world, 0, 1, &seen);
        let changes = told(&take(&mut world, history));
        let began = 60 * SECOND - from + 3 * SECOND;
        let outage = (Verdict::Up, Verdict::Down, Some(began), Some(began + 3 * SECOND), late);
        assert!(changes.contains(&outage), "{changes:?}");
        assert_eq!(changes.last().map(|last| last.1), Some(Verdict::Up));
        assert!(changes[1..].iter().all(|one| one.3.is_none() || *one == outage), "{changes:?}");
    }
}
