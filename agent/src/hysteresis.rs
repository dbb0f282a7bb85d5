//! From observations to the hard state of one check: a pure step, no clock, no I/O.
//!
//! `k_down` counts consecutive `down`, `k_bad` consecutive `down` or `degraded`: hard `down` at
//! `k_down ≥ fall`, else hard `degraded` at `k_bad ≥ fall`. Leaving `down`, and the first state of all,
//! takes `rise` consecutive observations that are not down: `degraded` if one of them was, else `up`.
//! Leaving `degraded` for `up` takes `rise` consecutive `up`. `inconclusive` touches nothing.
//! The state never changes without a complete run as its evidence. A check that changes too often is flagged
//! as flapping.

mod flapping;

pub use flapping::Slots;

use crate::clock::ClockReading;
use skerry_protocol::wire::{Outcome, State};

/// Consecutive observations of one kind. The count stops at its limit, so a steady check has a constant value
/// that needs no write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Number of observations, up to the limit.
    pub count: u32,
    /// Start of the first one; undefined while `count` is 0.
    pub since: ClockReading,
}

impl Run {
    fn extend(&mut self, belongs: bool, at: ClockReading, limit: u32) {
        if !belongs {
            *self = Self::default();
        } else if self.count == 0 {
            *self = Self { count: 1, since: at };
        } else {
            self.count = (self.count + 1).min(limit);
        }
    }
}

/// The hysteresis of one check on one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hysteresis {
    /// The hard state.
    pub hard: State,
    /// Start of the first observation of the run that confirmed `hard`.
    pub since: ClockReading,
    /// Whether the check changes too often to act upon.
    pub flapping: bool,
    /// The recent states from which `flapping` is derived.
    pub slots: Slots,
    /// Consecutive `down`.
    pub down: Run,
    /// Consecutive `down` or `degraded`.
    pub bad: Run,
    /// Consecutive `up` or `degraded`.
    pub not_down: Run,
    /// Whether an observation in `not_down` was `degraded`, while that run is shorter than `rise`.
    pub not_down_degraded: bool,
    /// Consecutive `up`.
    pub up: Run,
}

impl Default for Hysteresis {
    fn default() -> Self {
        Self {
            hard: State::Unknown,
            since: ClockReading::default(),
            flapping: false,
            slots: Slots::default(),
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
    pub since: ClockReading,
}

/// How many observations confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Bad observations that confirm a failure, at least 1.
    pub fall: u32,
    /// Good observations that confirm a recovery, at least 1.
    pub rise: u32,
}

impl Hysteresis {
    /// Takes one observation that started `at`; returns the change it confirms, if any.
    pub fn step(&mut self, outcome: Outcome, at: ClockReading, thresholds: Thresholds) -> Option<Transition> {
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

        let transition = self
            .confirmed(fall, rise)
            .filter(|(to, _)| *to != self.hard)
            .map(|(to, since)| Transition { from: self.hard, to, since });
        if let Some(transition) = transition {
            self.hard = transition.to;
            self.since = transition.since;
        }
        if let Some(held) = self.held(outcome, transition.is_some()) {
            self.slots.fill(held);
            self.flapping = self.slots.flapping(self.flapping);
        }
        transition
    }

    /// The state that the observation adds to the flapping history: the hard state, or an unconfirmed
    /// recovery. An unconfirmed failure adds nothing.
    fn held(&self, outcome: Outcome, confirmed: bool) -> Option<State> {
        let seen = match outcome {
            Outcome::Up => State::Up,
            Outcome::Degraded => State::Degraded,
            Outcome::Down => State::Down,
            Outcome::Inconclusive => return None,
        };
        if confirmed { Some(self.hard) } else { (seen <= self.hard).then_some(seen) }
    }

    /// The state that the present runs confirm, with the start of the confirming one.
    fn confirmed(&self, fall: u32, rise: u32) -> Option<(State, ClockReading)> {
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

    /// Whether the last conclusive observations contradict the hard state, or there is no hard state yet. The
    /// check then runs at its retry interval.
    #[must_use]
    pub fn unconfirmed(&self) -> bool {
        match self.hard {
            State::Unknown => true,
            State::Up => self.bad.count > 0,
            State::Degraded => self.down.count > 0 || self.up.count > 0,
            State::Down => self.not_down.count > 0,
        }
    }

    /// Drops the runs and keeps the hard state and flapping. After a gap without observations, those before
    /// and after it are not consecutive.
    pub fn forget_runs(&mut self) {
        let Self { hard, since, flapping, slots, .. } = *self;
        *self = Self { hard, since, flapping, slots, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
