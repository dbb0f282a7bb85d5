//! What a year looks like, worked out slowly and apart from the program: from what agents saw and what people said,
//! looking at every stretch between two moments at which anything could change.

use super::people::{People, Window, local, zone};
use super::script::{AGENTS, SLOT, Seen, Story};
use jiff::ToSpan;
use jiff::civil::Date;
use skerry_domain::status::{Effective, Status};
use skerry_domain::time::{DAY, HOUR, SECOND, Timestamp};
use skerry_domain::uptime::Tally;
use std::collections::BTreeSet;

/// Observations in a row that confirm a change.
const CONFIRM: usize = 2;
/// Time without an observation after which an agent is silent.
const SILENCE: i64 = 3 * SLOT + 10 * SECOND;

/// What a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Up,
    Degraded,
    Down,
    Unknown,
}

/// A state from an instant on, until the next one. `None`: silent.
type States = Vec<(Timestamp, Option<Seen>)>;

fn at<T: Copy>(states: &[(Timestamp, T)], instant: Timestamp) -> Option<T> {
    states.iter().rev().find(|(from, _)| *from <= instant).map(|(_, state)| *state)
}

/// The hard states of an agent's observations. A change counts from the first observation of the run that confirmed it.
fn confirmed(seen: &[(Timestamp, Seen)]) -> Vec<(Timestamp, Seen)> {
    let Some((first, _)) = seen.first() else { return Vec::new() };
    let mut states = vec![(*first, Seen::Up)];
    for end in CONFIRM..=seen.len() {
        let run = &seen[end - CONFIRM..end];
        let state = states[states.len() - 1].1;
        // Bad ones confirm an outage, good ones its end.
        if run.iter().all(|one| (one.1 == Seen::Up) != (state == Seen::Up)) {
            states.push((run[0].0, run[0].1));
        }
    }
    states
}

/// The hard states, and when the agent was silent: no data begins where evidence ends.
fn heard(seen: &[(Timestamp, Seen)], now: Timestamp) -> States {
    let hard = confirmed(seen);
    let mut states: States = hard.iter().map(|(from, state)| (*from, Some(*state))).collect();
    let last = seen.last().map(|(at, _)| (now, *at));
    let gaps = seen.windows(2).map(|two| (two[1].0, two[0].0)).chain(last);
    for (again, last) in gaps.filter(|(again, last)| *again - *last > SILENCE) {
        states.push((last, None));
        if let Some(state) = at(&hard, again) {
            states.push((again, Some(state)));
        }
    }
    states.sort_by_key(|(from, _)| *from);
    states
}

/// One check with what each agent says of it.
struct Check<'a> {
    agents: Vec<States>,
    seen: Vec<Vec<(Timestamp, Seen)>>,
    /// When the aggregator was down for an hour or more.
    down: &'a [(Timestamp, Timestamp)],
    start: Timestamp,
}

impl Check<'_> {
    fn edges(&self) -> BTreeSet<Timestamp> {
        let changes = self.agents.iter().flatten().map(|(from, _)| *from);
        let leaves = self.seen.iter().flatten().map(|(at, _)| self.leaves(*at));
        changes.chain(leaves).chain([self.start]).collect()
    }

    /// When the aggregator has listened for 24 hours to an agent that said nothing since then.
    fn leaves(&self, heard: Timestamp) -> Timestamp {
        let (mut at, mut left) = (heard, DAY);
        for (from, to) in self.down.iter().filter(|(_, to)| *to > heard) {
            let listened = (*from - at).max(0);
            if listened >= left {
                break;
            }
            (at, left) = (*to, left - listened);
        }
        at + left
    }

    /// More than half of the locations that count say so. One that is silent for 24 hours while the aggregator listens
    /// does not count.
    fn verdict(&self, instant: Timestamp) -> Verdict {
        let (mut down, mut bad, mut up, mut count) = (0, 0, 0, 0);
        for (states, seen) in self.agents.iter().zip(&self.seen) {
            match at(states, instant).flatten() {
                None => {
                    let last = seen.iter().map(|(at, _)| *at).filter(|at| *at <= instant).max();
                    count += usize::from(instant < self.leaves(last.unwrap_or(self.start)));
                    continue;
                }
                Some(Seen::Down) => (down, bad) = (down + 1, bad + 1),
                Some(Seen::Degraded) => bad += 1,
                Some(_) => up += 1,
            }
            count += 1;
        }
        let quorum = count / 2 + 1;
        if down >= quorum {
            Verdict::Down
        } else if bad >= quorum {
            Verdict::Degraded
        } else if up > 0 {
            Verdict::Up
        } else {
            Verdict::Unknown
        }
    }
}

/// All that is known at an instant.
pub(crate) struct Reference<'a> {
    pub(crate) start: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) verdicts: Vec<Vec<(Timestamp, Verdict)>>,
    pub(crate) windows: Vec<Window>,
    people: &'a People,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(story: &Story, people: &'a People, now: Timestamp) -> Self {
        let counted = |(from, to): &&(Timestamp, Timestamp)| *to - *from >= HOUR && *to <= now;
        let down: Vec<_> = story.down.iter().filter(counted).copied().collect();
        let verdicts = (0..story.seen[0].len()).map(|check| {
            let seen: Vec<_> = (0..AGENTS).map(|agent| story.seen_until(agent, check, now)).collect();
            let agents = seen.iter().map(|seen| heard(seen, now)).collect();
            let check = Check { agents, seen, down: &down, start: story.start };
            let mut verdicts: Vec<(Timestamp, Verdict)> = Vec::new();
            for edge in check.edges().into_iter().filter(|edge| *edge <= now) {
                let verdict = check.verdict(edge);
                if verdicts.last().is_none_or(|last| last.1 != verdict) {
                    verdicts.push((edge, verdict));
                }
            }
            verdicts
        });
        Self {
            start: story.start,
            now,
            verdicts: verdicts.collect(),
            windows: people.all_windows(now + 40 * DAY),
            people,
        }
    }

    /// The checks of a component, and which of them are minor.
    pub(crate) fn checks(component: usize) -> Vec<(usize, bool)> {
        let first = component / 3 * 3;
        match component % 3 {
            0 => vec![(first, false)],
            1 => vec![(first + 1, false), (first + 2, true)],
            _ => Vec::new(),
        }
    }

    /// What its checks say: what is unknown counts as what it was before.
    fn automatic(&self, component: usize, instant: Timestamp) -> Effective {
        let checks = Self::checks(component);
        if checks.is_empty() {
            return Effective::Known(Status::Operational);
        }
        let (mut seen, mut down, mut all_down, mut degraded) = (0, false, true, false);
        for (check, minor) in &checks {
            let known =
                |(from, verdict): &&(Timestamp, Verdict)| *from <= instant && *verdict != Verdict::Unknown;
            let present = at(&self.verdicts[*check], instant).unwrap_or(Verdict::Unknown);
            seen += usize::from(present != Verdict::Unknown);
            let last = self.verdicts[*check].iter().rev().find(known).map(|(_, verdict)| *verdict);
            let Some(last) = last else { continue };
            degraded |= last == Verdict::Degraded || (*minor && last == Verdict::Down);
            if !minor {
                down |= last == Verdict::Down;
                all_down &= last == Verdict::Down;
            }
        }
        let status = match (down, all_down, degraded) {
            (true, true, _) => Status::MajorOutage,
            (true, false, _) => Status::PartialOutage,
            (false, _, true) => Status::DegradedPerformance,
            _ => Status::Operational,
        };
        match seen {
            0 => Effective::NoData,
            some if some < checks.len() => Effective::Partly(status),
            _ => Effective::Known(status),
        }
    }

    /// Whether a component is under maintenance, and since when by the window that began last.
    pub(crate) fn maintained_since(&self, component: usize, instant: Timestamp) -> Option<Timestamp> {
        let over = self.windows.iter().filter(|one| one.components.contains(&component) && one.runs(instant));
        over.map(|one| one.from).max()
    }

    /// A correction stands above all; a status that was set during maintenance above it, and it above the rest.
    pub(crate) fn effective(&self, component: usize, instant: Timestamp) -> Effective {
        let corrections = self.people.corrections.iter().rev();
        let mut corrections = corrections.filter(|one| one.component == component);
        if let Some(one) = corrections.find(|one| one.from <= instant && instant < one.to) {
            return Effective::Known(one.status);
        }
        let holds = self.people.holds.iter().rev().filter(|one| one.component == component);
        let hold = holds.into_iter().find(|one| one.from <= instant && instant < one.to);
        match (hold, self.maintained_since(component, instant)) {
            (Some(hold), Some(since)) if hold.from >= since => Effective::Known(hold.status),
            (_, Some(_)) => Effective::Known(Status::UnderMaintenance),
            (Some(hold), None) => Effective::Known(hold.status),
            (None, None) => self.automatic(component, instant),
        }
    }

    /// The instants in `[from, to)` at which a component may change.
    fn edges(&self, component: usize, (from, to): (Timestamp, Timestamp)) -> Vec<Timestamp> {
        let of_checks = Self::checks(component).into_iter().flat_map(|(check, _)| &self.verdicts[check]);
        let mut edges: BTreeSet<Timestamp> = of_checks.map(|(from, _)| *from).collect();
        for one in self.windows.iter().filter(|one| one.components.contains(&component)) {
            edges.extend([one.from, one.to].into_iter().chain(one.completed).chain(one.cancelled));
        }
        for one in self.people.holds.iter().filter(|one| one.component == component) {
            edges.extend([one.from, one.to]);
        }
        for one in self.people.corrections.iter().filter(|one| one.component == component) {
            edges.extend([one.from, one.to]);
        }
        edges.extend([from, self.start]);
        edges.into_iter().filter(|edge| from <= *edge && *edge < to).collect()
    }

    /// The effective status over a time, in stretches that may be equal to their neighbours.
    pub(crate) fn stretches(
        &self,
        component: usize,
        (from, to): (Timestamp, Timestamp),
    ) -> Vec<(Timestamp, Timestamp, Effective)> {
        let edges = self.edges(component, (from, to));
        let ends = edges.iter().skip(1).copied().chain([to]);
        let of = |(from, to): (Timestamp, Timestamp)| {
            let value =
                if from < self.start { Effective::Unwatched } else { self.effective(component, from) };
            (from, to, value)
        };
        edges.iter().copied().zip(ends).map(of).collect()
    }

    /// How long a component was what, between two instants.
    pub(crate) fn tally(&self, component: usize, within: (Timestamp, Timestamp)) -> Tally {
        let mut tally = Tally::default();
        for (from, to, value) in self.stretches(component, within) {
            let length = to - from;
            let status = match value {
                Effective::Known(status) => status,
                Effective::Partly(status) => {
                    tally.unseen += length;
                    status
                }
                Effective::NoData => {
                    tally.no_data += length;
                    continue;
                }
                Effective::Unwatched => {
                    tally.unwatched += length;
                    continue;
                }
            };
            *match status {
                Status::Operational => &mut tally.operational,
                Status::UnderMaintenance => &mut tally.maintenance,
                Status::DegradedPerformance => &mut tally.degraded,
                Status::PartialOutage => &mut tally.partial,
                Status::MajorOutage => &mut tally.major,
            } += length;
        }
        tally
    }

    /// The last days of a page, today last.
    pub(crate) fn days(&self, component: usize, count: i64) -> Vec<(Date, Tally)> {
        let zone = zone(component / 3);
        let today = local(self.now, &zone).date();
        let midnight = |date: Date| {
            let midnight = date.to_zoned(zone.clone()).expect("a day").timestamp();
            Timestamp(midnight.as_millisecond())
        };
        let day = |back: i64| {
            let date = today - back.days();
            let end = midnight(date + 1.day()).min(self.now);
            (date, self.tally(component, (midnight(date), end)))
        };
        (0..count).rev().map(day).collect()
    }
}

/// 100 · (1 − (major + 0.3 · partial) / observed), in hundredths, cut off.
pub(crate) fn uptime(tally: &Tally) -> Option<u32> {
    let observed = tally.operational + tally.degraded + tally.partial + tally.major;
    let lost = 10 * tally.major + 3 * tally.partial;
    (observed > 0).then(|| (i128::from(10 * observed - lost) * 10_000 / i128::from(10 * observed)) as u32)
}
