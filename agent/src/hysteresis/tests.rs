//! Tables and properties of the step function.

mod history;

use super::*;
use proptest::prelude::*;

const USUAL: Thresholds = Thresholds { fall: 3, rise: 2 };

fn at(position: usize) -> ClockReading {
    ClockReading { boot_ms: position as u64 * 1000, wall_ms: position as i64, ..ClockReading::default() }
}

fn outcome(letter: char) -> Outcome {
    match letter {
        'u' => Outcome::Up,
        'g' => Outcome::Degraded,
        'd' => Outcome::Down,
        _ => Outcome::Inconclusive,
    }
}

/// `position:state@since` of every transition.
fn story(letters: &str, thresholds: Thresholds) -> String {
    let mut hysteresis = Hysteresis::default();
    let mut told = Vec::new();
    for (position, letter) in letters.chars().enumerate() {
        if let Some(change) = hysteresis.step(outcome(letter), at(position), thresholds) {
            told.push(format!("{position}:{}@{}", change.to.name(), change.since.wall_ms));
        }
    }
    told.join(" ")
}

#[test]
fn runs_confirm_and_nothing_less_does() {
    for (letters, expected) in [
        ("uu", "1:up@0"),
        ("gu", "1:degraded@0"),
        ("guu", "1:degraded@0 2:up@1"),
        ("ddd", "2:down@0"),
        ("dgd", "2:degraded@0"),
        ("uudduddd", "1:up@0 7:down@5"),
        ("uuddd", "1:up@0 4:down@2"),
        ("uuddgddd", "1:up@0 4:degraded@2 7:down@5"),
        ("uudddug", "1:up@0 4:down@2 6:degraded@5"),
        ("uudddudu", "1:up@0 4:down@2"),
        ("uuddduu", "1:up@0 4:down@2 6:up@5"),
        ("uu?d?d??d", "1:up@0 8:down@3"),
        ("?????", ""),
        ("uugggu", "1:up@0 4:degraded@2"),
        ("uugggudu", "1:up@0 4:degraded@2"),
        ("uuggguu", "1:up@0 4:degraded@2 6:up@5"),
    ] {
        assert_eq!(story(letters, USUAL), expected, "{letters}");
    }
}

#[test]
fn leaving_down_takes_rise_however_many_are_degraded() {
    assert_eq!(story("ddggggg", Thresholds { fall: 2, rise: 5 }), "1:down@0 6:degraded@2");
}

#[test]
fn a_steady_check_has_a_steady_value() {
    for letter in ['u', 'g', 'd'] {
        let mut hysteresis = Hysteresis::default();
        for position in 0..10 {
            hysteresis.step(outcome(letter), at(position), USUAL);
        }
        let settled = hysteresis;
        hysteresis.step(outcome(letter), at(10), USUAL);
        assert_eq!(hysteresis, settled, "{letter}");
        assert!(!hysteresis.unconfirmed(), "{letter}");
    }
}

#[test]
fn after_silence_the_state_stands_and_the_run_begins_anew() {
    let mut hysteresis = Hysteresis::default();
    for (position, letter) in "uudd".chars().enumerate() {
        hysteresis.step(outcome(letter), at(position), USUAL);
    }
    let slots = hysteresis.slots;
    hysteresis.forget_runs();
    assert_eq!((hysteresis.hard, hysteresis.slots), (State::Up, slots));
    assert_eq!(hysteresis.step(Outcome::Down, at(100), USUAL), None);
}

/// `position+` where flapping starts, `position-` where it stops.
fn flaps(letters: &str, thresholds: Thresholds) -> String {
    let mut hysteresis = Hysteresis::default();
    let mut told = Vec::new();
    for (position, letter) in letters.chars().enumerate() {
        let before = hysteresis.flapping;
        hysteresis.step(outcome(letter), at(position), thresholds);
        if hysteresis.flapping != before {
            told.push(format!("{position}{}", if hysteresis.flapping { '+' } else { '-' }));
        }
    }
    told.join(" ")
}

#[test]
fn hard_changes_and_unconfirmed_recoveries_flap_and_unconfirmed_failures_do_not() {
    let hasty = Thresholds { fall: 1, rise: 1 };
    for (letters, thresholds, expected) in [
        // Six changes start it; they lose weight with age.
        ("uudududu", hasty, "7+"),
        ("uudududuuuuuuuuuuuuuuuuuuuuuuuu", hasty, "7+ 23-"),
        ("uudududu????????????????????????", hasty, "7+"),
        // Down is never confirmed.
        ("uududududududududududud", USUAL, ""),
        ("uuddududdudduddudduddudd", USUAL, ""),
        // Up is never confirmed, and attempted again and again.
        ("uudddududududud", USUAL, "9+"),
        // Nothing changes before there is a hard state.
        ("ugugugdgdgdgdg", Thresholds { fall: 9, rise: 9 }, ""),
        ("uuggguugggdddguuggguuddd", USUAL, "15+"),
        ("uuddduuddduuddduudddu", USUAL, "15+"),
    ] {
        assert_eq!(flaps(letters, thresholds), expected, "{letters}");
    }
}

/// The same rules without counters, evaluated over the whole history: at each point it looks back over the
/// conclusive observations and its own earlier results.
fn reference(history: &[Outcome], thresholds: Thresholds) -> Vec<(usize, State, usize)> {
    let (fall, rise) = (thresholds.fall as usize, thresholds.rise as usize);
    let mut changes: Vec<(usize, State, usize)> = Vec::new();
    for end in 0..history.len() {
        if history[end] == Outcome::Inconclusive {
            continue;
        }
        let hard = changes.last().map_or(State::Unknown, |change| change.1);
        let seen: Vec<(usize, Outcome)> = history[..=end]
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, outcome)| *outcome != Outcome::Inconclusive)
            .collect();
        let run = |belongs: &dyn Fn(Outcome) -> bool| -> Vec<(usize, Outcome)> {
            let mut tail: Vec<_> = seen.iter().rev().copied().take_while(|(_, o)| belongs(*o)).collect();
            tail.reverse();
            tail
        };
        let downs = run(&|o| o == Outcome::Down);
        let bads = run(&|o| o != Outcome::Up);
        let not_downs = run(&|o| o != Outcome::Down);
        let ups = run(&|o| o == Outcome::Up);
        let said = if downs.len() >= fall {
            Some((State::Down, downs[0].0))
        } else if hard != State::Down && bads.len() >= fall {
            Some((State::Degraded, bads[0].0))
        } else if matches!(hard, State::Down | State::Unknown) && not_downs.len() >= rise {
            let degraded = not_downs.iter().any(|(_, o)| *o == Outcome::Degraded);
            Some((if degraded { State::Degraded } else { State::Up }, not_downs[0].0))
        } else if hard == State::Degraded && ups.len() >= rise {
            Some((State::Up, ups[0].0))
        } else {
            None
        };
        if let Some((to, since)) = said
            && to != hard
        {
            changes.push((end, to, since));
        }
    }
    changes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]
    #[test]
    fn no_transition_without_its_evidence(
        letters in proptest::collection::vec(0_u8..10, 0..40),
        fall in 1_u32..5,
        rise in 1_u32..5,
    ) {
        let thresholds = Thresholds { fall, rise };
        let history: Vec<Outcome> = letters.iter().map(|letter| match letter {
            0..=3 => Outcome::Up,
            4..=5 => Outcome::Degraded,
            6..=8 => Outcome::Down,
            _ => Outcome::Inconclusive,
        }).collect();
        let mut hysteresis = Hysteresis::default();
        let mut changes = Vec::new();
        for (position, outcome) in history.iter().enumerate() {
            if let Some(change) = hysteresis.step(*outcome, at(position), thresholds) {
                changes.push((position, change.to, change.since.wall_ms as usize));
            }
        }
        prop_assert_eq!(changes, reference(&history, thresholds));
    }
}

/// 10^6 histories of every kind, each reproducible from its number.
#[test]
fn a_million_histories_hold_nothing_without_its_evidence() {
    let (mut transitions, mut episodes) = (0_u32, 0_u32);
    for number in 0..1_000_000_u64 {
        let mut told = history::History::new(number);
        told.run();
        transitions += told.transitions;
        episodes += told.episodes;
    }
    assert!(transitions > 1_000_000 && episodes > 100_000, "{transitions} transitions, {episodes} episodes");
}
