//! How observations are placed in time with any clocks of their agents, and what is stored of them.

use crate::fixture::{BOOTED, Fixture, START};
use crate::reports::observed;
use skerry_domain::status::Status;
use skerry_domain::step::{Answer, Change, Record, RecordKind, Report, When};
use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use skerry_domain::track::HardState::{self, Down, Up};
use skerry_store::ResponseSteps;

#[test]
fn a_folded_record_never_lies_in_the_future() {
    let mut fixture = Fixture::new();
    let boot = BOOTED;
    let first = observed(When::ThisBoot(boot), Up);
    let kind = RecordKind::Observed { first, count: 100_000, spread: 100 * 366 * DAY };
    let after = observed(When::ThisBoot(boot), Up);
    let records = vec![
        Record { sequence: 1, through: 1, kind },
        Record { sequence: 2, through: 2, kind: RecordKind::Observed { first: after, count: 1, spread: 0 } },
    ];
    let report = Report { records, ..fixture.empty(fixture.agent) };
    let (answer, _) = fixture.send(report);
    assert!(matches!(answer, Answer::Acknowledged { through: 2, .. }), "{answer:?}");
    let track = &fixture.state.tracks.values().next().expect("one").track;
    assert_eq!(track.last(), Some(fixture.now));
    fixture.pass(2 * MINUTE);
    assert_eq!(fixture.shown(), (Status::Operational, true), "silence is noticed all the same");
}

#[test]
fn observations_are_placed_with_any_clock_of_an_agent() {
    let mut fixture = Fixture::new();
    let whens = [
        When::EarlierBoot(Timestamp(i64::MIN)),
        When::EarlierBoot(Timestamp(0)),
        When::ThisBoot(0),
        When::EarlierBoot(Timestamp::FAR),
        When::ThisBoot(i64::MAX),
    ];
    for wall in [i64::MIN, 0, i64::MAX] {
        let mut records: Vec<Record> = whens.iter().map(|when| fixture.record(*when, Up)).collect();
        for record in &mut records {
            if let RecordKind::Observed { first, .. } = &mut record.kind {
                (first.since, first.total_us) = (Some(When::EarlierBoot(Timestamp(i64::MIN))), u64::MAX);
            }
        }
        let report = Report {
            records,
            wall_now: Timestamp(wall),
            boot_now: 100 * 366 * DAY,
            ..fixture.empty(fixture.agent)
        };
        fixture.send(report);
        let last = fixture.state.tracks.values().next().expect("one").track.last().expect("seen");
        assert!(last <= fixture.now, "nothing lies in the future");
        fixture.now = fixture.now + SECOND;
    }
    fixture.assert_stored();
}

#[test]
fn records_of_an_earlier_boot_are_placed_by_its_known_offset() {
    let mut fixture = Fixture::new();
    // Its wall clock is an hour ahead, as was known before the host went down.
    fixture.see(Up);
    fixture.now = fixture.now + 10 * SECOND;
    let ahead = Report { wall_now: fixture.now + HOUR, ..fixture.empty(fixture.agent) };
    fixture.send(ahead);
    fixture.now = fixture.now + 10 * SECOND;
    let seen_at = fixture.now;
    // The host comes back after five minutes with a correct clock, and delivers its earlier observations.
    fixture.now = fixture.now + 5 * MINUTE;
    let record = fixture.record(When::EarlierBoot(seen_at + HOUR), Up);
    let report = Report { records: vec![record], boot_now: MINUTE, ..fixture.empty(fixture.agent) };
    fixture.send(report);
    let track = &fixture.state.tracks.values().next().expect("one").track;
    assert_eq!(track.last(), Some(seen_at));
    fixture.assert_stored();
}

/// When a batch was sent, when it arrived, and what it says was seen when, in ms from [`START`].
type Batch<'a> = (i64, i64, &'a [(i64, HardState)]);
/// Batches, and the transitions that they lead to.
type PlacedHistory<'a> = (&'a [Batch<'a>], &'a [(i64, HardState)]);

/// The transitions that these batches result in: since when, and to what.
fn transitions(batches: &[Batch<'_>], restarts: bool) -> Vec<(i64, HardState)> {
    let mut fixture = Fixture::new();
    let (mut hard, mut found) = (HardState::Unknown, Vec::new());
    for (sent, arrived, seen) in batches {
        fixture.now = START + *arrived;
        let mut records = Vec::new();
        for (at, state) in *seen {
            let when = When::ThisBoot(BOOTED + at);
            let mut record = fixture.record(when, *state);
            if let RecordKind::Observed { first, .. } = &mut record.kind {
                first.since = (std::mem::replace(&mut hard, *state) != *state).then_some(when);
            }
            records.push(record);
        }
        let report = Report { records, boot_now: BOOTED + sent, ..fixture.empty(fixture.agent) };
        for change in fixture.send(report).1 {
            if let Change::Transition { since, to, .. } = change {
                found.push((since - START, to));
            }
        }
        fixture.assert_stored();
        if restarts {
            fixture.state = fixture.load(fixture.now);
        }
    }
    found
}

/// Batches that are on their way for different times place the same moment differently.
#[test]
fn no_transition_begins_before_the_last_whatever_the_delays_of_their_batches() {
    let histories: [PlacedHistory<'_>; 3] = [
        (
            &[
                (0, 0, &[(0, Up)]),
                (1_000, 1_000, &[(1_000, Down)]),
                (2_000, 2_000, &[(1_300, Up), (1_600, Down)]),
            ],
            &[(0, Up), (1_000, Down), (1_300, Up), (1_600, Down)],
        ),
        // The second was on its way for two seconds.
        (
            &[
                (0, 0, &[(0, Up)]),
                (1_000, 3_000, &[(1_000, Down)]),
                (3_000, 3_000, &[(1_300, Up), (1_600, Down)]),
                (9_000, 9_000, &[(9_000, Up)]),
            ],
            &[(0, Up), (3_000, Down), (3_000, Up), (3_000, Down), (9_000, Up)],
        ),
        // The first for five, and the second for longer than the silence limit: between them nothing is known.
        (
            &[
                (9_000, 14_000, &[(0, Up), (9_000, Up)]),
                (10_000, 60_000, &[(10_000, Down)]),
                (60_000, 60_000, &[(10_300, Up), (10_600, Down)]),
                (61_000, 61_000, &[(61_000, Up)]),
            ],
            &[(5_000, Up), (60_000, Down), (60_000, Up), (60_000, Down), (61_000, Up)],
        ),
    ];
    for (batches, expected) in histories {
        for restarts in [false, true] {
            assert_eq!(transitions(batches, restarts), expected, "restarts: {restarts}; {batches:?}");
        }
    }
}

#[test]
fn ten_thousand_observations_of_one_instant_are_stored_quickly() {
    let mut fixture = Fixture::new();
    // CPU time of this thread, which does not depend on how busy the machine is.
    let used = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).tv_sec;
    let before = used();
    for _ in 0..2 {
        let records = (0..10_000).map(|_| fixture.record(When::ThisBoot(BOOTED), Up)).collect();
        fixture.send(Report { records, ..fixture.empty(fixture.agent) });
    }
    let workspace = fixture.state.workspace.key;
    let kept = fixture.store.observations(workspace, START, START + HOUR).expect("reads").len();
    assert_eq!(kept, 20_000);
    assert!(used() - before < 20, "{} s", used() - before);
}

#[test]
fn a_late_observation_causes_a_new_roll_up_unless_the_raw_data_is_gone() {
    let mut fixture = Fixture::new();
    fixture.see(Up);
    fixture.now = fixture.now + 2 * HOUR;
    let track = *fixture.state.tracks.keys().next().expect("one");
    let before = START - DAY;
    let workspace = fixture.state.workspace.key;
    let median = |fixture: &Fixture| {
        let steps = fixture.store.response_steps(workspace, &[track], (before, fixture.now), HOUR);
        let window = steps.expect("reads").followed_by(&ResponseSteps::default(), HOUR).expect("sound");
        window.points[0].of.p50_us
    };
    let roll_up = |fixture: &mut Fixture, kept_from| {
        let rolled = fixture.store.next_roll_up(fixture.now).expect("reads").expect("an hour needs it");
        fixture.store.store_roll_up(rolled, kept_from).expect("kept");
    };
    roll_up(&mut fixture, before);
    let first = median(&fixture);
    let late = |fixture: &mut Fixture, count: i64| {
        for n in 1..=count {
            let mut record = fixture.record(When::ThisBoot(BOOTED + n), Up);
            if let RecordKind::Observed { first, .. } = &mut record.kind {
                first.total_us = 50_000;
            }
            fixture.send(Report { records: vec![record], ..fixture.empty(fixture.agent) });
        }
    };
    late(&mut fixture, 1);
    fixture.store.prune_observations(START + 1, 10).expect("prunes");
    roll_up(&mut fixture, START + HOUR);
    assert_eq!(median(&fixture), first, "what is left of an hour does not take the place of the whole");
    late(&mut fixture, 3);
    roll_up(&mut fixture, before);
    assert!(median(&fixture) > 40_000);
    assert!(fixture.store.next_roll_up(fixture.now).expect("reads").is_none());
}
