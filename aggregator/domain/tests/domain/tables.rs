//! What a person would look up: one table per rule.

use jiff::civil::date;
use jiff::tz::TimeZone;
use skerry_domain::component::{Automatic, Word, status_of};
use skerry_domain::days::{Calendar, Mark, mark};
use skerry_domain::interval::Interval;
use skerry_domain::layers::{lay, splice};
use skerry_domain::status::Status;
use skerry_domain::time::{DAY, HOUR, SECOND, Timestamp};
use skerry_domain::track::{HardState, Span, Track, TrackObservation};
use skerry_domain::uptime::{DayTally, Tally};
use skerry_domain::verdict::{
    ALWAYS, Evaluation, Live, LocationVote, Quorum, Reporter, Verdict, decide, now, timeline, within_location,
};

const SILENCE: i64 = 100 * SECOND;

fn second(second: i64) -> Timestamp {
    Timestamp(second * SECOND)
}

fn evaluation(verdict: Verdict) -> Evaluation {
    Evaluation { verdict, flapping: false }
}

fn span(from: i64, last: i64, state: HardState) -> Span {
    Span { from: second(from), last: second(last), state }
}

/// Feeds (second, state, first second of the run) and says what each changed.
fn fed(story: &[(i64, HardState, Option<i64>)]) -> (Track, Vec<Option<Timestamp>>) {
    let mut track = Track::default();
    let observe = |&(at, hard, since): &(i64, HardState, Option<i64>)| {
        track.observe(
            TrackObservation { at: second(at), hard, since: since.map(second), flapping: false },
            SILENCE,
        )
    };
    let changed = story.iter().map(observe).collect();
    (track, changed)
}

#[test]
fn an_outage_has_the_edges_of_its_runs() {
    use HardState::{Down, Up};
    let (track, changed) = fed(&[
        (0, Up, Some(0)),
        (30, Up, None),
        (40, Up, None),
        (50, Down, Some(30)),
        (60, Down, None),
        (70, Up, Some(60)),
    ]);
    assert_eq!(track.spans.to_vec(), [span(0, 30, Up), span(30, 60, Down), span(60, 70, Up)]);
    assert_eq!(changed, [Some(second(0)), None, None, Some(second(30)), None, Some(second(60))]);
}

#[test]
fn a_gap_is_unknown_and_a_run_that_began_before_it_keeps_its_beginning() {
    use HardState::{Down, Up};
    let (track, changed) = fed(&[(0, Up, None), (30, Up, None), (500, Up, None)]);
    assert_eq!(track.spans.to_vec(), [span(0, 30, Up), span(500, 500, Up)]);
    assert_eq!(changed[2], Some(second(30)));
    let (track, changed) = fed(&[(0, Up, None), (30, Up, None), (60, Up, None), (500, Down, Some(30))]);
    assert_eq!(track.spans.to_vec(), [span(0, 30, Up), span(30, 60, Down), span(500, 500, Down)]);
    assert_eq!(changed[3], Some(second(30)));
    // The run goes on for a soft observation after the gap.
    let (track, _) =
        fed(&[(0, Up, None), (30, Up, None), (60, Up, None), (500, Up, None), (530, Down, Some(30))]);
    assert_eq!(track.spans.to_vec(), [span(0, 30, Up), span(30, 60, Down), span(500, 530, Down)]);
}

#[test]
fn a_warm_up_gives_no_state_and_its_run_keeps_its_beginning() {
    use HardState::{Down, Unknown};
    let (track, changed) = fed(&[(0, Unknown, None), (90, Unknown, None), (180, Down, Some(0))]);
    assert_eq!(
        (track.spans.to_vec(), changed),
        (vec![span(0, 180, Down)], vec![None, None, Some(second(0))])
    );
    let (track, _) = fed(&[(0, Unknown, None), (900, Unknown, None), (910, Down, Some(0))]);
    assert_eq!(track.spans.to_vec(), [span(900, 910, Down)], "nothing was seen between 0 and 900");
}

#[test]
fn evidence_after_a_declared_silence_changes_what_followed_the_last() {
    let (mut track, _) = fed(&[(0, HardState::Up, None), (30, HardState::Up, None)]);
    assert_eq!((track.fall_silent(), track.fall_silent()), (Some(second(30)), None));
    let late = TrackObservation { at: second(60), hard: HardState::Up, since: None, flapping: false };
    assert_eq!(track.observe(late, SILENCE), Some(second(30)));
    assert_eq!((track.spans.to_vec(), track.silent), (vec![span(0, 60, HardState::Up)], false));
    let backwards =
        TrackObservation { at: second(5), hard: HardState::Down, since: Some(second(5)), flapping: false };
    assert_eq!(track.observe(backwards, SILENCE), Some(second(5)));
    assert_eq!(track.spans.to_vec(), [span(0, 5, HardState::Up), span(5, 60, HardState::Down)]);
}

#[test]
fn agents_of_a_location_vote_as_one() {
    use HardState::{Degraded, Down, Unknown, Up};
    let table: [(&[Option<HardState>], LocationVote); 8] = [
        (&[], LocationVote::Silent),
        (&[None, Some(Unknown)], LocationVote::Silent),
        (&[Some(Down), None], LocationVote::Down),
        (&[Some(Down), Some(Down)], LocationVote::Down),
        (&[Some(Down), Some(Up)], LocationVote::Up),
        (&[Some(Down), Some(Degraded)], LocationVote::Degraded),
        (&[Some(Degraded), None], LocationVote::Degraded),
        (&[Some(Degraded), Some(Up), Some(Down)], LocationVote::Up),
    ];
    for (agents, expected) in table {
        assert_eq!(within_location(agents.iter().copied()), expected, "{agents:?}");
    }
}

#[test]
fn a_quorum_decides_over_all_locations_the_silent_ones_too() {
    use LocationVote::{Degraded as G, Down as D, Silent as S, Up as U};
    let table: [(&[LocationVote], Quorum, Verdict); 15] = [
        (&[], Quorum::All, Verdict::Unknown),
        (&[D], Quorum::Majority, Verdict::Down),
        (&[D, U], Quorum::Majority, Verdict::Up),
        (&[D, U, U], Quorum::Majority, Verdict::Up),
        (&[S, S, D], Quorum::Majority, Verdict::Unknown),
        (&[S, S, U], Quorum::Majority, Verdict::Up),
        (&[S, U, U], Quorum::Majority, Verdict::Up),
        (&[S, D, D], Quorum::Majority, Verdict::Down),
        (&[D, G, U], Quorum::Majority, Verdict::Degraded),
        (&[S, S, D], Quorum::Any, Verdict::Down),
        (&[D, D, U], Quorum::All, Verdict::Up),
        (&[D, D, G], Quorum::All, Verdict::Degraded),
        (&[D, D, U, U, U], Quorum::Number(2), Verdict::Down),
        (&[S, S], Quorum::Any, Verdict::Unknown),
        (&[D, U], Quorum::Number(0), Verdict::Down),
    ];
    for (says, quorum, expected) in table {
        assert_eq!(decide(says, quorum), expected, "{says:?} {quorum:?}");
    }
}

#[test]
fn a_silent_location_leaves_the_denominator_after_a_day_and_returns() {
    let always = [Interval { from: second(0), to: Timestamp::FAR, value: () }];
    let far = DAY / SECOND;
    let up = Track::new(vec![span(0, 30, HardState::Up), span(3 * far, 3 * far + 5, HardState::Up)], false);
    let down = Track::new(vec![span(0, 4 * far, HardState::Down)], false);
    let reporter = |location, track| Reporter {
        location,
        within: ALWAYS,
        track,
        declared: &always,
        silent: false,
        live: None,
        absences: &[],
    };
    let says = timeline(&[reporter(1, &up), reporter(2, &down)], Quorum::Majority, second(0));
    let edges: Vec<_> =
        says.iter().map(|interval| (interval.from.0 / SECOND, interval.value.verdict)).collect();
    let expected =
        [(0, Verdict::Up), (30, Verdict::Unknown), (30 + far, Verdict::Down), (3 * far, Verdict::Up)];
    assert_eq!(edges, expected);
}

/// Three locations, of which two were last heard before the aggregator was away for 25 hours. The third alone decides
/// nothing until the others had 24 hours to deliver.
#[test]
fn an_absence_of_the_aggregator_is_nobodys_silence() {
    use Verdict::{Down, Unknown, Up};
    let (hour, always) = (3_600, [Interval { from: second(0), to: Timestamp::FAR, value: () }]);
    let away = [Interval { from: second(hour), to: second(26 * hour), value: () }];
    let silent = Track::new(vec![span(0, hour, HardState::Up)], true);
    let back = span(26 * hour, 27 * hour, HardState::Down);
    let down = Track::new(vec![span(0, hour, HardState::Up), back], false);
    for (absences, decides) in [(&away[..], 50), (&[], 26)] {
        let reporter = |(location, track): (u32, _)| Reporter {
            location,
            within: ALWAYS,
            track,
            declared: &always,
            silent: location < 3,
            live: None,
            absences,
        };
        let says =
            timeline(&[(1, &silent), (2, &silent), (3, &down)].map(reporter), Quorum::Majority, second(0));
        let edges = says.iter().map(|one| (one.from.0 / SECOND / hour, one.value.verdict));
        assert_eq!(edges.collect::<Vec<_>>(), [(0, Up), (1, Unknown), (decides, Down)]);
    }
}

#[test]
fn a_snapshot_moves_only_the_live_verdict() {
    let always = [Interval { from: second(0), to: Timestamp::FAR, value: () }];
    let track = Track::new(vec![span(0, 30, HardState::Up)], true);
    let live = Some(Live { span: span(900, 1000, HardState::Down), flapping: true });
    let (within, declared, absences) = (ALWAYS, &always, &[]);
    let ahead = Reporter { location: 1, within, track: &track, declared, silent: true, live, absences };
    let down = Evaluation { verdict: Verdict::Down, flapping: true };
    assert_eq!(now(&[ahead], Quorum::Majority, second(1001)), down);
    let past = timeline(&[ahead], Quorum::Majority, second(0));
    assert_eq!(
        past.iter().map(|says| says.value).collect::<Vec<_>>(),
        [evaluation(Verdict::Up), evaluation(Verdict::Unknown)]
    );
    let old = Live { span: span(0, 20, HardState::Down), flapping: true };
    let overtaken = Reporter { live: Some(old), silent: false, ..ahead };
    assert_eq!(now(&[overtaken], Quorum::Majority, second(31)), evaluation(Verdict::Up));
}

/// Location, state and flapping of each agent.
type Votes = &'static [(u32, HardState, bool)];

#[test]
fn a_verdict_flaps_where_it_hangs_on_agents_that_say_so() {
    use HardState::{Degraded, Down, Up};
    use Verdict as V;
    let always = [Interval { from: second(0), to: Timestamp::FAR, value: () }];
    // (location, state, flapping) of each agent; the verdict, and whether it flaps.
    let table: [(Votes, Quorum, Verdict, bool); 10] = [
        (&[(0, Up, true)], Quorum::Majority, V::Up, true),
        (&[(0, Down, true)], Quorum::Majority, V::Down, true),
        (&[(0, Up, true), (1, Up, false), (2, Up, false)], Quorum::Majority, V::Up, false),
        (&[(0, Up, true), (1, Down, false), (2, Down, false)], Quorum::Majority, V::Down, false),
        (&[(0, Up, true), (1, Down, false), (2, Up, false)], Quorum::Majority, V::Up, true),
        (&[(0, Up, true), (1, Up, true), (2, Up, false)], Quorum::Majority, V::Up, true),
        (&[(0, Up, true), (1, Up, false)], Quorum::Any, V::Up, true),
        // Another agent of the same location sees it steadily up, or down.
        (&[(0, Down, true), (0, Up, false)], Quorum::Majority, V::Up, false),
        (&[(0, Up, true), (0, Down, false)], Quorum::Majority, V::Up, true),
        (&[(0, Up, true), (1, Degraded, false), (2, Degraded, false)], Quorum::Majority, V::Degraded, false),
    ];
    for (agents, quorum, verdict, flapping) in table {
        let track = |&(_, hard, flapping): &(u32, HardState, bool)| {
            let mut track = Track::default();
            for at in [0, 30] {
                let seen =
                    TrackObservation { at: second(at), hard, since: None, flapping: flapping && at == 30 };
                track.observe(seen, SILENCE);
            }
            track
        };
        let tracks: Vec<_> = agents.iter().map(track).collect();
        let reporter = |(agent, track): (&(u32, HardState, bool), _)| Reporter {
            location: agent.0,
            within: ALWAYS,
            track,
            declared: &always,
            silent: false,
            live: None,
            absences: &[],
        };
        let reporters: Vec<_> = agents.iter().zip(&tracks).map(reporter).collect();
        assert_eq!(now(&reporters, quorum, second(29)), evaluation(verdict), "{agents:?}");
        assert_eq!(now(&reporters, quorum, second(30)), Evaluation { verdict, flapping }, "{agents:?}");
    }
}

/// Minor or not, verdict and flapping of each linked check.
type Links = &'static [(bool, Verdict, bool)];

#[test]
fn what_flaps_is_degraded_at_least_and_unknown_stays_unknown() {
    use Verdict::{Down, Unknown, Up};
    let table: [(Links, Automatic); 6] = [
        (&[(false, Up, true)], Automatic::Known(Status::DegradedPerformance)),
        (&[(true, Up, true), (false, Up, false)], Automatic::Known(Status::DegradedPerformance)),
        (&[(false, Down, true)], Automatic::Known(Status::MajorOutage)),
        (&[(false, Down, false), (false, Up, true)], Automatic::Known(Status::PartialOutage)),
        (&[(false, Unknown, true)], Automatic::NoData),
        (&[(false, Unknown, true), (false, Up, false)], Automatic::Partly(Status::Operational)),
    ];
    for (links, expected) in table {
        let says = links
            .iter()
            .map(|&(minor, verdict, flapping)| Word::new(minor, Evaluation { verdict, flapping }, None));
        assert_eq!(status_of(says), expected, "{links:?}");
    }
}

/// Of each linked check: minor or not, its verdict, what was last known before.
type Words = &'static [(bool, Verdict, Verdict)];

#[test]
fn a_check_that_falls_out_of_sight_keeps_what_it_last_said() {
    use Automatic::{Known, NoData, Partly};
    use Status::{DegradedPerformance as G, MajorOutage as X, Operational as O, PartialOutage as P};
    use Verdict::{Degraded, Down, Unknown, Up};
    let table: [(Words, Automatic); 14] = [
        (&[(false, Up, Unknown), (false, Unknown, Down)], Partly(P)),
        (&[(false, Up, Unknown), (false, Unknown, Degraded)], Partly(G)),
        (&[(false, Up, Unknown), (true, Unknown, Down)], Partly(G)),
        (&[(false, Up, Unknown), (false, Unknown, Up)], Partly(O)),
        (&[(false, Down, Unknown), (false, Unknown, Down)], Partly(X)),
        // One that was well when it was last seen makes nothing worse by being gone.
        (&[(false, Down, Unknown), (false, Unknown, Up)], Partly(P)),
        (&[(false, Degraded, Unknown), (false, Unknown, Up)], Partly(G)),
        // One that nobody ever ran is no part of the status, and is never well.
        (&[(false, Up, Unknown), (false, Unknown, Unknown)], Partly(O)),
        (&[(false, Down, Unknown), (false, Unknown, Unknown)], Partly(X)),
        // Nothing is seen: the last status stands, and is said to be old.
        (&[(false, Unknown, Down), (false, Unknown, Up)], NoData),
        (&[(false, Unknown, Unknown)], NoData),
        // What is seen again counts as it is.
        (&[(false, Up, Down), (false, Unknown, Up)], Partly(O)),
        (&[(false, Up, Down), (false, Down, Up)], Known(P)),
        (&[(false, Up, Down)], Known(O)),
    ];
    for (links, expected) in table {
        let words = links.iter().map(|&(minor, now, before)| {
            let before = (before != Unknown).then(|| evaluation(before));
            Word::new(minor, evaluation(now), before)
        });
        assert_eq!(status_of(words), expected, "{links:?}");
    }
    let flapped = Evaluation { verdict: Up, flapping: true };
    let words =
        [Word::new(false, evaluation(Up), None), Word::new(false, evaluation(Unknown), Some(flapped))];
    assert_eq!(status_of(words.into_iter()), Partly(G), "one that flapped when it was last seen");
}

#[test]
fn a_minor_link_only_degrades() {
    use Verdict::{Degraded, Down, Unknown, Up};
    let table: [(&[(bool, Verdict)], Automatic); 11] = [
        (&[], Automatic::NoData),
        (&[(false, Unknown), (true, Unknown)], Automatic::NoData),
        (&[(false, Up), (false, Unknown)], Automatic::Partly(Status::Operational)),
        (&[(false, Down), (false, Unknown)], Automatic::Partly(Status::MajorOutage)),
        (&[(false, Down), (false, Up)], Automatic::Known(Status::PartialOutage)),
        (&[(false, Down), (false, Degraded)], Automatic::Known(Status::PartialOutage)),
        (&[(false, Degraded), (false, Up)], Automatic::Known(Status::DegradedPerformance)),
        (&[(false, Up), (true, Down)], Automatic::Known(Status::DegradedPerformance)),
        (&[(false, Down), (true, Up)], Automatic::Known(Status::MajorOutage)),
        (&[(true, Down)], Automatic::Known(Status::DegradedPerformance)),
        (&[(true, Up), (false, Unknown)], Automatic::Partly(Status::Operational)),
    ];
    for (links, expected) in table {
        let steady = links.iter().map(|(minor, verdict)| Word::new(*minor, evaluation(*verdict), None));
        assert_eq!(status_of(steady), expected, "{links:?}");
    }
}

#[test]
fn layers_are_cut_and_joined() {
    let stretch = |from, to, value| Interval { from: Timestamp(from), to: Timestamp(to), value };
    let mut layer = vec![stretch(0, 10, 'a'), stretch(10, 20, 'b')];
    splice(&mut layer, Timestamp(5), vec![stretch(5, 12, 'a'), stretch(12, 30, 'c')]);
    assert_eq!(layer, [stretch(0, 12, 'a'), stretch(12, 30, 'c')]);
    lay(&mut layer, stretch(3, 6, 'c'));
    lay(&mut layer, stretch(6, 12, 'c'));
    lay(&mut layer, stretch(40, 50, 'd'));
    lay(&mut layer, stretch(45, 45, 'x'));
    assert_eq!(layer, [stretch(0, 3, 'a'), stretch(3, 30, 'c'), stretch(40, 50, 'd')]);
}

#[test]
fn days_are_as_long_as_their_clock_makes_them() {
    let calendar = |zone, now: &str, count| {
        let now: jiff::Timestamp = now.parse().expect("an instant");
        Calendar::new(&TimeZone::get(zone).expect("a zone"), Timestamp(now.as_millisecond()), count)
    };
    let lengths = |calendar: &Calendar| {
        calendar.days().iter().map(|day| (day.date, (day.to - day.from) / HOUR)).collect::<Vec<_>>()
    };
    let berlin = calendar("Europe/Berlin", "2026-03-30T08:00:00Z", 3);
    let expected = [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 3, 30), 24)];
    assert_eq!(lengths(&berlin), expected);
    let santiago = calendar("America/Santiago", "2026-09-06T12:00:00Z", 2);
    assert_eq!(lengths(&santiago), [(date(2026, 9, 5), 24), (date(2026, 9, 6), 23)]);
    assert_eq!(calendar("America/Santiago", "2026-04-05T03:30:00Z", 1).days()[0].date, date(2026, 4, 4));
    let apia = calendar("Pacific/Apia", "2011-12-31T00:00:00Z", 3);
    let expected = [(date(2011, 12, 28), 24), (date(2011, 12, 29), 24), (date(2011, 12, 31), 24)];
    assert_eq!(lengths(&apia), expected);
    let midnight = calendar("Etc/UTC", "2026-11-20T00:00:00Z", 90);
    assert_eq!((midnight.days().len(), midnight.end() - midnight.now()), (90, 1));
    let edge = Calendar::new(&TimeZone::UTC, Timestamp::FAR, 90);
    assert!(edge.days().windows(2).all(|pair| pair[0].to == pair[1].from));
}

#[test]
fn a_day_is_drawn_by_the_worst_it_held() {
    let day = |tally, stale_now| mark(&DayTally { date: date(2026, 11, 20), tally, stale_now });
    let well = Tally { operational: 20 * HOUR, ..Tally::default() };
    assert_eq!(day(well, false), Mark::Operational);
    assert_eq!(day(well, true), Mark::NoData);
    assert_eq!(day(Tally { maintenance: 1, ..well }, false), Mark::Maintenance);
    assert_eq!(day(Tally { maintenance: 1, no_data: 4 * HOUR, ..well }, false), Mark::Maintenance);
    assert_eq!(day(Tally { no_data: 20 * HOUR, ..well }, false), Mark::NoData);
    assert_eq!(day(Tally { no_data: 20 * HOUR - 1, ..well }, false), Mark::Operational);
    assert_eq!(day(Tally { unseen: 10 * HOUR, ..well }, false), Mark::NoData);
    assert_eq!(day(Tally { unseen: 10 * HOUR - 1, ..well }, false), Mark::Operational);
    assert_eq!(day(Tally { no_data: 90 * HOUR, degraded: 1, ..well }, true), Mark::Degraded);
    assert_eq!(day(Tally { partial: 1, degraded: 9, ..well }, false), Mark::Partial);
    assert_eq!(day(Tally { partial: 9, major: 1, ..well }, false), Mark::Major);
    assert_eq!(day(Tally { unwatched: 24 * HOUR, ..Tally::default() }, false), Mark::Blank);
}
