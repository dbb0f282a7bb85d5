//! Heartbeats against a slow reference: what held at each minute of a random history of calls, worked out anew
//! for every minute from the calls, the ticks and our own absences. Shares no code with what it judges.

use crate::heartbeats::{GRACE, Job, PERIOD};
use crate::script::Script;
use proptest::prelude::*;
use skerry_aggregator::domain::step::Tells;
use skerry_aggregator::domain::track::Hard;

/// What happened, in minutes.
#[derive(Debug, Default)]
struct Story {
    calls: Vec<(i64, Tells, &'static str)>,
    /// Minutes in which we looked.
    ticks: Vec<i64>,
    /// When we came back from an absence.
    ready: Vec<i64>,
    /// What the file then expected: from when on, after how many calls, period and grace.
    changes: Vec<Expected>,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    since: i64,
    place: usize,
    period: i64,
    grace: i64,
}

/// Before any change; no call is so old that this is later.
const FIRST: Expected = Expected { since: i64::MIN, place: 0, period: PERIOD, grace: GRACE };

/// Tells it to `job` as it goes; a tick comes before the call of its minute.
fn tell(script: &mut Script<'_>, job: &mut Job) -> Story {
    let (mut story, mut now) = (Story { ready: vec![0], ..Story::default() }, 0);
    for _ in 0..script.below(24) {
        for _ in 0..script.below(9) {
            now += 1;
            story.ticks.push(now);
            job.pass(now, now);
        }
        let run = ["", "a", "b"][script.below(3) as usize];
        let tells = match script.below(11) {
            0..=2 => Tells::Success,
            3 => Tells::Failure,
            4 | 5 => Tells::Start,
            6 => {
                now += 1 + script.below(30);
                story.ready.push(now);
                story.ticks.push(now);
                job.away_until(now);
                continue;
            }
            7 | 8 => {
                let (period, grace) = ([3, PERIOD, 20][script.below(3) as usize], 1 + script.below(4));
                let expects = story.changes.last().unwrap_or(&FIRST);
                if (expects.period, expects.grace) != (period, grace) {
                    let place = story.calls.len();
                    story.changes.push(Expected { since: now, place, period, grace });
                }
                job.expect(now, period, grace);
                continue;
            }
            _ => continue,
        };
        story.calls.push((now, tells, run));
        job.call(now, tells, run);
    }
    story.ticks.push(now + 1);
    job.pass(now + 1, now + 1);
    story
}

impl Story {
    /// What is expected at the tick of `minute`, which comes before the changes of that minute.
    fn expects(&self, minute: i64) -> Expected {
        self.changes.iter().rfind(|change| change.since < minute).copied().unwrap_or(FIRST)
    }

    /// What is expected when the call at that place comes.
    fn expects_of(&self, place: usize) -> Expected {
        self.changes.iter().rfind(|change| change.place <= place).copied().unwrap_or(FIRST)
    }

    /// The last of the ends told before or at `minute`, and its place.
    fn end_before(&self, minute: i64) -> Option<(usize, i64, Hard)> {
        let ends = self.calls.iter().enumerate().filter(|(_, call)| call.0 <= minute);
        let mut ends = ends.filter_map(|(place, (at, tells, _))| match tells {
            Tells::Start => None,
            Tells::Success => Some((place, *at, Hard::Up)),
            Tells::Failure => Some((place, *at, Hard::Down)),
        });
        ends.next_back()
    }

    /// The run under way just before the tick of `minute`: the newest start that neither its own end nor a
    /// call after its grace has ended.
    fn under_way(&self, minute: i64) -> Option<i64> {
        let before: Vec<_> = self.calls.iter().filter(|call| call.0 < minute).collect();
        let start = before.iter().rposition(|call| call.1 == Tells::Start)?;
        let (at, _, run) = *before[start];
        let ended = before.iter().enumerate().skip(start + 1).any(|(place, end)| {
            let expected = self.expects_of(place);
            end.2 == run || end.0 - at.max(expected.since) > expected.grace
        });
        (!ended).then_some(at)
    }

    /// When something is late, judged at the tick of `minute`: in truth, and if our absences are not held
    /// against the caller.
    fn late(&self, minute: i64) -> Option<(i64, i64)> {
        let ready = self.ready.iter().rfind(|ready| **ready <= minute).copied().unwrap_or(0);
        let Expected { since, period, grace, .. } = self.expects(minute);
        let heard = self.end_before(minute - 1).map(|(_, at, _)| (at, period + grace));
        let limits = heard.into_iter().chain(self.under_way(minute).map(|at| (at, grace)));
        let limits: Vec<_> = limits.map(|(at, limit)| (at.max(since), limit)).collect();
        let due = limits.iter().map(|(at, limit)| at + limit).min()?;
        let fair = limits.iter().map(|(at, limit)| (*at).max(ready) + limit).min()?;
        Some((due, fair))
    }

    /// What held at `minute`, as it is known at the end.
    fn truth(&self, minute: i64) -> Option<Hard> {
        let end = self.end_before(minute);
        let next = self.calls.iter().enumerate().find(|(place, (_, tells, _))| {
            *tells != Tells::Start && end.is_none_or(|(last, ..)| *place > last)
        });
        let said = end.map(|(_, _, hard)| hard);
        if said == Some(Hard::Down) {
            return said;
        }
        let from = end.map_or(i64::MIN, |(_, at, _)| at);
        let until = next.map_or(i64::MAX, |(_, (at, ..))| *at);
        let ticks = self.ticks.iter().filter(|tick| (from + 1..=until).contains(*tick));
        let mut blind = None;
        for tick in ticks {
            match self.late(*tick) {
                // Once we lost sight it is down from when that was noticed.
                Some((_, fair)) if *tick > fair => {
                    let down = if blind.is_some() && said.is_some() { *tick } else { fair };
                    if minute >= down {
                        return Some(Hard::Down);
                    }
                    break;
                }
                Some((due, _)) if *tick > due => blind = blind.or(Some(due)),
                _ => {}
            }
        }
        said.filter(|_| blind.is_none_or(|blind| minute < blind))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heartbeats_equal_the_slow_reference(bytes in prop::collection::vec(any::<u8>(), 8..120)) {
        let mut job = Job::new();
        let story = tell(&mut Script(&bytes), &mut job);
        let end = *story.ticks.last().expect("a last look");
        for minute in 0..end {
            prop_assert_eq!(
                job.held(minute), story.truth(minute), "at minute {} of {:?}: {}", minute, story, job.past()
            );
        }
    }
}
