//! From observations to the hard state of one check: a pure step, no clock, no I/O.
//!
//! `k_down` counts consecutive `down`, `k_bad` consecutive `down` or `degraded`: hard `down` at
//! `k_down ≥ fall`, else hard `degraded` at `k_bad ≥ fall`. Leaving `down`, and the first state of all,
//! takes `rise` consecutive observations that are not down: `degraded` if one of them was, else `up`.
//! Leaving `degraded` for `up` takes `rise` consecutive `up`. `inconclusive` touches nothing.
//! It never moves without a whole run as its evidence.

use crate::clock::Moment;
use skerry_protocol::wire::{Outcome, State};

/// Consecutive observations of one sort. The count stands still at its limit, so that a steady check
/// has a steady value, which needs no writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// How many, up to the limit.
    pub count: u32,
    /// Start of the first of them; meaningless while `count` is 0.
    pub since: Moment,
}

impl Run {
    fn extend(&mut self, belongs: bool, at: Moment, limit: u32) {
        if !belongs {
            *self = Self::default();
        } else if self.count == 0 {
            *self = Self { count: 1, since: at };
        } else {
            self.count = (self.count + 1).min(limit);
        }
    }
}

/// What one agent holds to be true of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hysteresis {
    /// The hard state.
    pub hard: State,
    /// Start of the first observation of the run that confirmed it.
    pub since: Moment,
    /// The check is flapping. Always false for now.
    pub flapping: bool,
    /// Consecutive `down`.
    pub down: Run,
    /// Consecutive `down` or `degraded`.
    pub bad: Run,
    /// Consecutive `up` or `degraded`.
    pub not_down: Run,
    /// One of `not_down` was `degraded`, while it is shorter than `rise`.
    pub not_down_degraded: bool,
    /// Consecutive `up`.
    pub up: Run,
}

impl Default for Hysteresis {
    fn default() -> Self {
        Self {
            hard: State::Unknown,
            since: Moment::default(),
            flapping: false,
            down: Run::default(),
            bad: Run::default(),
            not_down: Run::default(),
            not_down_degraded: false,
            up: Run::default(),
        }
    }
}

/// A change of the hard state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// Start of the first observation of the run that confirmed it.
    pub since: Moment,
}

/// How many observations confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Bad ones, at least 1.
    pub fall: u32,
    /// Good ones, at least 1.
    pub rise: u32,
}

impl Hysteresis {
    /// Takes one observation that started `at`; tells the change it confirms, if any.
    pub fn step(&mut self, outcome: Outcome, at: Moment, thresholds: Thresholds) -> Option<Transition> {
        if outcome == Outcome::Inconclusive {
            return None;
        }
        let fall = thresholds.fall.max(1);
        let rise = thresholds.rise.max(1);
        let not_down = outcome != Outcome::Down;
        if not_down && self.not_down.count < rise {
            self.not_down_degraded |= outcome == Outcome::Degraded;
        } else {
            self.not_down_degraded = false;
        }
        self.down.extend(!not_down, at, fall);
        self.bad.extend(outcome != Outcome::Up, at, fall);
        self.not_down.extend(not_down, at, rise);
        self.up.extend(outcome == Outcome::Up, at, rise);

        let (to, since) = self.confirmed(fall, rise)?;
        if to == self.hard {
            return None;
        }
        let transition = Transition { from: self.hard, to, since };
        self.hard = to;
        self.since = since;
        Some(transition)
    }

    /// The state the present runs confirm, with the start of the confirming one.
    fn confirmed(&self, fall: u32, rise: u32) -> Option<(State, Moment)> {
        if self.down.count >= fall {
            return Some((State::Down, self.down.since));
        }
        if self.hard != State::Down && self.bad.count >= fall {
            return Some((State::Degraded, self.bad.since));
        }
        match self.hard {
            State::Down | State::Unknown if self.not_down.count >= rise => {
                let to = if self.not_down_degraded { State::Degraded } else { State::Up };
                Some((to, self.not_down.since))
            }
            State::Degraded if self.up.count >= rise => Some((State::Up, self.up.since)),
            _ => None,
        }
    }

    /// True while the last conclusive observations speak against the hard state, or for none yet:
    /// the check is then run at its retry interval.
    #[must_use]
    pub fn unconfirmed(&self) -> bool {
        match self.hard {
            State::Unknown => true,
            State::Up => self.bad.count > 0,
            State::Degraded => self.down.count > 0 || self.up.count > 0,
            State::Down => self.not_down.count > 0,
        }
    }

    /// Forgets the runs and keeps the hard state: after a time without observations, what stood before it
    /// and what comes after are not consecutive.
    pub fn forget_runs(&mut self) {
        *self = Self { hard: self.hard, since: self.since, flapping: self.flapping, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USUAL: Thresholds = Thresholds { fall: 3, rise: 2 };

    fn at(position: usize) -> Moment {
        Moment { boot_ms: position as u64 * 1000, wall_ms: position as i64, ..Moment::default() }
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
        hysteresis.forget_runs();
        assert_eq!(hysteresis.hard, State::Up);
        assert_eq!(hysteresis.step(Outcome::Down, at(100), USUAL), None);
    }

    /// The same rules, told over the whole history with no counters: at each end of the history it looks
    /// back over the conclusive observations and over what it said before.
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
}
