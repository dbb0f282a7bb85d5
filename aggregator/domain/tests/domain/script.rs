//! Random histories, decoded from bytes so that a failing one shrinks.

use skerry_domain::interval::Interval;
use skerry_domain::time::Timestamp;
use skerry_domain::track::{HardState, TrackObservation};
use skerry_domain::verdict::Quorum;

/// Bytes, read as choices; endless zeros after the last.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl Script<'_> {
    /// A number below `choices`.
    pub(crate) fn below(&mut self, choices: u8) -> i64 {
        let [first, rest @ ..] = self.0 else { return 0 };
        self.0 = rest;
        i64::from(first % choices)
    }

    /// An instant of the first `ticks` ticks.
    pub(crate) fn tick(&mut self, grid: Grid, ticks: u8) -> Timestamp {
        grid.at(self.below(ticks))
    }

    /// A few stretches of random length, oldest first, the last perhaps without an end.
    pub(crate) fn stretches<T>(
        &mut self,
        grid: Grid,
        most: u8,
        mut value: impl FnMut(&mut Self) -> T,
    ) -> Vec<Interval<T>> {
        let (mut stretches, mut tick) = (Vec::new(), 0);
        for _ in 0..self.below(most + 1) {
            let from = tick + self.below(80);
            tick = from + 1 + self.below(60);
            let open = self.below(12) == 11;
            let to = if open { Timestamp::FAR } else { grid.at(tick) };
            stretches.push(Interval { from: grid.at(from), to, value: value(self) });
            if open {
                break;
            }
        }
        stretches
    }

    pub(crate) fn quorum(&mut self) -> Quorum {
        match self.below(6) {
            0..=2 => Quorum::Majority,
            3 => Quorum::Any,
            4 => Quorum::All,
            _ => Quorum::Number(self.below(4) as u32),
        }
    }
}

/// Every instant of a history lies on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) start: Timestamp,
    pub(crate) unit: i64,
}

impl Grid {
    pub(crate) fn at(self, tick: i64) -> Timestamp {
        self.start + tick * self.unit
    }
}

/// One agent's part in one check: what it says, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) location: u32,
    /// From then on it stands there.
    pub(crate) moved: Option<(Timestamp, u32)>,
    pub(crate) declared: Vec<Interval<()>>,
    pub(crate) seen: Vec<TrackObservation>,
    pub(crate) silent: bool,
    /// When the aggregator was away: the same for all agents.
    pub(crate) absences: Vec<Interval<()>>,
}

pub(crate) fn agent(script: &mut Script<'_>, grid: Grid, most: i64) -> Agent {
    let location = script.below(3) as u32;
    let always = vec![Interval { from: grid.start, to: Timestamp::FAR, value: () }];
    let declared = if script.below(4) < 3 { always } else { script.stretches(grid, 2, |_| ()) };
    let mut rules = Rules { fall: 1 + script.below(3), rise: 1 + script.below(3), ..Rules::default() };
    let (mut seen, mut tick, mut outcome, mut flapping) = (Vec::new(), script.below(6), 0, false);
    for _ in 0..most {
        match script.below(24) {
            0..=9 => {}
            10..=18 => outcome = script.below(4),
            _ => outcome = 0,
        }
        if script.below(40) == 39 {
            rules = Rules { fall: rules.fall, rise: rules.rise, ..Rules::default() };
        }
        // Whenever it likes: the flag is the agent's word.
        flapping ^= script.below(8) == 7;
        seen.extend(rules.observe(outcome, flapping, grid.at(tick)));
        tick += match script.below(20) {
            0..=12 => 1,
            13..=15 => 2,
            16 | 17 => 3,
            18 => 4 + script.below(10),
            _ => 4 + script.below(90),
        };
    }
    let silent = script.below(2) == 1;
    let moved = (script.below(6) == 5).then(|| (script.tick(grid, 120), script.below(3) as u32));
    Agent { location, moved, declared, seen, silent, absences: Vec::new() }
}

/// A hysteresis good enough to tell stories with.
#[derive(Default)]
struct Rules {
    fall: i64,
    rise: i64,
    state: State,
    down: Run,
    bad: Run,
    better: Run,
    up: Run,
    better_was_degraded: bool,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Unknown,
    Known(HardState),
}

#[derive(Default, Clone, Copy)]
struct Run {
    count: i64,
    since: Timestamp,
}

impl Run {
    fn count(&mut self, continues: bool, at: Timestamp) {
        self.since = if self.count == 0 { at } else { self.since };
        self.count = if continues { self.count + 1 } else { 0 };
    }
}

impl Rules {
    /// 0 up, 1 degraded, 2 down, 3 inconclusive.
    fn observe(&mut self, outcome: i64, flapping: bool, at: Timestamp) -> Option<TrackObservation> {
        if outcome == 3 {
            return None;
        }
        self.down.count(outcome == 2, at);
        self.bad.count(outcome != 0, at);
        self.better.count(outcome != 2, at);
        self.up.count(outcome == 0, at);
        self.better_was_degraded = outcome != 2 && (self.better_was_degraded || outcome == 1);
        let is = |hard| self.state == State::Known(hard);
        let next = if self.down.count >= self.fall {
            Some((HardState::Down, self.down))
        } else if is(HardState::Down) && self.better.count >= self.rise {
            Some((if self.better_was_degraded { HardState::Degraded } else { HardState::Up }, self.better))
        } else if !is(HardState::Down) && self.bad.count >= self.fall {
            Some((HardState::Degraded, self.bad))
        } else if !is(HardState::Down) && self.up.count >= self.rise {
            Some((HardState::Up, self.up))
        } else {
            None
        };
        let moved = next.filter(|(hard, _)| !is(*hard));
        if let Some((hard, _)) = moved {
            self.state = State::Known(hard);
        }
        let hard = match self.state {
            State::Unknown => HardState::Unknown,
            State::Known(hard) => hard,
        };
        Some(TrackObservation { at, hard, since: moved.map(|(_, run)| run.since), flapping })
    }
}
