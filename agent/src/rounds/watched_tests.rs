use super::*;
use crate::clock::BootId;

const HOUR: u64 = 3_600_000;

fn watched() -> Watched {
    let check = crate::run::tests::check("shop", 30_000);
    Watched {
        name: check.name.as_str().into(),
        definition: check.definition_hash(),
        cadence: Cadence::new(&check.name, check.interval, check.retry_interval, 0),
        check: Arc::new(check),
        hysteresis: Hysteresis::default(),
        generation: 0,
        running: None,
        evidence: None,
    }
}

fn saw(watched: &mut Watched, outcome: Outcome, boot_ms: u64) -> State {
    let boot = BootId::from_bytes(&[7; 16]).expect("16 bytes");
    let observed = crate::run::tests::saw(outcome, 3);
    watched.judge(observed, Moment { boot, boot_ms, wall_ms: boot_ms as i64 });
    watched.hysteresis.hard
}

#[test]
fn failures_do_not_join_over_a_time_in_which_nothing_was_seen() {
    for (blind, inconclusive) in [(8 * HOUR, false), (8 * HOUR, true), (100_001, false)] {
        let mut shop = watched();
        assert_eq!(saw(&mut shop, Outcome::Up, 0), State::Unknown);
        assert_eq!(saw(&mut shop, Outcome::Up, 30_000), State::Up);
        saw(&mut shop, Outcome::Down, 60_000);
        assert_eq!(saw(&mut shop, Outcome::Down, 90_000), State::Up, "two of three");
        if inconclusive {
            for at in (120_000..blind).step_by(30_000) {
                saw(&mut shop, Outcome::Inconclusive, at);
            }
        }
        let after = 90_000 + blind;
        assert_eq!(saw(&mut shop, Outcome::Down, after), State::Up, "the first of three anew");
        assert_eq!(saw(&mut shop, Outcome::Down, after + 30_000), State::Up);
        assert_eq!(saw(&mut shop, Outcome::Down, after + 60_000), State::Down, "it is down");
        assert_eq!(shop.hysteresis.since.boot_ms, after, "since it was seen so");
        // A recovery does not join either.
        assert_eq!(saw(&mut shop, Outcome::Up, after + 90_000), State::Down);
        assert_eq!(saw(&mut shop, Outcome::Up, after + 90_000 + blind), State::Down);
    }
}

#[test]
fn a_failing_target_is_down_after_three_failures_however_they_are_spaced_within_the_silence() {
    let mut shop = watched();
    for (at, hard) in [(0, State::Unknown), (100_000, State::Unknown), (199_000, State::Down)] {
        assert_eq!(saw(&mut shop, Outcome::Down, at), hard, "{at}");
    }
}
