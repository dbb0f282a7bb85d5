use super::*;
use crate::clock::BootId;

const HOUR: u64 = 3_600_000;

fn scheduled() -> ScheduledCheck {
    let check = crate::run::tests::check("shop", 30_000);
    ScheduledCheck {
        name: check.name.as_str().into(),
        definition: check.definition_hash(),
        cadence: Cadence::new(&check.name, check.interval, check.retry_interval, 0),
        check: Arc::new(check),
        hysteresis: Hysteresis::default(),
        generation: 0,
        running: None,
        evidence: None,
        inconclusive_runs: 0,
        certificate_ends_ms: None,
    }
}

fn run_once(watched: &mut ScheduledCheck, outcome: Outcome, boot_ms: u64) -> State {
    let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
    let observed = crate::run::tests::saw(outcome, 3);
    watched.record(observed, ClockReading { boot, boot_ms, wall_ms: boot_ms as i64 });
    watched.hysteresis.hard
}

#[test]
fn failures_do_not_join_over_a_time_in_which_nothing_was_seen() {
    for (blind, inconclusive) in [(8 * HOUR, false), (8 * HOUR, true), (100_001, false)] {
        let mut shop = scheduled();
        assert_eq!(run_once(&mut shop, Outcome::Up, 0), State::Unknown);
        assert_eq!(run_once(&mut shop, Outcome::Up, 30_000), State::Up);
        run_once(&mut shop, Outcome::Down, 60_000);
        assert_eq!(run_once(&mut shop, Outcome::Down, 90_000), State::Up, "two of three");
        if inconclusive {
            for at in (120_000..blind).step_by(30_000) {
                run_once(&mut shop, Outcome::Inconclusive, at);
            }
        }
        let after = 90_000 + blind;
        assert_eq!(run_once(&mut shop, Outcome::Down, after), State::Up, "the first of three anew");
        assert_eq!(run_once(&mut shop, Outcome::Down, after + 30_000), State::Up);
        assert_eq!(run_once(&mut shop, Outcome::Down, after + 60_000), State::Down, "it is down");
        assert_eq!(shop.hysteresis.since.boot_ms, after, "since it was seen so");
        // Recoveries are not counted across the gap either.
        assert_eq!(run_once(&mut shop, Outcome::Up, after + 90_000), State::Down);
        assert_eq!(run_once(&mut shop, Outcome::Up, after + 90_000 + blind), State::Down);
    }
}

#[test]
fn a_failing_target_is_down_after_three_failures_however_they_are_spaced_within_the_silence() {
    let mut shop = scheduled();
    for (at, hard) in [(0, State::Unknown), (100_000, State::Unknown), (199_000, State::Down)] {
        assert_eq!(run_once(&mut shop, Outcome::Down, at), hard, "{at}");
    }
}

/// When a check starts within the first hour, ms, if every run ends like this.
fn starts(mut watched: ScheduledCheck, outcome: Outcome, reason: Reason) -> Vec<u64> {
    let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
    let (mut due, mut starts) = (0, Vec::new());
    while due < HOUR {
        starts.push(due);
        let observed = Observed { reason, ..crate::run::tests::saw(outcome, 3) };
        watched.record(observed, ClockReading { boot, boot_ms: due, wall_ms: due as i64 });
        due = watched.cadence.next(due, due, due + 3, watched.pace(outcome, reason));
    }
    starts
}

#[test]
fn runs_that_say_nothing_back_off_to_the_interval() {
    let every_minute = || ScheduledCheck {
        cadence: Cadence::new("shop", Duration::from_secs(60), Duration::from_secs(1), 0),
        ..scheduled()
    };
    for reason in [Reason::PluginUnknown, Reason::PluginFailed] {
        let starts = starts(every_minute(), Outcome::Inconclusive, reason);
        assert!(starts.len() <= 61, "once each interval: {starts:?}");
    }
    // A resource that this host lacks may be back a moment later.
    for reason in [Reason::OwnNetwork, Reason::OwnResources, Reason::OwnResolver, Reason::OwnClock] {
        let starts = starts(every_minute(), Outcome::Inconclusive, reason);
        assert_eq!(starts[1..4], [1_000, 5_000, 21_000], "{reason:?}");
        assert!(starts.len() <= 64, "{reason:?}: {starts:?}");
    }
    // An unconfirmed failure is retried as before; inconclusive runs after it back off.
    let mut failing = every_minute();
    failing.hysteresis.hard = State::Up;
    run_once(&mut failing, Outcome::Down, 0);
    assert_eq!(failing.pace(Outcome::Down, Reason::ConnectRefused), Pace::Unconfirmed);
    run_once(&mut failing, Outcome::Inconclusive, 1_000);
    assert_eq!(failing.pace(Outcome::Inconclusive, Reason::OwnNetwork), Pace::BackOff(1));
    run_once(&mut failing, Outcome::Down, 2_000);
    assert_eq!(failing.inconclusive_runs, 0);
}
