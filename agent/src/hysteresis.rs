//! From observations to the hard state of one check: a pure step, no clock, no I/O.
//!
//! `k_down` counts consecutive `down`, `k_bad` consecutive `down` or `degraded`: hard `down` at
//! `k_down ≥ fall`, else hard `degraded` at `k_bad ≥ fall`. Leaving `down`, and the first state of all,
//! takes `rise` consecutive observations that are not down: `degraded` if one of them was, else `up`.
//! Leaving `degraded` for `up` takes `rise` consecutive `up`. `inconclusive` touches nothing.
//! It never moves without a whole run as its evidence. A check that changes too often is flagged as flapping.

mod flapping;

pub use flapping::Slots;

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
    /// The check is flapping: what is held of it changes too often to be acted upon.
    pub flapping: bool,
    /// What was held of late, from which `flapping` follows.
    pub slots: Slots,
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

    /// What the observation says of how often the check changes: the hard state, or a recovery that is not
    /// confirmed yet. A failure that is not confirmed says nothing.
    fn held(&self, outcome: Outcome, confirmed: bool) -> Option<State> {
        let seen = match outcome {
            Outcome::Up => State::Up,
            Outcome::Degraded => State::Degraded,
            Outcome::Down => State::Down,
            Outcome::Inconclusive => return None,
        };
        if confirmed { Some(self.hard) } else { (seen <= self.hard).then_some(seen) }
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

    /// Forgets the runs and keeps the hard state, and whether it flaps: after a time without observations, what stood before it
    /// and what comes after are not consecutive.
    pub fn forget_runs(&mut self) {
        let Self { hard, since, flapping, slots, .. } = *self;
        *self = Self { hard, since, flapping, slots, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
