//! Hosts with wrong clocks: hours and days off, set back and forth, 1970. Observations are placed by the boot clock, and
//! no outage appears that was not observed.

use crate::reports::{empty, observed, record};
use crate::script::{START, World, at, declared};
use proptest::prelude::*;
use skerry_domain::component::Automatic;
use skerry_domain::status::Status;
use skerry_domain::step::{Change, Command, Report, SnapshotState, When, step};
use skerry_domain::time::{DAY, HOUR, SECOND, Timestamp};
use skerry_domain::track::HardState;

fn report(world: &World, boot_now: i64, wall_now: Timestamp, first: u64, whens: &[When]) -> Report {
    let records =
        whens.iter().zip(first..).map(|(when, sequence)| record(sequence, observed(*when, HardState::Up)));
    let snapshot = SnapshotState {
        check: 0,
        state: HardState::Up,
        since_ago: 0,
        evidence_ago: Some(0),
        flapping: false,
        certificate_ends: None,
    };
    Report {
        wall_now,
        records: records.collect(),
        snapshot: vec![snapshot],
        inventory: Some(vec![declared("a", 1_000)]),
        ..empty(world.senders[0].agent, world.now, boot_now)
    }
}

fn placed(changes: &[Change]) -> Vec<i64> {
    let raw = changes.iter().filter_map(|change| match change {
        Change::Raw(raw) => Some(raw.at - START),
        _ => None,
    });
    raw.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_wrong_wall_clock_causes_no_outage_and_no_gap(
        lies in prop::collection::vec(prop_oneof![
            Just(0_i64), Just(HOUR), Just(-HOUR), Just(DAY), Just(-DAY), Just(600_000), Just(-600_000),
            Just(-START.0), Just(i64::MAX), Just(i64::MIN), any::<i64>(),
        ], 1..40),
        pause in 100..9_000_i64,
    ) {
        let (mut world, _) = World::new();
        let (mut boot, mut sequence) = (HOUR, 1);
        for lie in lies {
            world.now = world.now + pause;
            boot += pause;
            let wall = Timestamp(world.now.0.saturating_add(lie));
            let whens = [When::ThisBoot(boot - 50), When::ThisBoot(boot)];
            let report = report(&world, boot, wall, sequence, &whens);
            sequence += 2;
            let changes = step(&mut world.state, Command::Report(Box::new(report)), at(world.now)).expect("taken").changes;
            let now = world.now - START;
            prop_assert_eq!(placed(&changes), vec![now - 50, now]);
            step(&mut world.state, Command::Tick, at(world.now)).expect("taken");
        }
        let first = world.state.components.values().next().expect("the first component");
        let known: Vec<Automatic> = first.layers.automatic.iter().map(|interval| interval.value).collect();
        prop_assert_eq!(known, [Automatic::NoData, Automatic::Known(Status::Operational)]);
    }
}

/// Before its reboot the host was an hour ahead; afterwards its clock is right. Earlier observations are placed
/// correctly in the first batch and in later ones.
#[test]
fn observations_of_an_earlier_boot_are_placed_by_its_own_offset() {
    let (mut world, _) = World::new();
    world.now = START + 10 * SECOND;
    let ahead = world.now + HOUR;
    let before = report(&world, DAY, ahead, 1, &[When::ThisBoot(DAY)]);
    step(&mut world.state, Command::Report(Box::new(before)), at(world.now)).expect("taken");
    // Observed at 20 s and 30 s; the host goes down at 40 s and is back at 100 s.
    world.now = START + 120 * SECOND;
    let earlier = |second: i64| When::EarlierBoot(START + second * SECOND + HOUR);
    for (sequence, second) in [(2, 20), (3, 30)] {
        let after = report(&world, 20 * SECOND, world.now, sequence, &[earlier(second)]);
        let changes =
            step(&mut world.state, Command::Report(Box::new(after)), at(world.now)).expect("taken").changes;
        assert_eq!(placed(&changes), [second * SECOND]);
    }
}
