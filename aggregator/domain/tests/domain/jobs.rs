//! Heartbeats against a slow reference: what held at each minute of a random history of calls, worked out anew
//! for every minute from the calls, the ticks and our own absences. Shares no code with what it judges.

use crate::heartbeats::{GRACE, Job, PERIOD};
use crate::script::Script;
use proptest::prelude::*;
use skerry_domain::step::PingKind;
use skerry_domain::track::HardState;

/// What happened, in minutes.
#[derive(Debug, Default)]
struct Story {
    calls: Vec<(i64, PingKind, &'static str)>,
    /// Minutes in which we looked.
    ticks: Vec<i64>,
    /// From when to when we were away.
    away: Vec<(i64, i64)>,
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
    let (mut story, mut now) = (Story::default(), 0);
    for _ in 0..script.below(24) {
        for _ in 0..script.below(9) {
            now += 1;
            story.ticks.push(now);
            job.pass(now, now);
        }
        let run = ["", "a", "b"][script.below(3) as usize];
        let kind = match script.below(11) {
            0..=2 => PingKind::Success,
            3 => PingKind::Failure,
            4 | 5 => PingKind::Start,
            6 => {
                let from = now;
                now += 1 + script.below(30);
                story.away.push((from, now));
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
        story.calls.push((now, kind, run));
        job.call(now, kind, run);
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
    fn end_before(&self, minute: i64) -> Option<(usize, i64, HardState)> {
        let ends = self.calls.iter().enumerate().filter(|(_, call)| call.0 <= minute);
        let mut ends = ends.filter_map(|(place, (at, kind, _))| match kind {
            PingKind::Start | PingKind::Nothing => None,
            PingKind::Success => Some((place, *at, HardState::Up)),
            PingKind::Failure => Some((place, *at, HardState::Down)),
        });
        ends.next_back()
    }

    /// The run under way just before the tick of `minute`: the newest start that neither its own end nor a
    /// call after its grace has ended.
    fn under_way(&self, minute: i64) -> Option<i64> {
        let before: Vec<_> = self.calls.iter().filter(|call| call.0 < minute).collect();
        let start = before.iter().rposition(|call| call.1 == PingKind::Start)?;
        let (at, _, run) = *before[start];
        let ended = before.iter().enumerate().skip(start + 1).any(|(place, end)| {
            let expected = self.expects_of(place);
            end.2 == run || end.0 - at.max(expected.since) > expected.grace
        });
        (!ended).then_some(at)
    }

    /// At the tick of `minute`: the end of the last absence in which a call from `from` until `to` may have come.
    fn away_in(&self, from: i64, to: i64, minute: i64) -> Option<i64> {
        let away =
            |at: i64| self.away.iter().any(|(left, back)| *back <= minute && (*left..*back).contains(&at));
        let last = (from..to).rev().find(|at| away(*at))?;
        (last..).find(|at| !away(*at))
    }

    /// Judged at the tick of `minute`: since when a call is missed, and since when nobody can say.
    fn late(&self, minute: i64) -> (Option<i64>, Option<i64>) {
        let Expected { since, period, grace, .. } = self.expects(minute);
        let mut heard = self.end_before(minute - 1).map(|(_, at, _)| at.max(since));
        let (mut missed, mut unknown) = (Vec::new(), Vec::new());
        if let Some(at) = self.under_way(minute).map(|at| at.max(since)).filter(|at| minute > at + grace) {
            match self.away_in(at, at + grace, minute) {
                Some(back) => {
                    unknown.push(at + grace);
                    heard = heard.or(Some(back));
                }
                None => missed.push(at + grace),
            }
        }
        while let Some(at) = heard.filter(|at| minute > at + period + grace) {
            let due = at + period + grace;
            let Some(back) = self.away_in(at.max(at + period - grace), due, minute) else {
                missed.push(due);
                break;
            };
            unknown.push(due);
            heard = Some(back.max(at + period));
        }
        (missed.into_iter().min(), unknown.into_iter().min())
    }

    /// What held at `minute`, as it is known at the end.
    fn truth(&self, minute: i64) -> Option<HardState> {
        let end = self.end_before(minute);
        let next = self.calls.iter().enumerate().find(|(place, (_, kind, _))| {
            *kind != PingKind::Start && end.is_none_or(|(last, ..)| *place > last)
        });
        let said = end.map(|(_, _, hard)| hard);
        if said == Some(HardState::Down) {
            return said;
        }
        let from = end.map_or(i64::MIN, |(_, at, _)| at);
        let until = next.map_or(i64::MAX, |(_, (at, ..))| *at);
        let ticks = self.ticks.iter().filter(|tick| (from + 1..=until).contains(*tick));
        let mut blind = None;
        for tick in ticks {
            let (missed, unknown) = self.late(*tick);
            // What was missed before is known, whatever came after it.
            blind = blind.or(unknown.filter(|from| missed.is_none_or(|missed| *from < missed)));
            if let Some(missed) = missed {
                // Once we lost sight it is down from when that was noticed.
                let down = if blind.is_some() && said.is_some() { *tick } else { missed };
                if minute >= down {
                    return Some(HardState::Down);
                }
                break;
            }
        }
        // The minute of a call that says something new is known, whatever comes after it.
        let is_new = || minute == from && self.truth(minute - 1) != said;
        said.filter(|_| blind.is_none_or(|blind| minute < blind) || is_new())
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
