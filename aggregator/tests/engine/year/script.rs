//! What happens in a year: what agents see, when the aggregator is down, and when people act.

use skerry_domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// The time between two runs of a check.
pub(crate) const SLOT: i64 = 30 * MINUTE;
/// Locations, each with one agent.
pub(crate) const AGENTS: usize = 2;
/// The zone of each page.
pub(crate) const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
/// Checks of a page: one of the first component, two of the second, of which one is minor.
pub(crate) const CHECKS: usize = 3 * ZONES.len();
/// Components of a page: the two above, and one that people set by hand.
pub(crate) const COMPONENTS: usize = 3 * ZONES.len();

/// Random numbers that are the same in every run (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, choices: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 1).cast_signed() % choices.max(1)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as i64) as usize]
    }

    pub(crate) fn one_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }
}

/// What an agent sees of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Up,
    Degraded,
    Down,
    /// The agent does not run.
    Nothing,
}

/// How much happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) days: i64,
    pub(crate) outages: i64,
    /// What people do about windows, statuses and the past.
    pub(crate) acts: i64,
    pub(crate) restarts: i64,
}

/// Everything that is decided beforehand.
pub(crate) struct Story {
    pub(crate) start: Timestamp,
    pub(crate) slots: i64,
    /// By agent, check and slot.
    pub(crate) seen: Vec<Vec<Vec<Seen>>>,
    /// When people act, in order.
    pub(crate) acts: Vec<Timestamp>,
    /// When the aggregator is down, in order.
    pub(crate) down: Vec<(Timestamp, Timestamp)>,
}

impl Story {
    pub(crate) fn new(start: Timestamp, size: Size, random: &mut Random) -> Self {
        let slots = size.days * DAY / SLOT;
        let mut story = Self {
            start,
            slots,
            seen: vec![vec![vec![Seen::Up; slots as usize]; CHECKS]; AGENTS],
            acts: Vec::new(),
            down: Vec::new(),
        };
        for _ in 0..size.outages {
            story.outage(random);
        }
        for agent in 0..AGENTS {
            for _ in 0..size.days / 15 {
                story.agent_stops(agent, random);
            }
        }
        let length = size.days * DAY;
        // No two things happen at the same instant.
        let moment =
            |random: &mut Random| start + random.below(length / SECOND) * SECOND + 1 + random.below(900);
        story.acts = (0..size.acts).map(|_| moment(random)).collect();
        story.acts.sort_unstable();
        let mut down: Vec<_> = (0..size.restarts)
            .map(|_| {
                let from = moment(random);
                let longest = if random.one_in(6) { 40 * HOUR } else { 4 * HOUR };
                (from, from + MINUTE + random.below(longest))
            })
            .collect();
        down.sort_unstable();
        for (from, to) in down {
            if story.down.last().is_none_or(|last| last.1 < from) {
                story.down.push((from, to));
            }
        }
        story
    }

    /// Most are seen by both agents, some are over before they are confirmed.
    fn outage(&mut self, random: &mut Random) {
        let check = random.below(CHECKS as i64) as usize;
        let longest = if random.one_in(10) { 60 } else { 12 };
        let length = if random.one_in(5) { 1 } else { 2 + random.below(longest) };
        let first = 6 + random.below(self.slots - length - 12);
        let kind = if random.one_in(4) { Seen::Degraded } else { Seen::Down };
        let one = random.below(AGENTS as i64);
        let agents = if random.one_in(4) { one..one + 1 } else { 0..AGENTS as i64 };
        // Outages of a check stand apart, so that an agent changes between two states only.
        let near = (first - 4) as usize..(first + length + 4) as usize;
        let free = |seen: &Vec<Vec<Seen>>| seen[check][near.clone()].iter().all(|seen| *seen == Seen::Up);
        if !self.seen.iter().all(free) {
            return;
        }
        for agent in agents {
            for slot in first..first + length {
                // Within a longer one, single runs succeed.
                let lucky = length > 6 && slot > first + 2 && slot % 5 == 0;
                self.seen[agent as usize][check][slot as usize] = if lucky { Seen::Up } else { kind };
            }
        }
    }

    /// An agent does not run for a while, and never in the middle of an outage that it sees.
    fn agent_stops(&mut self, agent: usize, random: &mut Random) {
        let length = if random.one_in(3) { 48 + random.below(48) } else { 4 + random.below(20) };
        let first = 12 + random.below(self.slots - length - 24);
        let all = (first - 6) as usize..(first + length + 6) as usize;
        let well = |check: &Vec<Seen>| check[all.clone()].iter().all(|seen| *seen == Seen::Up);
        if !self.seen[agent].iter().all(well) {
            return;
        }
        for check in &mut self.seen[agent] {
            check[first as usize..(first + length) as usize].fill(Seen::Nothing);
        }
    }

    /// When an agent runs all checks.
    pub(crate) fn runs_at(&self, agent: usize, slot: i64) -> Timestamp {
        self.start + slot * SLOT + agent as i64 * MINUTE + 10 * SECOND
    }

    pub(crate) fn is_down(&self, at: Timestamp) -> bool {
        self.down.iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// What an agent saw of a check up to an instant, oldest first.
    pub(crate) fn seen_until(&self, agent: usize, check: usize, now: Timestamp) -> Vec<(Timestamp, Seen)> {
        let seen = (0..).zip(&self.seen[agent][check]).map(|(slot, seen)| (self.runs_at(agent, slot), *seen));
        seen.take_while(|(at, _)| *at <= now).filter(|(_, seen)| *seen != Seen::Nothing).collect()
    }
}
