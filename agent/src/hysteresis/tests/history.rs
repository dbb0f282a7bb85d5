//! One random history, judged step by step from its observations alone. Every message contains the number
//! that generates it.

use super::*;

/// A history and its results.
pub(super) struct History {
    number: u64,
    rng: u64,
    thresholds: Thresholds,
    /// Conclusive observations with their positions.
    seen: Vec<(usize, Outcome)>,
    hysteresis: Hysteresis,
    slots: [State; 21],
    pub(super) transitions: u32,
    pub(super) episodes: u32,
    /// A problem as it would be opened and closed by the hard state, unchanged while the check flaps.
    problem: bool,
    /// Problems opened since the present or last flapping episode started.
    opened: u32,
}

impl History {
    pub(super) fn new(number: u64) -> Self {
        let mut history = Self {
            number,
            rng: number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            thresholds: USUAL,
            seen: Vec::new(),
            hysteresis: Hysteresis::default(),
            slots: [State::Unknown; 21],
            transitions: 0,
            episodes: 0,
            problem: false,
            opened: 0,
        };
        let (fall, rise) = (1 + history.below(4), 1 + history.below(4));
        history.thresholds = Thresholds { fall, rise };
        history
    }

    fn below(&mut self, choices: u32) -> u32 {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 7;
        self.rng ^= self.rng << 17;
        (self.rng >> 33) as u32 % choices
    }

    pub(super) fn run(&mut self) {
        let restless = 1 + self.below(12);
        let mut outcome = Outcome::Up;
        for place in 0..24 + self.below(48) as usize {
            if self.below(12) < restless {
                let outcomes = [Outcome::Up, Outcome::Down, Outcome::Degraded, Outcome::Up, Outcome::Down];
                outcome = outcomes[self.below(5) as usize];
            }
            let seen = if self.below(16) == 15 { Outcome::Inconclusive } else { outcome };
            self.step(place, seen);
        }
    }

    fn step(&mut self, place: usize, outcome: Outcome) {
        let (number, before) = (self.number, self.hysteresis);
        let change = self.hysteresis.step(outcome, at(place), self.thresholds);
        if outcome == Outcome::Inconclusive {
            assert_eq!((change, self.hysteresis), (None, before), "history {number} at {place}");
            return;
        }
        self.seen.push((place, outcome));
        if let Some(change) = change {
            self.transitions += 1;
            assert!(self.is_evident(change), "history {number} at {place}: {change:?} of {:?}", self.seen);
        }
        assert_eq!(change.is_some(), before.hard != self.hysteresis.hard, "history {number} at {place}");
        self.fill(change.is_some(), outcome);
        let flapping = self.flaps(before.flapping);
        assert_eq!(self.hysteresis.flapping, flapping, "history {number} at {place}: {:?}", self.slots);
        self.keep_problem(before.flapping);
    }

    /// Whether the run that is said to confirm the change exists, is complete, and starts where it should.
    fn is_evident(&self, change: Transition) -> bool {
        let (fall, rise) = (self.thresholds.fall as usize, self.thresholds.rise as usize);
        let run = |belongs: fn(Outcome) -> bool, least: usize| {
            let length = self.seen.iter().rev().take_while(|seen| belongs(seen.1)).count();
            length >= least && self.seen[self.seen.len() - length].0 == change.since.wall_ms as usize
        };
        let not_down = |outcome| outcome != Outcome::Down;
        let leaves = matches!(change.from, State::Down | State::Unknown);
        match change.to {
            State::Unknown => false,
            State::Down => run(|outcome| outcome == Outcome::Down, fall),
            State::Degraded => {
                (change.from != State::Down && run(|outcome| outcome != Outcome::Up, fall))
                    || (leaves && run(not_down, rise))
            }
            State::Up => run(if leaves { not_down } else { |outcome| outcome == Outcome::Up }, rise),
        }
    }

    fn fill(&mut self, confirmed: bool, outcome: Outcome) {
        let hard = self.hysteresis.hard;
        let held = match (outcome, hard) {
            (_, State::Unknown) => return,
            _ if confirmed => hard,
            (Outcome::Up, _) => State::Up,
            (Outcome::Degraded, State::Degraded | State::Down) => State::Degraded,
            (Outcome::Down, State::Down) => State::Down,
            _ => return,
        };
        if self.slots[0] == State::Unknown {
            self.slots = [held; 21];
        }
        self.slots.copy_within(1.., 0);
        self.slots[20] = held;
    }

    /// The rule of Nagios in floating point; the error is below one millionth.
    fn flaps(&self, before: bool) -> bool {
        let mut changes = 0.0;
        for (place, pair) in self.slots.windows(2).enumerate() {
            if pair[0] != pair[1] {
                changes += place as f64 * (1.25 - 0.75) / 19.0 + 0.75;
            }
        }
        let percent = changes * 100.0 / 20.0;
        if percent >= 30.0 - 1e-6 {
            true
        } else if percent <= 20.0 + 1e-6 {
            false
        } else {
            before
        }
    }

    /// At most one problem from the start of an episode to its end.
    fn keep_problem(&mut self, flapped: bool) {
        let Hysteresis { hard, flapping, .. } = self.hysteresis;
        if flapping && !flapped {
            self.episodes += 1;
            self.opened = 0;
        }
        let bad = matches!(hard, State::Degraded | State::Down);
        if !flapping && bad != self.problem {
            self.problem = bad;
            self.opened += u32::from(bad && flapped);
        }
        assert!(self.opened <= 1, "history {} opens {} problems in an episode", self.number, self.opened);
    }
}
