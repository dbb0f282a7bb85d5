//! A single observation whose agent dies before the next one.

use super::*;

/// With `fall = 1`, one observation is a hard state, and its agent may die before the next.
#[test]
fn a_single_observation_is_remembered() {
    let mut world = world(&["redis", "disk"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "redis", &[(30, HardState::Up), (0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(0, HardState::Down)]);
    let shows_it = |world: &World, when: &str| {
        let one = shown(world);
        assert_eq!((one.status, one.stale_since), (Status::PartialOutage, None), "{when}");
        assert_eq!(said(world), ("major".to_owned(), "Partial System Outage".to_owned()), "{when}");
        one
    };
    shows_it(&world, "at once");
    for second in (60..=HOUR / SECOND).step_by(30) {
        tick(&mut world, second);
        sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
        shows_it(&world, &format!("after {second} s"));
    }
    let unseen = shows_it(&world, "after an hour").unseen.expect("it says that a part is out of sight");
    let since = unseen.since.map(|since| (since - START) / SECOND);
    assert_eq!((unseen.checks, since), (1, Some(30)));
    restart(&mut world, 4_000);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    shows_it(&world, "after a restart");
    // The agent is back and the check is up: the single observation was an outage of unknown length.
    tick(&mut world, 4_030);
    sees(&mut world, 0, "redis", &[(0, HardState::Up)]);
    sees(&mut world, 1, "disk", &[(0, HardState::Up)]);
    let one = shown(&world);
    assert_eq!((one.status, one.unseen), (Status::Operational, None));
    let outage: Vec<_> = one.past.iter().map(|past| (past.from, past.value)).collect();
    assert!(outage.contains(&(START + 30 * SECOND, Effective::Known(Status::PartialOutage))), "{outage:?}");
}

/// The only check of its component was observed once: its last status is shown with "no current data".
#[test]
fn a_component_that_was_observed_once_keeps_that_status() {
    let mut world = world(&["disk"]);
    tick(&mut world, 30);
    sees(&mut world, 0, "disk", &[(0, HardState::Down)]);
    let began = world.now;
    tick(&mut world, 200);
    let one = shown(&world);
    assert_eq!(one.status, Status::MajorOutage);
    assert_eq!(one.stale_since.map(|since| (since - began) / SECOND), Some(0));
    assert_eq!(one.watched_from, Some(START));
}
