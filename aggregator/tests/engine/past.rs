//! Events that must not change the past, and events that must change the present at once.

use crate::reports::{empty, observed, record};
use crate::script::{CHECKS, START, Script, World, at, configure, declared};
use skerry_domain::component::Automatic;
use skerry_domain::state::{AgentKey, TrackKey};
use skerry_domain::status::Status;
use skerry_domain::step::{
    Change, Command, Configure, DesiredItem, Observed, Report, SnapshotState, When, step,
};
use skerry_domain::time::{DAY, HOUR, SECOND};
use skerry_domain::track::HardState;
use skerry_domain::verdict::Quorum;

const BOOT: i64 = 30 * DAY;

/// A report about check "a": (age in ms, hard state) of each record, oldest first.
pub(crate) fn report(world: &World, agent: usize, first: u64, seen: &[(i64, HardState)]) -> Report {
    let one = |(sequence, (ago, hard)): (u64, &(i64, HardState))| {
        let when = When::ThisBoot(BOOT - ago);
        record(sequence, Observed { since: Some(when), ..observed(when, *hard) })
    };
    Report {
        records: (first..).zip(seen).map(one).collect(),
        inventory: Some(vec![declared("a", 1_000)]),
        ..empty(world.senders[agent].agent, world.now, BOOT)
    }
}

pub(crate) fn take(world: &mut World, report: Report) -> Vec<Change> {
    step(&mut world.state, Command::Report(Box::new(report)), at(world.now)).expect("taken").changes
}

/// The automatic layer of the first component, which is linked to "a": ms after the start, and state.
fn layer(world: &World) -> Vec<(i64, Automatic)> {
    let first = world.state.components.values().next().expect("the first component");
    first.layers.automatic.iter().map(|interval| (interval.from - START, interval.value)).collect()
}

fn track_of(world: &World, agent: AgentKey) -> TrackKey {
    let found = world.state.tracks.iter().find(|(_, agent_check)| agent_check.agent == agent);
    *found.expect("it declares the check").0
}

pub(crate) fn quorum(world: &mut World, quorum: Quorum) -> Vec<Change> {
    let checks = vec![(CHECKS[0].to_owned(), quorum)];
    let command = Configure { checks, pages: Vec::new() };
    step(&mut world.state, Command::Configure(Box::new(command)), at(world.now)).expect("taken").changes
}

/// A folded record covers its sequence numbers; only numbers beyond it are a gap.
#[test]
fn a_folded_record_is_no_gap() {
    let (mut world, _) = World::new();
    world.now = START + 100 * SECOND;
    let mut folded = report(&world, 0, 1, &[(90 * SECOND, HardState::Up)]);
    folded.records[0].through = 9;
    let after = report(&world, 0, 10, &[(SECOND, HardState::Up)]);
    folded.records.extend(after.records);
    let again = folded.clone();
    let gaps = |changes: &[Change]| changes.iter().filter(|one| matches!(one, Change::Gap { .. })).count();
    assert_eq!(gaps(&take(&mut world, folded)), 0);
    assert!(!take(&mut world, again).iter().any(|one| matches!(one, Change::Raw(_))), "it was taken twice");
    let mut last = report(&world, 0, 11, &[(SECOND, HardState::Up)]);
    last.records[0].through = 20;
    assert_eq!(gaps(&take(&mut world, last)), 0);
    let beyond = report(&world, 0, 22, &[(0, HardState::Up)]);
    assert_eq!(gaps(&take(&mut world, beyond)), 1);
}

#[test]
fn a_new_location_does_not_change_the_past() {
    let (mut world, _) = World::new();
    quorum(&mut world, Quorum::Majority);
    world.now = START + 10 * SECOND;
    let outage = report(
        &world,
        0,
        1,
        &[(9_000, HardState::Up), (6_000, HardState::Down), (3_000, HardState::Up), (0, HardState::Up)],
    );
    take(&mut world, outage);
    let before = layer(&world);
    assert!(before.contains(&(4_000, Automatic::Known(Status::MajorOutage))), "{before:?}");
    world.now = START + 12 * SECOND;
    let joins = report(&world, 1, 1, &[(0, HardState::Up)]);
    take(&mut world, joins);
    // Late data causes the past to be computed again.
    let late = report(&world, 0, 5, &[(1_000, HardState::Down), (0, HardState::Up)]);
    take(&mut world, late);
    let after = layer(&world);
    assert_eq!(&after[..before.len()], before);
}

#[test]
fn late_history_after_a_restart_leaves_no_old_evidence_in_use() {
    let (mut world, _) = World::new();
    let seen = report(&world, 0, 1, &[(0, HardState::Up)]);
    take(&mut world, seen);
    // The aggregator was down for an hour; the first observations are an hour old and continue without a gap.
    world.now = START + HOUR;
    world.state.become_ready(world.now);
    let old = report(&world, 0, 2, &[(HOUR - 1_000, HardState::Up)]);
    take(&mut world, old);
    assert_eq!(layer(&world).last(), Some(&(1_000, Automatic::NoData)));
}

#[test]
fn a_live_state_ahead_of_late_history_counts_for_the_silence_limit_only() {
    let (mut world, _) = World::new();
    let seen = report(&world, 0, 1, &[(0, HardState::Down)]);
    take(&mut world, seen);
    world.now = START + HOUR;
    let mut drains = report(&world, 0, 2, &[(HOUR - 1_000, HardState::Down)]);
    drains.snapshot = vec![SnapshotState {
        check: 0,
        state: HardState::Up,
        since_ago: 0,
        evidence_ago: Some(0),
        flapping: false,
        certificate_ends: None,
    }];
    let changes = take(&mut world, drains);
    let component = *world.state.components.keys().next().expect("the first component");
    assert!(changes.contains(&Change::ComponentChanged(component)), "the page hears of the snapshot");
    let track = track_of(&world, world.senders[0].agent);
    assert!(world.state.tracks[&track].live.is_some());
    world.now = world.now + 14 * SECOND;
    let changes = step(&mut world.state, Command::Tick, at(world.now)).expect("taken").changes;
    assert_eq!(world.state.tracks[&track].live, None);
    assert!(changes.contains(&Change::ComponentChanged(component)), "the page hears that it is over");
}

/// Reports of two agents on check "a" in the first forty seconds: one always up, one down from 20 s to 30 s.
fn up_and_outage(world: &mut World, change: impl FnOnce(&mut World), late: usize) {
    quorum(world, Quorum::Any);
    world.now = START + 40 * SECOND;
    let up: Vec<_> = (0..=38).rev().step_by(2).map(|ago| (ago * SECOND, HardState::Up)).collect();
    let outage: Vec<_> = (0..=38)
        .rev()
        .step_by(2)
        .map(|ago| (ago * SECOND, if (11..=20).contains(&ago) { HardState::Down } else { HardState::Up }))
        .collect();
    let reports = [report(world, 0, 1, &up), report(world, 1, 1, &outage)];
    let [early, arrives_late] = if late == 1 { reports } else { [reports[1].clone(), reports[0].clone()] };
    // Both declare the check from the beginning: an agent that joins later counts from then on only.
    let now = std::mem::replace(&mut world.now, START);
    for one in [&early, &arrives_late] {
        take(world, Report { records: Vec::new(), received: START, wall_now: START, ..one.clone() });
    }
    world.now = now;
    take(world, early);
    change(world);
    world.now = START + 41 * SECOND;
    let arrives_late = Report { received: world.now, boot_now: BOOT + SECOND, ..arrives_late };
    take(world, arrives_late);
}

#[test]
fn late_data_is_judged_by_the_quorum_of_its_time() {
    for late in [0, 1] {
        let (mut world, _) = World::new();
        up_and_outage(&mut world, |world| drop(quorum(world, Quorum::All)), late);
        let outage = (20_000, Automatic::Known(Status::MajorOutage));
        assert!(layer(&world).contains(&outage), "any was enough then: {:?}", layer(&world));
        assert_eq!(layer(&world).last().map(|last| last.1), Some(Automatic::Known(Status::Operational)));
    }
}

#[test]
fn late_data_is_judged_by_the_location_of_its_time() {
    for late in [0, 1] {
        let (mut world, _) = World::new();
        let moves = |world: &mut World| {
            let (name, location) = ("two".to_owned(), "here".to_owned());
            let changes =
                step(&mut world.state, Command::AddAgent { name, location }, at(world.now)).expect("taken");
            assert!(changes.changes.iter().any(|one| matches!(one, Change::AgentMoved(_))));
        };
        up_and_outage(&mut world, moves, late);
        let outage = (20_000, Automatic::Known(Status::MajorOutage));
        assert!(layer(&world).contains(&outage), "they voted apart then: {:?}", layer(&world));
    }
}

#[test]
fn late_data_is_judged_by_the_links_of_its_time() {
    for what in ["another", "minor"] {
        for late in [0, 1] {
            let (mut world, _) = World::new();
            let relinks = |world: &mut World| {
                let mut file = configure(&mut Script(&[]));
                let DesiredItem::Component(first) = &mut file.pages[0].items[0] else { panic!("{file:?}") };
                match what {
                    "another" => first.links[0].check = "nobody runs it".to_owned(),
                    _ => first.links[0].minor = true,
                }
                step(&mut world.state, Command::Configure(Box::new(file)), at(world.now)).expect("taken");
            };
            up_and_outage(&mut world, relinks, late);
            let outage = (20_000, Automatic::Known(Status::MajorOutage));
            assert!(
                layer(&world).contains(&outage),
                "{what}, {late}: it was linked then: {:?}",
                layer(&world)
            );
        }
    }
}

#[test]
fn late_data_is_judged_by_the_interval_of_its_time() {
    let (mut world, _) = World::new();
    let by_minutes = |mut report: Report| {
        report.inventory = Some(vec![declared("a", 300 * SECOND)]);
        report
    };
    world.now = START + SECOND;
    let first = by_minutes(report(&world, 0, 1, &[(0, HardState::Up)]));
    take(&mut world, first);
    // Cut off for an hour, it runs every five minutes; then its interval becomes one second, and it connects.
    world.now = START + HOUR;
    let waited: Vec<_> = (0..12).rev().map(|n| (n * 300 * SECOND, HardState::Up)).collect();
    let late = report(&world, 0, 2, &waited);
    take(&mut world, late);
    let holes = |world: &World| layer(world).iter().filter(|one| one.1 == Automatic::NoData).count();
    assert_eq!(holes(&world), 1, "but for the time before the first report: {:?}", layer(&world));
    // From now on its silence limit is that of a check that runs every second.
    world.now = START + HOUR + SECOND;
    let seen = report(&world, 0, 14, &[(0, HardState::Up)]);
    take(&mut world, seen);
    world.now = START + HOUR + 15 * SECOND;
    step(&mut world.state, Command::Tick, at(world.now)).expect("taken");
    assert_eq!(layer(&world).last(), Some(&(HOUR + SECOND, Automatic::NoData)));
}

#[test]
fn a_changed_quorum_and_a_moved_agent_take_effect_at_once() {
    let (mut world, _) = World::new();
    quorum(&mut world, Quorum::Majority);
    let (down, up) =
        (report(&world, 0, 1, &[(0, HardState::Down)]), report(&world, 1, 1, &[(0, HardState::Up)]));
    take(&mut world, down);
    take(&mut world, up);
    assert_eq!(layer(&world), [(0, Automatic::Known(Status::Operational))]);
    world.now = START + SECOND;
    quorum(&mut world, Quorum::Any);
    assert_eq!(layer(&world).last(), Some(&(SECOND, Automatic::Known(Status::MajorOutage))));
    world.now = START + 2 * SECOND;
    // Both are at one location and have one vote: it is up for one of them.
    let (name, location) = ("one".to_owned(), "there".to_owned());
    step(&mut world.state, Command::AddAgent { name, location }, at(world.now)).expect("taken");
    assert_eq!(layer(&world).last(), Some(&(2 * SECOND, Automatic::Known(Status::Operational))));
}
